"""Cache policies, origin request policies and response headers policies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from lambda_nb.engine.neighbours.services.cloudfront.documents import (
    CloudFrontDocument,
    Store,
    error,
    invalid,
)
from lambda_nb.engine.neighbours.services.cloudfront.lifecycle import Kind, commented
from lambda_nb.engine.neighbours.services.cloudfront.references import users
from lambda_nb.engine.neighbours.services.cloudfront.shapes import items
from lambda_nb.rules import quotas
from lambda_nb.rules.edge import managed_policies

_DAY_S = 86_400
_YEAR_S = 31_536_000
_CHOICES = (
    ("HeadersConfig", "HeaderBehavior", "Headers"),
    ("CookiesConfig", "CookieBehavior", "Cookies"),
    ("QueryStringsConfig", "QueryStringBehavior", "QueryStrings"),
)
_WITH_NAMES = ("whitelist", "allExcept", "allViewerAndWhitelistCloudFront")
_EDGE_PREFIX = "cloudfront-"


def _fill_cache(config: dict[str, Any]) -> dict[str, Any]:
    least = config["MinTTL"]
    usual = config.get("DefaultTTL", max(_DAY_S, least))
    key = config.get("ParametersInCacheKeyAndForwardedToOrigin") or {
        "EnableAcceptEncodingGzip": False,
        "HeadersConfig": {"HeaderBehavior": "none"},
        "CookiesConfig": {"CookieBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "none"},
    }
    return {
        "Comment": "",
        **config,
        "DefaultTTL": usual,
        "MaxTTL": config.get("MaxTTL", max(_YEAR_S, usual)),
        "ParametersInCacheKeyAndForwardedToOrigin": {"EnableAcceptEncodingBrotli": False, **key},
    }


def _choices(held: dict[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    """What is chosen of headers, cookies and query strings: the member, the behaviour, the names.

    Refuses names where there may be none, and none where there must be some.
    """
    for member, behaviour, names_member in _CHOICES:
        chosen = held[member]
        named = items(chosen, names_member)
        if bool(named) != (chosen[behaviour] in _WITH_NAMES):
            raise invalid(
                f"The parameter {names_member} goes with the {behaviour}s "
                f"{', '.join(_WITH_NAMES)}; the {behaviour} is {chosen[behaviour]!r} and there are "
                f"{len(named)} names."
            )
        yield behaviour, chosen[behaviour], named


def _check_names(held: dict[str, Any], policy: str) -> None:
    every: list[str] = []
    for behaviour, _, named in _choices(held):
        most = quotas.CF_POLICY_NAMES.value
        # AllViewerAndCloudFrontHeaders has more: those are all of CloudFront's own headers.
        counted = [name for name in named if not name.lower().startswith(_EDGE_PREFIX)]
        if len(counted) > most:
            many = {"Header": "Headers", "Cookie": "Cookies", "QueryString": "QueryStrings"}
            kind = many[behaviour.removesuffix("Behavior")]
            raise error(
                f"TooMany{kind}In{policy}",
                f"A policy has at most {most} {kind}; these are {counted}.",
            )
        every += named
    if sum(map(len, every)) > quotas.CF_POLICY_NAME_CHARACTERS.value:
        raise invalid(
            f"All names of a policy together have at most {quotas.CF_POLICY_NAME_CHARACTERS.value} "
            "characters."
        )


def _check_cache(_: Store, config: dict[str, Any], __: CloudFrontDocument | None) -> None:
    least, usual, most = config["MinTTL"], config["DefaultTTL"], config["MaxTTL"]
    if not 0 <= least <= usual <= most:
        raise invalid(
            "The parameters MinTTL, DefaultTTL and MaxTTL are in this order; they are "
            f"{least}, {usual} and {most}."
        )
    held = config["ParametersInCacheKeyAndForwardedToOrigin"]
    _check_names(held, "CachePolicy")
    if most == 0:
        for member in ("EnableAcceptEncodingGzip", "EnableAcceptEncodingBrotli"):
            if held[member]:
                raise _of_disabled(member)
        for behaviour, chosen, _names in _choices(held):
            if chosen != "none":
                raise _of_disabled(behaviour)
    headers = {name.lower() for name in items(held["HeadersConfig"], "Headers")}
    encoded = held["EnableAcceptEncodingGzip"] or held["EnableAcceptEncodingBrotli"]
    if encoded and "accept-encoding" in headers:
        raise invalid(
            "The parameter Headers contains Accept-Encoding, which EnableAcceptEncodingGzip and "
            "EnableAcceptEncodingBrotli put into the cache key already."
        )


def _of_disabled(member: str) -> Exception:
    return invalid(f"The parameter {member} is invalid for policy with caching disabled.")


def _check_origin_request(_: Store, config: dict[str, Any], __: CloudFrontDocument | None) -> None:
    _check_names(config, "OriginRequestPolicy")


def _check_response_headers(
    _: Store, config: dict[str, Any], __: CloudFrontDocument | None
) -> None:
    custom = items(config, "CustomHeadersConfig")
    if len(custom) > quotas.CF_RESPONSE_HEADERS.value:
        raise error(
            "TooManyCustomHeadersInResponseHeadersPolicy",
            f"A policy adds at most {quotas.CF_RESPONSE_HEADERS.value} custom headers; these are "
            f"{len(custom)}.",
        )
    names = [header["Header"].lower() for header in custom]
    if len(set(names)) != len(names):
        raise invalid(f"The parameter CustomHeadersConfig contains duplicates: {sorted(names)}.")
    security = config.get("SecurityHeadersConfig") or {}
    policy = (security.get("ContentSecurityPolicy") or {}).get("ContentSecurityPolicy", "")
    if len(policy) > quotas.CF_HEADER_VALUE_CHARACTERS.value:
        raise error(
            "TooLongCSPInResponseHeadersPolicy",
            "The value of Content-Security-Policy has at most "
            f"{quotas.CF_HEADER_VALUE_CHARACTERS.value} characters; this has {len(policy)}.",
        )
    protection = security.get("XSSProtection") or {}
    if protection.get("ModeBlock") and protection.get("ReportUri"):
        raise invalid("XSSProtection has ModeBlock or ReportUri, not both.")
    cors = config.get("CorsConfig")
    if cors is not None and not items(cors, "AccessControlAllowOrigins"):
        raise invalid("The parameter AccessControlAllowOrigins needs at least one origin, or *.")
    timing = config.get("ServerTimingHeadersConfig") or {}
    if timing.get("Enabled") and not 0 <= timing.get("SamplingRate", 0) <= 100:
        raise invalid(f"The parameter SamplingRate is a percentage: {timing['SamplingRate']}.")


def _uuid() -> str:
    return str(uuid4())


CACHE = Kind(
    name="CachePolicy",
    lists="ListCachePolicies",
    path="cache-policy",
    missing="NoSuchCachePolicy",
    taken="CachePolicyAlreadyExists",
    draw=_uuid,
    too_many=("TooManyCachePolicies", quotas.CF_POLICIES),
    in_use="CachePolicyInUse",
    fill=_fill_cache,
    check=_check_cache,
    used=lambda store, document: bool(users(store, "CachePolicyId", document.id)),
    managed=managed_policies.CACHE_POLICIES,
)
ORIGIN_REQUEST = Kind(
    name="OriginRequestPolicy",
    lists="ListOriginRequestPolicies",
    path="origin-request-policy",
    missing="NoSuchOriginRequestPolicy",
    taken="OriginRequestPolicyAlreadyExists",
    draw=_uuid,
    too_many=("TooManyOriginRequestPolicies", quotas.CF_POLICIES),
    in_use="OriginRequestPolicyInUse",
    fill=commented,
    check=_check_origin_request,
    used=lambda store, document: bool(users(store, "OriginRequestPolicyId", document.id)),
    managed=managed_policies.ORIGIN_REQUEST_POLICIES,
)
RESPONSE_HEADERS = Kind(
    name="ResponseHeadersPolicy",
    lists="ListResponseHeadersPolicies",
    path="response-headers-policy",
    missing="NoSuchResponseHeadersPolicy",
    taken="ResponseHeadersPolicyAlreadyExists",
    draw=_uuid,
    too_many=("TooManyResponseHeadersPolicies", quotas.CF_POLICIES),
    in_use="ResponseHeadersPolicyInUse",
    fill=commented,
    check=_check_response_headers,
    used=lambda store, document: bool(users(store, "ResponseHeadersPolicyId", document.id)),
    managed=managed_policies.RESPONSE_HEADERS_POLICIES,
)
