// The Node.js runtime: loads the handler, then asks the Runtime API for one event after another.
// Names, error shapes and log lines are those of AWS's own Node.js runtime.
import nodeModule, { createRequire } from "node:module";
import { existsSync, readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { format, types } from "node:util";
import { HttpResponseStream, ResponseStream, STREAM_MARK, streamifyResponse } from "./streaming.mjs";
import { installConsole } from "./logging.mjs";
import { tellOldSdk } from "./old_sdk.mjs";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new Agent({ keepAlive: true, maxSockets: 1, noDelay: true });
const HERE = dirname(fileURLToPath(import.meta.url));
const BASE = "/2018-06-01/runtime";
const STACK_ANSWERS = "/cloudformation-custom-resource-response/"; // in events of custom resources

class RuntimeError extends Error {
  constructor(name, message, cause) {
    super(message);
    this.name = name;
    if (cause?.stack) this.stack = cause.stack;
  }
}

// Where AWS keeps this file: what users see of it, whatever folder it lies in here.
const asOnLambda = (text) =>
  String(text).replaceAll(pathToFileURL(HERE).href, "file:///var/runtime").replaceAll(HERE, "/var/runtime");

// What the caller of a failed invocation reads: frames down to the one that called the handler.
function errorBody(error) {
  if (types.isNativeError(error) || (error && error.name && error.message !== undefined)) {
    const lines = String(error.stack ?? "").split("\n");
    const ours = lines.findIndex((line) => line.startsWith("    at ") && line.includes(HERE));
    const trace = ours > 0 ? lines.slice(0, ours + 1) : lines;
    return {
      errorType: error.name, errorMessage: asOnLambda(error.message), trace: trace.map(asOnLambda),
    };
  }
  return { errorType: typeof error, errorMessage: String(error), trace: [] };
}

function call(method, path, { headers = {}, body } = {}) {
  return new Promise((done, failed) => {
    const sent = request({ host, port, method, path: BASE + path, headers, agent }, (reply) => {
      const parts = [];
      reply.on("data", (part) => parts.push(part));
      reply.on("end", () => {
        done({ status: reply.statusCode, headers: reply.headers, body: Buffer.concat(parts) });
      });
      reply.on("error", failed);
    });
    sent.on("error", failed);
    sent.end(body);
  });
}

function postError(path, error) {
  const told = errorBody(error);
  const body = JSON.stringify(told);
  return call("POST", path, {
    headers: {
      "Content-Type": "application/json",
      "Content-Length": Buffer.byteLength(body),
      "Lambda-Runtime-Function-Error-Type": told.errorType,
    },
    body,
  });
}

const require = createRequire(import.meta.url);

// Whether the nearest package.json says that .js files are ES modules.
function isModulePackage(folder) {
  for (let at = folder; ; at = dirname(at)) {
    const file = join(at, "package.json");
    if (existsSync(file)) {
      try {
        return JSON.parse(readFileSync(file, "utf8")).type === "module";
      } catch {
        return false;
      }
    }
    if (at === dirname(at)) return false;
  }
}

// The SDK is part of AWS's runtime; here it has to be fetched, and the log says how.
function hintAtSdk(error) {
  const [, name] = String(error?.message).match(/'((?:@aws-sdk|@smithy)\/[\w-]+)/) ?? [];
  if (!name) return;
  const [, client] = name.match(/^@aws-sdk\/(client-[\w-]+)$/) ?? [];
  const has = process.env.NODE_PATH?.split(":").some((at) => existsSync(join(at, "@aws-sdk")));
  const more = has && client ? ` --with ${client}` : "";
  console.warn(`${name} is part of AWS's Node.js runtime. Here fetch it once: lambda-nb runtimes install nodejs-sdk${more}`);
}

// Only where there is a folder to look in: the hook costs a thread.
function findModulesAsLambda() {
  const folders = (process.env.NODE_PATH ?? "").split(":").filter(Boolean);
  if (!nodeModule.register) return; // before 18.19
  if (folders.some((folder) => existsSync(folder))) nodeModule.register("./resolver.mjs", import.meta.url);
}

async function loadModule(folder, name) {
  const path = resolve(folder, name);
  const candidates = ["", ".js", ".mjs", ".cjs"].map((ending) => path + ending);
  const file = candidates.find((file, i) => (i > 0 || /\.[cm]?js$/.test(file)) && existsSync(file));
  tellOldSdk();
  try {
    if (!file) return require(require.resolve(name, { paths: [folder] }));
    const module = file.endsWith(".mjs") || (file.endsWith(".js") && isModulePackage(dirname(file)));
    if (module || /\bimport\s*\(/.test(readFileSync(file, "utf8"))) findModulesAsLambda();
    return module ? await import(pathToFileURL(file).href) : require(file);
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new RuntimeError("Runtime.UserCodeSyntaxError", `${error}`, error);
    }
    hintAtSdk(error);
    if (error?.code === "MODULE_NOT_FOUND" || error?.code === "ERR_MODULE_NOT_FOUND") {
      throw new RuntimeError("Runtime.ImportModuleError", `${error}`, error);
    }
    throw error;
  }
}

async function loadHandler(folder, written) {
  if (written.includes("..")) {
    throw new RuntimeError(
      "Runtime.MalformedHandlerName",
      `'${written}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  }
  const match = basename(written).match(/^([^.]*)\.(.*)$/);
  if (!match || !match[1] || !match[2]) {
    throw new RuntimeError("Runtime.MalformedHandlerName", "Bad handler");
  }
  const module = await loadModule(resolve(folder, dirname(written)), match[1]);
  const steps = match[2].split(".");
  const find = (root) => steps.reduce((value, step) => value?.[step], root);
  const handler = find(module) ?? find(module.default);
  if (handler === undefined) {
    throw new RuntimeError("Runtime.HandlerNotFound", `${written} is undefined or not exported`);
  }
  if (typeof handler !== "function") {
    throw new RuntimeError("Runtime.HandlerNotFound", `${written} is not a function`);
  }
  return handler;
}

function makeContext(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const parsed = (name) => (headers[name] ? JSON.parse(headers[name]) : undefined);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parsed("lambda-runtime-client-context"),
    identity: parsed("lambda-runtime-cognito-identity"),
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    tenantId: headers["lambda-runtime-aws-tenant-id"],
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

// Calls the handler as AWS's runtime does, under the names that stack traces show.
class Runtime {
  constructor(handler) {
    this.handler = handler;
  }

  // Settles as the handler does: by its promise, its callback, or context.done/succeed/fail.
  handleOnceNonStreaming(event, context) {
    let done, failed;
    const settled = new Promise((yes, no) => {
      done = yes;
      failed = (error) => no(error ?? "handled");
    });
    let waits = () => context.callbackWaitsForEmptyEventLoop;
    const finish = (error, result) => {
      if (error !== undefined && error !== null) failed(error);
      else if (!waits()) done(result);
      else idle = () => done(result);
    };
    context.done = (error, result) => { waits = () => false; finish(error, result); };
    context.succeed = (result) => context.done(null, result);
    context.fail = (error) => context.done(error ?? "handled");
    try {
      const returned = this.handler(event, context, finish);
      if (typeof returned?.then === "function") returned.then(done, failed);
    } catch (error) {
      failed(error);
    }
    return settled;
  }

  async handleOnceStreaming(event, context, id) {
    const response = new ResponseStream({ host, port, agent, path: `${BASE}/invocation/${id}/response` });
    try {
      await this.handler(event, response, context);
      response.end();
      await response.sent;
    } catch (error) {
      if (!response.started) throw error;
      await response.failed(errorBody(error));
    }
  }
}

async function answer(id, result) {
  let body;
  try {
    body = JSON.stringify(result === undefined ? null : result);
  } catch {
    throw new Error("Unable to stringify response body");
  }
  await call("POST", `/invocation/${id}/response`, {
    headers: { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body ?? "null") },
    body: body ?? "null",
  });
}

// What to do when nothing is left in the event loop although an invocation is under way.
let idle = null;
let current = null;

async function end(path, error, code) {
  console.error("Uncaught Exception", JSON.stringify(errorBody(error)));
  try {
    await postError(path, error);
  } finally {
    process.exit(code);
  }
}

installConsole(() => current);

process.on("uncaughtException", (error) => {
  end(current ? `/invocation/${current}/error` : "/init/error", error, 129);
});
process.on("unhandledRejection", (reason, promise) => {
  if (debug?.takes(promise, reason)) return;
  const error = new RuntimeError("Runtime.UnhandledPromiseRejection", format("%s", reason), reason);
  end(current ? `/invocation/${current}/error` : "/init/error", error, 128);
});
process.on("beforeExit", () => {
  if (idle) {
    const go = idle;
    idle = null;
    go();
  } else if (current) {
    const error = new RuntimeError("Runtime.NodejsExit", "The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#process_exit_codes");
    postError(`/invocation/${current}/error`, error).finally(() => process.exit(13));
  }
});

let debug = null;

async function beginDebugging() {
  const debuggerPort = process.env._LAMBDA_NB_DEBUGGER;
  delete process.env._LAMBDA_NB_DEBUGGER;
  if (!debuggerPort) return;
  debug = await import("./debugger.mjs");
  await debug.begin(debuggerPort);
}

async function main() {
  globalThis.awslambda = { streamifyResponse, HttpResponseStream };
  await beginDebugging();
  let runtime;
  try {
    const handler = await loadHandler(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);
    runtime = new Runtime(debug && !handler[STREAM_MARK] ? debug.watched(handler) : handler);
  } catch (error) {
    await end("/init/error", error, 1);
    return;
  }
  for (;;) {
    const next = await call("GET", "/invocation/next");
    current = next.headers["lambda-runtime-aws-request-id"];
    const traced = next.headers["lambda-runtime-trace-id"];
    if (traced) process.env._X_AMZN_TRACE_ID = traced;
    else delete process.env._X_AMZN_TRACE_ID;
    const context = makeContext(next.headers);
    if (next.body.includes(STACK_ANSWERS)) (await import("./stack_answers.mjs")).reach(next.body);
    try {
      const event = JSON.parse(next.body.toString("utf8"));
      if (runtime.handler[STREAM_MARK]) await runtime.handleOnceStreaming(event, context, current);
      else await answer(current, await runtime.handleOnceNonStreaming(event, context));
    } catch (error) {
      console.error("Invoke Error", JSON.stringify(errorBody(error)));
      await postError(`/invocation/${current}/error`, error);
    }
    current = null;
    idle = null;
  }
}

main();
