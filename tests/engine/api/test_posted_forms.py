"""Uploads to S3 by a form: the policy decides, and only if it was signed."""

from __future__ import annotations

import base64
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
