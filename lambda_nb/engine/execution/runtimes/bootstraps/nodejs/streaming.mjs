// Response streaming: `awslambda.streamifyResponse` and `awslambda.HttpResponseStream`.
import { request } from "node:http";
import { Writable } from "node:stream";

export const STREAM_MARK = Symbol.for("aws.lambda.runtime.handler.streaming");

export function streamifyResponse(handler, options) {
  handler[STREAM_MARK] = "response";
  if (options?.highWaterMark) handler.highWaterMark = options.highWaterMark;
  return handler;
}

// A writable whose chunks leave at once as one chunked POST; a late error travels in trailers.
export class ResponseStream extends Writable {
  constructor(target) {
    super();
    this.target = target;
    this.started = false;
    this.contentType = "application/octet-stream";
    this.sent = new Promise((done, failed) => Object.assign(this, { done, undone: failed }));
  }

  setContentType(type) {
    if (this.started) throw new Error("Cannot set content-type, too late.");
    this.contentType = type;
  }

  open() {
    if (this.started) return;
    this.started = true;
    this.post = request({
      ...this.target,
      method: "POST",
      headers: {
        "Content-Type": this.contentType,
        "Lambda-Runtime-Function-Response-Mode": "streaming",
        "Transfer-Encoding": "chunked",
        Trailer: ["Lambda-Runtime-Function-Error-Type", "Lambda-Runtime-Function-Error-Body"],
      },
    }, (reply) => {
      reply.resume();
      reply.on("end", () => this.done());
    });
    this.post.on("error", (error) => this.undone(error));
  }

  _write(chunk, encoding, done) {
    this.open();
    const bytes = typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk;
    if (this.post.write(bytes)) done();
    else this.post.once("drain", done);
  }

  _final(done) {
    this.open();
    this.post.end(done);
  }

  async failed(error) {
    this.post.addTrailers({
      "Lambda-Runtime-Function-Error-Type": error.errorType,
      "Lambda-Runtime-Function-Error-Body": Buffer.from(JSON.stringify(error)).toString("base64"),
    });
    this.end();
    await this.sent;
  }
}

export class HttpResponseStream {
  static from(stream, prelude) {
    stream.setContentType("application/vnd.awslambda.http-integration-response");
    stream.write(JSON.stringify(prelude ?? {}));
    stream.write(Buffer.alloc(8));
    return stream;
  }
}
