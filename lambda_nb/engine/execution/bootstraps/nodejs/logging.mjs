// console.* as Lambda writes it: a tab-separated line, or a JSON object when AWS_LAMBDA_LOG_FORMAT asks.
import { format, types } from "node:util";

const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const METHODS = { trace: "TRACE", debug: "DEBUG", log: "INFO", info: "INFO", warn: "WARN", error: "ERROR" };

// One event a call: inner line ends become CR, as Lambda's unframed log pipe has them.
function textLine(level, requestId, args) {
  const head = `${new Date().toISOString()}\t${requestId ?? "undefined"}\t${level}\t`;
  return (head + format(...args)).replaceAll("\n", "\r");
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
  const line = process.env.AWS_LAMBDA_LOG_FORMAT === "JSON" ? jsonLine : textLine;
  const least = Math.max(0, LEVELS.indexOf((process.env.AWS_LAMBDA_LOG_LEVEL ?? "TRACE").toUpperCase()));
  for (const [method, level] of Object.entries(METHODS)) {
    const silent = LEVELS.indexOf(level) < least;
    console[method] = (...args) => {
      if (!silent) process.stdout.write(line(level, requestId(), args) + "\n");
    };
  }
}
