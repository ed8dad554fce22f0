"""The cache key of a request: what tells one object of a distribution from another.

Rules: CloudFront Developer Guide, pages "cache-key-understand-cache-policy", "header-caching",
"Cookies" and "QueryStringParameters" (2026). A key has no host and no protocol: a distribution's
own name and its aliases share objects, and so do HTTP and HTTPS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

Wanted = Callable[[str], bool]

_ALWAYS_TOLD = frozenset({"accept-encoding", "cookie"})
_DEVICES = frozenset({
    "cloudfront-is-desktop-viewer", "cloudfront-is-mobile-viewer", "cloudfront-is-smarttv-viewer",
    "cloudfront-is-tablet-viewer",
})  # fmt: skip


class CacheKey(NamedTuple):
    """``text`` is the whole key, ``address`` its path and query: what invalidations name."""

    text: str
    address: str


def cache_key(
    path: str,
    query: str = "",
    headers: Sequence[tuple[str, str]] = (),
    cookies: str = "",
    encoding: str = "",
    method: str = "GET",
) -> CacheKey:
    """Put a key together.

    Parameters
    ----------
    path
        As the viewer, or a viewer-request function, wrote it.
    query, headers, cookies
        What :func:`chosen_query`, :func:`chosen_headers` and :func:`chosen_cookies` return.
    encoding
        The normalised ``Accept-Encoding``: ``br,gzip``, ``br``, ``gzip`` or nothing.
    method
        GET and HEAD share objects; those of OPTIONS are others.
    """
    address = f"{path}?{query}" if query else path
    text = address if method in ("GET", "HEAD") else f"{method} {address}"
    if headers or cookies or encoding:
        # No field has a line break, so different parts never make the same text.
        told = "".join(f"\n{name}: {value}" for name, value in headers)
        text = f"{text}\n{encoding}\n{cookies}{told}"
    return CacheKey(text, address)


def chosen_query(query: str, wanted: Wanted) -> str:
    """The parameters with wanted names, as they were written and in their order.

    Examples
    --------
    >>> chosen_query("size=2&color=red;x=1&size=1", {"size"}.__contains__)
    'size=2&size=1'
    """
    return "&".join(part for part in query.split("&") if part and wanted(part.split("=", 1)[0]))


def chosen_headers(
    headers: Iterable[tuple[str, str]], wanted: Wanted
) -> tuple[tuple[str, str], ...]:
    """The wanted headers by name in lower case, sorted; the values of one name are joined.

    Examples
    --------
    >>> chosen_headers([("B", "2"), ("a", "1"), ("b", "3")], lambda name: True)
    (('a', '1'), ('b', '2, 3'))
    """
    found: dict[str, list[str]] = {}
    for name, value in headers:
        lower = name.lower()
        if wanted(lower):
            found.setdefault(lower, []).append(value.strip())
    return tuple((name, ", ".join(values)) for name, values in sorted(found.items()))


def chosen_cookies(values: Iterable[str], wanted: Wanted) -> str:
    """The wanted cookies of the ``Cookie`` fields, sorted by name as the origin gets them.

    Cookies without ``=``, or whose name begins with ``$``, are dropped.

    Examples
    --------
    >>> chosen_cookies(["b=2; $Version=1; a=1", "c"], lambda name: True)
    'a=1; b=2'
    """
    found = []
    for part in ";".join(values).split(";"):
        name, equals, value = part.strip().partition("=")
        if equals and name and not name.startswith("$") and wanted(name):
            found.append((name, value))
    # By name only: two cookies of one name keep their order.
    return "; ".join(f"{name}={value}" for name, value in sorted(found, key=lambda pair: pair[0]))


def vary_for_viewer(
    values: Iterable[str], in_key: Iterable[str], *, everything: bool = False
) -> str | None:
    """The ``Vary`` that a viewer gets: members that CloudFront does not vary by are taken out.

    Rule: RequestAndResponseBehaviorCustomOrigin, "HTTP response headers that CloudFront removes or
    replaces" (2026).

    Parameters
    ----------
    values
        The origin's ``Vary`` fields.
    in_key
        Headers of the cache key, in lower case.
    everything
        Whether ``*`` is a member like others: where the minimum TTL is 0, objects that vary with
        everything are asked for each time ("Content negotiation" on the same page).

    Returns
    -------
    str or None
        ``None`` if nothing is left.

    Examples
    --------
    >>> vary_for_viewer(["Origin, Accept-Encoding", "X-Mine"], ["origin"])
    'Origin, Accept-Encoding'
    """
    told = _ALWAYS_TOLD.union(in_key)
    if not told.isdisjoint(_DEVICES):
        told |= {"user-agent"}
    if everything:
        told |= {"*"}
    members = (member.strip() for value in values for member in value.split(","))
    return ", ".join(member for member in members if member.lower() in told) or None
