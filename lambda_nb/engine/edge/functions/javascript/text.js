// TextEncoder and TextDecoder, for UTF-8 as the runtime 2.0 has them.
(function (told) {
  "use strict";
  const { put, codecs } = told;
  const bytesOf = (data) => {
    if (data === undefined) return new Uint8Array(0);
    if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return new Uint8Array(data);
  };
  class TextEncoder {
    get encoding() {
      return "utf-8";
    }
    encode(string = "") {
      return codecs.encode(String(string));
    }
    encodeInto(string, target) {
      let read = 0;
      let written = 0;
      while (read < string.length) {
        const step = string.codePointAt(read) > 0xffff ? 2 : 1;
        const bytes = codecs.encode(string.slice(read, read + step));
        if (written + bytes.length > target.length) break;
        target.set(bytes, written);
        read += step;
        written += bytes.length;
      }
      return { read, written };
    }
  }
  class TextDecoder {
    constructor(label = "utf-8", options = {}) {
      if (!/^\s*utf-?8\s*$/i.test(label)) throw new RangeError('The encoding "' + label + '" is not supported');
      defineAll(this, { encoding: "utf-8", fatal: !!options.fatal, ignoreBOM: !!options.ignoreBOM });
    }
    decode(data) {
      const found = codecs.decode(bytesOf(data), this.fatal);
      if (found === null) throw new TypeError("The encoded data was not valid");
      return !this.ignoreBOM && found[0] === "\ufeff" ? found.slice(1) : found;
    }
  }
  const defineAll = (object, values) => {
    for (const key in values) Object.defineProperty(object, key, { value: values[key], enumerable: true });
  };
  put(globalThis, "TextEncoder", TextEncoder);
  put(globalThis, "TextDecoder", TextDecoder);
})
