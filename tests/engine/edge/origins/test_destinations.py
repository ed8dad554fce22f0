"""What the domain names of origins stand for."""

from __future__ import annotations

from typing import Literal

import pytest

from lambda_nb.engine.api.admission.host_names import host_name
from lambda_nb.engine.edge.origins.destinations import (
    Destination,
    NoSuchService,
    destination,
    is_distribution,
)


@pytest.mark.parametrize(
    ("domain", "kind", "wanted"),
    [
        ("b.s3.amazonaws.com", "s3", ("bucket", "b", "")),
        ("B.S3.amazonaws.com", "s3", ("bucket", "b", "")),
        ("b.c.s3.eu-west-1.amazonaws.com", "s3", ("bucket", "b.c", "eu-west-1")),
        ("b.s3-eu-west-1.amazonaws.com", "s3", ("bucket", "b", "eu-west-1")),
        ("b.s3.dualstack.eu-west-1.amazonaws.com", "s3", ("bucket", "b", "eu-west-1")),
        ("b.s3.localhost:4571", "s3", ("bucket", "b", "")),
        ("b.localhost", "s3", ("bucket", "b", "")),
        ("b.s3.us-east-1.localhost.localstack.cloud", "s3", ("bucket", "b", "us-east-1")),
        ("b.s3.eu-west-1.amazonaws.com", "custom", ("bucket", "b", "eu-west-1")),
        ("b.localhost", "custom", ("server", "", "")),
        ("b.s3-website-eu-west-1.amazonaws.com", "custom", ("website", "b", "eu-west-1")),
        ("b.s3-website.eu-west-1.amazonaws.com", "custom", ("website", "b", "eu-west-1")),
        ("b.s3-website.localhost:4571", "custom", ("website", "b", "")),
        ("abc.lambda-url.eu-west-1.on.aws", "custom", ("function URL", "abc", "eu-west-1")),
        ("abc.lambda-url.localhost:4571", "custom", ("function URL", "abc", "")),
        ("abc.execute-api.eu-west-1.amazonaws.com", "custom", ("API", "abc", "eu-west-1")),
        ("web-1.eu-west-1.elb.amazonaws.com", "custom", ("load balancer", "web", "eu-west-1")),
        ("d1.cloudfront.net", "custom", ("distribution", "d1", "")),
        ("e1.cloudfront.localhost:4571", "custom", ("distribution", "e1", "")),
        ("www.example.com", "custom", ("server", "", "")),
        ("127.0.0.1:8000", "custom", ("server", "", "")),
        ("[::1]:8000", "custom", ("server", "", "")),
        ("ec2-1-2-3-4.compute-1.amazonaws.com", "custom", ("server", "", "")),
    ],
)
def test_destinations(domain: str, kind: Literal["s3", "custom"], wanted: tuple[str, ...]) -> None:
    assert destination(domain, kind) == Destination(*wanted)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "domain",
    [
        "c.data.mediastore.eu-west-1.amazonaws.com",
        "c.mediapackage.eu-west-1.amazonaws.com",
        "c.egress.abc.mediapackagev2.eu-west-1.amazonaws.com",
        "ap-1.s3-accesspoint.eu-west-1.amazonaws.com",
        "x.mrap.accesspoint.s3-global.amazonaws.com",
    ],
)
def test_services_that_are_not_here(domain: str) -> None:
    with pytest.raises(NoSuchService, match="cannot be an origin here"):
        destination(domain, "custom")


def test_an_s3_origin_that_is_no_bucket() -> None:
    with pytest.raises(NoSuchService, match=r"www\.example\.com names no bucket"):
        destination("www.example.com", "s3")


def test_names() -> None:
    assert host_name("WWW.Example.com.:80") == "www.example.com"
    assert host_name("[::1]:80") == "[::1]"
    assert is_distribution("E1.cloudfront.localhost:4571")
    assert not is_distribution("www.example.com")
