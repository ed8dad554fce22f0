// AWS's SDK for JavaScript against the engine; prints one JSON line with what it saw.
import { readFileSync } from "node:fs";
import {
  CreateFunctionCommand, DeleteFunctionCommand, GetFunctionCommand, InvokeCommand,
  InvokeWithResponseStreamCommand, LambdaClient, ListTagsCommand, waitUntilFunctionActiveV2,
} from "@aws-sdk/client-lambda";

const [endpoint, region, accessKeyId, secretAccessKey, name, zip] = process.argv.slice(2);
const options = { endpoint, region, maxAttempts: 1 };
const client = new LambdaClient({ ...options, credentials: { accessKeyId, secretAccessKey } });
const thief = new LambdaClient({ ...options, credentials: { accessKeyId, secretAccessKey: "no" } });
const seen = {};
const refusal = async (promise) => promise.then(
  () => "none",
  (error) => [error.name, error.$metadata.httpStatusCode, error.message],
);

const created = await client.send(new CreateFunctionCommand({
  FunctionName: name, Runtime: "python3.11", Handler: "index.handler",
  Role: "arn:aws:iam::000000000000:role/lambda-role", Code: { ZipFile: readFileSync(zip) },
  Tags: { "a key": "ü" },
}));
seen.state = created.State;
await waitUntilFunctionActiveV2({ client, maxWaitTime: 20, minDelay: 1 }, { FunctionName: name });
const answer = await client.send(new InvokeCommand({
  FunctionName: name, Payload: JSON.stringify({ a: 1 }), LogType: "Tail",
}));
seen.payload = JSON.parse(Buffer.from(answer.Payload).toString());
seen.log = Buffer.from(answer.LogResult, "base64").toString().split(" ")[0];
const latest = new InvokeCommand({ FunctionName: name, Qualifier: "$LATEST", Payload: "2" });
seen.version = (await client.send(latest)).ExecutedVersion;
const streamed = await client.send(new InvokeWithResponseStreamCommand({
  FunctionName: name, Payload: "[3]",
}));
seen.chunks = "";
for await (const event of streamed.EventStream) {
  if (event.PayloadChunk) seen.chunks += Buffer.from(event.PayloadChunk.Payload).toString();
  if (event.InvokeComplete) seen.complete = true;
}
seen.tags = (await client.send(new ListTagsCommand({ Resource: created.FunctionArn }))).Tags;
seen.stolen = await refusal(thief.send(new GetFunctionCommand({ FunctionName: name })));
await client.send(new DeleteFunctionCommand({ FunctionName: name }));
seen.missing = await refusal(client.send(new GetFunctionCommand({ FunctionName: name })));
console.log(JSON.stringify(seen));
