// A stranger's script: AWS's SDK for JavaScript against the endpoint and credentials of its environment.
import { readFileSync } from "node:fs";
import {
  CreateFunctionCommand,
  GetFunctionCommand,
  InvokeCommand,
  InvokeWithResponseStreamCommand,
  LambdaClient,
  paginateListFunctions,
  waitUntilFunctionActiveV2,
} from "@aws-sdk/client-lambda";

const [name, zip] = process.argv.slice(2);
const client = new LambdaClient({ maxAttempts: 1 });
const said = {};

await client.send(new CreateFunctionCommand({
  FunctionName: name,
  Runtime: "nodejs22.x",
  Handler: "index.handler",
  Role: "arn:aws:iam::000000000000:role/r",
  Code: { ZipFile: readFileSync(zip) },
}));
await waitUntilFunctionActiveV2({ client, maxWaitTime: 30, minDelay: 1 }, { FunctionName: name });
said.state = (await client.send(new GetFunctionCommand({ FunctionName: name }))).Configuration.State;

const answer = await client.send(new InvokeCommand({
  FunctionName: name,
  Payload: JSON.stringify({ n: 20 }),
  LogType: "Tail",
}));
said.answer = JSON.parse(Buffer.from(answer.Payload).toString());
said.version = answer.ExecutedVersion;
said.report = Buffer.from(answer.LogResult, "base64").toString().includes("REPORT RequestId:");

const failed = await client.send(new InvokeCommand({ FunctionName: name, Payload: '{"bad": true}' }));
said.error = failed.FunctionError;
said.errorType = JSON.parse(Buffer.from(failed.Payload).toString()).errorType;

const streamed = await client.send(new InvokeWithResponseStreamCommand({ FunctionName: name, Payload: '{"n": 1}' }));
const chunks = [];
for await (const event of streamed.EventStream) {
  if (event.PayloadChunk) chunks.push(Buffer.from(event.PayloadChunk.Payload));
  if (event.InvokeComplete) said.complete = true;
}
said.streamed = JSON.parse(Buffer.concat(chunks).toString());

said.listed = false;
for await (const page of paginateListFunctions({ client, pageSize: 1 }, {})) {
  said.listed ||= page.Functions.some((found) => found.FunctionName === name);
}
try {
  await client.send(new GetFunctionCommand({ FunctionName: `${name}-not-there` }));
} catch (error) {
  said.missing = [error.name, error.$metadata.httpStatusCode];
}
console.log(JSON.stringify(said));
