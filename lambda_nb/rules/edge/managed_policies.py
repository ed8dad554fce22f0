"""CloudFront's managed policies, by their ids: as CloudFront's API shows them.

From the CloudFront Developer Guide, "Use managed cache policies", "Use managed origin request
policies" and "Use managed response headers policies", 2026. The guide has no settings of the
policies that only Amplify Hosting uses; these are in the Amplify Hosting User Guide, "Managing
cache configuration", 2026. Spelling and comments are those of listed policies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Config = Mapping[str, Any]
"""Members as in AWS's model: ``CachePolicyConfig``, ``OriginRequestPolicyConfig``..."""

_YEAR_S = 31_536_000
_DAY_S = 86_400


def _chosen(kind: str, behaviour: str, names: Sequence[str] = ()) -> dict[str, Any]:
    """A choice of headers, cookies or query strings: ``kind`` is how its members begin."""
    chosen: dict[str, Any] = {f"{kind}Behavior": behaviour}
    if names:
        chosen[f"{kind}s"] = {"Quantity": len(names), "Items": list(names)}
    return chosen


def _cache(
    name: str,
    comment: str,
    ttls: tuple[int, int, int],
    *,
    headers: Sequence[str] = (),
    cookies: str = "none",
    query: str = "none",
    names: Sequence[str] = (),
    gzip: bool = True,
    brotli: bool = True,
) -> Config:
    """A cache policy; ``ttls`` are the least, the default and the most, in seconds."""
    return {
        "Comment": comment,
        "Name": name,
        "DefaultTTL": ttls[1],
        "MaxTTL": ttls[2],
        "MinTTL": ttls[0],
        "ParametersInCacheKeyAndForwardedToOrigin": {
            "EnableAcceptEncodingGzip": gzip,
            "EnableAcceptEncodingBrotli": brotli,
            "HeadersConfig": _chosen("Header", "whitelist" if headers else "none", headers),
            "CookiesConfig": _chosen("Cookie", cookies),
            "QueryStringsConfig": _chosen("QueryString", query, names),
        },
    }


def _origin(
    name: str,
    comment: str,
    behaviour: str,
    headers: Sequence[str] = (),
    *,
    cookies: str = "none",
    query: str = "none",
) -> Config:
    """An origin request policy."""
    return {
        "Comment": comment,
        "Name": name,
        "HeadersConfig": _chosen("Header", behaviour, headers),
        "CookiesConfig": _chosen("Cookie", cookies),
        "QueryStringsConfig": _chosen("QueryString", query),
    }


_BY_METHOD = ("host", "origin", "x-http-method", "x-http-method-override", "x-method-override")
_AMPLIFY = ("Authorization", "CloudFront-Viewer-Country", "Host")

CACHE_POLICIES: Mapping[str, Config] = {
    "658327ea-f89d-4fab-a63d-7e88639e58f6": _cache(
        "Managed-CachingOptimized",
        "Policy with caching enabled. Supports Gzip and Brotli compression.",
        (1, _DAY_S, _YEAR_S),
    ),
    "b2884449-e4de-46a7-ac36-70bc7f1ddd6d": _cache(
        "Managed-CachingOptimizedForUncompressedObjects",
        "Default policy when compression is disabled",
        (1, _DAY_S, _YEAR_S),
        gzip=False,
        brotli=False,
    ),
    "4135ea2d-6df8-44a3-9df3-4b5a84be39ad": _cache(
        "Managed-CachingDisabled",
        "Policy with caching disabled",
        (0, 0, 0),
        gzip=False,
        brotli=False,
    ),
    "08627262-05a9-4f76-9ded-b50ca2e3a84f": _cache(
        "Managed-Elemental-MediaPackage",
        "Policy for Elemental MediaPackage Origin",
        (0, _DAY_S, _YEAR_S),
        headers=("origin",),
        query="whitelist",
        names=("aws.manifestfilter", "start", "end", "m"),
        brotli=False,
    ),
    "83da9c7e-98b4-4e11-a168-04f0df8e2c65": _cache(
        "UseOriginCacheControlHeaders",
        "Policy for origins that return Cache-Control headers. Query strings are not included in "
        "the cache key.",
        (0, 0, _YEAR_S),
        headers=_BY_METHOD,
        cookies="all",
    ),
    "4cc15a8a-d715-48a4-82b8-cc0b614638fe": _cache(
        "UseOriginCacheControlHeaders-QueryStrings",
        "Policy for origins that return Cache-Control headers and serve different content based on "
        "values present in the query string.",
        (0, 0, _YEAR_S),
        headers=_BY_METHOD,
        cookies="all",
        query="all",
    ),
    "2e54312d-136d-493c-8eb9-b001f22f67d2": _cache(
        "Managed-Amplify",
        "Policy for Amplify Origin",
        (2, 2, 600),
        headers=_AMPLIFY,
        cookies="all",
        query="all",
    ),
    "4d1d2f1d-3a71-49ad-9e08-7ea5d843a556": _cache(
        "Managed-Amplify-Default",
        "Default Amplify cache policy",
        (0, 0, _YEAR_S),
        headers=("Accept", *_AMPLIFY),
        cookies="all",
        query="all",
    ),
    "a6bad946-36c3-4c33-aa98-362c74a7fb13": _cache(
        "Managed-Amplify-DefaultNoCookies",
        "Default Amplify cache policy without cookies",
        (0, 0, _YEAR_S),
        headers=("Accept", *_AMPLIFY),
        query="all",
    ),
    "1c6db51a-a33f-469a-8245-dae26771f530": _cache(
        "Managed-Amplify-ImageOptimization",
        "Amplify cache policy for image optimization",
        (0, 0, _YEAR_S),
        headers=("Accept", "Authorization", "Host"),
        query="all",
    ),
    "7e5fad67-ee98-4ad0-b05a-394999eefc1a": _cache(
        "Managed-Amplify-StaticContent",
        "Amplify cache policy for static content",
        (0, 0, _YEAR_S),
        headers=("Authorization", "Host"),
    ),
}
"""Cache policies."""

_FOR_CORS = ("origin", "access-control-request-headers", "access-control-request-method")

ORIGIN_REQUEST_POLICIES: Mapping[str, Config] = {
    "216adef6-5c7f-47e4-b989-5492eafa07d3": _origin(
        "Managed-AllViewer",
        "Policy to forward all parameters in viewer requests",
        "allViewer",
        cookies="all",
        query="all",
    ),
    "33f36d7e-f396-46d9-90e0-52428a34d9dc": _origin(
        "Managed-AllViewerAndCloudFrontHeaders-2022-06",
        "Policy to forward all parameters in viewer requests and all CloudFront headers released "
        "through June 2022",
        "allViewerAndWhitelistCloudFront",
        (
            "CloudFront-Forwarded-Proto",
            "CloudFront-Is-Android-Viewer",
            "CloudFront-Is-Desktop-Viewer",
            "CloudFront-Is-IOS-Viewer",
            "CloudFront-Is-Mobile-Viewer",
            "CloudFront-Is-SmartTV-Viewer",
            "CloudFront-Is-Tablet-Viewer",
            "CloudFront-Viewer-Address",
            "CloudFront-Viewer-ASN",
            "CloudFront-Viewer-City",
            "CloudFront-Viewer-Country",
            "CloudFront-Viewer-Country-Name",
            "CloudFront-Viewer-Country-Region",
            "CloudFront-Viewer-Country-Region-Name",
            "CloudFront-Viewer-Http-Version",
            "CloudFront-Viewer-Latitude",
            "CloudFront-Viewer-Longitude",
            "CloudFront-Viewer-Metro-Code",
            "CloudFront-Viewer-Postal-Code",
            "CloudFront-Viewer-Time-Zone",
            "CloudFront-Viewer-TLS",
        ),
        cookies="all",
        query="all",
    ),
    "b689b0a8-53d0-40ab-baf2-68738e2966ac": _origin(
        "Managed-AllViewerExceptHostHeader",
        "Policy to forward all parameters in viewer requests except for the Host header",
        "allExcept",
        ("host",),
        cookies="all",
        query="all",
    ),
    "59781a5b-3903-41f3-afcb-af62929ccde1": _origin(
        "Managed-CORS-CustomOrigin",
        "Policy for custom origin with CORS",
        "whitelist",
        ("origin",),
    ),
    "88a5eaf4-2fd4-4709-b370-b4c650ea3fcf": _origin(
        "Managed-CORS-S3Origin",
        "Policy for S3 origin with CORS",
        "whitelist",
        _FOR_CORS,
    ),
    "775133bc-15f2-49f9-abea-afb2e0bf67d2": _origin(
        "Managed-Elemental-MediaTailor-PersonalizedManifests",
        "Policy for Elemental MediaTailor Origin",
        "whitelist",
        (*_FOR_CORS, "user-agent", "x-forwarded-for"),
        query="all",
    ),
    "bf0718e1-ba1e-49d1-88b1-f726733018ae": _origin(
        "Managed-HostHeaderOnly",
        "Policy to forward only the Host header to origin",
        "whitelist",
        ("host",),
    ),
    "acba4595-bd28-49b8-b9fe-13317c0390fa": _origin(
        "Managed-UserAgentRefererHeaders",
        "Policy to forward user-agent and referer headers to origin",
        "whitelist",
        ("user-agent", "referer"),
    ),
}
"""Origin request policies."""


def _items(*values: str) -> dict[str, Any]:
    return {"Quantity": len(values), "Items": list(values)}


_SIMPLE_CORS = {
    "AccessControlAllowOrigins": _items("*"),
    "AccessControlAllowHeaders": _items(),
    "AccessControlAllowMethods": _items(),
    "AccessControlAllowCredentials": False,
    "OriginOverride": False,
}
_PREFLIGHT = {
    **_SIMPLE_CORS,
    "AccessControlAllowMethods": _items("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"),
    "AccessControlExposeHeaders": _items("*"),
}
_SECURITY = {
    "XSSProtection": {"Override": False, "Protection": True, "ModeBlock": True},
    "FrameOptions": {"Override": False, "FrameOption": "SAMEORIGIN"},
    "ReferrerPolicy": {"Override": False, "ReferrerPolicy": "strict-origin-when-cross-origin"},
    "ContentTypeOptions": {"Override": True},
    "StrictTransportSecurity": {
        "Override": False,
        "IncludeSubdomains": False,
        "Preload": False,
        "AccessControlMaxAgeSec": _YEAR_S,
    },
}


def _response(
    name: str, comment: str, cors: Config | None = None, security: Config | None = None
) -> Config:
    """A response headers policy."""
    config: dict[str, Any] = {"Comment": comment, "Name": name}
    if cors is not None:
        config["CorsConfig"] = cors
    if security is not None:
        config["SecurityHeadersConfig"] = security
    return config


RESPONSE_HEADERS_POLICIES: Mapping[str, Config] = {
    "60669652-455b-4ae9-85a4-c4c02393f86c": _response(
        "Managed-SimpleCORS", "Allows all origins for simple CORS requests", _SIMPLE_CORS
    ),
    "5cc3b908-e619-4b99-88e5-2cf7f45965bd": _response(
        "Managed-CORS-With-Preflight",
        "Allows all origins for CORS requests, including preflight requests",
        _PREFLIGHT,
    ),
    "67f7725c-6f97-4210-82d7-5512b31e9d03": _response(
        "Managed-SecurityHeadersPolicy",
        "Adds a set of security headers to every response",
        security=_SECURITY,
    ),
    "e61eb60c-9c35-4d20-a928-2b84e02af89c": _response(
        "Managed-CORS-and-SecurityHeadersPolicy",
        "Allows all origins for simple CORS requests and adds security headers",
        _SIMPLE_CORS,
        _SECURITY,
    ),
    "eaab4381-ed33-4a86-88ca-d9558dc6cd63": _response(
        "Managed-CORS-with-preflight-and-SecurityHeadersPolicy",
        "Allows all origins for CORS requests, including preflight requests, and adds security "
        "headers",
        _PREFLIGHT,
        _SECURITY,
    ),
}
"""Response headers policies."""
