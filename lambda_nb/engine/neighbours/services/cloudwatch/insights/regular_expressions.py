"""Regular expressions of queries, which cannot stop the process.

Python's own hold the interpreter's lock while they search, and some expressions search for years
(``(a+)+$``). These let other threads run, and end.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

LONGEST_S = 1.0
"""The longest search in one event; AWS's expressions need no limit, as they never go back."""


class TooSlowError(Exception):
    """A regular expression took too long for an event."""


class RegularExpression:
    """A regular expression.

    Parameters
    ----------
    pattern
        In Python's syntax.
    flags
        ``i``, ``m`` and ``s``, in any order.

    Raises
    ------
    ValueError
        It is none.

    Attributes
    ----------
    groups
        How many groups it has.
    names
        The names of its groups.
    """

    def __init__(self, pattern: str, flags: str = "") -> None:
        import regex

        known = {"i": regex.IGNORECASE, "m": regex.MULTILINE, "s": regex.DOTALL}
        try:
            self._compiled = regex.compile(pattern, sum(known[flag] for flag in set(flags)))
        except (regex.error, RecursionError, OverflowError) as error:
            raise ValueError(f"{error}") from None
        self._pattern = pattern
        self.groups: int = self._compiled.groups
        self.names: list[str] = list(self._compiled.groupindex)

    def search(self, text: str) -> Any:
        """The first match in a text, or ``None``.

        Raises
        ------
        TooSlowError
            It would take too long.
        """
        try:
            return self._compiled.search(text, concurrent=True, timeout=LONGEST_S)
        except TimeoutError:
            told = f"/{self._pattern}/ needs more than {LONGEST_S:g} s for one event"
            raise TooSlowError(told) from None


@lru_cache(maxsize=256)
def read(source: str) -> RegularExpression:
    """A regular expression of a query: ``/.../``, with groups named ``(?<name>...)``.

    Raises
    ------
    ValueError
        It is none.
    """
    inner = source[1:-1].replace("\\/", "/")
    inner = re.sub(r"\(\?<(?![=!])", "(?P<", inner)
    flags = ""
    for flag in "ism":
        if f"(?{flag})" in inner:  # Python takes it only at the start
            inner = inner.replace(f"(?{flag})", "")
            flags += flag
    try:
        return RegularExpression(inner, flags)
    except ValueError as error:
        raise ValueError(f"invalid regular expression {source}: {error}") from None


def of_stars(pattern: str) -> RegularExpression:
    """``user=*, method:*`` as a regular expression; the last star takes the rest of the line."""
    *first, last = pattern.split("*")
    inner = "(.*?)".join(re.escape(part) for part in first)
    if not last:
        return RegularExpression(f"{inner}(.*)" if first else inner, "s")
    return RegularExpression(f"{inner}(.*?){re.escape(last)}" if first else re.escape(last), "s")
