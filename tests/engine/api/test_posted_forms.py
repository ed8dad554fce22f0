"""Uploads to S3 by a form: the policy decides, and only if it was signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import urllib.error
import urllib.request
import uuid
from typing import Any

import pytest
from botocore.config import Config
from engine_fixtures import Engine


def post(url: str, fields: dict[str, str], content: bytes) -> tuple[int, str]:
    edge = uuid.uuid4().hex
    parts = b"".join(
        f'--{edge}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    )
    head = 'Content-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
    body = parts + f"--{edge}\r\n{head}".encode() + content + f"\r\n--{edge}--\r\n".encode()
    headers = {"Content-Type": f"multipart/form-data; boundary={edge}"}
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.fixture(scope="module")
def bucket(engine: Engine) -> str:
    name = engine.name("forms")
    engine.client("s3").create_bucket(Bucket=name)
    return name


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_signed_policy_lets_a_form_in(engine: Engine, bucket: str, version: str) -> None:
    s3 = engine.client("s3", config=Config(signature_version=version))
    form = s3.generate_presigned_post(bucket, f"by-{version}")
    assert post(form["url"], form["fields"], b"\r\n--data\x00")[0] == 204
    stored = engine.client("s3").get_object(Bucket=bucket, Key=f"by-{version}")["Body"].read()
    assert stored == b"\r\n--data\x00"


def _changed(form: dict[str, Any], **fields: str) -> dict[str, str]:
    return {**form["fields"], **fields}


def test_what_a_policy_does_not_allow_is_refused(engine: Engine, bucket: str) -> None:
    s3 = engine.client("s3", config=Config(signature_version="s3v4"))
    form = s3.generate_presigned_post(
        bucket,
        "in/${filename}",
        Conditions=[["starts-with", "$key", "in/"], ["content-length-range", 2, 4]],
    )
    url = form["url"]
    cases = [
        (_changed(form, key="out/x"), b"abc", 403, "Policy Condition failed"),
        (_changed(form, key="in/x"), b"abcde", 400, "EntityTooLarge"),
        (_changed(form, key="in/x"), b"a", 400, "EntityTooSmall"),
        (_changed(form, key="in/x", acl="public-read"), b"abc", 403, "Extra input fields: acl"),
        (_changed(form, **{"x-amz-signature": "0" * 64}), b"abc", 403, "SignatureDoesNotMatch"),
        (
            _changed(form, **{"x-amz-credential": "nobody/20260101/us-east-1/s3/aws4_request"}),
            b"abc",
            403,
            "InvalidAccessKeyId",
        ),
    ]
    for fields, content, status, text in cases:
        got, said = post(url, fields, content)
        assert (got, text in said) == (status, True), said
    assert post(url, _changed(form, key="in/x"), b"abc")[0] == 204
    late = s3.generate_presigned_post(bucket, "late", ExpiresIn=-1)
    got, said = post(late["url"], late["fields"], b"abc")
    assert (got, "Policy expired." in said) == (403, True)
    other = {**form["fields"], "key": "in/x"}
    assert post(url.replace(bucket, f"{bucket}-x"), other, b"abc")[0] == 403
    without = {"key": "in/x", "policy": base64.b64encode(json.dumps({}).encode()).decode()}
    assert post(url, without, b"abc")[0] == 403
    assert post(url, {"key": "in/x"}, b"abc")[0] == 403


def _posted(url: str, parts: list[tuple[str, bytes]]) -> int:
    """The status of a form whose parts have these heads."""
    body = b"".join(b"--E\r\n" + h.encode() + b"\r\n\r\n" + c + b"\r\n" for h, c in parts)
    headers = {"Content-Type": "multipart/form-data; boundary=E"}
    request = urllib.request.Request(url, body + b"--E--\r\n", headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_no_form_says_more_than_was_checked(engine: Engine, bucket: str) -> None:
    """What another reader of forms would take for a field is none."""
    s3 = engine.client("s3")
    form = s3.generate_presigned_post(bucket, "mine/1", Conditions=[["starts-with", "$key", "m"]])
    url, named = form["url"], "Content-Disposition: form-data; name="
    fields = [(f'{named}"{name}"', value.encode()) for name, value in form["fields"].items()]
    file = (f'{named}"file"; filename="f"', b"abc")
    assert _posted(url, [(f'{named}"key"', b"theirs/1"), *fields, file]) == 400
    assert _posted(url, [(f"{named}key", b"theirs/2"), *fields, file]) == 204
    assert _posted(url, [(f"{named[:-1]}*=utf-8''key", b"theirs/3"), *fields, file]) == 204
    broken = b"abc\n--E\n" + named.encode() + b'"x-amz-meta-a"\n\nb\n'
    assert _posted(url, [*fields, (file[0], broken)]) == 204
    stored = s3.get_object(Bucket=bucket, Key="mine/1")
    assert (stored["Body"].read(), stored["Metadata"]) == (broken, {})
    found = s3.list_objects_v2(Bucket=bucket, Prefix="theirs/").get("Contents", [])
    assert found == []


def test_a_form_only_uploads_and_only_to_a_bucket(engine: Engine, bucket: str) -> None:
    s3 = engine.client("s3")
    s3.put_object(Bucket=bucket, Key="kept", Body=b"x")
    form = s3.generate_presigned_post(bucket, "only")
    url = form["url"].rstrip("/")
    delete = b"<Delete><Object><Key>kept</Key></Object></Delete>"
    assert post(f"{url}?delete", form["fields"], delete)[0] == 403
    assert post(f"{url}/another", form["fields"], b"abc")[0] == 405
    assert s3.get_object(Bucket=bucket, Key="kept")["Body"].read() == b"x"


@pytest.mark.parametrize(
    ("policy", "status", "text"),
    [
        (
            {"expiration": "2099-01-01T00:00:00Z", "conditions": [{"key": "k"}]},
            403,
            "Policy missing condition: bucket",
        ),
        ({"expiration": "2099-01-01T00:00:00", "conditions": []}, 400, "no time zone"),
        (
            {
                "expiration": "2099-01-01T00:00:00Z",
                "conditions": [["content-length-range", "a", 5]],
            },
            400,
            "Invalid Policy",
        ),
    ],
)
def test_a_policy_that_says_too_little_is_refused(
    engine: Engine, bucket: str, policy: dict[str, Any], status: int, text: str
) -> None:
    encoded = base64.b64encode(json.dumps(policy).encode())
    secret = engine.keys["aws_secret_access_key"].encode()
    signature = base64.b64encode(hmac.new(secret, encoded, hashlib.sha1).digest()).decode()
    fields = {
        "key": "k",
        "AWSAccessKeyId": engine.keys["aws_access_key_id"],
        "policy": encoded.decode(),
        "signature": signature,
    }
    got, said = post(f"{engine.url}/{bucket}", fields, b"abc")
    assert (got, text in said) == (status, True), said
