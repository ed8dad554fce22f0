"""The directives of a response's ``Cache-Control`` (RFC 9111, 5.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

MOST_SECONDS = 100 * 365 * 86_400
"""The longest time a directive may name, in seconds: 100 years (CloudFront Developer Guide,
Expiration, 2026)."""

_DIRECTIVE = re.compile(r'\s*(?P<name>[^\s=,"]+)(?:=(?P<value>"(?:[^"\\]|\\.)*"|[^,]*))?')
_FIELD = re.compile(r"[^\s,]+")
_UNREADABLE_S = 0.0


@dataclass(frozen=True, slots=True)
class Directives:
    """What a response says about its caching; times in seconds, ``None`` where nothing is said.

    ``restricted`` means ``no-cache``, ``no-store`` or ``private``. ``left_out`` names the fields,
    in lower case, that ``no-cache="..."`` and ``private="..."`` keep out of the cache.
    ``must_revalidate`` means that, or ``proxy-revalidate``.
    """

    max_age: float | None = None
    s_maxage: float | None = None
    stale_while_revalidate: float | None = None
    stale_if_error: float | None = None
    restricted: bool = False
    must_revalidate: bool = False
    public: bool = False
    left_out: frozenset[str] = frozenset()

    @property
    def lifetime(self) -> float | None:
        """``s-maxage``, which goes before ``max-age``."""
        return self.max_age if self.s_maxage is None else self.s_maxage


def directives(values: Iterable[str]) -> Directives:
    """Read the values of all ``Cache-Control`` fields.

    Of a directive that is there twice the first counts. A time that is no whole number makes the
    response stale (both RFC 9111, 4.2.1).

    Examples
    --------
    >>> found = directives(['max-age=60, stale-if-error="5"', 'no-cache="Set-Cookie"'])
    >>> found.max_age, found.stale_if_error, found.restricted, sorted(found.left_out)
    (60.0, 5.0, False, ['set-cookie'])
    """
    given: dict[str, str | None] = {}
    left_out: set[str] = set()
    for name, value in _pairs(", ".join(values)):
        if name in ("no-cache", "private") and value:
            left_out.update(field.lower() for field in _FIELD.findall(value))
        else:
            given.setdefault(name, value)
    return Directives(
        _seconds(given, "max-age"),
        _seconds(given, "s-maxage"),
        _seconds(given, "stale-while-revalidate"),
        _seconds(given, "stale-if-error"),
        not given.keys().isdisjoint(("no-cache", "no-store", "private")),
        not given.keys().isdisjoint(("must-revalidate", "proxy-revalidate")),
        "public" in given,
        frozenset(left_out),
    )


def _pairs(text: str) -> Iterable[tuple[str, str | None]]:
    """Each directive's name, and its value without quotes."""
    place = 0
    while place < len(text):
        found = _DIRECTIVE.match(text, place)
        if found is None:
            place = _after_comma(text, place)
            continue
        value = found["value"]
        if value is not None and value.startswith('"') and value.endswith('"') and len(value) > 1:
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        yield found["name"].lower(), value
        place = _after_comma(text, found.end())


def _after_comma(text: str, place: int) -> int:
    comma = text.find(",", place)
    return len(text) if comma < 0 else comma + 1


def _seconds(given: dict[str, str | None], name: str) -> float | None:
    if name not in given:
        return None
    value = (given[name] or "").rstrip()  # white space around the sign makes it no number
    if not (value.isascii() and value.isdigit()):
        return _UNREADABLE_S
    # So many digits are more than the most, and Python refuses to read thousands of them.
    return float(MOST_SECONDS) if len(value) > 30 else float(min(int(value), MOST_SECONDS))
