"""Bodies in both directions: streams, uploads, a bucket that is written to; and a promotion."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from edge_configuration_lab import METHODS, listed
from edge_site_lab import (
    ALL_VIEWER_EXCEPT_HOST,
    CACHING_OPTIMIZED,
    Site,
    Talker,
    Told,
    ask,
    behaviour,
    distribute,
    reconfigure,
)
from engine_fixtures import Engine

EVERY_METHOD = {**listed(*METHODS), "CachedMethods": listed("GET", "HEAD")}
WRITABLE = behaviour(AllowedMethods=EVERY_METHOD, OriginRequestPolicyId=ALL_VIEWER_EXCEPT_HOST)


def host_of(engine: Engine, identifier: str) -> str:
    return f"{identifier.lower()}.cloudfront.localhost:{urlsplit(engine.url).port}"


class Teller:
    """An origin that sends a line, and the next one once it is let."""

    def __init__(self) -> None:
        self._talker = Talker(self._talk)
        self.go_on, self.origin = self._talker.go_on, self._talker.origin
        self.close = self._talker.close

    def _talk(self, write: Callable[[bytes], object]) -> None:
        write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n6\r\nfirst\n\r\n"
        )
        self.go_on.wait(60)
        write(b"7\r\nsecond\n\r\n0\r\n\r\n")


@pytest.mark.parametrize("cached", [True, False])
def test_a_stream_comes_as_it_is_made(engine: Engine, cached: bool) -> None:
    teller = Teller()
    try:
        policy: dict[str, Any] = (
            {"CachePolicyId": CACHING_OPTIMIZED, "Compress": True} if cached else {}
        )
        identifier = distribute(engine, teller.origin, DefaultCacheBehavior=behaviour(**policy))
        at = urlsplit(engine.url)
        connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=60)
        headers = {"Host": host_of(engine, identifier), "Accept-Encoding": "gzip"}
        connection.request("GET", "/events", headers=headers)
        response = connection.getresponse()
        assert response.readline() == b"first\n"  # the origin waits with the second line
        teller.go_on.set()
        assert response.read() == b"second\n"
        connection.close()
        again = ask(engine, identifier, "/events", ("Accept-Encoding", "gzip"))
        assert (again.cache, again.body) == ("Hit" if cached else "Miss", b"first\nsecond\n")
    finally:
        teller.close()


def test_uploads_in_chunks_and_after_asking(engine: Engine, site: Site) -> None:
    identifier = distribute(engine, site.origin(), DefaultCacheBehavior=WRITABLE)
    at = urlsplit(engine.url)
    connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=60)
    headers = {"Host": host_of(engine, identifier), "Content-Type": "text/plain"}
    connection.request("PUT", "/a", iter([b"one ", b"two"]), headers, encode_chunked=True)
    told = json.loads(connection.getresponse().read())
    assert (told["method"], told["body"]) == ("PUT", "one two")
    connection.close()
    with socket.create_connection((at.hostname or "", at.port or 0), 60) as line:
        head = (
            f"POST /b HTTP/1.1\r\nHost: {host_of(engine, identifier)}\r\n"
            "Content-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n"
        )
        line.sendall(head.encode())
        assert line.recv(1000).startswith(b"HTTP/1.1 100")
        line.sendall(b"hi")
        said = b""
        while part := line.recv(65536):
            said += part
    assert b'"body": "hi"' in said


def test_a_large_upload(engine: Engine, site: Site) -> None:
    identifier = distribute(engine, site.origin(), DefaultCacheBehavior=WRITABLE)
    body = b"0123456789abcdef" * 500_000
    answer = ask(engine, identifier, "/a", ("Content-Type", "text/plain"), method="POST", body=body)
    assert answer.json["body"].encode() == body


def test_a_bucket_is_written_to(engine: Engine) -> None:
    s3 = engine.client("s3", region_name="eu-west-1")
    cloudfront, bucket = engine.client("cloudfront"), engine.name("uploads")
    place = {"LocationConstraint": "eu-west-1"}
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
    control = cloudfront.create_origin_access_control(
        OriginAccessControlConfig={
            "Name": engine.name("oac"),
            "SigningProtocol": "sigv4",
            "SigningBehavior": "always",
            "OriginAccessControlOriginType": "s3",
        }
    )["OriginAccessControl"]["Id"]
    origin = {
        "Id": "site",
        "DomainName": f"{bucket}.s3.eu-west-1.amazonaws.com",
        "S3OriginConfig": {"OriginAccessIdentity": ""},
        "OriginAccessControlId": control,
    }
    identifier = distribute(
        engine, origin, DefaultCacheBehavior=behaviour(AllowedMethods=EVERY_METHOD)
    )
    arn = cloudfront.get_distribution(Id=identifier)["Distribution"]["ARN"]

    def let(*actions: str) -> None:
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "cloudfront.amazonaws.com"},
            "Action": actions,
            "Resource": f"arn:aws:s3:::{bucket}/*",
            "Condition": {"StringEquals": {"AWS:SourceArn": arn}},
        }
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))

    let("s3:GetObject")
    body = b"a picture" * 1000
    put: dict[str, Any] = {"method": "PUT", "body": body}
    assert ask(engine, identifier, "/in/a%20b.txt", **put).status == 403
    let("s3:GetObject", "s3:PutObject", "s3:DeleteObject")
    stored = ask(engine, identifier, "/in/a%20b.txt", ("Content-Type", "text/plain"), **put)
    assert stored.status == 200, stored.body
    assert s3.get_object(Bucket=bucket, Key="in/a b.txt")["Body"].read() == body
    part = ask(engine, identifier, "/in/a%20b.txt", ("Range", "bytes=2-8"))
    assert (part.status, part.body) == (206, b"picture")
    assert ask(engine, identifier, "/in/a%20b.txt", method="DELETE").status == 204
    assert ask(engine, identifier, "/in/a%20b.txt").status == 403


def test_a_staging_distribution_is_promoted(engine: Engine, site: Site) -> None:
    site.told["/new.html"] = Told(body=b"new")
    cloudfront = engine.client("cloudfront")
    identifier = distribute(engine, site.origin())
    copied = cloudfront.copy_distribution(
        PrimaryDistributionId=identifier,
        Staging=True,
        IfMatch=cloudfront.get_distribution(Id=identifier)["ETag"],
        CallerReference=engine.name("copy"),
        Enabled=True,
    )["Distribution"]
    header = {"Header": "aws-cf-cd-test", "Value": "yes"}
    policy = cloudfront.create_continuous_deployment_policy(
        ContinuousDeploymentPolicyConfig={
            "StagingDistributionDnsNames": listed(copied["DomainName"]),
            "Enabled": True,
            "TrafficConfig": {"Type": "SingleHeader", "SingleHeaderConfig": header},
        }
    )["ContinuousDeploymentPolicy"]
    reconfigure(engine, identifier, ContinuousDeploymentPolicyId=policy["Id"])
    reconfigure(engine, copied["Id"], DefaultRootObject="new.html")
    assert ask(engine, identifier).json["target"] == "/"
    assert ask(engine, identifier, "/", ("aws-cf-cd-test", "yes")).body == b"new"
    etags = [cloudfront.get_distribution(Id=i)["ETag"] for i in (identifier, copied["Id"])]
    cloudfront.update_distribution_with_staging_config(
        Id=identifier, StagingDistributionId=copied["Id"], IfMatch=", ".join(etags)
    )
    assert ask(engine, identifier).body == b"new"


def test_headers_that_are_no_ascii(engine: Engine, site: Site) -> None:
    told = behaviour(OriginRequestPolicyId=ALL_VIEWER_EXCEPT_HOST)
    identifier = distribute(engine, site.origin(), DefaultCacheBehavior=told)
    sent = "Zürich, 東京".encode().decode("latin-1")  # as http.client takes bytes, and gives them
    answer = ask(engine, identifier, "/", ("X-City", sent), ("Cookie", f"city={sent}"))
    headers = dict(answer.json["headers"])
    assert headers["x-city"] == sent
    assert headers["cookie"] == f"city={sent}"
