"""Conditions of listener rules, compiled once to functions of a request.

The values of one condition are alternatives; a rule's conditions must all hold.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lambda_nb.engine.api.wire.http import Header


@dataclass(frozen=True, slots=True)
class Asked:
    """What rules look at. ``host`` has no port; ``path`` and ``query`` are percent-encoded."""

    method: str
    host: str
    path: str
    query: str
    headers: Sequence[Header]
    peer: str


Condition = Callable[[Asked], bool]


class UnknownCondition(ValueError):  # noqa: N818
    """A condition that no request can be held against."""


def compiled(condition: dict[str, Any]) -> Condition:
    """A condition as DescribeRules shows it.

    Raises
    ------
    UnknownCondition
        Its field is not known, or a value is no regular expression or no block of addresses.
    """
    field = condition.get("Field", "")
    make = _MAKERS.get(field)
    if make is None:
        raise UnknownCondition(f"a condition on {field!r}")
    try:
        return make(condition)
    except (re.error, ValueError) as error:
        raise UnknownCondition(f"the condition on {field}: {error}") from error


def wildcard(pattern: str, *, fold: bool, escapes: bool = False) -> re.Pattern[str]:
    r"""A pattern where ``*`` is any text and ``?`` one character.

    Parameters
    ----------
    fold
        Whether upper and lower case are the same.
    escapes
        Whether ``\*`` and ``\?`` are these characters themselves.

    Examples
    --------
    >>> bool(wildcard("/img/*.p?g", fold=False).fullmatch("/img/a/b.png"))
    True
    >>> bool(wildcard(r"2\*", fold=True, escapes=True).fullmatch("23"))
    False
    """
    parts = re.findall(r"\\[*?]|." if escapes else ".", pattern, re.DOTALL)
    text = "".join(_PLACES.get(part) or re.escape(part[-1]) for part in parts)
    return re.compile(text, re.DOTALL | (re.IGNORECASE if fold else 0))


def pairs(query: str) -> list[tuple[str, str]]:
    """Keys and values of a query, still percent-encoded.

    Examples
    --------
    >>> pairs("a=1%202&b&&a=")
    [('a', '1%202'), ('b', ''), ('a', '')]
    """
    split = (part.partition("=") for part in query.split("&") if part)
    return [(key, value) for key, _, value in split]


_PLACES = {"*": ".*", "?": "."}


def _patterns(
    condition: dict[str, Any], config: str, *, fold: bool, escapes: bool = False
) -> list[Callable[[str], object]]:
    told = condition.get(config) or {}
    values = told.get("Values") or condition.get("Values") or []
    regexes = told.get("RegexValues") or condition.get("RegexValues") or []
    return [wildcard(value, fold=fold, escapes=escapes).fullmatch for value in values] + [
        re.compile(regex, re.IGNORECASE if fold else 0).search for regex in regexes
    ]


def _host(condition: dict[str, Any]) -> Condition:
    matches = _patterns(condition, "HostHeaderConfig", fold=True)
    return lambda asked: _any(matches, asked.host)


def _path(condition: dict[str, Any]) -> Condition:
    matches = _patterns(condition, "PathPatternConfig", fold=False)
    return lambda asked: _any(matches, asked.path)


def _header(condition: dict[str, Any]) -> Condition:
    name = condition["HttpHeaderConfig"]["HttpHeaderName"].lower().encode()
    matches = _patterns(condition, "HttpHeaderConfig", fold=True, escapes=True)
    return lambda asked: any(
        _any(matches, value.decode("latin-1")) for given, value in asked.headers if given == name
    )


def _method(condition: dict[str, Any]) -> Condition:
    methods = frozenset(condition["HttpRequestMethodConfig"]["Values"])
    return lambda asked: asked.method in methods


def _query(condition: dict[str, Any]) -> Condition:
    wanted = [
        (
            wildcard(value["Key"], fold=True, escapes=True) if value.get("Key") else None,
            wildcard(value["Value"], fold=True, escapes=True),
        )
        for value in condition["QueryStringConfig"]["Values"]
    ]
    return lambda asked: any(
        (key is None or key.fullmatch(given)) and value.fullmatch(text)
        for given, text in pairs(asked.query)
        for key, value in wanted
    )


def _source(condition: dict[str, Any]) -> Condition:
    networks = [ipaddress.ip_network(block) for block in condition["SourceIpConfig"]["Values"]]

    def holds(asked: Asked) -> bool:
        address = _address(asked.peer)
        return address is not None and any(address in network for network in networks)

    return holds


@lru_cache(1024)
def _address(peer: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(peer)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _any(matches: Iterable[Callable[[str], object]], text: str) -> bool:
    return any(match(text) for match in matches)


_MAKERS: dict[str, Callable[[dict[str, Any]], Condition]] = {
    "host-header": _host,
    "path-pattern": _path,
    "http-header": _header,
    "http-request-method": _method,
    "query-string": _query,
    "source-ip": _source,
}
