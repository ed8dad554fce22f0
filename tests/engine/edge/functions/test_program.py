"""JavaScript as CloudFront's runtimes have it: what there is, what there is not, and the limits."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs

import pytest
from edge_functions_lab import STORE
from hypothesis import given, settings
from hypothesis import strategies as st

from lambda_nb.engine.edge.functions.code import Code
from lambda_nb.engine.edge.functions.program import Program, Run

NOW = 1_700_000_000.0
HELD = {"a": "A", "json": '{"x": [1]}', "text": "ü"}


def lookup(asked: Sequence[tuple[str, str]]) -> list[object]:
    """Reads of a store that has :data:`HELD`."""
    answers = {"get": HELD.get, "exists": HELD.__contains__, "meta": lambda key: {"keyCount": 3}}
    return [answers[operation](key) for operation, key in asked]


def run(text: str, version: str = "2.0", store: str = STORE, event: Any = None) -> Run:
    """One call of code."""
    asked = json.dumps(event or {"request": {"uri": "/"}})
    return Program(Code("f", text, version, store)).run(asked, "viewer-request", NOW, lookup)


def value(expression: str, version: str = "2.0", before: str = "") -> Any:
    """The value of an expression in a function."""
    found = run(f"{before}\nfunction handler(event) {{ return {{v: {expression}}}; }}", version)
    assert not found.error, found.error
    return found.result.get("v")


def error(text: str, version: str = "2.0") -> str:
    """Why code fails."""
    return run(text, version).error


# ---- what there is


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("[1, 2, 3].includes(2) && 'ab'.padStart(3, '-')", "-ab"),
        ("'a-b-c'.replaceAll('-', '')", "abc"),
        ("`x${1 + 1}`", "x2"),
        ("Object.entries({a: 1})", [["a", 1]]),
        ("Object.assign({}, {a: 1})", {"a": 1}),
        ("/(?<y>\\d+)/.exec('a12').groups.y", "12"),
        ("((...a) => a.length)(1, 2, 3)", 3),
        ("2 ** 10", 1024),
        ("Number.isSafeInteger(1) && Math.hypot(3, 4)", 5),
        ("[typeof Symbol.for('a'), typeof DataView]", ["symbol", "function"]),
        ("btoa('a') + atob('Yg==')", "YQ==b"),
        ("new TextDecoder().decode(new TextEncoder().encode('é😀'))", "é😀"),
        ("new TextEncoder().encodeInto('é😀', new Uint8Array(4))", {"read": 1, "written": 2}),
        ("Array.of(1).concat([2]).length", 2),
        ("new Uint8Array([3, 1, 2]).sort()[0]", 1),
    ],
)
def test_features_of_runtime_2(expression: str, expected: object):
    """A choice of what functions-javascript-runtime-20 lists."""
    assert value(expression) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "typeof Map", "typeof Set", "typeof Proxy", "typeof Reflect", "typeof WeakMap",
        "typeof setTimeout", "typeof setImmediate", "typeof queueMicrotask", "typeof performance",
        "typeof fetch", "typeof process", "typeof structuredClone", "typeof BigInt",
        "typeof [].flat", "typeof [].at", "typeof Array.from", "typeof Object.fromEntries",
        "typeof ''.matchAll", "typeof ''.normalize", "typeof escape", "typeof SharedArrayBuffer",
    ],
)  # fmt: skip
def test_what_there_is_not(expression: str):
    """Features that are not in the guide's list, network and timers among them."""
    assert value(expression) == "undefined"


@pytest.mark.parametrize(
    "expression",
    ["typeof Buffer", "typeof btoa", "typeof ''.replaceAll", "typeof Promise.all",
     "typeof TextEncoder", "typeof DataView", "typeof new Uint8Array(1).map"],
)  # fmt: skip
def test_what_runtime_1_lacks(expression: str):
    """ "... is new in JavaScript runtime 2.0"."""
    assert value(expression) != "undefined"
    assert value(expression, "1.0") == "undefined"


def test_byte_strings_of_runtime_1():
    """The nonstandard methods of strings."""
    assert value("String.bytesFrom('aGk', 'base64url')", "1.0") == "hi"
    assert value("String.bytesFrom([0x68, 0xff])", "1.0") == "h\xff"
    assert value("'ü'.toUTF8()", "1.0") == "Ã¼"
    assert value("'Ã¼'.fromUTF8()", "1.0") == "ü"
    assert value("['\\xff'.fromUTF8(), '😀'.toBytes()]", "1.0") == [None, None]
    assert value("typeof String.bytesFrom") == "undefined"


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256"])
def test_hashes(algorithm: str, version: str):
    """As Python's hashlib has them, for texts of every length around the blocks' ends."""
    texts = ["", "abc", *("x" * length for length in (55, 56, 63, 64, 65, 119, 120, 200)), "grün"]
    given_texts = json.dumps(texts)
    crypto = 'var crypto = require("crypto");'
    plain = f"{given_texts}.map((t) => crypto.createHash('{algorithm}').update(t).digest('hex'))"
    expected = [hashlib.new(algorithm, text.encode()).hexdigest() for text in texts]
    assert value(plain, version, crypto) == expected
    keyed = (
        f"{given_texts}.map((t) => "
        f"crypto.createHmac('{algorithm}', t + 'key').update('a').update(t).digest('base64url'))"
    )
    codes = [
        hmac.new(f"{text}key".encode(), f"a{text}".encode(), algorithm).digest() for text in texts
    ]
    encoded = [base64.urlsafe_b64encode(code).rstrip(b"=").decode() for code in codes]
    assert value(keyed, version, crypto) == encoded


def test_digests_without_an_encoding():
    """A Buffer; in the runtime 1.0 a byte string."""
    made = "require('crypto').createHash('md5').update('a').digest()"
    digest = hashlib.md5(b"a").digest()
    assert value(f"[Buffer.isBuffer({made}), {made}.toString('hex')]") == [True, digest.hex()]
    assert value(made, "1.0") == digest.decode("latin-1")


def test_byte_strings_are_hashed_as_bytes():
    """A digest can be the next key, as signatures of AWS need it."""
    made = (
        "crypto.createHmac('sha256', crypto.createHmac('sha256', 'k').update('a').digest())"
        ".update('b').digest('hex')"
    )
    key = hmac.new(b"k", b"a", "sha256").digest()
    expected = hmac.new(key, b"b", "sha256").hexdigest()
    for version in ("1.0", "2.0"):
        assert value(made, version, 'var crypto = require("crypto");') == expected


def test_crypto_refuses():
    """What it does not have, and a second digest."""
    start = "function handler(event) { var h = require('crypto')"
    assert "sha512" in error(start + ".createHash('sha512'); }")
    assert "latin1" in error(start + ".createHash('md5').update('').digest('latin1'); }")
    assert "already" in error(start + ".createHash('md5'); h.digest('hex'); h.digest('hex'); }")


def test_a_querystring_as_node_js_has_it():
    """Parsed and written; bad escapes stay."""
    qs = "import qs from 'querystring';"
    assert value("qs.parse('a=1&a=2&b=%41+x&c&d=%zz')", before=qs) == {
        "a": ["1", "2"], "b": "A x", "c": "", "d": "%zz",
    }  # fmt: skip
    assert value("qs.stringify({a: [1, 'é'], b: ''})", before=qs) == "a=1&a=%C3%A9&b="
    assert value("qs.parse('a:1;b:2', ';', ':', {maxKeys: 1})", before=qs) == {"a": "1"}
    assert value("qs.unescape('%ff')", before=qs) == "\ufffd"


@settings(max_examples=20)
@given(st.dictionaries(st.text(min_size=1, max_size=3), st.text(max_size=4), max_size=4))
def test_querystrings_agree_with_python(fields: dict[str, str]):
    """What is written is read again, by us and by Python."""
    before = "import qs from 'querystring';"
    written, read = value(
        f"[qs.stringify({json.dumps(fields)}), qs.parse(qs.stringify({json.dumps(fields)}))]",
        before=before,
    )
    clean = {
        key.encode("utf-8", "replace").decode(): text.encode("utf-8", "replace").decode()
        for key, text in fields.items()
    }
    assert read == clean
    assert {k: v[0] for k, v in parse_qs(written, keep_blank_values=True).items()} == clean


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("Buffer.from('héllo').toString('hex')", "68c3a96c6c6f"),
        ("Buffer.from('aGk_', 'base64url').toString('base64')", "aGk/"),
        ("Buffer.from('6869zz', 'hex').toString()", "hi"),
        ("JSON.parse(Buffer.from('eyJhIjoxfQ', 'base64url'))", {"a": 1}),
        ("Buffer.alloc(3, 'ab').toString()", "aba"),
        ("Buffer.concat([Buffer.from('ab'), Buffer.from('cd')], 3).toString()", "abc"),
        ("Buffer.from([1, 2, 255]).toJSON()", {"type": "Buffer", "data": [1, 2, 255]}),
        ("[Buffer.byteLength('é'), Buffer.isEncoding('x')]", [2, False]),
        ("Buffer.compare(Buffer.from('a'), Buffer.from('b'))", -1),
        ("Buffer.from('abcabc').indexOf('c', 3)", 5),
        ("Buffer.from('abcabc').lastIndexOf('bc')", 4),
        ("Buffer.from('abc').equals(Buffer.from('abc'))", True),
        ("Buffer.from([1, 2, 3, 4]).readUInt32BE(0)", 0x01020304),
        ("Buffer.from([1, 2, 3, 4]).readInt16LE(1)", 0x0302),
        ("Buffer.from([255, 255, 254]).readIntBE(0, 3)", -2),
        ("Buffer.from([1, 2, 3, 4]).swap16().toString('hex')", "02010403"),
        ("((b) => b.writeDoubleBE(1.5) && b.readDoubleBE())(Buffer.alloc(8))", 1.5),
        ("((b) => b.writeIntLE(-2, 0, 3) && b.toString('hex'))(Buffer.alloc(3))", "feffff"),
        ("((b) => [b.write('aé€'), b.toString('utf8', 0, 3)])(Buffer.alloc(4))", [3, "aé"]),
        ("Buffer.from('abc').subarray(1).toString()", "bc"),
        ("Buffer.isBuffer(Buffer.from('a').slice(0))", True),
        ("typeof Buffer.prototype.swapped", "undefined"),
    ],
)  # fmt: skip
def test_buffers(expression: str, expected: object):
    """As Node.js has them."""
    assert value(expression) == expected


@settings(max_examples=20)
@given(st.binary(max_size=40))
def test_bytes_in_every_encoding(data: bytes):
    """And UTF-8 that is none, as Python's replacement has it."""
    made = f"Buffer.from({list(data)})"
    hexed, plain, text, back = value(
        f"[{made}.toString('hex'), {made}.toString('base64'), {made}.toString(), "
        f"Buffer.from({made}.toString('base64url'), 'base64url').equals({made})]"
    )
    assert (hexed, base64.b64decode(plain), back) == (data.hex(), data, True)
    assert text == data.decode("utf-8", "replace")


# ---- modules and the key value store


def test_a_key_value_store():
    """In each format; what is not there is an error that can be caught."""
    found = run(
        """import cf from 'cloudfront';
        const store = cf.kvs();
        async function handler(event) {
            const a = await store.get('a');
            const json = await store.get('json', {format: 'json'});
            const bytes = await store.get('text', {format: 'bytes'});
            const there = [await store.exists('a'), await store.exists('b')];
            const meta = await store.meta();
            const found = [a, json, bytes.length, there, meta];
            try { await store.get('none'); } catch (e) { return found.concat('' + e); }
        }"""
    )
    assert found.error == ""
    *good, missing = found.result
    assert good == ["A", {"x": [1]}, 2, [True, False], {"keyCount": 3}]
    assert "none" in missing


def test_all_reads_at_once():
    """By promise combinators."""
    found = run(
        """import cf from 'cloudfront';
        async function handler(event) {
            const read = Promise.all(['a', 'text'].map((key) => cf.kvs().get(key)));
            return (await read).join();
        }"""
    )
    assert (found.error, found.result) == ("", "A,ü")


def test_no_such_store():
    """None is associated, or another one."""
    text = "import cf from 'cloudfront'; function handler(event) { cf.kvs(%s); }"
    assert "associate one" in run(text % "", store="").error
    assert "not associated" in run(text % "'x'").error
    assert run(text % repr(STORE.rpartition("/")[2])).error == ""


def test_the_origin_is_told():
    """In the viewer-request event only."""
    text = (
        "import cf from 'cloudfront'; function handler(event) { cf.updateRequestOrigin({a: 1}); }"
    )
    program = Program(Code("f", text, "2.0"))
    assert program.run("{}", "viewer-request", 0.0, lookup).origin == {"update": {"a": 1}}
    assert "viewer request" in program.run("{}", "viewer-response", 0.0, lookup).error


def test_modules_that_are_not_there():
    """cloudfront is none of the runtime 1.0; fs is none of either."""
    assert "cloudfront" in error("function handler(e) { require('cloudfront'); }", "1.0")
    assert "fs" in error("function handler(e) { require('fs'); }")


# ---- isolation


def test_nothing_is_left_behind():
    """Variables of the code are new in each call."""
    program = Program(Code("f", "let n = 0; function handler(event) { n++; return n; }", "2.0"))
    results = [program.run("{}", "viewer-request", 0.0, lookup).result for _ in range(3)]
    assert results == [1, 1, 1]


@pytest.mark.parametrize(
    "change",
    [
        "String.prototype.seen = true", "Math.seen = true", "globalThis.seen = true",
        "Object.getPrototypeOf('').seen = true", "console.log.seen = true",
        "[].constructor.seen = true", "require('crypto').createHash.seen = true",
        "(async () => 1).constructor.seen = true", "JSON.parse.seen = true",
    ],
)  # fmt: skip
def test_built_in_objects_keep_nothing(change: str):
    """A function that marks a built-in object finds no mark in its next call."""
    seen = change.split(" = ")[0]
    text = f"""function handler(event) {{
        const before = typeof ({seen});
        try {{ {change}; }} catch (e) {{ return [before, 'frozen']; }}
        return [before, typeof ({seen})];
    }}"""
    program = Program(Code("f", text, "2.0"))
    first, second = (program.run("{}", "viewer-request", 0.0, lookup) for _ in range(2))
    assert first.error == ""
    assert first.result[0] == "undefined"
    assert second.result == first.result


def test_built_in_objects_can_be_extended():
    """As a polyfill does; it takes a world of its own."""
    text = "String.prototype.twice = function () { return this + this; };"
    assert value("'ab'.twice()", before=text) == "abab"


def test_own_properties_may_have_the_names_of_inherited_ones():
    """Although what they hide is frozen."""
    text = "(() => { const e = new Error('a'); e.name = 'Mine'; const o = {}; o.toString = 1; "
    assert value(text + "o.constructor = 2; return [e + '', o]; })()") == [
        "Mine: a",
        {"toString": 1, "constructor": 2},
    ]


def test_a_call_that_was_stopped_does_not_go_on():
    """What it left to do is gone."""
    text = """let ran = 0;
    async function forever() { ran++; await null; return forever(); }
    async function handler(event) { if (event.stop) { await forever(); } return ran; }"""
    program = Program(Code("f", text, "2.0"))
    assert program.run('{"stop": true}', "viewer-request", 0.0, lookup).error
    assert program.run("{}", "viewer-request", 0.0, lookup).result == 0


# ---- limits and errors


def test_time_stands_still():
    """Date says when the function began, whatever time has passed."""
    wait = "const a = Date.now(); for (let i = 0; i < 1000; i++) {} return [a, Date.now()];"
    assert value(f"(() => {{ {wait} }})()") == [NOW * 1000] * 2
    assert value("new Date().toISOString()") == "2023-11-14T22:13:20.000Z"
    assert value("new Date(2020, 1).getFullYear() + typeof Date()") == "2020string"
    assert value("new Date(0) instanceof Date && Date.UTC(1970, 0)") == 0


@pytest.mark.parametrize(
    "code",
    ["eval('1')", "new Function('return 1')", "(() => 1).constructor('1')",
     "(async () => 1).constructor('1')", "Function('1')"],
)  # fmt: skip
def test_no_code_out_of_text(code: str):
    """In no disguise."""
    assert "evaluates no code" in error(f"function handler(e) {{ return {code}; }}")


@pytest.mark.parametrize(
    "code",
    ["while (true) {}", "for (;;) { try { for (;;) {} } catch (e) {} }",
     "/(a+)+$/.test('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab')"],
)  # fmt: skip
def test_a_call_without_an_end_is_stopped(code: str):
    """With what it had printed."""
    found = run(f"function handler(e) {{ console.log('begun'); {code} }}")
    assert "was stopped" in found.error
    assert found.lines == ("begun",)


def test_memory_is_limited():
    """To 2 MB; the next call has all of it again."""
    text = """function handler(e) {
        const a = [];
        for (let i = 0; i < e.n; i++) a.push('x'.repeat(99999) + i);
    }"""
    program = Program(Code("f", text, "2.0"))
    assert "memory" in program.run('{"n": 40}', "viewer-request", 0.0, lookup).error
    assert program.run('{"n": 5}', "viewer-request", 0.0, lookup).error == ""


def test_code_is_limited():
    """To 10 KB."""
    text = "function handler(e) { return e; }//"
    assert error(text + "x" * (10_240 - len(text))) == ""
    assert "at most 10240" in error(text + "x" * (10_241 - len(text)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("var x;", '"handler" is not defined'),
        ("var x;\nvar y;\nfunction handler(e) {\n return e.a.b; }", "undefined in 4"),
        ("\nfunction handler(e) { return a b; }", "SyntaxError"),
        ("function handler(e) {\n throw new RangeError('own'); }", "RangeError: own in 2"),
        ("function handler(e) { return handler(e) + 1; }", "Maximum call stack"),
        ("function handler(e) { undeclared = 1; }", "ReferenceError"),
        ("async function handler(e) { await new Promise(() => 1); }", "never settled"),
        ("async function handler(e) { throw new Error('late'); }", "Error: late in 1"),
        ("function handler(e) { const o = {}; o.o = o; return o; }", "circular"),
        ("function handler(e) {\n return e?.a; }", "optional chaining (?.): test with && in 2"),
        ("throw new Error('at the top')", "at the top"),
    ],
)
def test_errors_say_what_and_where(text: str, said: str):
    """The message, and the line of the user's code."""
    assert said in error(text)


def test_what_is_printed():
    """Each line as text; the error comes after what was printed."""
    found = run("function handler(e) { console.log('a'); console.log({b: 1}); console.log(2); x; }")
    assert found.lines == ("a", '{"b":1}', "2")
    assert found.error.startswith("ReferenceError")


def test_values_go_through_unchanged():
    """Text of every kind, in and out."""
    texts = ["", "\0", "\u2028", "😀", "</script>", '"\\', "ÿ"]
    random.Random(1).shuffle(texts)
    assert run("function handler(e) { return e; }", event={"t": texts}).result == {"t": texts}
