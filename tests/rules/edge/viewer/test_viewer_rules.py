"""What a viewer may ask, and which page an error gets."""

from __future__ import annotations

import pytest

from lambda_nb.engine.edge.settings import ErrorResponse
from lambda_nb.rules.edge.viewer import viewer_rules
from lambda_nb.rules.edge.viewer.viewer_rules import ViewerProtocol


def test_the_longest_url() -> None:
    site = "http://d1.cloudfront.net/"
    longest = site + "a" * (8192 - len(site))
    assert viewer_rules.oversize(longest, []) is None
    assert viewer_rules.oversize(longest + "a", []) == 414


def test_the_longest_request() -> None:
    url = "http://d1.cloudfront.net/"
    rest = 32768 - len(url) - len("cookie: \r\n")
    assert viewer_rules.oversize(url, [("cookie", "a" * rest)]) is None
    assert viewer_rules.oversize(url, [("cookie", "a" * (rest + 1))]) == 494
    assert viewer_rules.oversize(url, [("a", "a" * rest), ("bc", "")]) == 494


@pytest.mark.parametrize(
    ("country", "allowed", "blocked", "expected"),
    [
        ("LI", {"LI"}, set(), True),  # the guide's: Liechtenstein may, Monaco may not
        ("MC", {"LI"}, set(), False),
        ("mc", None, {"MC"}, False),
        ("LI", None, {"MC"}, True),
        ("LI", None, set(), True),
        ("", {"LI"}, set(), True),
        ("", None, {"MC"}, True),
        ("LI", set(), set(), False),
    ],
)
def test_countries(
    country: str, allowed: set[str] | None, blocked: set[str], expected: bool
) -> None:
    assert viewer_rules.country_may(country, allowed, blocked) is expected


@pytest.mark.parametrize(
    ("policy", "method", "version", "expected"),
    [
        ("allow-all", "GET", "HTTP/1.1", None),
        ("https-only", "GET", "HTTP/1.1", 403),
        ("redirect-to-https", "GET", "HTTP/1.1", 301),
        ("redirect-to-https", "HEAD", "HTTP/1.0", 301),
        ("redirect-to-https", "POST", "HTTP/1.1", 307),
        ("redirect-to-https", "OPTIONS", "HTTP/2.0", 307),
        ("redirect-to-https", "DELETE", "HTTP/1.0", 403),
    ],
)
def test_protocols(policy: ViewerProtocol, method: str, version: str, expected: int | None) -> None:
    assert viewer_rules.protocol_status(policy, "http", method, version) == expected
    assert viewer_rules.protocol_status(policy, "https", method, version) is None


def test_methods() -> None:
    assert viewer_rules.method_may("GET", {"GET", "HEAD"}, False)
    assert not viewer_rules.method_may("POST", {"GET", "HEAD"}, False)
    assert not viewer_rules.method_may("GET", {"GET", "HEAD"}, True)
    assert viewer_rules.method_may("POST", {"GET", "POST"}, True)


@pytest.mark.parametrize(
    ("uri", "root", "expected"),
    [
        ("/", "index.html", "/index.html"),
        ("/", "folder/index.html", "/folder/index.html"),
        ("/", "", "/"),
        ("///", "index.html", "///"),
        ("/install/", "index.html", "/install/"),
        ("/image.jpg", "index.html", "/image.jpg"),
    ],
)
def test_the_root_object(uri: str, root: str, expected: str) -> None:
    assert viewer_rules.with_root_object(uri, root) == expected


def test_custom_errors() -> None:
    page = ErrorResponse(404, 300, "/404.html", 200)
    errors = {404: page, 412: ErrorResponse(412, 5), 503: ErrorResponse(503, 5)}
    assert viewer_rules.custom_error(404, "Error", errors) is page
    assert viewer_rules.custom_error(403, "Error", errors) is None
    assert viewer_rules.custom_error(412, "Error", errors) is None
    assert viewer_rules.custom_error(503, "LambdaExecutionError", errors) is errors[503]
    assert viewer_rules.custom_error(503, "CapacityExceeded", errors) is None
    assert viewer_rules.custom_error(503, "LimitExceeded", errors) is None


def test_how_long_errors_stay() -> None:
    errors = {404: ErrorResponse(404, 300), 416: ErrorResponse(416, 300)}
    assert viewer_rules.error_min_ttl(404, errors) == 300
    assert viewer_rules.error_min_ttl(416, errors) == 0
    assert viewer_rules.error_min_ttl(500, errors) == 10
