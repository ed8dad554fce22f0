"""What an origin gets of a viewer's request: headers, cookies and query parameters.

Rules (CloudFront Developer Guide, 2026: "Control origin requests with a policy", "Understand how
origin request policies and cache policies work together", "HTTP request headers and CloudFront
behavior", "Cache content based on cookies", "Understand cache policies"):

* what a cache policy puts into the cache key reaches the origin, and what the origin request
  policy names; of two lists of exceptions both count;
* some headers always reach it (``Range``, ``If-None-Match``...), some never do (``Connection``,
  ``X-Edge-*``...), whatever a policy says;
* ``Host`` is the origin's and ``User-Agent`` is ``Amazon CloudFront``, unless selected;
  ``X-Forwarded-For`` and ``Via`` grow by one; ``Accept-Encoding`` is normalised where compressed
  objects are cached;
* ``Authorization`` is taken from requests whose answers may be cached, unless selected;
* cookies are sorted by name; those whose name begins with ``$`` are left out;
* with forwarded cookies, ``If-Modified-Since`` and ``If-None-Match`` are not.

``X-Amz-Cf-Id``, ``Connection`` and the origin's own headers are added where the request is sent: a
function for the origin request does not see them among the headers.

The guide's table says that ``Origin`` is always forwarded, the same page's section on CORS that it
has to be selected: here it has to be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from lambda_nb.rules.edge.caching.cache_keys import chosen_cookies, chosen_query
from lambda_nb.rules.edge.viewer import compression

Mode = Literal["none", "some", "all", "all-except"]

NEVER_FORWARDED = frozenset(
    {
        "connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization",
        "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "x-forwarded-proto",
        "x-real-ip",
    }
)  # fmt: skip
"""Headers that no setting brings to an origin (the table's rows that CloudFront removes, and on
whose values no cache can be based); ``X-Edge-*`` neither. ``Transfer-Encoding`` and ``Expect`` are
among them since bodies are whole here."""

ALWAYS_FORWARDED = frozenset(
    {
        "cache-control", "cdn-loop", "content-length", "content-md5", "content-type", "date",
        "from", "if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since",
        "max-forwards", "pragma", "range", "request-range", "warning",
    }
)  # fmt: skip
"""Headers that need not be selected: the table's rows that CloudFront forwards, and ``CDN-Loop``,
which nobody may take away (RFC 8586, 2)."""

LEGACY_REMOVED = frozenset(
    {
        "accept", "accept-charset", "accept-encoding", "accept-language", "authorization",
        "host", "referer", "user-agent", "x-http-method-override",
    }
)  # fmt: skip
"""Headers that legacy settings take away or replace unless they are listed; all others are
forwarded."""

_OWN_AGENT = "Amazon CloudFront"
_CONDITIONS_ON_AGE = frozenset({"if-modified-since", "if-none-match"})
_UNCACHED_METHODS = frozenset({"DELETE", "PATCH", "POST", "PUT"})


class Selecting(Protocol):
    """Which headers, cookies or query parameters a policy means."""

    @property
    def mode(self) -> Mode:
        """How they are said."""

    def has(self, name: str) -> bool:
        """Whether a name is among them; that of a header is in lower case."""


@dataclass(frozen=True, slots=True)
class Selections:
    """One policy's."""

    headers: Selecting
    cookies: Selecting
    query: Selecting


@dataclass(frozen=True, slots=True)
class Forwarding:
    """How a behaviour makes requests to its origin.

    Parameters
    ----------
    cached, forwarded
        What the cache policy and the origin request policy select.
    added
        Names of ``CloudFront-*`` headers, in lower case, that the origin gets.
    gzip, brotli
        Whether objects in these encodings are cached.
    caches_options
        Whether answers to OPTIONS are cached.
    s3
        Whether the origin is a bucket: it never gets the viewer's ``Host``.
    """

    cached: Selections
    forwarded: Selections
    added: frozenset[str] = frozenset()
    gzip: bool = False
    brotli: bool = False
    caches_options: bool = False
    s3: bool = False


def headers(
    rules: Forwarding,
    method: str,
    pairs: Sequence[tuple[str, str]],
    *,
    host: str,
    viewer_ip: str,
    via: str,
) -> list[tuple[str, str]]:
    """The headers of the request to the origin.

    Parameters
    ----------
    rules
        The behaviour's.
    method
        The request's.
    pairs
        The viewer's headers, as spelt and in their order, and the ``CloudFront-*`` headers.
    host
        The origin's name.
    viewer_ip
        Is appended to ``X-Forwarded-For``.
    via
        Is appended to ``Via``, such as ``1.1 abc.cloudfront.net (CloudFront)``.

    Returns
    -------
    list of tuple of str and str
        In the viewer's order; what CloudFront adds is last. ``Host`` is first.
    """
    wanted = _wanted(rules, method)
    own_host = rules.s3 or not _either(rules, "host")
    own_agent = not _either(rules, "user-agent")
    normalises = rules.gzip or rules.brotli
    replaced = {"cookie", "via", "x-forwarded-for", "host"}
    if own_agent:
        replaced.add("user-agent")
    if normalises:
        replaced.add("accept-encoding")

    def values(name: str) -> list[str]:
        return [value for given, value in pairs if given.lower() == name]

    # RFC 9110, 7.6.1; but a loop must be seen, whatever the viewer says.
    for_one_hop = {
        option.strip().lower() for value in values("connection") for option in value.split(",")
    } - {"cdn-loop"}
    given_host = values("host")
    result = [("Host", host if own_host or not given_host else given_host[0])]
    for name, value in pairs:
        lower = name.lower()
        if lower not in replaced and lower not in for_one_hop and wanted(lower):
            result.append((name, value))
    if own_agent:
        result.append(("User-Agent", _OWN_AGENT))
    if cookie := cookies(rules, values("cookie")):
        result.append(("Cookie", cookie))
    accepted = values("accept-encoding")
    if normalises and accepted:
        formats = compression.accepted(accepted, gzip=rules.gzip, brotli=rules.brotli)
        result.append(("Accept-Encoding", ",".join(formats) or "identity"))
    result.append(("X-Forwarded-For", ",".join([*values("x-forwarded-for"), viewer_ip])))
    result.append(("Via", ", ".join([*values("via"), via])))
    return result


def cookies(rules: Forwarding, values: Iterable[str]) -> str:
    """The ``Cookie`` header for the origin; empty if it gets no cookie.

    Parameters
    ----------
    rules
        The behaviour's.
    values
        The viewer's ``Cookie`` headers. What is no pair of a name and a value is left out.
    """
    return chosen_cookies(values, _combined(rules.cached.cookies, rules.forwarded.cookies))


def query(rules: Forwarding, querystring: str) -> str:
    """The query string for the origin, with the parameters it gets in their order.

    Parameters
    ----------
    rules
        The behaviour's.
    querystring
        The viewer's, percent-encoded, without ``?``. ``&`` alone stands between parameters.
    """
    cached, forwarded = rules.cached.query, rules.forwarded.query
    if "all" in (cached.mode, forwarded.mode) or not querystring:
        return querystring
    return chosen_query(querystring, _combined(cached, forwarded))


def _wanted(rules: Forwarding, method: str) -> Callable[[str], bool]:
    """Whether a header, by its name in lower case, reaches the origin."""
    has = _combined(rules.cached.headers, rules.forwarded.headers)
    may_have_cookies = (rules.cached.cookies.mode, rules.forwarded.cookies.mode) != ("none", "none")
    keeps_authorization = method in _UNCACHED_METHODS or (
        method == "OPTIONS" and not rules.caches_options
    )

    def wanted(name: str) -> bool:
        if name in NEVER_FORWARDED or name.startswith("x-edge-"):
            return False
        if may_have_cookies and name in _CONDITIONS_ON_AGE:
            return False
        if name in ALWAYS_FORWARDED or name in rules.added or has(name):
            return True
        return name == "authorization" and keeps_authorization

    return wanted


def _either(rules: Forwarding, name: str) -> bool:
    return _combined(rules.cached.headers, rules.forwarded.headers)(name)


def _combined(cached: Selecting, forwarded: Selecting) -> Callable[[str], bool]:
    if cached.mode == forwarded.mode == "all-except":
        return lambda name: cached.has(name) and forwarded.has(name)
    return lambda name: cached.has(name) or forwarded.has(name)
