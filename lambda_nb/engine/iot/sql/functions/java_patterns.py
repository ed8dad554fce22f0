"""Java's regular expressions, as AWS evaluates them, for Python's ``re``."""

from __future__ import annotations

import functools
import re
from typing import Final

from lambda_nb.engine.iot.sql.errors import EvaluationError

_LINE_ENDS: Final = r"\n\r\x85\u2028\u2029"
_POSIX: Final = {
    "Lower": "a-z", "Upper": "A-Z", "ASCII": r"\x00-\x7f", "Alpha": "a-zA-Z", "Digit": "0-9",
    "Alnum": "a-zA-Z0-9", "Punct": r"!-/:-@\[-`{-~", "Graph": "!-~", "Print": " -~",
    "Blank": r" \t", "Cntrl": r"\x00-\x1f\x7f", "XDigit": "0-9a-fA-F", "Space": r" \t\n\x0b\f\r",
}  # fmt: skip
_HORIZONTAL: Final = r" \t\xa0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000"
_VERTICAL: Final = r"\n\x0b\f\r\x85\u2028\u2029"
# Escapes that both engines read alike, outside a class and within.
_SAME: Final = frozenset("dDwWsStnrfabB0123456789\\.^$|?*+()[]{}-/&~#@!%,:;<>=\"'`_ ")
_ESCAPES: Final = {
    "h": f"[{_HORIZONTAL}]", "H": f"[^{_HORIZONTAL}]", "v": f"[{_VERTICAL}]",
    "V": f"[^{_VERTICAL}]", "R": rf"(?:\r\n|[{_VERTICAL}])", "A": r"\A", "z": r"\Z",
    "Z": rf"(?=(?:\r\n|[{_LINE_ENDS}])?\Z)", "e": r"\x1b",
}  # fmt: skip
_IN_CLASS: Final = {"h": _HORIZONTAL, "v": _VERTICAL, "e": r"\x1b"}


_REPEAT: Final = re.compile(r"\{[0-9]+(,[0-9]*)?\}")


class _NotPortedError(Exception):
    """A construct of Java's that is not translated."""


@functools.lru_cache(maxsize=512)
def compiled(pattern: str) -> re.Pattern[str] | None:
    """Compile a regular expression of Java's.

    Returns
    -------
    re.Pattern or None
        ``None`` if it is not valid.

    Raises
    ------
    EvaluationError
        It is valid in Java and uses what is not supported here.
    """
    try:
        return re.compile(_Translation(pattern).python(), re.ASCII)
    except _NotPortedError as what:
        raise EvaluationError(
            f"The regular expression {pattern!r} uses {what}, which is not supported here."
        ) from None
    except re.error as error:
        if "look-behind" in error.msg:
            raise EvaluationError(
                f"The regular expression {pattern!r} looks behind for matches of different lengths,"
                " which is not supported here."
            ) from None
        return None
    except (OverflowError, RecursionError):
        return None


class _Translation:
    """Walks through a pattern once, from left to right."""

    def __init__(self, pattern: str) -> None:
        self._text = pattern
        self._at = 0

    def python(self) -> str:
        pieces = []
        while self._at < len(self._text):
            sign = self._text[self._at]
            if sign == "\\":
                pieces.append(self._escape(in_class=False))
            elif sign == "[":
                self._at += 1
                pieces.append(self._class())
            elif sign == ".":
                self._at += 1
                pieces.append(f"[^{_LINE_ENDS}]")
            elif sign == "(":
                pieces.append(self._group())
            elif sign == "{" and not _REPEAT.match(self._text, self._at):
                raise re.error("a brace that is no quantifier")
            elif sign in "*+?}" and self._text[self._at + 1 : self._at + 2] == "+":
                raise _NotPortedError("a possessive quantifier")
            else:
                self._at += 1
                pieces.append(sign)
        return "".join(pieces)

    def _group(self) -> str:
        rest = self._text[self._at :]
        if not rest.startswith("(?"):
            self._at += 1
            return "("
        named = re.match(r"\(\?<([a-zA-Z][a-zA-Z0-9]*)>", rest)
        if named:
            self._at += len(named[0])
            return f"(?P<{named[1]}>"
        for sign in ("(?:", "(?=", "(?!", "(?<=", "(?<!"):
            if rest.startswith(sign):
                self._at += len(sign)
                return sign
        if rest.startswith("(?>"):
            raise _NotPortedError("an atomic group")
        flags = re.match(r"\(\?([a-zA-Z]*)(?:-([a-zA-Z]+))?([:)])", rest)
        if not flags:
            raise re.error("unknown group")
        on, off, end = flags[1], flags[2], flags[3]
        # Python's flags for a whole pattern stand at its start; `s` is in the translated dot.
        if off or set(on) - set("im") or (end == ")" and self._at > 0):
            raise _NotPortedError(f"the flags {flags[0]}")
        self._at += len(flags[0])
        return f"(?{on}{end}" if on else ("(?:" if end == ":" else "")

    def _escape(self, *, in_class: bool) -> str:
        self._at += 1
        if self._at >= len(self._text):
            raise re.error("a backslash at the end")
        sign = self._text[self._at]
        self._at += 1
        rest = self._text[self._at :]
        if sign == "Q":
            quoted, _, _ = rest.partition("\\E")
            self._at += min(len(quoted) + 2, len(rest))
            return re.escape(quoted)
        if sign in "pP":
            return self._property(negated=sign == "P", in_class=in_class)
        if sign == "u" and re.match("[0-9a-fA-F]{4}", rest):
            self._at += 4
            return f"\\u{rest[:4]}"
        if sign == "x" and (match := re.match(r"[0-9a-fA-F]{2}|\{([0-9a-fA-F]{1,6})\}", rest)):
            self._at += len(match[0])
            code = int(match[1] or match[0], 16)
            if code > 0x10FFFF:
                raise re.error("no such character")
            return f"\\U{code:08x}"
        if sign == "k" and (match := re.match(r"<([a-zA-Z][a-zA-Z0-9]*)>", rest)):
            self._at += len(match[0])
            return f"(?P={match[1]})"
        if sign == "0" or (sign in "cGXN") or (in_class and sign in "HVRZzABb"):
            raise _NotPortedError(f"\\{sign}")
        if in_class and sign in _IN_CLASS:
            return _IN_CLASS[sign]
        if not in_class and sign in _ESCAPES:
            return _ESCAPES[sign]
        if sign in _SAME:
            return re.escape(sign) if not sign.isalnum() else f"\\{sign}"
        if sign.isascii() and sign.isalpha():
            raise re.error("unknown escape")
        return re.escape(sign)

    def _property(self, *, negated: bool, in_class: bool) -> str:
        match = re.match(r"\{(\w+)\}|(\w)", self._text[self._at :])
        if not match:
            raise re.error("unknown property")
        self._at += len(match[0])
        characters = _POSIX.get(match[1] or match[2])
        if characters is None or (negated and in_class):
            raise _NotPortedError(f"\\{'P' if negated else 'p'}{match[0]}")
        if in_class:
            return characters
        return f"[{'^' if negated else ''}{characters}]"

    def _class(self) -> str:
        """Translate what follows ``[``, up to its ``]``."""
        pieces = ["["]
        if self._text.startswith("^", self._at):
            self._at += 1
            pieces.append("^")
        empty = True
        while self._at < len(self._text):
            sign = self._text[self._at]
            if sign == "]" and not empty:
                self._at += 1
                return "".join([*pieces, "]"])
            if sign == "[":
                raise _NotPortedError("a class within a class")
            if self._text.startswith("&&", self._at):
                raise _NotPortedError("an intersection of classes")
            if self._text.startswith("--", self._at):
                raise _NotPortedError("-- in a class")
            empty = False
            if sign == "\\":
                pieces.append(self._escape(in_class=True))
            else:
                self._at += 1
                pieces.append(f"\\{sign}" if sign in "]~|&" else sign)
        raise re.error("a class without end")


_REPLACEMENT: Final = re.compile(r"\\(.)|\$(?:([0-9])|\{([a-zA-Z][a-zA-Z0-9]*)\})|([^\\$]+)", re.S)


def replacement(text: str, pattern: re.Pattern[str]) -> list[str | int] | None:
    """Read a replacement of Java's: texts, and the numbers of groups that stand for ``$1``.

    Returns ``None`` if it is not valid for a pattern.
    """
    pieces: list[str | int] = []
    at = 0
    while at < len(text):
        match = _REPLACEMENT.match(text, at)
        if match is None:
            return None
        at = match.end()
        if match[1] is not None or match[4] is not None:
            pieces.append(match[1] or match[4])
        elif match[3] is not None:
            if match[3] not in pattern.groupindex:
                return None
            pieces.append(pattern.groupindex[match[3]])
        else:
            number = int(match[2])
            if number > pattern.groups:
                return None
            # More digits belong to the number as long as there is such a group.
            while at < len(text) and text[at] in "0123456789":
                longer = number * 10 + int(text[at])
                if longer > pattern.groups:
                    break
                number, at = longer, at + 1
            pieces.append(number)
    return pieces
