"""Which JavaScript a CloudFront Function may be written in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.edge.functions.syntax import Unsupported, check, tokenised

REFUSED = {
    "optional chaining": ("var a = b?.c;", "optional chaining"),
    "optional call": ("b?.();", "optional chaining"),
    "coalescing": ("var a = b ?? c;", "??"),
    "coalescing assignment": ("a ??= c;", "??="),
    "or assignment": ("a ||= c;", "||="),
    "class": ("class A {}", "classes"),
    "generator": ("function* g() {}", "generators"),
    "for-of": ("for (const a of b) {}", "for-of"),
    "spread in a call": ("f(...a);", "spread"),
    "spread in an array": ("var a = [...b];", "spread"),
    "spread in a condition": ("if (Math.max(...a)) { x() }", "spread"),
    "object spread": ("var a = {...b};", "spread"),
    "destructuring": ("const {a} = b;", "destructuring"),
    "array destructuring": ("let [a] = b;", "destructuring"),
    "parameter destructuring": ("function f({a}) {}", "destructuring of parameters"),
    "default parameter": ("function f(a, b = 1) {}", "default values"),
    "await in arguments": ("async function f() { g(await h()); }", "await in arguments"),
    "await in later arguments": ("async function f() { g(1, await h()); }", "await in arguments"),
    "big integer": ("var a = 10n;", "BigInt"),
    "in a template": ("var a = `x ${b?.c} y`;", "optional chaining"),
}

GOOD = {
    "template": "const a = `x ${f({b: 1})} ${`n ${c}`} ?. class`;",
    "rest": "function f(a, ...rest) { return rest; } const g = (...a) => a, h = (...a) => { };",
    "regex": r"var r = /[/?.]\?\.class/g, s = a / b / c; if (r.test('?.')) { x(); }",
    "comment": "// a?.b class\n/* for (a of b) ?? */ var x;",
    "text": 'var a = "it\'s ?. class" + \'say "??" \';',
    "ternary": "var a = b ? .5 : 1; var c = b?.5:1;",
    "property names": "var a = {class: 1, of: 2, await: 3}; a.class = a.yield;",
    "conditions": "async function f() { if (await g()) { return (await h()) + 1; } }",
    "named of": "var of = 1; for (var i = 0; i < of; i++) {}",
    "arrow": "const f = async (a) => { const b = await a; return b; };",
    "exponent": "var a = 2 ** 3; var b = 1_000;",
    "assignment in a body": "function f(a) { a = a || 1; var o = {}; o.x = [1, 2]; }",
}

OLD = ["const a = 1;", "let a = 1;", "async function f() {}", "import a from 'crypto';"]


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str):
    """What CloudFront's runtime does not understand."""
    code, said = REFUSED[name]
    with pytest.raises(Unsupported) as caught:
        check(code, "2.0")
    assert said in str(caught.value)


@pytest.mark.parametrize("name", GOOD)
def test_accepted(name: str):
    """What it does understand, however it looks."""
    check(GOOD[name], "2.0")


@pytest.mark.parametrize("code", OLD)
def test_only_in_runtime_2(code: str):
    """ES 6 and 8 statements that the runtime 1.0 lacks."""
    check(code, "2.0")
    with pytest.raises(Unsupported, match=r"cloudfront-js-2\.0"):
        check(code, "1.0")


def test_the_line_is_told():
    """Whatever stands before: comments, templates and texts of several lines."""
    with pytest.raises(Unsupported, match="in 7"):
        check("/* 1\n2 */\nvar a = `3\n4 ${b}\n5`;\n'6';\na?.b", "2.0")


@given(st.text(alphabet="a1 \n'\"`${}/*()[]?.=\\", max_size=40))
def test_any_text_has_tokens(code: str):
    """Nothing makes the scanner fail or stand still."""
    last = 0
    for token in tokenised(code):
        assert token.line >= last or token.kind == "string"
        last = token.line
