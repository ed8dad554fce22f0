"""Policies put headers into requests and responses."""

from __future__ import annotations

from dataclasses import replace

from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import Request, Viewer
from lambda_nb.engine.edge.settings import (
    Behaviour,
    CachePolicy,
    Cors,
    OriginRequestPolicy,
    ResponseHeadersPolicy,
    Selection,
)
from lambda_nb.engine.edge.viewer import policy_headers
from lambda_nb.rules.edge.viewer.viewer_headers import Place

BEHAVIOUR = Behaviour(
    pattern="*",
    target="site",
    viewer_protocol="allow-all",
    allowed_methods=frozenset({"GET", "HEAD", "OPTIONS"}),
    cached_methods=frozenset({"GET", "HEAD"}),
    compress=False,
    cache=CachePolicy("p", 0, 0, 0),
    origin_request=OriginRequestPolicy("o"),
)
CORS = Cors(("*",), ("GET",), (), (), False, 600, False)
VIEWER = Viewer("192.0.2.1", 4711, "DE", "http", "FRA", "id")


def test_without_a_policy_headers_stay() -> None:
    headers = Headers([("ETag", '"a"')])
    assert policy_headers.for_viewer(BEHAVIOUR, Request("GET", "/", "", Headers()), headers) is (
        headers
    )


def test_a_preflight_request_is_seen() -> None:
    behaviour = replace(BEHAVIOUR, response_headers=ResponseHeadersPolicy("p", CORS))
    asked = Headers([("origin", "https://a.org"), ("access-control-request-method", "GET")])
    told = policy_headers.for_viewer(behaviour, Request("OPTIONS", "/", "", asked), Headers())
    assert list(told) == [
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Allow-Methods", "GET"),
        ("Access-Control-Max-Age", "600"),
    ]


def test_headers_of_both_policies_are_added() -> None:
    behaviour = replace(
        BEHAVIOUR,
        cache=replace(
            BEHAVIOUR.cache,
            headers=Selection("some", frozenset({"cloudfront-viewer-country", "accept"})),
        ),
        origin_request=OriginRequestPolicy(
            "o",
            added=frozenset(
                {
                    "cloudfront-viewer-city",
                    "cloudfront-viewer-header-order",
                    "cloudfront-viewer-tls",
                }
            ),
        ),
    )
    request = Request("GET", "/", "", Headers([("Host", "h"), ("user-agent", "curl/8")]))
    told = policy_headers.about_viewer(
        behaviour, request, VIEWER, "HTTP/1.1", Place(city="Berlin"), ""
    )
    assert told == [
        ("CloudFront-Viewer-Country", "DE"),
        ("CloudFront-Viewer-City", "Berlin"),
        ("CloudFront-Viewer-Header-Order", "Host:user-agent"),
    ]
    assert policy_headers.about_viewer(BEHAVIOUR, request, VIEWER, "HTTP/1.1") == []
