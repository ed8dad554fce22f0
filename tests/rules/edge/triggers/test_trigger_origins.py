"""The origin that an origin-request function chooses."""

from __future__ import annotations

from typing import Any

import pytest

from lambda_nb.rules.edge.triggers.invalid_results import ORIGIN, InvalidResult
from lambda_nb.rules.edge.triggers.origins import NOT_CUSTOM, ChosenOrigin, chosen

CUSTOM: dict[str, Any] = {
    "customHeaders": {},
    "domainName": "www.example.com",
    "keepaliveTimeout": 5,
    "path": "",
    "port": 443,
    "protocol": "https",
    "readTimeout": 30,
    "sslProtocols": ["TLSv1.2"],
}
S3: dict[str, Any] = {
    "authMethod": "none",
    "customHeaders": {},
    "domainName": "b.s3.amazonaws.com",
    "path": "",
    "region": "eu-west-1",
}
BEFORE = {"custom": {**CUSTOM, "domainName": "old.example.com"}}


def custom(**members: Any) -> ChosenOrigin | None:
    return chosen({"custom": {**CUSTOM, **members}}, BEFORE, {"accept"})


def s3(**members: Any) -> ChosenOrigin | None:
    return chosen({"s3": {**S3, **members}}, BEFORE, {"accept"})


def header(name: str) -> dict[str, Any]:
    return {name: [{"key": name, "value": "x"}]}


def test_an_origin_that_stays_is_not_checked() -> None:
    odd = {"custom": {**CUSTOM, "domainName": "127.0.0.1", "port": 7}}
    assert chosen(odd, odd, ()) is None


def test_another_server() -> None:
    made = custom(customHeaders=header("x-key"), responseCompletionTimeout=60, port=8080)
    assert made == ChosenOrigin(
        "custom",
        "www.example.com",
        "",
        (("x-key", "x"),),
        read_timeout_s=30.0,
        completion_timeout_s=60,
        keepalive_timeout_s=5.0,
        port=8080,
        protocol="https",
        ssl_protocols=("TLSv1.2",),
    )


def test_a_bucket_in_place_of_a_server() -> None:
    made = s3(path="/p", readTimeout=10)
    assert made == ChosenOrigin(
        "s3", "b.s3.amazonaws.com", "/p", (), read_timeout_s=10.0, region="eu-west-1"
    )


def test_the_region_is_needed_for_an_identity_only() -> None:
    without = {name: value for name, value in S3.items() if name != "region"}
    assert chosen({"s3": without}, BEFORE, ()) is not None
    with pytest.raises(InvalidResult, match="region must be the bucket's Region"):
        chosen({"s3": {**without, "authMethod": "origin-access-identity"}}, BEFORE, ())


CUSTOM_CASES = [
    ("domainName", "", "domain name"),
    ("domainName", 7, "domain name"),
    ("domainName", "a.example.com:8080", "without a port"),
    ("domainName", "127.0.0.1", "not an IP address"),
    ("domainName", "a b", "characters"),
    ("domainName", "a/b", "characters"),
    ("domainName", "a" * 254, "at most 253"),
    ("path", "p", "begin with a slash"),
    ("path", "/p/", "not end with one"),
    ("path", 7, "must be a text"),
    ("path", "/a b", "percent-encoded"),
    ("path", "/a?b", "have no query"),
    ("path", "/" + "p" * 255, "at most 255"),
    ("port", 81, "80, 443 or a number from 1024 to 65535"),
    ("port", 65536, "80, 443 or a number from 1024 to 65535"),
    ("port", "443", "80, 443 or a number from 1024 to 65535"),
    ("protocol", "ftp", "http or https"),
    ("sslProtocols", [], "must be a list of"),
    ("sslProtocols", ["TLSv1.3"], "must be a list of"),
    ("sslProtocols", "TLSv1.2", "must be a list of"),
    ("readTimeout", 0, "from 1 to 120"),
    ("readTimeout", 121, "from 1 to 120"),
    ("readTimeout", "30", "from 1 to 120"),
    ("keepaliveTimeout", 0, "from 1 to 120"),
    ("keepaliveTimeout", 121, "from 1 to 120"),
    ("keepaliveTimeout", True, "from 1 to 120"),
    ("responseCompletionTimeout", 29, "at least readTimeout, which is 30"),
    ("responseCompletionTimeout", "60", "must be a number of seconds"),
    ("customHeaders", [], "HeaderName or HeaderValue"),
    ("customHeaders", {"x": "text"}, "HeaderName or HeaderValue"),
    ("customHeaders", header("accept"), "is in customHeaders and in request.headers"),
    ("customHeaders", header("x-amz-meta-a"), "may not have x-amz-meta-a"),
    ("customHeaders", header("x-edge-a"), "may not have x-edge-a"),
    ("customHeaders", header("x-cache"), "may not have x-cache"),
]


@pytest.mark.parametrize(
    ("name", "value", "says"), CUSTOM_CASES, ids=[f"{c[0]}-{c[2]}" for c in CUSTOM_CASES]
)
def test_a_server_that_is_refused(name: str, value: object, says: str) -> None:
    with pytest.raises(InvalidResult) as refusal:
        custom(**{name: value})
    assert refusal.value.sentence == ORIGIN
    assert says in refusal.value.detail


@pytest.mark.parametrize("name", sorted(NOT_CUSTOM))
def test_headers_that_cloudfront_adds_to_no_request(name: str) -> None:
    with pytest.raises(InvalidResult, match=f"may not have {name}"):
        custom(customHeaders=header(name))


S3_CASES = [
    ("domainName", "B.s3.amazonaws.com", "lower case"),
    ("domainName", "b" * 129, "at most 128"),
    ("authMethod", "origin-access-control", "none or origin-access-identity"),
    ("region", 7, "must be a text"),
    ("path", "p/", "begin with a slash"),
    ("readTimeout", 121, "from 1 to 120"),
    ("responseCompletionTimeout", -1, "is negative"),
]


@pytest.mark.parametrize(
    ("name", "value", "says"), S3_CASES, ids=[f"{c[0]}-{c[2]}" for c in S3_CASES]
)
def test_a_bucket_that_is_refused(name: str, value: object, says: str) -> None:
    with pytest.raises(InvalidResult) as refusal:
        s3(**{name: value})
    assert says in refusal.value.detail


@pytest.mark.parametrize("name", sorted(set(CUSTOM) - {"customHeaders"}))
def test_members_that_a_server_needs(name: str) -> None:
    with pytest.raises(InvalidResult, match=f"origin.custom lacks {name}"):
        custom(**{name: None})


@pytest.mark.parametrize("name", ["authMethod", "domainName", "path"])
def test_members_that_a_bucket_needs(name: str) -> None:
    with pytest.raises(InvalidResult, match=f"origin.s3 lacks {name}"):
        s3(**{name: None})


@pytest.mark.parametrize(
    "origin", [None, [], {}, {"custom": CUSTOM, "s3": S3}, {"custom": []}], ids=range(5)
)
def test_there_must_be_exactly_one_origin(origin: object) -> None:
    with pytest.raises(InvalidResult) as refusal:
        chosen(origin, BEFORE, ())
    assert refusal.value.sentence == ORIGIN


def test_custom_headers_that_the_distribution_has_may_be_in_the_request_too() -> None:
    kept = {**CUSTOM, "customHeaders": header("accept")}
    before = {"custom": {**kept, "path": "/before"}}
    assert chosen({"custom": kept}, before, {"accept"}) is not None


def test_a_completion_timeout_of_zero_is_the_default() -> None:
    made = custom(responseCompletionTimeout=0)
    assert made is not None
    assert made.completion_timeout_s == 0


def test_the_limits_themselves_are_allowed() -> None:
    for port in (80, 443, 1024, 65535):
        assert custom(port=port) is not None
    for seconds in (1, 120):
        assert custom(readTimeout=seconds, keepaliveTimeout=seconds) is not None
    assert custom(domainName="a" * 253, path="/" + "p" * 254) is not None
    assert s3(domainName="b" * 128) is not None
