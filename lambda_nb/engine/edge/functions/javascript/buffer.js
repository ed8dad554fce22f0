// Buffer of the runtime 2.0: bytes with Node.js's methods, as far as the guide lists them.
(function (told) {
  "use strict";
  const { put, codecs } = told;
  const Bytes = Uint8Array;
  const isView = ArrayBuffer.isView;

  const integer = (value, name) => {
    if (typeof value !== "number" || !Number.isInteger(value) || value < 0) {
      throw new RangeError('"' + name + '" must be a whole number that is not negative, not ' + value);
    }
    return value;
  };
  const wrap = (bytes) => new Buffer(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const viewed = (value) => new Bytes(value.buffer, value.byteOffset, value.byteLength);
  const sought = (value, encoding) => {
    if (typeof value === "number") return new Bytes([value]);
    return typeof value === "string" ? codecs.bytesOf(value, encoding) : viewed(value);
  };
  const compared = (a, b) => {
    const shorter = Math.min(a.length, b.length);
    for (let i = 0; i < shorter; i++) if (a[i] !== b[i]) return a[i] < b[i] ? -1 : 1;
    return Math.sign(a.length - b.length);
  };
  const at = (bytes, part, i) => {
    for (let j = 0; j < part.length; j++) if (bytes[i + j] !== part[j]) return false;
    return true;
  };

  class Buffer extends Bytes {
    static alloc(size, fill, encoding) {
      const made = new Buffer(integer(size, "size"));
      return fill === undefined || fill === 0 ? made : made.fill(fill, 0, size, encoding);
    }
    static allocUnsafe(size) {
      return new Buffer(integer(size, "size"));
    }
    static byteLength(value, encoding) {
      return typeof value === "string" ? codecs.bytesOf(value, encoding).length : value.byteLength;
    }
    static compare(a, b) {
      return compared(a, b);
    }
    static concat(list, totalLength) {
      const total = totalLength === undefined ? list.reduce((sum, item) => sum + item.length, 0) : totalLength;
      const out = new Buffer(integer(total, "totalLength"));
      let place = 0;
      for (const item of list) {
        const part = item.subarray(0, total - place);
        out.set(part, place);
        place += part.length;
      }
      return out;
    }
    static from(value, offsetOrEncoding, length) {
      if (typeof value === "string") return wrap(codecs.bytesOf(value, offsetOrEncoding));
      if (value instanceof ArrayBuffer) return new Buffer(value, offsetOrEncoding, length);
      if (isView(value) || Array.isArray(value)) return new Buffer(value);
      if (value && value.type === "Buffer" && Array.isArray(value.data)) return new Buffer(value.data);
      if (value && typeof value === "object") {
        const simple = value.valueOf();
        if (simple !== value && simple !== null) return Buffer.from(simple, offsetOrEncoding, length);
        if (typeof value.length === "number") return new Buffer(value);
      }
      throw new TypeError("Buffer.from() takes a string, an array, an ArrayBuffer or a Buffer, not " + typeof value);
    }
    static isBuffer(value) {
      return value instanceof Buffer;
    }
    static isEncoding(name) {
      return codecs.encodings.includes(name);
    }
    compare(target, targetStart = 0, targetEnd = target.length, start = 0, end = this.length) {
      return compared(this.subarray(start, end), target.subarray(targetStart, targetEnd));
    }
    copy(target, targetStart = 0, start = 0, end = this.length) {
      const part = viewed(this).subarray(start, end).subarray(0, Math.max(0, target.length - targetStart));
      target.set(part, targetStart);
      return part.length;
    }
    equals(other) {
      return compared(this, other) === 0;
    }
    fill(value, offset = 0, end = this.length, encoding = undefined) {
      if (typeof offset === "string") return this.fill(value, 0, this.length, offset);
      if (typeof value === "number") return super.fill(value, offset, end);
      const part = sought(value, encoding);
      for (let i = offset; i < end; i++) this[i] = part.length ? part[(i - offset) % part.length] : 0;
      return this;
    }
    includes(value, byteOffset, encoding) {
      return this.indexOf(value, byteOffset, encoding) !== -1;
    }
    indexOf(value, byteOffset = 0, encoding = undefined) {
      if (typeof byteOffset === "string") return this.indexOf(value, 0, byteOffset);
      const part = sought(value, encoding);
      const from = byteOffset < 0 ? Math.max(0, this.length + byteOffset) : byteOffset;
      for (let i = from; i + part.length <= this.length; i++) if (at(this, part, i)) return i;
      return -1;
    }
    lastIndexOf(value, byteOffset = this.length, encoding = undefined) {
      if (typeof byteOffset === "string") return this.lastIndexOf(value, this.length, byteOffset);
      const part = sought(value, encoding);
      const from = byteOffset < 0 ? this.length + byteOffset : byteOffset;
      for (let i = Math.min(from, this.length - part.length); i >= 0; i--) if (at(this, part, i)) return i;
      return -1;
    }
    swap16() {
      return this.swapped(2);
    }
    swap32() {
      return this.swapped(4);
    }
    swap64() {
      return this.swapped(8);
    }
    swapped(size) {
      if (this.length % size) throw new RangeError("Buffer size must be a multiple of " + size * 8 + "-bits");
      for (let i = 0; i < this.length; i += size) viewed(this).subarray(i, i + size).reverse();
      return this;
    }
    toJSON() {
      return { type: "Buffer", data: Array.prototype.slice.call(this) };
    }
    toString(encoding, start = 0, end = this.length) {
      return codecs.textOf(viewed(this).subarray(start, end), encoding);
    }
    write(string, offset, length, encoding) {
      if (typeof offset === "string") return this.write(string, 0, this.length, offset);
      if (typeof length === "string") return this.write(string, offset, undefined, length);
      const start = offset === undefined ? 0 : offset;
      const room = Math.min(length === undefined ? Infinity : length, this.length - start);
      let bytes = codecs.bytesOf(string, encoding);
      if (bytes.length > room) {
        let cut = room;
        const whole = encoding === undefined || encoding === "utf8" || encoding === "utf-8";
        while (whole && cut > 0 && (bytes[cut] & 0xc0) === 0x80) cut--; // no half characters
        bytes = bytes.subarray(0, cut);
      }
      this.set(bytes, start);
      return bytes.length;
    }
  }

  const proto = Buffer.prototype;
  const place = (buffer, offset, size) => {
    if (!Number.isInteger(offset) || offset < 0 || offset + size > buffer.length) {
      throw new RangeError('"offset" ' + offset + " is out of range: the Buffer has " + buffer.length + " bytes");
    }
    return new DataView(buffer.buffer, buffer.byteOffset + offset, size);
  };
  const accessors = (name, size, get, set, little) => {
    put(proto, "read" + name, function (offset = 0) {
      return place(this, offset, size)[get](0, little);
    });
    put(proto, "write" + name, function (value, offset = 0) {
      place(this, offset, size)[set](0, value, little);
      return offset + size;
    });
  };
  for (const [end, little] of [["BE", false], ["LE", true]]) {
    accessors("Int16" + end, 2, "getInt16", "setInt16", little);
    accessors("UInt16" + end, 2, "getUint16", "setUint16", little);
    accessors("Int32" + end, 4, "getInt32", "setInt32", little);
    accessors("UInt32" + end, 4, "getUint32", "setUint32", little);
    accessors("Float" + end, 4, "getFloat32", "setFloat32", little);
    accessors("Double" + end, 8, "getFloat64", "setFloat64", little);
    const read = (buffer, offset, size) => {
      const view = place(buffer, offset, integer(size, "byteLength"));
      let value = 0;
      for (let i = 0; i < size; i++) value = value * 256 + view.getUint8(little ? size - 1 - i : i);
      return value;
    };
    put(proto, "readUInt" + end, function (offset, size) {
      return read(this, offset, size);
    });
    put(proto, "readInt" + end, function (offset, size) {
      const value = read(this, offset, size);
      return value < 2 ** (8 * size - 1) ? value : value - 2 ** (8 * size);
    });
    const write = function (value, offset, size) {
      const view = place(this, offset, integer(size, "byteLength"));
      let left = value < 0 ? value + 2 ** (8 * size) : value;
      for (let i = 0; i < size; i++) {
        view.setUint8(little ? i : size - 1 - i, left % 256);
        left = Math.floor(left / 256);
      }
      return offset + size;
    };
    put(proto, "writeUInt" + end, write);
    put(proto, "writeInt" + end, write);
  }
  accessors("Int8", 1, "getInt8", "setInt8", false);
  accessors("UInt8", 1, "getUint8", "setUint8", false);

  const swapped = proto.swapped;
  delete proto.swapped;
  for (const [name, size] of [["swap16", 2], ["swap32", 4], ["swap64", 8]]) {
    put(proto, name, function () {
      return swapped.call(this, size);
    });
  }
  codecs.buffer = wrap;
  put(globalThis, "Buffer", Buffer);
  return { Buffer };
})
