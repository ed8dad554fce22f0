// The module querystring, as Node.js has it.
(function (told) {
  "use strict";
  const { codecs } = told;
  const unescape = (string) => {
    const text = String(string);
    try {
      return decodeURIComponent(text);
    } catch (_) {
      const bytes = [];
      const raw = codecs.encode(text);
      for (let i = 0; i < raw.length; i++) {
        const pair = raw[i] === 37 ? codecs.binary(raw.subarray(i + 1, i + 3)) : "";
        if (/^[0-9a-fA-F]{2}$/.test(pair)) {
          bytes.push(parseInt(pair, 16));
          i += 2;
        } else bytes.push(raw[i]);
      }
      return codecs.decode(new Uint8Array(bytes));
    }
  };
  const escape = (string) => encodeURIComponent(typeof string === "object" ? String(string) : string);
  const simple = (value) => {
    if (typeof value === "string") return value;
    if (typeof value === "number" && isFinite(value)) return "" + value;
    return typeof value === "boolean" ? String(value) : "";
  };
  const querystring = {
    escape,
    unescape,
    parse(string, separator, equal, options) {
      const found = {};
      if (typeof string !== "string" || !string) return found;
      const told = options || {};
      const decode = told.decodeURIComponent || querystring.unescape;
      const most = typeof told.maxKeys === "number" ? told.maxKeys : 1000;
      const sign = equal || "=";
      const pairs = string.split(separator || "&");
      for (const pair of most > 0 ? pairs.slice(0, most) : pairs) {
        if (!pair) continue;
        const place = pair.indexOf(sign);
        const part = (text) => decode(text.replace(/\+/g, " "));
        const key = part(place < 0 ? pair : pair.slice(0, place));
        const value = place < 0 ? "" : part(pair.slice(place + sign.length));
        if (!Object.prototype.hasOwnProperty.call(found, key)) found[key] = value;
        else if (Array.isArray(found[key])) found[key].push(value);
        else found[key] = [found[key], value];
      }
      return found;
    },
    stringify(object, separator, equal, options) {
      if (object === null || typeof object !== "object") return "";
      const encode = (options && options.encodeURIComponent) || querystring.escape;
      const sign = equal || "=";
      const parts = [];
      for (const key of Object.keys(object)) {
        const values = Array.isArray(object[key]) ? object[key] : [object[key]];
        for (const value of values) parts.push(encode(simple(key)) + sign + encode(simple(value)));
      }
      return parts.join(separator || "&");
    },
  };
  querystring.decode = querystring.parse;
  querystring.encode = querystring.stringify;
  return querystring;
})
