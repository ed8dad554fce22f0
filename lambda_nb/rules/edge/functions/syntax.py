"""Which JavaScript a CloudFront Function may be written in.

CloudFront Developer Guide, functions-javascript-runtime-10 and -20 ("Core features"), 2026: ES 5.1
and the features named there. What an engine of today would run but CloudFront's does not is found
here, in the tokens of the code: there it fails when the function first runs, with status 503.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

_TOKEN = re.compile(
    r"""
    (?P<space>\s+|//[^\n]*|/\*[\s\S]*?\*/)
    | (?P<string>"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*')
    | (?P<number>0[xXoObB][\da-fA-F_]+n?|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?n?)
    | (?P<word>[\w$\u0080-\uffff]+)
    | (?P<sign>\.\.\.|=>|\?\.(?!\d)|\?\?=?|\|\|=|&&=|\*\*=?|[-+*/%&|^!=<>]=+|&&|\|\||\+\+|--
        |<<|>>>?|[{}()\[\];,<>+\-*%&|^!~?:=.@\#/`])
    """,
    re.VERBOSE,
)
_REGEX = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_TEMPLATE = re.compile(r"(?:[^`\\$]|\\[\s\S]|\$(?!\{))*")
_BEFORE_VALUE = frozenset({
    "return", "typeof", "instanceof", "in", "of", "new", "delete", "void", "throw", "case", "do",
    "else", "await", "yield",
})  # fmt: skip
_NOT_CALLED = frozenset({
    "if", "for", "while", "switch", "catch", "return", "with", "typeof", "await", "function",
})  # fmt: skip

_SIGNS = {
    "?.": "optional chaining (?.): test with &&",
    "??": "the operator ??: test for null and undefined",
    "??=": "the operator ??=: write it out",
    "||=": "the operator ||=: write it out",
    "&&=": "the operator &&=: write it out",
    "#": "private fields (#): use a variable",
    "@": "decorators (@)",
}
_WORDS = {
    "class": "classes: use functions",
    "yield": "generators: use a loop",
    "extends": "classes: use functions",
    "super": "classes: use functions",
}
_WORDS_10 = {
    "const": "const: use var, or the runtime cloudfront-js-2.0",
    "let": "let: use var, or the runtime cloudfront-js-2.0",
    "async": "async: use the runtime cloudfront-js-2.0",
    "await": "await: use the runtime cloudfront-js-2.0",
    "import": "import: use require(), or the runtime cloudfront-js-2.0",
}


class Token(NamedTuple):
    """A token: what it is (``string``, ``number``, ``word``, ``sign``, ``regex``), and its line."""

    kind: str
    text: str
    line: int


class Unsupported(ValueError):  # noqa: N818
    """Code that CloudFront's runtime does not understand.

    Parameters
    ----------
    what
        The feature, and what to write instead.
    line
        Where it is, from 1.
    """

    def __init__(self, what: str, line: int) -> None:
        super().__init__(f"SyntaxError: the runtime does not support {what} in {line}")
        self.line = line


def check(code: str, version: str) -> None:
    """Find what a runtime does not support.

    Parameters
    ----------
    version
        Of the runtime: ``1.0`` or ``2.0``.

    Raises
    ------
    Unsupported
        At the first such feature.

    Examples
    --------
    >>> try:
    ...     check("const a = b?.c;", "2.0")
    ... except Unsupported as error:
    ...     print(error)
    SyntaxError: the runtime does not support optional chaining (?.): test with && in 1
    """
    tokens = list(tokenised(code))
    words = _WORDS | (_WORDS_10 if version == "1.0" else {})
    scan = _Scan(tokens)
    for i, token in enumerate(tokens):
        before = tokens[i - 1] if i else None
        after = tokens[i + 1] if i + 1 < len(tokens) else None
        if token.kind == "sign" and token.text in _SIGNS:
            raise Unsupported(_SIGNS[token.text], token.line)
        if token.kind == "number" and token.text.endswith("n") and token.text[:2] != "0x":
            raise Unsupported(f"BigInt ({token.text})", token.line)
        if token.kind == "word" and token.text in words and not _is_name(before, after):
            raise Unsupported(words[token.text], token.line)
        scan.step(i)


def _is_name(before: Token | None, after: Token | None) -> bool:
    """Whether a word between two tokens is the name of a property."""
    return (before is not None and before.text == ".") or (after is not None and after.text == ":")


@dataclass(slots=True)
class _Scan:
    """Features that are more than one token. ``open`` has the index of each bracket still open."""

    tokens: Sequence[Token]
    open: list[int] = field(default_factory=list)

    def step(self, i: int) -> None:
        token, before = self.tokens[i], self.text(i - 1)
        if token.text in ("(", "[", "{") and token.kind == "sign":
            if token.text != "(" and before in ("const", "let", "var"):
                raise Unsupported("destructuring: read one property at a time", token.line)
            if token.text != "(" and self.in_parameters() and before in ("(", ","):
                raise Unsupported("destructuring of parameters", token.line)
            self.open.append(i)
        elif token.text in (")", "]", "}") and token.kind == "sign":
            if self.open:
                self.open.pop()
        elif token.text == "*" and before == "function":
            raise Unsupported("generators: use a loop", token.line)
        elif token.text == "=" and self.in_parameters():
            raise Unsupported("default values of parameters: test for undefined", token.line)
        elif token.text == "..." and not self.is_rest(i):
            raise Unsupported("spread (...): use apply(), concat() or Object.assign()", token.line)
        elif token.text == "of" and self.tokens[i - 1].kind == "word" and self.in_for():
            raise Unsupported("for-of: use forEach() or an index", token.line)
        elif token.text == "await" and token.kind == "word" and self.in_arguments():
            raise Unsupported("await in arguments: put the value into a variable first", token.line)

    def text(self, i: int) -> str:
        """The text of a token; empty before the first and after the last."""
        return self.tokens[i].text if 0 <= i < len(self.tokens) else ""

    def in_parameters(self) -> bool:
        """Whether the innermost bracket has the parameters of a ``function``."""
        if not self.open or self.text(self.open[-1]) != "(":
            return False
        at = self.open[-1]
        return "function" in (self.text(at - 1), self.text(at - 2))

    def in_for(self) -> bool:
        """Whether the innermost bracket is the head of a ``for``."""
        return bool(self.open) and self.text(self.open[-1] - 1) == "for"

    def in_arguments(self) -> bool:
        """Whether the innermost bracket has the arguments of a call."""
        if not self.open or self.text(self.open[-1]) != "(" or self.in_parameters():
            return False
        before = self.tokens[self.open[-1] - 1] if self.open[-1] else None
        if before is None:
            return False
        called = before.kind == "word" and before.text not in _NOT_CALLED
        return called or before.text in (")", "]")

    def is_rest(self, i: int) -> bool:
        """Whether three dots are a rest parameter: last, and a function's body follows."""
        return self.text(i + 2) == ")" and self.text(i + 3) in ("=>", "{")


def tokenised(code: str) -> Iterator[Token]:
    """The tokens of JavaScript; what stands in templates' ``${}`` are tokens too."""
    place, line, previous = 0, 1, Token("sign", ";", 1)
    depths: list[int] = []  # of braces, in each template that is open
    while place < len(code):
        if code[place] == "/" and _value_may_follow(previous):
            regex = _REGEX.match(code, place)
            if regex is not None and not code.startswith(("//", "/*"), place):
                previous = Token("regex", regex[0], line)
                yield previous
                place = regex.end()
                continue
        found = _TOKEN.match(code, place)
        if found is None:
            place += 1
            continue
        text, kind = found[0], found.lastgroup or "sign"
        place = found.end()
        if kind != "space":
            previous = Token(kind, text, line)
        line += text.count("\n")
        closes = text == "}" and bool(depths) and depths[-1] == 0
        if text == "{" and depths:
            depths[-1] += 1
        elif text == "}" and depths and not closes:
            depths[-1] -= 1
        if text == "`" or closes:  # a template's text begins, or goes on
            if closes:
                depths.pop()
            part = _TEMPLATE.match(code, place)
            line += part[0].count("\n") if part else 0
            place = part.end() if part else place
            if code.startswith("${", place):
                depths.append(0)
                previous = Token("sign", "(", line)
                place += 2
            else:
                previous = Token("string", "`", line)
                place += 1
        elif kind != "space":
            yield previous


def _value_may_follow(previous: Token) -> bool:
    """Whether a slash after a token begins a regular expression."""
    if previous.kind == "word":
        return previous.text in _BEFORE_VALUE
    return previous.kind == "sign" and previous.text not in (")", "]", "}", "++", "--")
