"""Buckets of a real engine as origins: who lets whom read what."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from edge_origins_lab import DISTRIBUTION, Tidy, body_of, request, viewer
from engine_fixtures import Engine

from lambda_nb.engine.aws_calls.endpoint import Keys
from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import OriginError, Request, Response
from lambda_nb.engine.edge.origins.bucket_access import (
    ANYBODY,
    SERVICE,
    Asker,
    BucketAccess,
    by_name,
    identity_arn,
)
from lambda_nb.engine.edge.origins.origins import Origins
from lambda_nb.engine.edge.origins.s3_requests import asked
from lambda_nb.engine.edge.settings import Origin
from lambda_nb.engine.gateways.shared.addresses import Addresses

OTHER = "arn:aws:cloudfront::000000000000:distribution/E2"
LARGE = bytes(range(256)) * 2048


@pytest.fixture
async def s3_origins(engine: Engine) -> AsyncIterator[Origins]:
    """Origins of a running engine."""

    async def connect(service: str) -> Any:
        return engine.client(service)

    keys = engine.keys
    made = Tidy(
        Origins(
            engine.url,
            Keys(keys["aws_access_key_id"], keys["aws_secret_access_key"]),
            engine.region,
            connect,
            lambda identifier: None,
            Addresses(),
        )
    )
    yield made
    await made.close()


@pytest.fixture(scope="module")
def bucket(engine: Engine) -> str:
    """A private bucket with some objects."""
    s3 = engine.client("s3")
    name = engine.name("origin")
    s3.create_bucket(Bucket=name)
    told = {"ContentType": "text/plain", "CacheControl": "max-age=5"}
    s3.put_object(Bucket=name, Key="site/a b.txt", Body=b"text", **told)
    s3.put_object(Bucket=name, Key="public.txt", Body=b"for all", ACL="public-read")
    s3.put_object(Bucket=name, Key="large", Body=LARGE)
    s3.put_object(Bucket=name, Key="snapshots/x", Body=b"no archive of ours")
    return name


def statement(bucket: str, principal: Any, *actions: str, **more: Any) -> dict[str, Any]:
    return {
        "Effect": "Allow",
        "Principal": principal,
        "Action": list(actions) or "s3:GetObject",
        "Resource": [f"arn:aws:s3:::{bucket}/*", f"arn:aws:s3:::{bucket}"],
        **more,
    }


def for_distribution(bucket: str, *actions: str, arn: str = DISTRIBUTION) -> dict[str, Any]:
    """The statement that the guide shows."""
    condition = {"StringEquals": {"AWS:SourceArn": arn}}
    service = {"Service": "cloudfront.amazonaws.com"}
    return statement(bucket, service, *actions, Condition=condition)


def allow(engine: Engine, bucket: str, *statements: dict[str, Any]) -> None:
    s3 = engine.client("s3")
    if statements:
        policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
        s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    else:
        s3.delete_bucket_policy(Bucket=bucket)


def origin(bucket: str, **settings: Any) -> Origin:
    return Origin("o", f"{bucket}.s3.us-east-1.amazonaws.com", kind="s3", **settings)


def controlled(bucket: str, behaviour: str = "always", **settings: Any) -> Origin:
    """An origin with an access control."""
    return origin(bucket, signing_service="s3", signing_behaviour=behaviour, **settings)


async def ask(
    origins: Origins, at: Origin, uri: str, method: str = "GET", **headers: str
) -> tuple[Response, bytes]:
    response = await origins.fetch(at, request(method, uri, **headers), viewer(), DISTRIBUTION)
    return response, await body_of(response)


async def test_a_private_bucket_is_denied(engine: Engine, s3_origins: Origins, bucket: str) -> None:
    allow(engine, bucket)
    for at in (origin(bucket), controlled(bucket), controlled(bucket, "never")):
        response, body = await ask(s3_origins, at, "/site/a%20b.txt")
        assert response.status == 403
        assert b"<Code>AccessDenied</Code>" in body
        assert response.headers.get("server") == "AmazonS3"
        assert response.headers.get("content-type") == "application/xml"
    response, body = await ask(s3_origins, origin(bucket), "/large", "HEAD")
    assert (response.status, body) == (403, b"")


async def test_a_public_object(engine: Engine, s3_origins: Origins, bucket: str) -> None:
    allow(engine, bucket)
    response, body = await ask(s3_origins, origin(bucket), "/public.txt")
    assert (response.status, body) == (200, b"for all")


class Silent:
    """S3, which does not answer some operations."""

    def __init__(self, s3: Any, *operations: str) -> None:
        self._s3 = s3
        self._operations = operations

    def __getattr__(self, operation: str) -> Any:
        if operation not in self._operations:
            return getattr(self._s3, operation)

        def unanswered(**asked: str) -> None:
            raise EndpointConnectionError(endpoint_url="http://s3")

        return unanswered


@pytest.mark.parametrize(
    ("silent", "uri"), [("get_object_acl", "/large"), ("get_bucket_acl", "/none")]
)
async def test_s3_that_does_not_tell_who_may_read(
    engine: Engine, bucket: str, silent: str, uri: str
) -> None:
    allow(engine, bucket, statement(bucket, "*", Resource=f"arn:aws:s3:::{bucket}/n*"))

    async def connect(service: str) -> Any:
        return Silent(engine.client(service), silent)

    keys = Keys(engine.keys["aws_access_key_id"], engine.keys["aws_secret_access_key"])
    asked_of = Origins(engine.url, keys, engine.region, connect, lambda name: None, Addresses())
    try:
        with pytest.raises(OriginError, match=f"who may read the bucket {bucket}") as caught:
            await ask(asked_of, origin(bucket), uri)
    finally:
        await asked_of.close()
    assert caught.value.status == 502


async def test_a_public_bucket(engine: Engine, s3_origins: Origins, bucket: str) -> None:
    allow(engine, bucket, statement(bucket, "*"))
    response, body = await ask(s3_origins, origin(bucket, path="/site"), "/a%20b.txt")
    assert (response.status, body) == (200, b"text")
    assert response.headers.get("content-type") == "text/plain"
    assert response.headers.get("cache-control") == "max-age=5"
    assert response.headers.get("etag")
    assert response.headers.get("last-modified")
    assert "x-amz-request-id" not in response.headers
    assert (await ask(s3_origins, origin(bucket), "/large"))[1] == LARGE
    assert (await ask(s3_origins, origin(bucket), "/snapshots/x"))[1] == b"no archive of ours"
    never = controlled(bucket, "never")
    assert (await ask(s3_origins, never, "/large"))[0].status == 200


async def test_blocked_public_access(engine: Engine, s3_origins: Origins) -> None:
    s3 = engine.client("s3")
    name = engine.name("blocked")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="a", Body=b"a", ACL="public-read")
    allow(engine, name, statement(name, "*"))
    everything = dict.fromkeys(("IgnorePublicAcls", "RestrictPublicBuckets"), True)
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=everything)
    identity = origin(name, access_identity="origin-access-identity/cloudfront/E9")
    assert (await ask(s3_origins, origin(name), "/a"))[0].status == 403
    assert (await ask(s3_origins, identity, "/a"))[0].status == 403
    assert (await ask(s3_origins, controlled(name), "/a"))[0].status == 200  # a service of AWS


async def test_access_control(engine: Engine, s3_origins: Origins, bucket: str) -> None:
    allow(engine, bucket, for_distribution(bucket))
    response, body = await ask(s3_origins, controlled(bucket), "/site/a%20b.txt")
    assert (response.status, body) == (200, b"text")
    assert (await ask(s3_origins, origin(bucket), "/site/a%20b.txt"))[0].status == 403
    assert (await ask(s3_origins, controlled(bucket, "never"), "/large"))[0].status == 403
    allow(engine, bucket, for_distribution(bucket, arn=OTHER))
    assert (await ask(s3_origins, controlled(bucket), "/large"))[0].status == 403


@pytest.mark.parametrize(
    ("condition", "allowed"),
    [
        ({"Bool": {"aws:SecureTransport": "false"}}, True),
        ({"StringEquals": {"aws:SourceAccount": "000000000000"}}, False),
        ({"NoSuchOperator": {"aws:SourceArn": "x"}}, False),
    ],
    ids=["secure", "account", "no policy"],
)
def test_denials(engine: Engine, bucket: str, condition: dict[str, Any], allowed: bool) -> None:
    denied = statement(bucket, "*", "s3:*", Effect="Deny", Condition=condition)
    allow(engine, bucket, for_distribution(bucket), denied)
    told = {
        "aws:securetransport": "true",
        "aws:sourcearn": DISTRIBUTION,
        "aws:sourceaccount": "000000000000",
    }
    what = asked("GET", bucket, "/public.txt", "")
    assert what is not None
    access = BucketAccess(engine.client("s3"), bucket)
    assert access.lets(Asker(SERVICE, told), what) == allowed
    if not allowed:  # an explicit denial is stronger than an access control list
        assert not access.lets(Asker(ANYBODY, told), what)


async def test_missing_keys(engine: Engine, s3_origins: Origins, bucket: str) -> None:
    allow(engine, bucket, for_distribution(bucket))
    for method in ("GET", "HEAD"):
        response, _ = await ask(s3_origins, controlled(bucket), "/missing", method)
        assert response.status == 403
    allow(engine, bucket, for_distribution(bucket, "s3:GetObject", "s3:ListBucket"))
    response, body = await ask(s3_origins, controlled(bucket), "/missing")
    assert response.status == 404
    assert b"<Code>NoSuchKey</Code>" in body


async def test_listings(engine: Engine, s3_origins: Origins, bucket: str) -> None:
    allow(engine, bucket, for_distribution(bucket))
    assert (await ask(s3_origins, controlled(bucket), "/"))[0].status == 403
    allow(engine, bucket, for_distribution(bucket, "s3:ListBucket"))
    response, body = await ask(s3_origins, controlled(bucket), "/")
    assert response.status == 200
    assert b"<Key>large</Key>" in body
    assert (await ask(s3_origins, controlled(bucket), "/large"))[0].status == 403


async def test_no_bucket(engine: Engine, s3_origins: Origins) -> None:
    response, body = await ask(s3_origins, origin(engine.name("nobodys")), "/a")
    assert response.status == 404
    assert b"<Code>NoSuchBucket</Code>" in body


async def test_access_identity(engine: Engine, s3_origins: Origins, bucket: str) -> None:
    identity = "origin-access-identity/cloudfront/E127EXAMPLE51Z"
    allow(engine, bucket, statement(bucket, {"AWS": identity_arn(identity)}))
    at = origin(bucket, access_identity=identity)
    assert (await ask(s3_origins, at, "/large"))[1] == LARGE
    another = origin(bucket, access_identity="origin-access-identity/cloudfront/E2")
    assert (await ask(s3_origins, another, "/large"))[0].status == 403


async def test_the_canonical_user_of_an_identity(
    engine: Engine, s3_origins: Origins, bucket: str
) -> None:
    made = engine.client("cloudfront").create_cloud_front_origin_access_identity(
        CloudFrontOriginAccessIdentityConfig={"CallerReference": bucket, "Comment": ""}
    )["CloudFrontOriginAccessIdentity"]
    allow(engine, bucket, statement(bucket, {"CanonicalUser": made["S3CanonicalUserId"]}))
    at = origin(bucket, access_identity=f"origin-access-identity/cloudfront/{made['Id']}")
    assert (await ask(s3_origins, at, "/large"))[0].status == 200


async def test_ranges_and_conditions(engine: Engine, s3_origins: Origins, bucket: str) -> None:
    allow(engine, bucket, for_distribution(bucket))
    at = controlled(bucket)
    part, body = await ask(s3_origins, at, "/large", Range="bytes=1-3")
    assert (part.status, body) == (206, b"\x01\x02\x03")
    assert part.headers.get("content-range") == f"bytes 1-3/{len(LARGE)}"
    whole, _ = await ask(s3_origins, at, "/large")
    etag, modified = whole.headers.get("etag"), whole.headers.get("last-modified")
    assert etag is not None
    assert modified is not None
    assert (await ask(s3_origins, at, "/large", If_None_Match=etag))[0].status == 304
    assert (await ask(s3_origins, at, "/large", If_Modified_Since=modified))[0].status == 304
    head, body = await ask(s3_origins, at, "/large", "HEAD")
    assert (head.status, head.headers.get("content-length"), body) == (200, str(len(LARGE)), b"")


async def test_writing(engine: Engine, s3_origins: Origins, bucket: str) -> None:
    allow(engine, bucket, for_distribution(bucket, "s3:GetObject", "s3:PutObject"))
    at = controlled(bucket)
    put = Request("PUT", "/new", "", Headers([("Content-Type", "text/x")]), b"written")
    response = await s3_origins.fetch(at, put, viewer(), DISTRIBUTION)
    assert response.status == 200
    stored = engine.client("s3").get_object(Bucket=bucket, Key="new")
    assert (stored["Body"].read(), stored["ContentType"]) == (b"written", "text/x")
    assert (await ask(s3_origins, at, "/new", "DELETE"))[0].status == 403
    allow(engine, bucket, for_distribution(bucket, "s3:DeleteObject"))
    assert (await ask(s3_origins, at, "/new", "DELETE"))[0].status == 204


@pytest.mark.parametrize("method", ["PATCH", "TRACE"])
async def test_methods_s3_has_not(s3_origins: Origins, bucket: str, method: str) -> None:
    response, body = await ask(s3_origins, controlled(bucket), "/large", method)
    assert response.status == 405
    assert b"MethodNotAllowed" in body


async def test_what_only_owners_may_do(engine: Engine, s3_origins: Origins, bucket: str) -> None:
    allow(engine, bucket, for_distribution(bucket, "s3:*"))
    for query in ("policy", "acl&tagging", "website"):
        asked_for = request("GET", "/", query)
        response = await s3_origins.fetch(controlled(bucket), asked_for, viewer(), DISTRIBUTION)
        assert response.status == 403


async def test_the_viewers_own_signature(engine: Engine, s3_origins: Origins, bucket: str) -> None:
    allow(engine, bucket)
    keys = engine.keys
    domain = origin(bucket).domain
    signed = Keys(keys["aws_access_key_id"], keys["aws_secret_access_key"]).sign(
        "s3", engine.region, "GET", f"https://{domain}/large", {}, b""
    )
    asked_for = Request("GET", "/large", "", Headers(signed.items()))
    for behaviour, status in (("no-override", 200), ("never", 200), ("always", 403)):
        at = controlled(bucket, behaviour)
        response = await s3_origins.fetch(at, asked_for, viewer(), DISTRIBUTION)
        assert response.status == status
        assert bool(await body_of(response))
    allow(engine, bucket, for_distribution(bucket))
    assert (await ask(s3_origins, controlled(bucket, "no-override"), "/large"))[0].status == 200


async def test_pages_of_other_origins(engine: Engine, s3_origins: Origins, bucket: str) -> None:
    allow(engine, bucket, for_distribution(bucket))
    rules = [{"AllowedOrigins": ["https://a.page"], "AllowedMethods": ["GET"]}]
    engine.client("s3").put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": rules})
    at = controlled(bucket)
    response, _ = await ask(s3_origins, at, "/large", Origin="https://a.page")
    assert response.headers.get("access-control-allow-origin") == "https://a.page"
    response, _ = await ask(s3_origins, at, "/large", Origin="https://b.page")
    assert "access-control-allow-origin" not in response.headers
    asks = {"Origin": "https://a.page", "Access_Control_Request_Method": "GET"}
    response, _ = await ask(s3_origins, at, "/large", "OPTIONS", **asks)
    assert response.status == 200
    assert response.headers.get("access-control-allow-origin") == "https://a.page"
    asks["Access_Control_Request_Method"] = "PUT"
    assert (await ask(s3_origins, at, "/large", "OPTIONS", **asks))[0].status == 403


@pytest.mark.parametrize(
    ("method", "path", "query", "action"),
    [
        ("GET", "/k", "", "s3:GetObject"),
        ("HEAD", "/k", "x=1", "s3:GetObject"),
        ("GET", "/k", "versionId=1", "s3:GetObjectVersion"),
        ("PUT", "/k", "partNumber=1&uploadId=u", "s3:PutObject"),
        ("POST", "/k", "uploads", "s3:PutObject"),
        ("DELETE", "/k", "uploadId=u", "s3:AbortMultipartUpload"),
        ("GET", "/", "list-type=2", "s3:ListBucket"),
        ("DELETE", "/", "", ""),
        ("PUT", "/", "", ""),
        ("POST", "/", "delete", ""),
        ("POST", "/k", "", ""),
        ("GET", "/k", "acl&tagging", ""),
    ],
)
def test_actions(method: str, path: str, query: str, action: str) -> None:
    found = asked(method, "b", path, query)
    assert found is not None
    assert found.action == action


def test_policies_of_odd_shapes() -> None:
    assert by_name(["x"]) == ["x"]
    assert by_name({"Statement": ["x"]}) == {"Statement": ["x"]}
    told = by_name({"Statement": {"NotPrincipal": {"AWS": "a", "Service": ["b", "c"]}}})
    assert told == {"Statement": [{"NotPrincipal": {"AWS": ["a", "b", "c"]}}]}
