// Lets the engine's debugger in, over Node's inspector. Loaded only in a function that is debugged.
import { types } from "node:util";
import { Worker } from "node:worker_threads";

const GOODBYE_MS = 200;

// Connects to the engine, and waits until breakpoints are set.
export async function begin(port) {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const pipe = new URL("./debugger_pipe.mjs", import.meta.url);
  const worker = new Worker(pipe, { workerData: { port: Number(port), flag }, env: {}, execArgv: [] });
  await new Promise((go) => {
    for (const happened of ["message", "error", "exit"]) worker.on(happened, go);
  });
  worker.unref(); // an empty event loop still ends an invocation
  process.once("exit", () => {
    worker.postMessage("bye"); // Node would write to the log that it waits for a debugger to leave
    Atomics.wait(flag, 0, 0, GOODBYE_MS);
  });
}

// V8 takes an exception for caught if anything waits for the failure of the promise that it ends
// in. So nothing does: the failure is taken from the event of rejections that nobody handles.
const alone = new Map();

export function takes(promise, reason) {
  const failed = alone.get(promise);
  alone.delete(promise);
  failed?.(reason);
  return failed !== undefined;
}

export function watched(handler) {
  return function (...given) {
    let returned;
    let threw = true;
    const called = new Promise((over) => {
      returned = handler.apply(this, given);
      threw = false;
      over();
    });
    if (!threw && !types.isPromise(returned)) return returned;
    return {
      then(done, failed) {
        const last = threw ? called : Promise.prototype.then.call(returned, (result) => {
          alone.delete(last);
          done(result);
        });
        alone.set(last, failed);
      },
    };
  };
}
