// The module crypto: md5, sha1 and sha256, plain and as HMAC (RFC 1321, FIPS 180-4, RFC 2104).
(function (told) {
  "use strict";
  const { old, codecs } = told;
  const DataView = codecs.View; // the runtime 1.0 has none of its own
  const rotate = (word, by) => (word << by) | (word >>> (32 - by));

  const primes = [];
  for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n);
  const fraction = (x) => ((x - Math.floor(x)) * 4294967296) | 0;
  const K256 = new Int32Array(primes.map((p) => fraction(Math.cbrt(p))));
  const H256 = primes.slice(0, 8).map((p) => fraction(Math.sqrt(p)));
  const K5 = new Int32Array(64);
  for (let i = 0; i < 64; i++) K5[i] = Math.abs(Math.sin(i + 1)) * 4294967296;
  const S5 = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
  const H1 = [0x67452301, 0xefcdab89 | 0, 0x98badcfe | 0, 0x10325476, 0xc3d2e1f0 | 0];

  // Rotations are written out here: calls would take half of the time.
  const w256 = new Int32Array(64);
  const sha256 = (state, block) => {
    const w = w256;
    const k = K256;
    for (let i = 0; i < 16; i++) w[i] = block.getInt32(4 * i, false);
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15];
      const y = w[i - 2];
      w[i] = w[i - 16] + w[i - 7] + (((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)) +
        (((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10));
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
      const one = (h + (((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))) +
        ((e & f) ^ (~e & g)) + k[i] + w[i]) | 0;
      const two = (((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))) +
        ((a & b) ^ (a & c) ^ (b & c));
      h = g;
      g = f;
      f = e;
      e = (d + one) | 0;
      d = c;
      c = b;
      b = a;
      a = (one + two) | 0;
    }
    return [a, b, c, d, e, f, g, h];
  };
  const sha1 = (state, block) => {
    const w = new Int32Array(80);
    for (let i = 0; i < 16; i++) w[i] = block.getInt32(4 * i, false);
    for (let i = 16; i < 80; i++) w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    let [a, b, c, d, e] = state;
    for (let i = 0; i < 80; i++) {
      const mixed = i < 20 ? ((b & c) | (~b & d)) + 0x5a827999
        : i < 40 ? (b ^ c ^ d) + 0x6ed9eba1
          : i < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc : (b ^ c ^ d) + 0xca62c1d6;
      const next = (rotate(a, 5) + mixed + e + w[i]) | 0;
      e = d;
      d = c;
      c = rotate(b, 30);
      b = a;
      a = next;
    }
    return [a, b, c, d, e];
  };
  const md5 = (state, block) => {
    let [a, b, c, d] = state;
    for (let i = 0; i < 64; i++) {
      const round = i >> 4;
      const mixed = round === 0 ? (b & c) | (~b & d) : round === 1 ? (d & b) | (~d & c)
        : round === 2 ? b ^ c ^ d : c ^ (b | ~d);
      const place = round === 0 ? i : round === 1 ? (5 * i + 1) % 16 : round === 2 ? (3 * i + 5) % 16 : (7 * i) % 16;
      const sum = (a + mixed + K5[i] + block.getInt32(4 * place, true)) | 0;
      a = d;
      d = c;
      c = b;
      b = (b + rotate(sum, S5[4 * round + (i & 3)])) | 0;
    }
    return [a, b, c, d];
  };
  const algorithms = {
    __proto__: null,
    md5: { step: md5, start: H1.slice(0, 4), little: true },
    sha1: { step: sha1, start: H1, little: false },
    sha256: { step: sha256, start: H256, little: false },
  };

  const hash = (algorithm, bytes) => {
    const { step, start, little } = algorithm;
    const size = (((bytes.length + 8) >> 6) + 1) << 6;
    const padded = new Uint8Array(size);
    padded.set(bytes);
    padded[bytes.length] = 0x80;
    const view = new DataView(padded.buffer);
    const bits = bytes.length * 8;
    view.setUint32(size - (little ? 8 : 4), bits | 0, little);
    view.setUint32(size - (little ? 4 : 8), Math.floor(bits / 4294967296), little);
    let state = start;
    for (let i = 0; i < size; i += 64) {
      const next = step(state, new DataView(padded.buffer, i, 64));
      state = state.map((word, j) => (word + next[j]) | 0);
    }
    const out = new Uint8Array(4 * state.length);
    const words = new DataView(out.buffer);
    state.forEach((word, i) => words.setInt32(4 * i, word, little));
    return out;
  };

  const bytesOf = (data) => {
    if (typeof data === "string") return codecs.isByteString(data) ? codecs.octets(data) : codecs.encode(data);
    if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    throw new TypeError("data is a string or a Buffer, not " + typeof data);
  };
  const joined = (parts) => {
    const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    let place = 0;
    for (const part of parts) {
      out.set(part, place);
      place += part.length;
    }
    return out;
  };
  const shown = (bytes, encoding) => {
    if (encoding === undefined) return old ? codecs.byteString(codecs.binary(bytes)) : codecs.buffer(bytes);
    if (!["hex", "base64", "base64url"].includes(encoding)) {
      throw new TypeError('Unknown digest encoding: "' + encoding + '"');
    }
    return codecs.textOf(bytes, encoding);
  };
  const found = (name) => {
    const algorithm = algorithms[name];
    if (!algorithm) throw new TypeError('not supported algorithm: "' + name + '": md5, sha1 or sha256');
    return algorithm;
  };
  const digester = (finish) => {
    let parts = [];
    return {
      update(data) {
        if (parts === null) throw new Error("Digest already called");
        parts.push(bytesOf(data));
        return this;
      },
      digest(encoding) {
        if (parts === null) throw new Error("Digest already called");
        const result = shown(finish(joined(parts)), encoding);
        parts = null;
        return result;
      },
    };
  };
  return {
    createHash(name) {
      const algorithm = found(name);
      return digester((bytes) => hash(algorithm, bytes));
    },
    createHmac(name, key) {
      const algorithm = found(name);
      let secret = bytesOf(key);
      if (secret.length > 64) secret = hash(algorithm, secret);
      const inner = new Uint8Array(64).fill(0x36);
      const outer = new Uint8Array(64).fill(0x5c);
      for (let i = 0; i < secret.length; i++) {
        inner[i] ^= secret[i];
        outer[i] ^= secret[i];
      }
      return digester((bytes) => hash(algorithm, joined([outer, hash(algorithm, joined([inner, bytes]))])));
    },
  };
})
