"""What a response headers policy makes of a response's headers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.edge.settings import Cors, ResponseHeadersPolicy
from lambda_nb.rules.edge.viewer import response_headers
from lambda_nb.rules.edge.viewer.response_headers import CorsRequest, Timing

# The managed policy CORS-With-Preflight.
CORS = Cors(
    allow_origins=("*",),
    allow_methods=("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"),
    allow_headers=(),
    expose_headers=("*",),
    allow_credentials=False,
    max_age_s=None,
    override=False,
)
SITE = "https://www.example.com"
SIMPLE = CorsRequest("GET", SITE)
PREFLIGHT = CorsRequest("OPTIONS", SITE, "PUT", "x-amz-date, X-Other, authorization")


@pytest.mark.parametrize(
    ("pattern", "origin", "expected"),
    [
        # the table of the guide
        ("http://*.example.org", "http://www.example.org", True),
        ("http://*.example.org", "http://test.example.org", True),
        ("http://*.example.org", "https://test.example.org", False),
        ("http://*.example.org", "https://test.example.org:123", False),
        ("http://*.example.org", "http://test.example.org:123", False),
        ("*.example.org", "test.example.org", True),
        ("*.example.org", "test.test.example.org", True),
        ("*.example.org", ".example.org", True),
        ("*.example.org", "http://test.example.org", True),
        ("*.example.org", "https://test.example.org", True),
        ("*.example.org", "http://test.example.org:123", False),
        ("*.example.org", "https://test.example.org:123", False),
        ("example.org", "http://example.org", True),
        ("example.org", "https://example.org", True),
        ("http://example.org", "https://example.org", False),
        ("http://example.org", "http://example.org:123", False),
        ("http://example.org:*", "http://example.org:123", True),
        ("http://example.org:*", "http://example.org", True),
        ("http://example.org:1*3", "http://example.org:123", True),
        ("http://example.org:1*3", "http://example.org:1893", True),
        ("http://example.org:1*3", "http://example.org:13", True),
        ("*.example.org:1*", "test.example.org:123", True),
        # and beyond it
        ("http://example.org:1*3", "http://example.org", False),
        ("http://example.org:1*3", "http://example.org:124", False),
        ("https://*.example.org", "https://example.org", False),
        ("https://*.example.org", "https://www.example.org.evil.com", False),
        ("https://Example.org", "https://example.org", True),
        ("http://[::1]", "http://[::1]", True),
        ("http://[::1]", "http://[::1]:80", False),
    ],
)
def test_origins_that_are_allowed(pattern: str, origin: str, expected: bool) -> None:
    assert response_headers.is_allowed_origin(pattern, origin) is expected


def test_a_simple_request() -> None:
    assert response_headers.cors_headers(CORS, SIMPLE) == [
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Expose-Headers", "*"),
    ]


def test_a_preflight_request() -> None:
    assert response_headers.cors_headers(CORS, PREFLIGHT) == [
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Allow-Methods", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
        ("Access-Control-Expose-Headers", "*"),
    ]


def test_everything_a_policy_can_have() -> None:
    cors = Cors(
        allow_origins=("http://other.org", "https://*.example.com"),
        allow_methods=("ALL",),
        allow_headers=("X-One", "x-amz-*", "a*"),
        expose_headers=("X-Two", "X-Three"),
        allow_credentials=True,
        max_age_s=600,
        override=True,
    )
    assert response_headers.cors_headers(cors, PREFLIGHT) == [
        ("Access-Control-Allow-Origin", SITE),
        ("Vary", "Origin"),
        ("Access-Control-Allow-Credentials", "true"),
        ("Access-Control-Allow-Methods", "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"),
        ("Access-Control-Allow-Headers", "X-One, x-amz-date"),
        ("Access-Control-Max-Age", "600"),
        ("Access-Control-Expose-Headers", "X-Two, X-Three"),
    ]
    simple = {name for name, _ in response_headers.cors_headers(cors, SIMPLE)}
    assert not simple & {"Access-Control-Allow-Methods", "Access-Control-Max-Age"}


def test_a_star_allows_all_headers() -> None:
    told = dict(response_headers.cors_headers(replace(CORS, allow_headers=("*",)), PREFLIGHT))
    assert told["Access-Control-Allow-Headers"] == "*"


@pytest.mark.parametrize(
    "request_",
    [
        CorsRequest("GET"),
        CorsRequest("GET", "https://evil.org"),
        CorsRequest("OPTIONS", None, "PUT"),
    ],
)
def test_who_gets_no_cors_headers(request_: CorsRequest) -> None:
    cors = replace(CORS, allow_origins=("https://*.example.com",))
    assert response_headers.cors_headers(cors, request_) == []


def test_options_alone_is_no_preflight() -> None:
    assert not CorsRequest("OPTIONS", SITE).preflight
    assert not CorsRequest("GET", SITE, "PUT").preflight


def applied(
    policy: ResponseHeadersPolicy, *of_origin: tuple[str, str], request: CorsRequest = SIMPLE
) -> list[tuple[str, str]]:
    return response_headers.applied(policy, of_origin, request)


def test_any_cors_header_of_the_origin_keeps_the_policys_out() -> None:
    of_origin = ("access-control-max-age", "5")
    assert applied(ResponseHeadersPolicy("p", CORS), of_origin) == [of_origin]


def test_an_overriding_policy_replaces_what_it_has() -> None:
    policy = ResponseHeadersPolicy("p", replace(CORS, override=True))
    of_origin = [("access-control-allow-origin", "null"), ("access-control-max-age", "5")]
    assert applied(policy, *of_origin) == [
        ("access-control-max-age", "5"),
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Expose-Headers", "*"),
    ]


@pytest.mark.parametrize(
    ("vary", "added"),
    [("Accept-Encoding", True), ("accept-encoding, origin", False), ("*", False)],
)
def test_vary_says_once_that_it_depends_on_the_origin(vary: str, added: bool) -> None:
    cors = replace(CORS, allow_origins=(SITE,))
    told = applied(ResponseHeadersPolicy("p", cors), ("Vary", vary))
    assert (("Vary", "Origin") in told) is added
    assert ("Vary", vary) in told


def test_security_and_custom_headers() -> None:
    policy = ResponseHeadersPolicy(
        "p",
        headers=(
            ("X-Frame-Options", "SAMEORIGIN", False),
            ("X-Content-Type-Options", "nosniff", True),
            ("X-Mine", "", False),
        ),
    )
    of_origin = (
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "no"),
        ("X-Content-Type-Options", "twice"),
    )
    assert applied(policy, *of_origin) == [
        ("x-frame-options", "DENY"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Mine", ""),
    ]


def test_removing_comes_before_adding() -> None:
    policy = ResponseHeadersPolicy(
        "p",
        CORS,
        headers=(("X-Powered-By", "edge", False),),
        remove=frozenset({"X-Powered-By", "Access-Control-Allow-Origin", "Server"}),
    )
    of_origin = (
        ("x-powered-by", "PHP"),
        ("access-control-allow-origin", "null"),
        ("server", "nginx"),
        ("etag", '"a"'),
    )
    assert applied(policy, *of_origin) == [
        ("etag", '"a"'),
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Expose-Headers", "*"),
        ("X-Powered-By", "edge"),
    ]


def test_server_timing_is_as_in_the_guide() -> None:
    rid = "yNPsyYn7skvTzwWkq3Wcc8Nj_foxUjQUe9H1ifslzWhb0w7aLbFvGg=="
    miss = Timing("miss", "PHX50-C2", rid, 436, 0, 114, 177)
    assert response_headers.server_timing(miss) == (
        'cdn-upstream-layer;desc="EDGE",cdn-upstream-dns;dur=0,cdn-upstream-connect;dur=114,'
        'cdn-upstream-fbl;dur=177,cdn-cache-miss,cdn-pop;desc="PHX50-C2",'
        f'cdn-rid;desc="{rid}",cdn-downstream-fbl;dur=436'
    )
    hit = Timing("hit", "SEA19-C1", rid, 137, layer="REC")
    assert response_headers.server_timing(hit, "db;dur=53") == (
        f'cdn-cache-hit,cdn-pop;desc="SEA19-C1",cdn-rid;desc="{rid}",'
        'cdn-hit-layer;desc="REC",cdn-downstream-fbl;dur=137'
    )
    assert response_headers.server_timing(miss, "db;dur=53").endswith(",db;dur=53")
    refresh = Timing("refresh", "A", "b", 1, upstream_fbl_ms=5)
    assert "cdn-cache-refresh" in response_headers.server_timing(refresh)


@given(st.floats(0, 100), st.floats(0, 1, exclude_max=True))
def test_sampling(percentage: float, drawn: float) -> None:
    told = response_headers.tells_timing(percentage, None, drawn)
    assert told is (drawn * 100 < percentage)
    assert response_headers.tells_timing(percentage, "no-cache, Server-Timing", drawn)
    assert not response_headers.tells_timing(None, "server-timing", drawn)


def test_sampling_at_its_ends() -> None:
    assert response_headers.tells_timing(100, None, 0.999999)
    assert not response_headers.tells_timing(0, None, 0.0)
