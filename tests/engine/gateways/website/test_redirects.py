"""Where a website sends browsers on."""

from __future__ import annotations

from typing import Any

import pytest

from lambda_nb.engine.gateways.website import redirects

HOST = "b.s3-website.localhost:4571"


def rule(redirect: dict[str, str], **condition: str) -> dict[str, Any]:
    return {"Redirect": redirect, **({"Condition": condition} if condition else {})}


@pytest.mark.parametrize(
    ("to", "location"),
    [
        ({"HostName": "example.com"}, "http://example.com/a%20b?c=d"),
        ({"HostName": "example.com", "Protocol": "https"}, "https://example.com/a%20b?c=d"),
    ],
)
def test_all_requests_elsewhere(to: dict[str, str], location: str) -> None:
    assert redirects.of_all(to, "/a%20b?c=d") == (301, location)


@pytest.mark.parametrize(
    ("redirect", "condition", "key", "expected"),
    [
        # the examples of S3's user guide
        (
            {"ReplaceKeyPrefixWith": "documents/"},
            {"KeyPrefixEquals": "docs/"},
            "docs/a b.html",
            (301, f"http://{HOST}/documents/a%20b.html"),
        ),
        (
            {"ReplaceKeyWith": "folderdeleted.html"},
            {"KeyPrefixEquals": "images/"},
            "images/1.png",
            (301, f"http://{HOST}/folderdeleted.html"),
        ),
        (
            {"HostName": "other.example", "Protocol": "https", "HttpRedirectCode": "307"},
            {"KeyPrefixEquals": "x"},
            "xyz",
            (307, "https://other.example/xyz"),
        ),
        (
            {"ReplaceKeyPrefixWith": "resize?key="},
            {"KeyPrefixEquals": ""},
            "a/b.png",
            (301, f"http://{HOST}/resize?key=a/b.png"),
        ),
        ({"ReplaceKeyWith": "x"}, {"KeyPrefixEquals": "docs/"}, "other/docs/", None),
        ({"ReplaceKeyWith": "x"}, {"HttpErrorCodeReturnedEquals": "404"}, "docs/", None),
    ],
)
def test_rules_before_the_object_is_looked_for(
    redirect: dict[str, str], condition: dict[str, str], key: str, expected: Any
) -> None:
    assert redirects.of_rules([rule(redirect, **condition)], key, HOST) == expected


def test_rules_for_errors() -> None:
    rules = [
        rule(
            {"HostName": "a.example"},
            HttpErrorCodeReturnedEquals="404",
            KeyPrefixEquals="pictures/",
        ),
        rule({"ReplaceKeyPrefixWith": "#!/"}, HttpErrorCodeReturnedEquals="404"),
        rule({"HostName": "c.example"}, KeyPrefixEquals="docs/"),
    ]
    assert redirects.of_rules(rules, "pictures/1", HOST, 404) == (
        301,
        "http://a.example/pictures/1",
    )
    assert redirects.of_rules(rules, "page", HOST, 404) == (301, f"http://{HOST}/#!/page")
    assert redirects.of_rules(rules, "page", HOST, 403) is None
    assert redirects.of_rules(rules, "docs/1", HOST, 404) == (301, f"http://{HOST}/#!/docs/1")


def test_a_location_is_always_one_line() -> None:
    found = redirects.of_rules([rule({"ReplaceKeyWith": "a\r\nSet-Cookie: b"})], "k", HOST)
    assert found is not None
    assert found.location == f"http://{HOST}/a%0D%0ASet-Cookie:%20b"
