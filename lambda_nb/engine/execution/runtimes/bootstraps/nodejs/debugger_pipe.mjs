// A thread that passes messages between the engine and the inspector of the main thread: each is
// JSON with its length in four bytes before it.
import { Session } from "node:inspector";
import { connect } from "node:net";
import { parentPort, workerData } from "node:worker_threads";

const session = new Session();
session.connectToMainThread();
const socket = connect({ port: workerData.port, host: "127.0.0.1", noDelay: true });

function send(message) {
  const body = Buffer.from(JSON.stringify(message));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length);
  socket.write(Buffer.concat([length, body]));
}

function leave() {
  session.disconnect();
  parentPort.postMessage("go");
  parentPort.close();
}

function carryOut({ id, method, params }) {
  if (method === "go") {
    parentPort.postMessage("go");
    send({ id, result: {} });
    return;
  }
  session.post(method, params, (error, result) => send({ id, error, result }));
}

session.on("inspectorNotification", send);
let rest = Buffer.alloc(0);
socket.on("data", (part) => {
  rest = Buffer.concat([rest, part]);
  while (rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE()) {
    const end = 4 + rest.readUInt32BE();
    carryOut(JSON.parse(rest.subarray(4, end)));
    rest = rest.subarray(end);
  }
});
socket.on("error", () => {}); // "close" comes next
socket.on("close", leave);
parentPort.on("message", () => {
  session.disconnect();
  Atomics.store(workerData.flag, 0, 1);
  Atomics.notify(workerData.flag, 0);
});
