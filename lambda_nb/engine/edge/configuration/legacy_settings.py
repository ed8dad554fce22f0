"""Legacy cache settings of a behaviour (``ForwardedValues`` and its TTLs) as policies.

Rules (CloudFront Developer Guide, 2026: "Cache behavior settings", "Cache content based on request
headers", "HTTP request headers and CloudFront behavior"):

* all headers (``*``): nothing is cached, and the origin gets every header;
* listed headers, listed or all cookies are in the cache key. Other headers reach the origin as well
  but for a few;
* with a query string the origin gets all of it; the key has all parameters, or the listed ones;
* gzip, no Brotli; but ``Accept-Encoding`` stays as it is if it is listed.
"""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.edge.configuration.policies import ttls
from lambda_nb.engine.edge.configuration.reading import items
from lambda_nb.engine.edge.settings import CachePolicy, OriginRequestPolicy, Selection
from lambda_nb.rules.edge.origin_requests import LEGACY_REMOVED

NAME = "legacy cache settings"


def as_policies(told: dict[str, Any]) -> tuple[CachePolicy, OriginRequestPolicy]:
    """The policies that do what a behaviour's legacy settings say.

    Parameters
    ----------
    told
        The behaviour, as CloudFront's API shows it.
    """
    values = told.get("ForwardedValues") or {}
    listed = frozenset(name.lower() for name in items(values.get("Headers")))
    cookies = _cookies(values.get("Cookies") or {})
    query = Selection("all") if values.get("QueryString") else Selection()
    parameters = frozenset(items(values.get("QueryStringCacheKeys")))
    if "*" in listed:
        cached = CachePolicy(NAME, 0, 0, 0, Selection(), cookies, query, gzip=True)
        return cached, OriginRequestPolicy(NAME, Selection("all"), cookies, query)
    cached = CachePolicy(
        NAME,
        *ttls(told),
        Selection("some", listed) if listed else Selection(),
        cookies,
        Selection("some", parameters) if parameters and values.get("QueryString") else query,
        gzip="accept-encoding" not in listed,
    )
    forwarded = Selection("all-except", LEGACY_REMOVED)
    return cached, OriginRequestPolicy(NAME, forwarded, cookies, query)


def _cookies(told: dict[str, Any]) -> Selection:
    forward = told.get("Forward", "none")
    if forward == "whitelist":
        names = items(told.get("WhitelistedNames"))
        wildcards = tuple(name for name in names if "*" in name or "?" in name)
        return Selection("some", frozenset(names) - frozenset(wildcards), wildcards)
    return Selection("all") if forward == "all" else Selection()
