"""Which header fields of an answer a cache keeps, and what a 304 changes in them (RFC 9111, 3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lambda_nb.rules.edge.caching.cache_control import directives
from lambda_nb.rules.edge.viewer import http_dates

Pairs = Sequence[tuple[str, str]]

OF_ONE_CONNECTION = frozenset({
    "connection", "keep-alive", "proxy-authenticate", "proxy-authentication-info",
    "proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade",
})  # fmt: skip
"""Fields that are not kept (RFC 9110, 7.6.1; RFC 9111, 3.1)."""
_OF_THE_BODY = frozenset({"content-length", "content-encoding", "content-range"})


def kept(headers: Pairs, came: float) -> list[tuple[str, str]]:
    """The fields of an answer to keep.

    Left out: those of one connection, ``Age`` (it grows), and what ``no-cache="..."`` and
    ``private="..."`` name. An answer without a ``Date`` gets one (RFC 9110, 6.6.1).

    Parameters
    ----------
    headers
        As the origin sent them.
    came
        When the answer came, seconds of the epoch.
    """
    left_out = _left_out(headers) | {"age"}
    pairs = [pair for pair in headers if pair[0].lower() not in left_out]
    return _dated(pairs, came)


def refreshed(stored: Pairs, news: Pairs, came: float) -> list[tuple[str, str]]:
    """The fields of a stored answer after a 304 (RFC 9111, 3.2).

    The news replace what they name, but not what describes the stored body: it may have been
    compressed after it came. For the same reason a weak ``ETag`` stays where the new one is its
    strong form. The ``Age`` of the 304 is among them.

    Parameters
    ----------
    stored
        The fields that are kept.
    news
        The 304's fields.
    came
        When the 304 came, seconds of the epoch.
    """
    ignored = _left_out(news) | _OF_THE_BODY
    tag = next((value for name, value in stored if name.lower() == "etag"), None)
    if tag is not None and any(n.lower() == "etag" and f"W/{v}" == tag for n, v in news):
        ignored |= {"etag"}
    news = _dated([pair for pair in news if pair[0].lower() not in ignored], came)
    named = {name.lower() for name, _ in news}
    return [pair for pair in stored if pair[0].lower() not in named] + news


def _left_out(headers: Pairs) -> frozenset[str]:
    named = directives(_values(headers, "cache-control")).left_out
    options = {
        option.strip().lower()
        for value in _values(headers, "connection")
        for option in value.split(",")
    }
    return OF_ONE_CONNECTION | named | options


def _dated(pairs: list[tuple[str, str]], came: float) -> list[tuple[str, str]]:
    if not any(name.lower() == "date" for name, _ in pairs):
        pairs.append(("Date", http_dates.text(came)))
    return pairs


def _values(headers: Pairs, name: str) -> Iterable[str]:
    return (value for given, value in headers if given.lower() == name)
