"""Which gateway a request is for."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.api.wire.http import HttpRequest
from lambda_nb.engine.gateways.shared.addresses import (
    API,
    DOMAIN,
    FUNCTION_URL,
    LOAD_BALANCER,
    WEBSITE,
    Address,
    Addresses,
)


async def nothing() -> dict[str, object]:
    return {"type": "http.disconnect"}


def request(path: str = "/", host: str = "", port: int = 4571, **headers: str) -> HttpRequest:
    return HttpRequest("GET", path, "", {"host": host, **headers}, nothing, "127.0.0.1", port)


HOSTS = [
    ("id1.lambda-url.localhost:4571", FUNCTION_URL, "id1", ""),
    ("id1.lambda-url.eu-west-1.localhost", FUNCTION_URL, "id1", "eu-west-1"),
    ("ID1.Lambda-URL.us-east-1.on.aws.", FUNCTION_URL, "id1", "us-east-1"),
    ("id1.lambda-url.us-east-1.localhost.localstack.cloud:4566", FUNCTION_URL, "id1", "us-east-1"),
    ("a1.execute-api.localhost:4571", API, "a1", ""),
    ("a1.execute-api.us-gov-west-1.amazonaws.com", API, "a1", "us-gov-west-1"),
    ("a1.execute-api.cn-north-1.amazonaws.com.cn", API, "a1", "cn-north-1"),
    ("a1.execute-api.localhost.localstack.cloud:4566", API, "a1", ""),
    ("my-lb.elb.localhost", LOAD_BALANCER, "my-lb", ""),
    ("my-lb-123.us-east-1.elb.amazonaws.com", LOAD_BALANCER, "my-lb", "us-east-1"),
    ("b.s3-website.localhost:4571", WEBSITE, "b", ""),
    ("www.b.example.s3-website.localhost", WEBSITE, "www.b.example", ""),
    ("b.s3-website.eu-west-3.localhost", WEBSITE, "b", "eu-west-3"),
    ("b.s3-website-us-east-1.amazonaws.com", WEBSITE, "b", "us-east-1"),
    ("b.s3-website.eu-central-1.amazonaws.com", WEBSITE, "b", "eu-central-1"),
    ("b.s3-website.localhost.localstack.cloud:4566", WEBSITE, "b", ""),
]


@pytest.mark.parametrize(("host", "kind", "identifier", "region"), HOSTS)
def test_by_host(host: str, kind: str, identifier: str, region: str) -> None:
    addresses = Addresses()
    for _ in range(2):  # the second time it is remembered
        found = addresses.of(request("/a%20b/", host))
        assert found == Address(kind, identifier, "/a%20b/", "", region)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/lambda-url/id1/a/b", Address(FUNCTION_URL, "id1", "/a/b", "/lambda-url/id1")),
        ("/lambda-url/id1", Address(FUNCTION_URL, "id1", "/", "/lambda-url/id1")),
        ("/execute-api/a1/prod/x", Address(API, "a1", "/prod/x", "/execute-api/a1")),
        ("/_aws/execute-api/a1/prod/x", Address(API, "a1", "/prod/x", "/_aws/execute-api/a1")),
        (
            "/restapis/a1/prod/_user_request_/x/y",
            Address(API, "a1", "/prod/x/y", "/restapis/a1/prod/_user_request_"),
        ),
        (
            "/restapis/a1/prod/_user_request_",
            Address(API, "a1", "/prod", "/restapis/a1/prod/_user_request_"),
        ),
        ("/elb/my-lb/x", Address(LOAD_BALANCER, "my-lb", "/x", "/elb/my-lb")),
    ],
)
def test_by_path(path: str, expected: Address) -> None:
    assert Addresses().of(request(path, "127.0.0.1:4571")) == expected


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:4571",
        "localhost",
        "bucket.s3.us-east-1.amazonaws.com",
        "sqs.us-east-1.amazonaws.com",
        "id1.lambda-url.us-east-1.evil.example",
        "id1.lambda-url.on.aws",
        "s3-website.localhost",
        "a1.execute-api.us-east-1.amazonaws.com.evil.example",
    ],
)
@pytest.mark.parametrize(
    "path", ["/", "/2015-03-31/functions/", "/restapis/a1/stages", "/lambda-url"]
)
def test_apis_of_aws(host: str, path: str) -> None:
    assert Addresses().of(request(path, host)) is None


def test_a_port_of_its_own_is_for_its_owner_alone() -> None:
    addresses = Addresses({20001: (API, "a1")}.get)
    for path in ("/prod/x", "/2015-03-31/functions/", "/lambda-url/other/", "/_lambda_nb/status"):
        for host in (
            "127.0.0.1:20001",
            "other.lambda-url.localhost",
            "sqs.us-east-1.amazonaws.com",
        ):
            assert addresses.of(request(path, host, 20001)) == Address(API, "a1", path)
    assert addresses.of(request("/2015-03-31/functions/", "127.0.0.1:20001", 4571)) is None


def test_a_custom_domain_name_is_for_its_api_alone() -> None:
    addresses = Addresses(has_domain=lambda name: name == "api.example.com")
    for path in ("/", "/2015-03-31/functions/", "/lambda-url/other/"):
        found = addresses.of(request(path, "API.example.com:4571"))
        assert found == Address(DOMAIN, "api.example.com", path)
    assert addresses.of(request("/", "www.example.com")) is None


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "localhost.localstack.cloud"])
def test_no_custom_domain_name_takes_the_engine_s_own_names(host: str) -> None:
    addresses = Addresses(has_domain=lambda name: True)  # such as *.localstack.cloud
    assert addresses.of(request("/", f"{host}:4571")) is None


@pytest.mark.parametrize("bucket", ["elb", "lambda-url", "execute-api"])
def test_a_bucket_may_have_the_name_of_a_path(bucket: str) -> None:
    scope = "AWS4-HMAC-SHA256 Credential=K/20260101/us-east-1/{}/aws4_request, SignedHeaders=host"
    addresses = Addresses()
    path = f"/{bucket}/name/key"
    assert addresses.of(request(path, authorization=scope.format("s3"))) is None
    found = addresses.of(request(path, authorization=scope.format("lambda")))
    assert found == Address(bucket, "name", "/key", f"/{bucket}/name")


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_host_and_path(host: str, path: str) -> None:
    found = Addresses().of(request(f"/{path}", host))
    assert found is None or (found.path.startswith("/") and found.identifier is not None)


def test_many_hosts_are_not_all_remembered() -> None:
    addresses = Addresses()
    of: Callable[[str], Address | None] = lambda host: addresses.of(request("/", host))  # noqa: E731
    for number in range(5000):
        assert of(f"a{number}.execute-api.localhost") == Address(API, f"a{number}", "/")
    assert of("a4999.execute-api.localhost") == Address(API, "a4999", "/")


def test_a_host_that_is_too_long_for_a_name() -> None:
    addresses = Addresses()
    assert addresses.of(request("/", f"{'a' * 240}.elb.localhost:80")) is not None
    assert addresses.of(request("/", f"{'a' * 60000}.elb.localhost")) is None
