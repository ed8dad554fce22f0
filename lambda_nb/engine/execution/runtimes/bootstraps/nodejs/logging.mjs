// console.* as Lambda writes it: a tab-separated line, or a JSON object when AWS_LAMBDA_LOG_FORMAT asks.
// Each call is one log event: a frame (type, length, microseconds, text) on the engine's pipe where
// there is one, else a line whose inner line ends become CR.
import { writeSync } from "node:fs";
import { format, types } from "node:util";

const FD = process.env._LAMBDA_TELEMETRY_LOG_FD;
delete process.env._LAMBDA_TELEMETRY_LOG_FD;

const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const METHODS = { trace: "TRACE", debug: "DEBUG", log: "INFO", info: "INFO", warn: "WARN", error: "ERROR" };

function emit(level, text, json) {
  if (FD === undefined) {
    process.stdout.write(text.replaceAll("\n", "\r") + "\n");
    return;
  }
  const body = Buffer.from(text + "\n");
  const frame = Buffer.alloc(16 + body.length);
  frame.writeUInt32BE((0xa55a0002 | ((LEVELS.indexOf(level) + 1) << 2) | (json ? 0 : 1)) >>> 0, 0);
  frame.writeUInt32BE(body.length, 4);
  frame.writeBigUInt64BE(BigInt(Date.now()) * 1000n, 8);
  body.copy(frame, 16);
  for (let at = 0; at < frame.length; ) {
    try {
      at += writeSync(Number(FD), frame, at);
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

function textLine(level, requestId, args) {
  const head = `${new Date().toISOString()}\t${requestId ?? "undefined"}\t${level}\t`;
  return head + format(...args);
}

function jsonLine(level, requestId, args) {
  const record = { timestamp: new Date().toISOString(), level, requestId };
  const error = args.find((value) => types.isNativeError(value));
  const plain = args.length === 1 && typeof args[0] === "object" && !error;
  record.message = plain ? args[0] : format(...args);
  if (error) {
    record.errorType = error.name;
    record.errorMessage = error.message;
    record.stackTrace = String(error.stack ?? "").split("\n");
  }
  try {
    return JSON.stringify(record);
  } catch {
    return JSON.stringify({ ...record, message: format(...args) });
  }
}

export function installConsole(requestId) {
  const json = process.env.AWS_LAMBDA_LOG_FORMAT === "JSON";
  const line = json ? jsonLine : textLine;
  const least = Math.max(0, LEVELS.indexOf((process.env.AWS_LAMBDA_LOG_LEVEL ?? "TRACE").toUpperCase()));
  for (const [method, level] of Object.entries(METHODS)) {
    const silent = LEVELS.indexOf(level) < least;
    console[method] = (...args) => {
      if (!silent) emit(level, line(level, requestId(), args), json);
    };
  }
}
