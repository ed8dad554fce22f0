// Byte strings of the runtime 1.0: strings whose characters stand for bytes.
(function (told) {
  "use strict";
  const { put, codecs } = told;
  const octetsOnly = /^[\x00-\xff]*$/;
  put(String, "bytesFrom", (value, encoding) => {
    if (Array.isArray(value)) return codecs.byteString(codecs.binary(new Uint8Array(value)));
    if (typeof value === "string" && ["hex", "base64", "base64url"].includes(encoding)) {
      return codecs.byteString(codecs.binary(codecs.bytesOf(value, encoding)));
    }
    throw new TypeError("bytesFrom() takes an array, or a string and hex, base64 or base64url");
  });
  put(String.prototype, "fromBytes", function (start, end) {
    return String(this).slice(start, end);
  });
  put(String.prototype, "toBytes", function (start, end) {
    const part = String(this).slice(start, end);
    return codecs.byteString(octetsOnly.test(part) ? part : null);
  });
  put(String.prototype, "fromUTF8", function (start, end) {
    const part = String(this).slice(start, end);
    return octetsOnly.test(part) ? codecs.decode(codecs.octets(part), true) : null;
  });
  put(String.prototype, "toUTF8", function (start, end) {
    return codecs.byteString(codecs.binary(codecs.encode(String(this).slice(start, end))));
  });
})
