"""The managed policies have what the guide says of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from lambda_nb.rules.edge.managed_policies import (
    CACHE_POLICIES,
    ORIGIN_REQUEST_POLICIES,
    RESPONSE_HEADERS_POLICIES,
)

EVERY = {**CACHE_POLICIES, **ORIGIN_REQUEST_POLICIES, **RESPONSE_HEADERS_POLICIES}


def named(policies: Mapping[str, Mapping[str, Any]], name: str) -> Mapping[str, Any]:
    """A policy by its name."""
    return next(policy for policy in policies.values() if policy["Name"] == name)


def lists(value: Any) -> list[Mapping[str, Any]]:
    """Every list with a quantity."""
    if not isinstance(value, Mapping):
        return []
    here = [value] if "Quantity" in value else []
    return here + [found for member in value.values() for found in lists(member)]


def test_ids_are_uuids_and_names_differ() -> None:
    assert all(len(name) == 36 for name in EVERY)
    names = [policy["Name"] for policy in EVERY.values()]
    assert len(set(names)) == len(names) == 24


def test_quantities_are_those_of_the_items() -> None:
    for policy in EVERY.values():
        for held in lists(policy):
            assert held["Quantity"] == len(held["Items"])


@pytest.mark.parametrize(
    ("name", "ttls", "gzip", "brotli"),
    [
        ("Managed-CachingOptimized", (1, 86_400, 31_536_000), True, True),
        ("Managed-CachingOptimizedForUncompressedObjects", (1, 86_400, 31_536_000), False, False),
        ("Managed-CachingDisabled", (0, 0, 0), False, False),
        ("Managed-Elemental-MediaPackage", (0, 86_400, 31_536_000), True, False),
        ("Managed-Amplify", (2, 2, 600), True, True),
        ("UseOriginCacheControlHeaders", (0, 0, 31_536_000), True, True),
    ],
)
def test_cache_policies(name: str, ttls: tuple[int, int, int], gzip: bool, brotli: bool) -> None:
    policy = named(CACHE_POLICIES, name)
    assert (policy["MinTTL"], policy["DefaultTTL"], policy["MaxTTL"]) == ttls
    key = policy["ParametersInCacheKeyAndForwardedToOrigin"]
    assert key["EnableAcceptEncodingGzip"] is gzip
    assert key["EnableAcceptEncodingBrotli"] is brotli


def test_what_the_origin_gets() -> None:
    all_viewer = named(ORIGIN_REQUEST_POLICIES, "Managed-AllViewer")
    assert all_viewer["HeadersConfig"] == {"HeaderBehavior": "allViewer"}
    without_host = named(ORIGIN_REQUEST_POLICIES, "Managed-AllViewerExceptHostHeader")
    assert without_host["HeadersConfig"]["HeaderBehavior"] == "allExcept"
    assert without_host["HeadersConfig"]["Headers"]["Items"] == ["host"]
    with_own = named(ORIGIN_REQUEST_POLICIES, "Managed-AllViewerAndCloudFrontHeaders-2022-06")
    assert with_own["HeadersConfig"]["Headers"]["Quantity"] == 21
    bucket = named(ORIGIN_REQUEST_POLICIES, "Managed-CORS-S3Origin")
    assert len(bucket["HeadersConfig"]["Headers"]["Items"]) == 3


def test_what_the_viewer_gets() -> None:
    both = named(RESPONSE_HEADERS_POLICIES, "Managed-CORS-with-preflight-and-SecurityHeadersPolicy")
    assert both["CorsConfig"]["AccessControlAllowMethods"]["Quantity"] == 7
    assert both["CorsConfig"]["OriginOverride"] is False
    security = both["SecurityHeadersConfig"]
    assert security["ContentTypeOptions"] == {"Override": True}
    assert security["StrictTransportSecurity"]["AccessControlMaxAgeSec"] == 31_536_000
    assert security["XSSProtection"]["ModeBlock"] is True
    simple = named(RESPONSE_HEADERS_POLICIES, "Managed-SimpleCORS")
    assert "SecurityHeadersConfig" not in simple
    assert simple["CorsConfig"]["AccessControlAllowOrigins"]["Items"] == ["*"]
