"""Bucket policies with conditions do not shut the bucket's owner out."""

from __future__ import annotations

import json
from typing import Any

import pytest
from engine_fixtures import Engine, error_of


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        ({"Bool": {"aws:SecureTransport": "false"}}, None),
        ({"StringNotEquals": {"aws:SourceVpc": "vpc-1"}}, None),
        (None, "403"),
    ],
    ids=["HTTPS", "network", "without"],
)
def test_denials(engine: Engine, condition: dict[str, Any] | None, code: str | None) -> None:
    s3 = engine.client("s3")
    name = engine.name("policy")
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="a", Body=b"a")
    resources = [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
    denied: dict[str, Any] = {"Effect": "Deny", "Principal": "*", "Action": "s3:*"}
    denied["Resource"] = resources
    if condition is not None:
        denied["Condition"] = condition
    policy = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
    s3.put_bucket_policy(Bucket=name, Policy=policy)
    if code is None:
        assert s3.get_object(Bucket=name, Key="a")["Body"].read() == b"a"
        s3.put_object(Bucket=name, Key="b", Body=b"b")
    else:
        assert error_of(lambda: s3.get_object(Bucket=name, Key="a"))[0] == code
