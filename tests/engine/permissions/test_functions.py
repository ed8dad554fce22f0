"""Whether a function's resource policy lets a gateway in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambda_nb.engine.permissions.functions import API_GATEWAY, permits

SOURCE = "arn:aws:execute-api:us-east-1:000000000000:a1/prod/GET/x"


def statement(effect: str = "Allow", **members: Any) -> dict[str, Any]:
    return {
        "Effect": effect,
        "Principal": {"Service": API_GATEWAY},
        "Action": "lambda:InvokeFunction",
        "Resource": "*",
        **members,
    }


def lets_in(*statements: dict[str, Any]) -> bool:
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    return permits(policy, API_GATEWAY, SOURCE, "000000000000")


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"ArnLike": {"AWS:SourceArn": "arn:aws:execute-api:*:*:a1/*"}}, True),
        ({"ArnLike": {"AWS:SourceArn": "arn:aws:execute-api:*:*:a2/*"}}, False),
        ({"StringEquals": {"AWS:SourceAccount": "000000000000"}}, True),
        ({"StringEquals": {"AWS:SourceAccount": "111111111111"}}, False),
        ({"StringNotEquals": {"aws:SourceAccount": "111111111111"}}, True),
        ({"StringNotEquals": {"aws:SourceAccount": "000000000000"}}, False),
        ({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, False),
        ({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}, True),
    ],
)
def test_conditions(condition: dict[str, Any], holds: bool) -> None:
    assert lets_in(statement(Condition=condition)) == holds
    assert lets_in(statement(), statement("Deny", Condition=condition)) != holds


@pytest.mark.parametrize("condition", [{"Sounds": {"aws:SourceArn": SOURCE}}, {"Null": "x"}])
def test_what_is_no_condition_lets_nobody_in(condition: dict[str, Any]) -> None:
    assert not lets_in(statement(Condition=condition))
    assert not lets_in(statement(), statement("Deny", Condition=condition))
    assert lets_in(statement(), statement(Condition=condition))
