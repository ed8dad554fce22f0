"""Policies of signed URLs and cookies."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.edge.viewer import access_policies
from lambda_nb.rules.edge.viewer.access_policies import Policy, Refused

D = "https://d111111abcdef8.cloudfront.net"
FROM, UNTIL = 1675159200, 1675332000


def statement(**changed: Any) -> bytes:
    condition: dict[str, Any] = {"DateLessThan": {"AWS:EpochTime": UNTIL}}
    one = {"Resource": f"{D}/*", "Condition": condition, **changed}
    return json.dumps({"Statement": [one]}).encode()


@pytest.mark.parametrize(
    ("resource", "url"),
    [
        # the examples of the guide
        (f"{D}/*game_download.zip*", f"{D}/game_download.zip"),
        (f"{D}/*game_download.zip*", f"{D}/example_game_download.zip?license=yes"),
        (f"{D}/*game_download.zip*", f"{D}/test_game_download.zip?license=temp"),
        ("https://www.example.com/hello*world", "https://www.example.com/helloworld"),
        ("https://www.example.com/hello*world", "https://www.example.com/hello-world"),
        (f"{D}/training/*", f"{D}/training/orientation.pdf"),
        (
            f"{D}/images/horizon.jpg?size=large&license=yes",
            f"{D}/images/horizon.jpg?size=large&license=yes",
        ),
        (f"{D}/images/horizon.jpg\\?size=large", f"{D}/images/horizon.jpg?size=large"),
        ("https://*", f"{D}/training/orientation.pdf?a=b"),
        ("http://example.com*", "http://example.com/a/b?c"),
        ("http://example.com*", "http://example.com.org/"),
        ("*example.com", "https://www.example.com/"),
        ("*://example.com/a", "http://example.com/a"),
        ("*", f"{D}/anything?at=all"),
        # and beyond them
        (f"{D}/image?.jpg", f"{D}/image7.jpg"),
        (f"{D}/a?b=*", f"{D}/a?b=c"),
        (f"{D}/a*?b=*", f"{D}/abc?b=c"),
        ("https://D111111ABCDEF8.cloudfront.net/a", f"{D}/a"),
        ("http://d1.cloudfront.localhost:8080/*", "http://d1.cloudfront.localhost:8080/a/b?c=d"),
    ],
)
def test_urls_that_are_meant(resource: str, url: str) -> None:
    assert access_policies.is_meant(resource, url)


@pytest.mark.parametrize(
    ("resource", "url"),
    [
        ("https://www.example.com/hello*world", "https://www.example.net/hello?world"),
        ("https://www.example.com/hello*world", "https://www.example.com/hello?world"),
        ("https://*", "http://example.com/a"),
        ("http://example.com/*", "http://example.com.evil.org/"),
        ("http://*.example.com/*", "http://evil.org/.example.com/"),
        ("*example.com", "https://www.example.com/a"),
        (f"{D}/a", f"{D}/a?b=c"),
        (f"{D}/a", f"{D}/A"),
        (f"{D}/a?b=c", f"{D}/a"),
        (f"{D}/a\\?b", f"{D}/a"),
        (f"{D}/a*\\?b=c", f"{D}/a?b=d"),
        (f"{D}/image?.jpg", f"{D}/image77.jpg"),
    ],
)
def test_urls_that_are_not(resource: str, url: str) -> None:
    assert not access_policies.is_meant(resource, url)


PLAIN = st.text("abc/.-", max_size=10)


@given(PLAIN, st.text("abc=&", max_size=6))
def test_a_resource_without_wildcards_means_itself(path: str, query: str) -> None:
    url = f"{D}/{path}?{query}" if query else f"{D}/{path}"
    assert access_policies.is_meant(url, url)
    assert not access_policies.is_meant(url, f"{D}/{path}x{query}x")


def test_what_a_policy_says() -> None:
    document = statement(
        Condition={
            "DateLessThan": {"AWS:EpochTime": UNTIL},
            "DateGreaterThan": {"AWS:EpochTime": FROM},
            "IpAddress": {"AWS:SourceIp": "192.0.2.10/32"},
        }
    )
    assert access_policies.custom(document) == Policy(f"{D}/*", UNTIL, FROM, "192.0.2.10/32")


def test_a_resource_can_be_left_out() -> None:
    one = {"Condition": {"DateLessThan": {"AWS:EpochTime": UNTIL}}}
    document = json.dumps({"Version": "2012-10-17", "Statement": [one]}).encode()
    assert access_policies.custom(document) == Policy(None, UNTIL)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "exactly one"),
        (b'{"Statement":{}}', "exactly one"),
        (b'{"Statement":[]}', "exactly one"),
        (json.dumps({"Statement": [{}, {}]}).encode(), "exactly one"),
        (json.dumps({"Statement": ["a"]}).encode(), "Condition"),
        (statement(Resource="example.com/*"), "Resource is 'example.com/"),
        (statement(Resource=["*"]), "Resource is"),
        (statement(Condition={}), "no DateLessThan"),
        (statement(Condition={"DateLessThan": {"AWS:EpochTime": str(UNTIL)}}), "without quotes"),
        (statement(Condition={"DateLessThan": {"AWS:EpochTime": 1.5}}), "without quotes"),
        (statement(Condition={"DateLessThan": {"AWS:EpochTime": True}}), "without quotes"),
        (statement(Condition={"DateLessThan": UNTIL}), "without quotes"),
        (statement(Condition={"DateLessThan": {"AWS:EpochTime": UNTIL * 1000}}), "seconds"),
        (statement(Condition={"DateLessThan": {"AWS:EpochTime": -1}}), "seconds"),
        (statement(Condition={"dateLessThan": {"AWS:EpochTime": UNTIL}}), "only"),
        (
            statement(
                Condition={
                    "DateLessThan": {"AWS:EpochTime": UNTIL},
                    "IpAddress": {"AWS:SourceIp": "2001:db8::1"},
                }
            ),
            "no IPv4 range",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_policies_that_are_malformed(document: bytes, why: str) -> None:
    with pytest.raises(Refused, match=why) as refused:
        access_policies.custom(document)
    assert (refused.value.code, refused.value.message) == ("MalformedPolicy", "Malformed Policy")


def allows(policy: Policy, ip: str = "192.0.2.10", now: float = FROM + 1) -> bool:
    try:
        access_policies.check(policy, f"{D}/a", ip, now)
    except Refused as refused:
        return (refused.code, refused.message) != ("AccessDenied", "Access denied")
    return True


@pytest.mark.parametrize(
    ("now", "expected"),
    [(FROM - 1, False), (FROM, False), (FROM + 0.1, True), (UNTIL - 0.1, True), (UNTIL, False)],
)
def test_times(now: float, expected: bool) -> None:
    assert allows(Policy(None, UNTIL, FROM), now=now) is expected


@pytest.mark.parametrize(
    ("ip", "expected"),
    [
        ("192.0.2.1", True),
        ("192.0.3.1", False),
        ("::ffff:192.0.2.1", True),
        ("2001:db8::1", False),
        ("nowhere", False),
    ],
)
def test_addresses(ip: str, expected: bool) -> None:
    assert allows(Policy(None, UNTIL, network="192.0.2.0/24"), ip=ip) is expected


def test_resources() -> None:
    assert allows(Policy(f"{D}/*", UNTIL))
    assert not allows(Policy(f"{D}/b", UNTIL))
