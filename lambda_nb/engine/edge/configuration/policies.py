"""Cache policies and origin request policies."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lambda_nb.engine.edge.configuration.reading import Reader, items
from lambda_nb.engine.edge.settings import (
    CachePolicy,
    OriginRequestPolicy,
    Selection,
    SelectionMode,
)
from lambda_nb.rules import quotas

_MODES: dict[str, SelectionMode] = {
    "none": "none",
    "whitelist": "some",
    "all": "all",
    "allExcept": "all-except",
    "allViewer": "all",
    "allViewerAndWhitelistCloudFront": "all",
}
_ADDED = "cloudfront-"


def cache_policy(reader: Reader, identifier: str) -> CachePolicy:
    """A cache policy by its id."""
    told = reader.read("get_cache_policy", Id=identifier)["CachePolicy"]["CachePolicyConfig"]
    key = told.get("ParametersInCacheKeyAndForwardedToOrigin", {})
    least, default, most = ttls(told)
    return CachePolicy(
        told["Name"],
        least,
        default,
        most,
        _header_selection(key.get("HeadersConfig")),
        _cookie_selection(key.get("CookiesConfig")),
        _query_selection(key.get("QueryStringsConfig")),
        key.get("EnableAcceptEncodingGzip", False),
        key.get("EnableAcceptEncodingBrotli", False),
    )


def origin_request_policy(reader: Reader, identifier: str) -> OriginRequestPolicy:
    """An origin request policy by its id."""
    answer = reader.read("get_origin_request_policy", Id=identifier)
    told = answer["OriginRequestPolicy"]["OriginRequestPolicyConfig"]
    headers = told.get("HeadersConfig") or {}
    behaviour = headers.get("HeaderBehavior", "none")
    named = _lower(items(headers.get("Headers")))
    added: frozenset[str] = frozenset()
    if behaviour in ("whitelist", "allViewerAndWhitelistCloudFront"):
        added = frozenset(name for name in named if name.startswith(_ADDED))
    return OriginRequestPolicy(
        told["Name"],
        Selection(_MODES[behaviour], named - added),
        _cookie_selection(told.get("CookiesConfig")),
        _query_selection(told.get("QueryStringsConfig")),
        added,
    )


def ttls(told: dict[str, Any]) -> tuple[float, float, float]:
    """Least, default and most seconds that objects stay, by ``MinTTL``, ``DefaultTTL``, ``MaxTTL``.

    What is not given is a day and a year, or more where another is more (CloudFront API reference,
    CachePolicyConfig, 2026).
    """
    least = float(told.get("MinTTL") or 0)
    default = told.get("DefaultTTL")
    if default is None:
        default = max(quotas.CF_DEFAULT_TTL_S.value, least)
    most = told.get("MaxTTL")
    if most is None:
        most = max(quotas.CF_MAX_TTL_S.value, least, default)
    return least, float(default), float(most)


def _header_selection(told: dict[str, Any] | None) -> Selection:
    """Which headers a ``HeadersConfig`` means."""
    told = told or {}
    return Selection(_MODES[told.get("HeaderBehavior", "none")], _lower(items(told.get("Headers"))))


def _cookie_selection(told: dict[str, Any] | None) -> Selection:
    """Which cookies a ``CookiesConfig`` means."""
    told = told or {}
    return Selection(
        _MODES[told.get("CookieBehavior", "none")], frozenset(items(told.get("Cookies")))
    )


def _query_selection(told: dict[str, Any] | None) -> Selection:
    told = told or {}
    return Selection(
        _MODES[told.get("QueryStringBehavior", "none")], frozenset(items(told.get("QueryStrings")))
    )


def _lower(names: Iterable[str]) -> frozenset[str]:
    return frozenset(name.lower() for name in names)
