"""Whether a resource policy lets everybody use a function URL."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambda_nb.engine.gateways.function_urls.gateway import lets_everyone

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"
OPEN = {
    "Effect": "Allow",
    "Principal": "*",
    "Action": "lambda:InvokeFunctionUrl",
    "Resource": ARN,
    "Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}},
}


@pytest.mark.parametrize(
    ("changes", "lets_in"),
    [
        ({}, True),
        ({"Principal": {"AWS": "*"}, "Action": "lambda:*", "Condition": {}}, True),
        ({"Principal": {"AWS": "arn:aws:iam::000000000000:root"}}, False),
        ({"Principal": {"Service": "s3.amazonaws.com"}}, False),
        ({"Action": "lambda:InvokeFunction"}, False),
        ({"Effect": "Deny"}, False),
        ({"Resource": f"{ARN}:live"}, False),
        ({"Condition": {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}}, False),
        (
            {
                "Condition": {
                    "StringEquals": {
                        "lambda:FunctionUrlAuthType": "NONE",
                        "aws:SourceAccount": "111111111111",
                    }
                }
            },
            False,
        ),
        ({"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}, False),
        ({"Condition": {"Sounds": {"a": "b"}}}, False),
    ],
)
def test_one_statement(changes: dict[str, Any], lets_in: bool) -> None:
    assert lets_everyone(json.dumps({"Statement": [{**OPEN, **changes}]}), ARN) == lets_in


def test_a_deny_counts() -> None:
    deny = {**OPEN, "Effect": "Deny", "Condition": {}}
    assert not lets_everyone(json.dumps({"Statement": [OPEN, deny]}), ARN)


def test_without_a_policy_nobody_may() -> None:
    assert not lets_everyone(None, ARN)
