// The world in which a CloudFront Function runs: what the guide's pages "JavaScript runtime 1.0/2.0
// features" list, and nothing else. An expression: a function that makes the world and returns a
// function, which gives what the engine calls by its name. `told` has version ("1.0", "2.0"), frozen (whether built-in objects are frozen, so
// that nothing can be left behind for the next call), store (id of the key value store, or null),
// codecs, and the modules that this function mentions.
(function (told) {
  "use strict";
  const { parse, stringify } = JSON;
  const { ownKeys, construct, apply } = Reflect;
  const { isArray } = Array;
  const { isView } = ArrayBuffer;
  const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf, freeze } = Object;
  const then = Promise.prototype.then;
  const NativeDate = Date;
  const NativePromise = Promise;
  const NativeSet = Set;
  const text = String;
  const HOST_LINES = 20000; // this file's lines are numbered from here on
  const MOST_ITEMS = 1e6; // no array of so many fits into a function's memory

  let now = 0;
  let eventType = "";
  let lines = [];
  let origin;
  let outcome = null;
  let waiting = [];
  let asking = [];

  // ---- what there is

  const words = (list) => list.trim().split(/\s+/);
  const only = (object, list) => {
    const kept = new NativeSet(words(list));
    for (const key of ownKeys(object)) {
      if (typeof key === "string" && !kept.has(key)) delete object[key];
    }
  };
  const without = (object, list) => words(list).forEach((key) => delete object[key]);
  const old = told.version === "1.0";
  const typed = "Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array " +
    "Float32Array Float64Array";

  only(Object, "length name prototype create defineProperties defineProperty freeze " +
    "getOwnPropertyDescriptor getOwnPropertyDescriptors getOwnPropertyNames getPrototypeOf " +
    "isExtensible isFrozen isSealed keys preventExtensions seal assign is setPrototypeOf entries values");
  only(Array, "length name prototype isArray of");
  only(Array.prototype, "length constructor concat every filter forEach indexOf join lastIndexOf map pop " +
    "push reduce reduceRight reverse shift slice some sort splice unshift copyWithin fill find findIndex " +
    "includes toString toLocaleString keys values entries");
  only(String, "length name prototype fromCharCode fromCodePoint");
  only(String.prototype, "length constructor charAt charCodeAt concat indexOf lastIndexOf localeCompare " +
    "match replace search slice split substr substring toLowerCase toLocaleLowerCase toUpperCase " +
    "toLocaleUpperCase trim toString valueOf codePointAt endsWith includes repeat startsWith padStart " +
    "padEnd trimStart trimEnd replaceAll");
  only(Number, "length name prototype EPSILON MAX_SAFE_INTEGER MIN_SAFE_INTEGER MAX_VALUE MIN_VALUE NaN " +
    "NEGATIVE_INFINITY POSITIVE_INFINITY isFinite isInteger isNaN isSafeInteger parseInt parseFloat");
  only(Promise, "length name prototype all allSettled any reject resolve race");
  only(JSON, "parse stringify");
  without(Math, "f16round sumPrecise");
  const TypedArray = getPrototypeOf(Uint8Array);
  only(TypedArray.prototype, "length constructor buffer byteLength byteOffset copyWithin every fill filter " +
    "find findIndex forEach includes indexOf join lastIndexOf map reduce reduceRight reverse some set " +
    "slice sort subarray toString toLocaleString keys values entries");
  const lists = new NativeSet(words("Object Function Error EvalError RangeError ReferenceError SyntaxError " +
    "TypeError URIError InternalError Array parseInt parseFloat isNaN isFinite decodeURI " +
    "decodeURIComponent encodeURI encodeURIComponent Infinity NaN undefined eval Number Boolean String " +
    "Math Symbol globalThis Date RegExp JSON ArrayBuffer DataView Promise btoa atob " + typed));
  for (const key of ownKeys(globalThis)) {
    if (typeof key === "string" && !lists.has(key)) delete globalThis[key];
  }
  if (old) {
    without(globalThis, "btoa atob DataView");
    without(Object, "getOwnPropertyDescriptors");
    without(String.prototype, "replaceAll");
    without(Promise, "all allSettled any race");
    without(TypedArray, "from of");
    without(TypedArray.prototype, "every filter find findIndex forEach includes indexOf lastIndexOf map " +
      "reduce reduceRight reverse some");
  }

  const put = (object, key, value) =>
    defineProperty(object, key, { value, writable: true, enumerable: false, configurable: true });

  // ---- no endless loops inside the engine, where nobody looks at the time

  const sizeOf = (value) => {
    if (typeof value !== "object" || value === null || isView(value)) return 0;
    if (isArray(value)) return value.length;
    for (let at = value; at !== null; at = getPrototypeOf(at)) {
      const found = getOwnPropertyDescriptor(at, "length");
      if (found) return typeof found.value === "number" ? found.value : Infinity;
    }
    return 0;
  };
  const spreads = (value) =>
    typeof value === "object" && value !== null && (isArray(value) || value[Symbol.isConcatSpreadable]);
  const bounded = (object, list, more) => words(list).forEach((name) => {
    const native = object[name];
    const method = { [name](...given) {
      if (sizeOf(this) > MOST_ITEMS || more(given).some((one) => sizeOf(one) > MOST_ITEMS)) {
        throw new RangeError(name + "() of more than " + MOST_ITEMS + " items");
      }
      return apply(native, this, given);
    } }[name];
    defineProperty(method, "length", { value: native.length });
    put(object, name, method);
  });
  bounded(Array.prototype, "copyWithin includes join lastIndexOf reverse shift slice sort splice toString " +
    "toLocaleString unshift", () => []);
  bounded(Array.prototype, "concat", (given) => given.filter(spreads));
  bounded(JSON, "stringify", ([, replacer]) => [replacer]);

  // ---- no code out of text

  const evaluates = (what) => function () {
    throw new TypeError(what + " is disabled: a function at the edge evaluates no code at run time");
  };
  put(globalThis, "eval", evaluates("eval"));
  const kinds = [function () {}, function* () {}, async function () {}, async function* () {}];
  for (const kind of kinds) {
    const proto = getPrototypeOf(kind);
    const constructor = evaluates("Function constructor");
    defineProperty(constructor, "prototype", { value: proto });
    defineProperty(proto, "constructor", { value: constructor, writable: true, configurable: true });
  }
  put(globalThis, "Function", Function.prototype.constructor);

  // ---- time stands still

  const FixedDate = function (...given) {
    if (!new.target) return new NativeDate(now).toString();
    return construct(NativeDate, given.length ? given : [now], new.target);
  };
  defineProperty(FixedDate, "name", { value: "Date" });
  defineProperty(FixedDate, "length", { value: 7 });
  defineProperty(FixedDate, "prototype", { value: NativeDate.prototype });
  put(FixedDate, "now", () => now);
  put(FixedDate, "parse", NativeDate.parse);
  put(FixedDate, "UTC", NativeDate.UTC);
  put(NativeDate.prototype, "constructor", FixedDate);
  put(globalThis, "Date", FixedDate);

  // ---- what the engine adds

  put(globalThis, "console", { log: (line) => void lines.push(shown(line)) });
  const shown = (value) => {
    if (typeof value !== "object" || value === null || value instanceof Error) return text(value);
    const json = stringify(value);
    return json === undefined ? text(value) : json;
  };

  const request = (operation, key, format) =>
    new NativePromise((resolve, reject) => waiting.push({ operation, key, format, resolve, reject }));
  const formats = {
    string: (value) => value,
    json: (value) => parse(value),
    bytes: (value) => told.codecs.buffer(told.codecs.encode(value)),
  };
  const atRequest = (name) => {
    if (eventType !== "viewer-request") {
      throw new TypeError(name + "() may be called in a viewer request function only");
    }
  };
  const cloudfront = {
    kvs(id) {
      if (told.store === null) {
        throw new TypeError("kvs() needs a key value store: associate one with this function");
      }
      if (id !== undefined && id !== told.store) {
        throw new TypeError('the key value store "' + id + '" is not associated with this function');
      }
      return {
        get(key, options) {
          const format = (options && options.format) || "string";
          if (!formats[format]) throw new TypeError('unknown format "' + format + '": string, json or bytes');
          return request("get", text(key), format);
        },
        exists: (key) => request("exists", text(key), ""),
        meta: () => request("meta", "", ""),
      };
    },
    updateRequestOrigin(properties) {
      atRequest("updateRequestOrigin");
      origin = { update: properties };
    },
    selectRequestOriginById(id, overrides) {
      atRequest("selectRequestOriginById");
      origin = { select: id, overrides: overrides || {} };
    },
    createRequestOriginGroup(properties) {
      atRequest("createRequestOriginGroup");
      origin = { group: properties };
    },
  };

  const modules = { __proto__: null };
  for (const [name, make] of told.modules) {
    const made = make({ old, put, codecs: told.codecs });
    if (made) modules[name] = made;
  }
  if (!old) modules.cloudfront = cloudfront;
  put(globalThis, "require", (name) => {
    const found = modules[name];
    if (!found) throw new TypeError('Cannot find module "' + name + '"');
    return found;
  });
  for (const name of ["console", "require"]) defineProperty(globalThis, name, { writable: false });

  // ---- nothing left behind

  // Assigning to an object must not fail because something it inherits is frozen: `error.name = ...`.
  const yielding = (proto) => {
    for (const key of ownKeys(proto)) {
      const { value, writable, configurable } = getOwnPropertyDescriptor(proto, key);
      if (!writable || !configurable || typeof key !== "string") continue;
      defineProperty(proto, key, {
        configurable: true,
        get: () => value,
        set(given) {
          if (this === proto) throw new TypeError('Cannot assign to read-only property "' + key + '"');
          defineProperty(this, key, { value: given, writable: true, enumerable: true, configurable: true });
        },
      });
    }
  };
  const deepFreeze = (start) => {
    const seen = new NativeSet();
    const left = start;
    while (left.length) {
      const value = left.pop();
      if (value === null || (typeof value !== "object" && typeof value !== "function")) continue;
      if (seen.has(value)) continue;
      seen.add(value);
      freeze(value);
      left.push(getPrototypeOf(value));
      for (const key of ownKeys(value)) {
        const found = getOwnPropertyDescriptor(value, key);
        left.push(found.value, found.get, found.set);
      }
    }
  };
  if (told.frozen) {
    const errors = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, InternalError];
    [Object.prototype, ...errors.map((error) => error.prototype)].forEach(yielding);
    deepFreeze([globalThis, modules, ...kinds.map(getPrototypeOf), TypedArray, formats,
      getPrototypeOf([][Symbol.iterator]()), getPrototypeOf(""[Symbol.iterator]()),
      getPrototypeOf((function* () {})()), getPrototypeOf((async function* () {})())]);
  }

  // ---- one call

  const done = (result) => {
    outcome = stringify({ result, lines, origin });
    return outcome;
  };
  const failed = (error) => {
    let line = null;
    try {
      const frames = text(error && error.stack).match(/<input>:\d+/g) || [];
      const numbers = frames.map((frame) => +frame.slice(8));
      line = numbers.find((number) => number < HOST_LINES) || null;
    } catch (_) {} // an error may have any stack: then its line is not known
    let message;
    try {
      message = text(error);
    } catch (_) {
      message = "an error that cannot be shown";
    }
    outcome = stringify({ error: message, line, lines });
    return outcome;
  };

  const engine = {
    begin(make, event, kind, start) {
      now = start;
      eventType = kind;
      lines = [];
      origin = undefined;
      outcome = null;
      waiting = [];
      asking = [];
      told.codecs.forgetByteStrings();
      try {
        const handler = make();
        if (handler === undefined) throw new ReferenceError('"handler" is not defined');
        const result = handler(parse(event));
        if (!(result instanceof NativePromise)) return done(result);
        then.call(then.call(result, done), undefined, failed);
        return null;
      } catch (error) {
        return failed(error);
      }
    },
    end: () => outcome,
    asked() {
      if (!waiting.length) return null;
      asking = waiting;
      waiting = [];
      return stringify(asking.map(({ operation, key }) => [operation, key]));
    },
    settle(values) {
      parse(values).forEach((value, i) => {
        const { operation, key, format, resolve, reject } = asking[i];
        if (operation !== "get") return resolve(value);
        if (value === null) return reject(new Error('KeyNotFound: the key "' + key + '" does not exist'));
        try {
          return resolve(formats[format](value));
        } catch (error) {
          return reject(error);
        }
      });
    },
    said: () => stringify(lines),
  };
  return (name) => engine[name];
})
