"""What is cached for how long, and by what: managed policies by their names, or one of our own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

from lambda_nb.notebook.errors import UsageError

Chosen = str | Collection[str]
"""Names, ``"all"`` or ``"none"``."""

OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
DISABLED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
ALL_BUT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
SECURITY_HEADERS = "67f7725c-6f97-4210-82d7-5512b31e9d03"
"""CachingOptimized, CachingDisabled, AllViewerExceptHostHeader and SecurityHeadersPolicy.

CloudFront Developer Guide, "Use managed cache policies" and the pages beside it, 2026."""

_DAY_S, _YEAR_S = 86_400, 31_536_000
_OPTIONS = {"Header": "headers", "Cookie": "cookies", "QueryString": "query"}


@dataclass(frozen=True)
class Caching:
    """What a behaviour caches.

    Attributes
    ----------
    ttl
        Seconds that an object without ``Cache-Control`` stays; 0: nothing is cached.
    longest
        Seconds that an object stays, whatever ``Cache-Control`` says. With ``ttl=0`` only what
        says how long it may stay is cached.
    query, cookies
        Names in the cache key (the origin gets them too), ``"all"`` or ``"none"``.
    headers
        Names in the cache key.
    """

    ttl: float | None = None
    longest: float | None = None
    query: Chosen = "none"
    cookies: Chosen = "none"
    headers: Sequence[str] = ()

    def policy(self, cloudfront: Any) -> str:
        """The id of a cache policy that does this: managed, or made once and then found again.

        Raises
        ------
        UsageError
            A time makes no sense.
        """
        for name, value in (("ttl", self.ttl), ("longest", self.longest)):
            if value is not None and not _is_number(value):
                raise UsageError(f"{name}={value!r} is no number; give seconds, such as {name}=60")
        keyed = self.query != "none" or self.cookies != "none" or self.headers
        if self.ttl is None and self.longest is None and not keyed:
            return OPTIMIZED
        if self.ttl == 0 and self.longest is None and not keyed:
            return DISABLED
        config = self._config()
        listed = cloudfront.list_cache_policies(Type="custom")["CachePolicyList"].get("Items", [])
        for one in listed:
            if one["CachePolicy"]["CachePolicyConfig"]["Name"] == config["Name"]:
                return str(one["CachePolicy"]["Id"])
        made = cloudfront.create_cache_policy(CachePolicyConfig=config)
        return str(made["CachePolicy"]["Id"])

    def _config(self) -> dict[str, Any]:
        ttl = _DAY_S if self.ttl is None else self.ttl
        longest = self.longest
        if longest is None:
            longest = max(ttl, _YEAR_S) if ttl else 0
        if not 0 <= ttl <= longest:
            raise UsageError(f"ttl={ttl:,} s and longest={longest:,} s: give 0 <= ttl <= longest")
        cached = longest > 0
        config: dict[str, Any] = {
            "Comment": "made by lambda_nb",
            "MinTTL": 1 if ttl >= 1 else 0,
            "DefaultTTL": int(ttl),
            "MaxTTL": int(longest),
            "ParametersInCacheKeyAndForwardedToOrigin": {
                "EnableAcceptEncodingGzip": cached,
                "EnableAcceptEncodingBrotli": cached,
                "HeadersConfig": _chosen("Header", self.headers or "none"),
                "CookiesConfig": _chosen("Cookie", self.cookies),
                "QueryStringsConfig": _chosen("QueryString", self.query),
            },
        }
        text = json.dumps(config, sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        return {**config, "Name": f"lambda-nb-{digest}"}


def _is_number(value: object) -> bool:
    """Also of NumPy's; what a notebook gives may have any type."""
    return isinstance(value, Real) and not isinstance(value, bool)


def _chosen(kind: str, wanted: Chosen) -> dict[str, Any]:
    if isinstance(wanted, str):
        if wanted not in ("all", "none"):
            option = _OPTIONS[kind]
            raise UsageError(
                f"{option}={wanted!r} is neither 'all' nor 'none'; give names as a list: "
                f"{option}=[{wanted!r}]"
            )
        if wanted == "all" and kind == "Header":
            raise UsageError(
                "headers='all': a cache policy takes no such thing; name them, or give ttl=0 to "
                "cache nothing"
            )
        return {f"{kind}Behavior": wanted}
    names = sorted(set(wanted))
    key = "Headers" if kind == "Header" else f"{kind}s"
    return {f"{kind}Behavior": "whitelist", key: {"Quantity": len(names), "Items": names}}


def read(cloudfront: Any, behaviour: Mapping[str, Any]) -> dict[str, Any]:
    """Times and key of a behaviour's cache: ``min_ttl``, ``default_ttl``, ``max_ttl``, ``query``,
    ``cookies``."""
    if "CachePolicyId" not in behaviour:  # settings of before there were policies
        forwarded = behaviour.get("ForwardedValues", {})
        cookies = forwarded.get("Cookies", {})
        names = cookies.get("WhitelistedNames", {}).get("Items", [])
        return {
            "min_ttl": behaviour.get("MinTTL", 0),
            "default_ttl": behaviour.get("DefaultTTL", _DAY_S),
            "max_ttl": behaviour.get("MaxTTL", _YEAR_S),
            "query": "all" if forwarded.get("QueryString") else "none",
            "cookies": names
            if cookies.get("Forward") == "whitelist"
            else cookies["Forward"]
            if cookies
            else "none",
        }
    told = cloudfront.get_cache_policy(Id=behaviour["CachePolicyId"])
    config = told["CachePolicy"]["CachePolicyConfig"]
    key = config.get("ParametersInCacheKeyAndForwardedToOrigin", {})
    return {
        "min_ttl": config["MinTTL"],
        "default_ttl": config.get("DefaultTTL", _DAY_S),
        "max_ttl": config.get("MaxTTL", _YEAR_S),
        "query": _read(key.get("QueryStringsConfig", {}), "QueryString"),
        "cookies": _read(key.get("CookiesConfig", {}), "Cookie"),
    }


def _read(config: Mapping[str, Any], kind: str) -> Chosen:
    how = config.get(f"{kind}Behavior", "none")
    if how == "whitelist":
        return list(config.get(f"{kind}s", {}).get("Items", []))
    # All but some: the log's replay has no such choice, and all is the nearer one.
    return "none" if how == "none" else "all"
