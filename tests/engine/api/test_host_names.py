"""Requests to the names that AWS and other tools give to services and buckets."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from engine_fixtures import Engine
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.api.admission.host_names import bucket_in, path_with_bucket, service_in

Start = Callable[..., Engine]


@pytest.mark.parametrize(
    ("host", "bucket"),
    [
        ("b.s3.amazonaws.com", "b"),
        ("b.s3.eu-west-1.amazonaws.com:80", "b"),
        ("b.s3-us-west-2.amazonaws.com", "b"),
        ("b.s3.dualstack.us-west-2.amazonaws.com", "b"),
        ("b.s3-accelerate.amazonaws.com", "b"),
        ("b.s3.cn-north-1.amazonaws.com.cn", "b"),
        ("www.b.c.s3.localhost:4571", "www.b.c"),
        ("b.s3.us-east-1.localhost", "b"),
        ("b.s3.localhost.localstack.cloud:4566", "b"),
        ("b.localhost", "b"),
        ("s3.amazonaws.com", ""),
        ("s3.us-east-1.amazonaws.com", ""),
        ("s3.localhost:4571", ""),
        ("s3.us-east-1.localhost.localstack.cloud:4566", ""),
        ("localhost.localstack.cloud", ""),
        ("localhost", ""),
        ("127.0.0.1:4571", None),
        ("123456789012.s3-control.us-east-1.amazonaws.com", None),
        ("b.s3.amazonaws.com.evil.example", None),
        ("b.s3.example.com", None),
    ],
)
def test_buckets(host: str, bucket: str | None) -> None:
    assert bucket_in(host) == bucket
    assert path_with_bucket("/k", host) == (f"/{bucket}/k" if bucket else "/k")


@pytest.mark.parametrize(
    ("host", "service"),
    [
        ("sqs.us-east-1.amazonaws.com", ("sqs", "us-east-1")),
        ("us-west-2.queue.amazonaws.com", ("sqs", "us-west-2")),
        ("queue.amazonaws.com", ("sqs", "")),
        ("email.eu-west-1.amazonaws.com", ("ses", "eu-west-1")),
        ("sns.eu-west-1.localhost.localstack.cloud:4566", ("sns", "eu-west-1")),
        ("sts.amazonaws.com", ("sts", "")),
        ("localhost:4571", None),
        ("127.0.0.1:4571", None),
        ("s3.us-east-1.amazonaws.com", None),
        ("b.s3.us-east-1.amazonaws.com", None),
        ("bucket.localhost", None),
    ],
)
def test_services(host: str, service: tuple[str, str] | None) -> None:
    assert service_in(host) == service


@given(st.text(max_size=80))
def test_any_host(host: str) -> None:
    assert bucket_in(host) is None or service_in(host) is None
    assert bucket_in(f"{host}.example") is None
    assert service_in(f"{host}.example") is None


def send(
    engine: Engine,
    host: str,
    target: str,
    *,
    method: str = "GET",
    body: bytes = b"",
    service: str = "s3",
    headers: dict[str, str] | None = None,
) -> tuple[int, bytes]:
    """Send a request signed for a host to the engine's port."""
    request = AWSRequest(method, f"http://{host}{target}", headers=headers or {}, data=body)
    kind: Any = S3SigV4Auth if service == "s3" else SigV4Auth
    kind(Credentials(*engine.keys.values()), service, engine.region).add_auth(request)
    return plain(engine, host, target, method, body, dict(request.headers.items()))


def plain(
    engine: Engine,
    host: str,
    target: str,
    method: str = "GET",
    body: bytes = b"",
    headers: dict[str, str] | None = None,
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(engine.url).netloc, timeout=60)
    try:
        connection.request(method, target, body or None, {**(headers or {}), "Host": host})
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def bucket(engine: Engine) -> str:
    """A bucket, with dots in its name, that has an object."""
    name = f"www.{engine.name('hosts')}"
    engine.client("s3").create_bucket(Bucket=name)
    engine.client("s3").put_object(Bucket=name, Key="a/k", Body=b"content")
    return name


@pytest.mark.parametrize(
    "suffix",
    [
        "s3.us-east-1.amazonaws.com",
        "s3.amazonaws.com",
        "s3.localhost:4571",
        "s3.localhost.localstack.cloud:4566",
        "localhost",
    ],
)
def test_a_bucket_by_its_host(engine: Engine, bucket: str, suffix: str) -> None:
    host = f"{bucket}.{suffix}"
    assert send(engine, host, "/a/k") == (200, b"content")
    status, listed = send(engine, host, "/?list-type=2")
    assert (status, b"<Key>a/k</Key>" in listed) == (200, True)
    assert send(engine, host, "/new%20key", method="PUT", body=b"new")[0] == 200
    stored = engine.client("s3").get_object(Bucket=bucket, Key="new key")
    assert stored["Body"].read() == b"new"
    assert send(engine, host, "/new%20key", method="DELETE")[0] == 204
    # The signature is over the host as sent.
    forged = {"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"}
    assert plain(engine, host, "/a/k", headers=forged)[0] == 403


@pytest.mark.parametrize(
    "host",
    [
        "s3.us-east-1.amazonaws.com",
        "s3.localhost:4571",
        "localhost.localstack.cloud:4566",
        "s3.us-east-1.localhost.localstack.cloud:4566",
    ],
)
def test_a_bucket_by_the_path(engine: Engine, bucket: str, host: str) -> None:
    assert send(engine, host, f"/{bucket}/a/k") == (200, b"content")
    status, listed = send(engine, host, "/")
    assert (status, f"<Name>{bucket}</Name>".encode() in listed) == (200, True)


@pytest.mark.parametrize("version", ["s3", "s3v4"])
@pytest.mark.parametrize(
    "endpoint",
    [
        "http://s3.us-east-1.amazonaws.com",
        "http://s3.localhost:4566",
        "http://localhost.localstack.cloud:4566",
    ],
)
@pytest.mark.parametrize("style", ["virtual", "path"])
def test_presigned_links_made_for_other_names(
    engine: Engine, bucket: str, version: str, endpoint: str, style: str
) -> None:
    config = Config(signature_version=version, s3={"addressing_style": style})
    client = boto3.client(
        "s3", region_name=engine.region, endpoint_url=endpoint, config=config, **engine.keys
    )
    name = "plain-" + bucket.removeprefix("www.")  # boto3 keeps names with dots in the path
    engine.client("s3").create_bucket(Bucket=name)
    engine.client("s3").put_object(Bucket=name, Key="k", Body=b"content")
    link = urlsplit(client.generate_presigned_url("get_object", {"Bucket": name, "Key": "k"}))
    assert link.netloc.startswith(name) == (style == "virtual")
    assert plain(engine, link.netloc, f"{link.path}?{link.query}") == (200, b"content")
    assert plain(engine, link.netloc, f"{link.path}x?{link.query}")[0] == 403
    put = urlsplit(client.generate_presigned_url("put_object", {"Bucket": name, "Key": "p"}))
    assert plain(engine, put.netloc, f"{put.path}?{put.query}", "PUT", b"up")[0] == 200
    client.close()
    assert engine.client("s3").get_object(Bucket=name, Key="p")["Body"].read() == b"up"


def test_the_queue_of_a_url_made_elsewhere(engine: Engine) -> None:
    name = engine.name("q")
    engine.client("sqs").create_queue(QueueName=name)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for host in (
        "sqs.us-east-1.amazonaws.com",
        "queue.amazonaws.com",
        "sqs.us-east-1.localhost.localstack.cloud:4566",
    ):
        body = b"Action=SendMessage&Version=2012-11-05&MessageBody=hello"
        target = f"/{engine.account}/{name}"
        status, answer = send(
            engine, host, target, method="POST", body=body, service="sqs", headers=form
        )
        assert (status, b"<MessageId>" in answer) == (200, True), answer
        assert plain(engine, host, target, "POST", body, form)[0] == 403
    url = engine.client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
    counted = engine.client("sqs").get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
    )
    assert counted["Attributes"]["ApproximateNumberOfMessages"] == "3"


def test_a_function_by_the_name_of_lambda(engine: Engine) -> None:
    name = engine.create("def handler(event, context):\n    return 'here'\n")
    for host in ("lambda.us-east-1.amazonaws.com", "lambda.us-east-1.localhost.localstack.cloud"):
        target = f"/2015-03-31/functions/{name}/invocations"
        answer = send(engine, host, target, method="POST", body=b"{}", service="lambda")
        assert answer == (200, b'"here"')


def test_unsigned_calls_where_none_need_be_signed(start_engine: Start) -> None:
    """The Host says which service is meant."""
    engine = start_engine("--auth", "none")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    host = "sns.eu-west-1.localhost.localstack.cloud:4566"
    body = b"Action=CreateTopic&Name=t&Version=2010-03-31"
    status, answer = plain(engine, host, "/", "POST", body, form)
    assert (status, b"arn:aws:sns:eu-west-1:000000000000:t" in answer) == (200, True), answer
    assert plain(engine, "made.s3.localhost", "/", "PUT")[0] == 200
    assert plain(engine, "made.s3.localhost", "/k", "PUT", b"content")[0] == 200
    stored = engine.client("s3").get_object(Bucket="made", Key="k")
    assert stored["Body"].read() == b"content"
