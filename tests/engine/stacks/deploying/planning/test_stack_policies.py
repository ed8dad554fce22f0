"""Stack policies allow and deny as the user guide says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.deploying.planning.stack_policies import checked, denial


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Statement": list(statements)})


ALL = {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"}


def test_without_a_policy_everything_is_allowed() -> None:
    assert denial(None, "Update:Delete", "A", "T") is None


def test_what_no_statement_allows_is_denied() -> None:
    text = policy({**ALL, "Action": "Update:Modify"})
    assert denial(text, "Update:Modify", "A", "T") is None
    told = denial(text, "Update:Replace", "A", "T")
    assert told is not None
    assert told.startswith("Action not allowed by stack policy")


def test_a_denial_wins_wherever_it_stands() -> None:
    deny = {"Effect": "Deny", "NotAction": "Update:Modify", "Principal": "*",
            "Resource": "LogicalResourceId/Data*"}  # fmt: skip
    for text in (policy(deny, ALL), policy(ALL, deny)):
        assert denial(text, "Update:Modify", "DataBase", "T") is None
        assert denial(text, "Update:Delete", "DataBase", "T") is not None
        assert denial(text, "Update:Delete", "Other", "T") is None


def test_resources_can_be_excepted() -> None:
    text = policy({"Effect": "Allow", "Action": "Update:*", "Principal": "*",
                   "NotResource": "LogicalResourceId/A"})  # fmt: skip
    assert denial(text, "Update:Modify", "A", "T") is not None
    assert denial(text, "Update:Modify", "B", "T") is None


@pytest.mark.parametrize(
    ("operator", "pattern", "matches"),
    [
        ("StringEquals", "AWS::RDS::DBInstance", True),
        ("StringEquals", "AWS::RDS::*", False),
        ("StringLike", "AWS::RDS::*", True),
        ("StringLike", ["AWS::EC2::*", "AWS::RDS::*"], True),
    ],
)
def test_types_can_be_asked_for(operator: str, pattern: Any, matches: bool) -> None:
    deny = {**ALL, "Effect": "Deny", "Condition": {operator: {"ResourceType": pattern}}}
    told = denial(policy(ALL, deny), "Update:Modify", "A", "AWS::RDS::DBInstance")
    assert (told is not None) == matches
    if told is not None:
        assert told == (
            "Action denied by stack policy: Statement [#2] does not allow [Update:Modify] for "
            "resource [LogicalResourceId/A];"
        )


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "[]",
        json.dumps({"Statement": [1]}),
        policy({**ALL, "Effect": "Perhaps"}),
        policy({"Effect": "Allow", "Principal": "*", "Resource": "*"}),
        policy({"Effect": "Allow", "Principal": "*", "Action": "*"}),
        policy({**ALL, "Principal": "somebody"}),
        policy({**ALL, "Condition": {"StringEquals": {"Other": "x"}}}),
        json.dumps({"Statement": [ALL], "Id": "x" * 20_000}),
    ],
)
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(AWSError, match="Error validating stack policy"):
        checked(text)
