// Bytes and text: UTF-8, hex, base64 and base64url. An expression: an object of functions.
(function () {
  "use strict";
  const toBase64 = btoa;
  const fromBase64 = atob;
  const code = String.fromCharCode;

  const encode = (string) => {
    const out = [];
    for (let i = 0; i < string.length; i++) {
      let point = string.codePointAt(i);
      if (point > 0xffff) i++;
      else if (point >= 0xd800 && point <= 0xdfff) point = 0xfffd;
      if (point < 0x80) out.push(point);
      else if (point < 0x800) out.push(0xc0 | (point >> 6), 0x80 | (point & 63));
      else if (point < 0x10000) out.push(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
      else {
        out.push(0xf0 | (point >> 18), 0x80 | ((point >> 12) & 63), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
      }
    }
    return new Uint8Array(out);
  };

  // As the WHATWG's Encoding Standard decodes: each maximal part of a bad sequence is one U+FFFD.
  const decode = (bytes, fatal) => {
    let out = "";
    let i = 0;
    while (i < bytes.length) {
      const first = bytes[i++];
      if (first < 0x80) {
        out += code(first);
        continue;
      }
      let left = first >= 0xc2 && first <= 0xdf ? 1 : first >= 0xe0 && first <= 0xef ? 2
        : first >= 0xf0 && first <= 0xf4 ? 3 : 0;
      let point = left === 1 ? first & 31 : left === 2 ? first & 15 : first & 7;
      let low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
      let high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
      let good = left > 0;
      while (good && left > 0) {
        const next = bytes[i];
        good = next >= low && next <= high;
        if (!good) break;
        point = (point << 6) | (next & 63);
        low = 0x80;
        high = 0xbf;
        left--;
        i++;
      }
      if (!good && fatal) return null;
      if (!good) out += "\ufffd";
      else if (point > 0xffff) out += code(0xd800 + ((point - 0x10000) >> 10), 0xdc00 + (point & 0x3ff));
      else out += code(point);
    }
    return out;
  };

  const binary = (bytes) => {
    let out = "";
    for (let i = 0; i < bytes.length; i++) out += code(bytes[i]);
    return out;
  };
  const octets = (string) => {
    const out = new Uint8Array(string.length);
    for (let i = 0; i < string.length; i++) out[i] = string.charCodeAt(i);
    return out;
  };
  const url = (base64) => base64.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const plain = (base64) => {
    const clean = base64.replace(/-/g, "+").replace(/_/g, "/").replace(/[^A-Za-z0-9+/]/g, "");
    return clean.length % 4 === 1 ? clean.slice(0, -1) : clean;
  };
  const hexadecimal = "0123456789abcdef";
  const unhex = (string) => {
    const out = [];
    for (let i = 0; i + 1 < string.length; i += 2) {
      const high = hexadecimal.indexOf(string[i].toLowerCase());
      const low = hexadecimal.indexOf(string[i + 1].toLowerCase());
      if (high < 0 || low < 0) break;
      out.push(high * 16 + low);
    }
    return new Uint8Array(out);
  };

  // Strings of the runtime 1.0 that hold a byte in each character: they look like any other string.
  const made = new Set();
  const byteString = (string) => {
    if (string !== null) made.add(string);
    return string;
  };

  const encodings = ["utf8", "utf-8", "hex", "base64", "base64url"];
  const known = (encoding) => {
    if (!encodings.includes(encoding)) throw new TypeError('Unknown encoding: "' + encoding + '"');
  };
  return {
    encode,
    decode,
    binary,
    octets,
    encodings,
    View: DataView,
    byteString,
    isByteString: (string) => made.has(string),
    forgetByteStrings: () => made.clear(),
    buffer: (bytes) => bytes, // the module Buffer puts itself in its place
    bytesOf(string, encoding = "utf8") {
      known(encoding);
      if (encoding === "hex") return unhex(string);
      return encoding.startsWith("base64") ? octets(fromBase64(plain(string))) : encode(string);
    },
    textOf(bytes, encoding = "utf8") {
      known(encoding);
      if (encoding === "base64") return toBase64(binary(bytes));
      if (encoding === "base64url") return url(toBase64(binary(bytes)));
      if (encoding !== "hex") return decode(bytes);
      let out = "";
      for (let i = 0; i < bytes.length; i++) out += hexadecimal[bytes[i] >> 4] + hexadecimal[bytes[i] & 15];
      return out;
    },
  };
})()
