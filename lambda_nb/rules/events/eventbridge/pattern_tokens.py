"""The tokens of an event pattern's JSON, with the positions that AWS's messages give.

AWS reads patterns with Jackson, a JSON reader for Java. It stands behind the first character of a
string until the string is asked for, and after a name it has already begun the value.
"""

from __future__ import annotations

import json
import re

BEGIN_OBJECT, END_OBJECT, BEGIN_ARRAY, END_ARRAY = "{", "}", "[", "]"
NAME, STRING, NUMBER, TRUE, FALSE, NULL = "name", "string", "number", "true", "false", "null"

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"')
_WORD = re.compile(r"\w+")
_SHOWN = 500
"""Characters of the source in a message; Jackson's figure."""
_VALUES = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')"


class PatternError(ValueError):
    """A pattern is not valid; the text is AWS's reason."""


class Tokens:
    """Reads a pattern token by token.

    Attributes
    ----------
    name
        The latest name of a member.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._open: list[tuple[str, int]] = []
        self._begun: str | None = None
        self._begun_at = 0
        self._first = True
        self.name = ""

    def next(self) -> str:
        """The kind of the next token.

        Raises
        ------
        PatternError
            The text is no JSON.
        """
        if self._begun is not None:
            kind, self._begun = self._begun, None
            return self._entered(kind)
        self._finish_string()
        self._skip()
        inside = self._open[-1][0] if self._open else ""
        found = self._peek(inside)
        if inside and found == {"{": "}", "[": "]"}[inside]:
            self._open.pop()
            self._at += 1
            self._first = False
            return found
        if inside and not self._first:
            if found != ",":
                kind = "Object" if inside == "{" else "Array"
                raise self._unexpected(f"was expecting comma to separate {kind} entries")
            self._at += 1
            self._skip()
        self._first = False
        if inside == "{":
            return self._read_name()
        return self._entered(self._value(inside))

    def text(self) -> str:
        """The latest string or number, or the character that began the latest token."""
        begin = self._begun_at
        if self._source[begin : begin + 1] == '"':
            self._finish_string()
            return str(json.loads(self._source[begin : self._at]))
        return self._source[begin : self._at]

    def begins_objects(self) -> bool:
        """Whether the value of the latest name is an array that begins with an object."""
        return self._begun == BEGIN_ARRAY and self._source[self._at :].lstrip()[:1] == "{"

    def error(self, reason: str) -> PatternError:
        """An error at the present position."""
        return PatternError(f"{reason}\n at {self._where(self._at)}")

    def _read_name(self) -> str:
        if self._peek("{") != '"':
            raise self._unexpected("was expecting double-quote to start field name")
        self.name = str(json.loads(self._string(self._at)))
        self._skip()
        if self._peek("{") != ":":
            raise self._unexpected("was expecting a colon to separate field name and value")
        self._at += 1
        self._skip()
        self._begun = self._value("{")
        return NAME

    def _value(self, inside: str) -> str:
        """Begin a value."""
        found = self._peek(inside)
        self._begun_at = self._at
        if found in "{[":
            self._at += 1
            return found
        if found == '"':
            self._at += 1
            return STRING
        if found in "-0123456789":
            number = _NUMBER.match(self._source, self._at)
            if number is not None:
                self._at = number.end()
                return NUMBER
        word = _WORD.match(self._source, self._at)
        if word is not None:
            self._at = word.end()
            if word[0] in (TRUE, FALSE, NULL):
                return word[0]
            raise self.error(f"Unrecognized token '{word[0]}': was expecting {_VALUES}")
        raise self._unexpected(f"expected a valid value {_VALUES}")

    def _entered(self, kind: str) -> str:
        if kind in "{[":
            self._open.append((kind, self._at))
            self._first = True
        return kind

    def _finish_string(self) -> None:
        begin = self._begun_at
        if self._at == begin + 1 and self._source[begin : begin + 1] == '"':
            self._string(begin)

    def _string(self, begin: int) -> str:
        whole = _STRING.match(self._source, begin)
        if whole is None:
            self._at = len(self._source)
            raise self.error("Unexpected end-of-input: was expecting closing quote for a string")
        self._at = whole.end()
        return whole[0]

    def _peek(self, inside: str) -> str:
        if self._at < len(self._source):
            return self._source[self._at]
        if not inside:
            raise self.error("No content to map due to end-of-input")
        kind = "Object" if inside == "{" else "Array"
        start = self._where(self._open[-1][1])
        raise self.error(
            f"Unexpected end-of-input: expected close marker for {kind} (start marker at {start})"
        )

    def _skip(self) -> None:
        found = _SPACE.match(self._source, self._at)
        self._at = found.end() if found is not None else self._at

    def _unexpected(self, expected: str) -> PatternError:
        found = self._source[self._at]
        self._at += 1
        return self.error(f"Unexpected character ('{found}' (code {ord(found)})): {expected}")

    def _where(self, at: int) -> str:
        before = self._source[:at]
        line, column = before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1
        shown = self._source[:_SHOWN]
        rest = len(self._source) - len(shown)
        cut = f"[truncated {rest} chars]" if rest else ""
        return f'[Source: (String)"{shown}"{cut}; line: {line}, column: {column}]'
