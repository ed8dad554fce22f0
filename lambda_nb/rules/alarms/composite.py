"""The rule expressions of composite alarms.

Source: API reference, ``PutCompositeAlarm``, parameter ``AlarmRule`` (2026).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from lambda_nb.rules.alarms.evaluation import STATES

StateOf = Callable[[str], "str | None"]
"""Finds the state of an alarm by its name or ARN; ``None`` if there is none."""
_Check = Callable[[StateOf], bool]

MOST_CHILDREN = 100
MOST_ELEMENTS = 500
"""Of one rule: child alarms, and elements (API reference, ``PutCompositeAlarm``)."""
_TOKEN = re.compile(
    r"\s*(?:(?P<state>ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*"
    r'(?:"(?P<quoted>[^"]+)"|(?P<single>\'[^\']+\')|(?P<bare>[^\s()"\']+))\s*\)'
    r"|(?P<word>AND|OR|NOT|TRUE|FALSE)\b|(?P<sign>[()]))"
)


@dataclass(frozen=True)
class Rule:
    """A parsed rule.

    Attributes
    ----------
    alarms
        Names or ARNs of the alarms it looks at, each once, in order.
    holds
        Whether the rule is true, for given states of these alarms.
    """

    alarms: tuple[str, ...]
    holds: _Check


def parse(text: str) -> Rule:
    """Read a rule.

    Raises
    ------
    ValueError
        It is no rule; the text says where.

    Examples
    --------
    >>> rule = parse('ALARM("a") AND NOT OK(b)')
    >>> rule.alarms, rule.holds({"a": "ALARM", "b": "ALARM"}.get)
    (('a', 'b'), True)
    """
    parser = _Parser(text)
    try:
        check = parser.either()
    except RecursionError:
        raise ValueError("the rule is nested too deeply") from None
    parser.end()
    return Rule(tuple(dict.fromkeys(parser.alarms)), check)


class _Parser:
    """Reads OR over AND over NOT over one element."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._elements = 0
        self.alarms: list[str] = []

    def _peek(self) -> re.Match[str] | None:
        return _TOKEN.match(self._text, self._at)

    def _take(self, *wanted: str) -> bool:
        found = self._peek()
        if found is None or (found["word"] or found["sign"]) not in wanted:
            return False
        self._at = found.end()
        return True

    def end(self) -> None:
        """Check that nothing is left."""
        if self._text[self._at :].strip():
            raise self._error()

    def _error(self) -> ValueError:
        left = self._text[self._at :].strip()
        what = f"cannot be read from {left[:40]!r}" if left else "ends too early"
        return ValueError(f"the rule {what} (position {self._at})")

    def either(self) -> _Check:
        """Read alternatives."""
        parts = [self._both()]
        while self._take("OR"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda state: any(part(state) for part in parts)

    def _both(self) -> _Check:
        parts = [self._one()]
        while self._take("AND"):
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda state: all(part(state) for part in parts)

    def _one(self) -> _Check:
        self._elements += 1
        if self._elements > MOST_ELEMENTS:
            raise ValueError(f"the rule has more than {MOST_ELEMENTS} elements")
        if self._take("NOT"):
            inner = self._one()
            return lambda state: not inner(state)
        if self._take("("):
            inner = self.either()
            if not self._take(")"):
                raise self._error()
            return inner
        found = self._peek()
        if found is None or not (found["state"] or found["word"] in ("TRUE", "FALSE")):
            raise self._error()
        self._at = found.end()
        if found["word"]:
            constant = found["word"] == "TRUE"
            return lambda state: constant
        name = found["quoted"] or found["bare"] or found["single"][1:-1]
        self.alarms.append(name)
        if len(set(self.alarms)) > MOST_CHILDREN:
            raise ValueError(f"the rule has more than {MOST_CHILDREN} alarms")
        wanted = found["state"]
        return lambda state: (state(name) or STATES[2]) == wanted
