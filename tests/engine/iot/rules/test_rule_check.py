"""Rules that are refused when they are created."""

from __future__ import annotations

from typing import Any

import pytest
from topic_rules_lab import FUNCTION, ROLE

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.iot.rules.rule_check import check

INVOKE = {"lambda": {"functionArn": FUNCTION}}


def rule(sql: str, *actions: Any, **more: Any) -> dict[str, Any]:
    return {"sql": sql, "actions": list(actions), "awsIotSqlVersion": "2016-03-23", **more}


def test_a_good_rule_passes() -> None:
    check("r", rule("SELECT * FROM 'a'", INVOKE))
    check("r", rule("SELECT * FROM 'a'", INVOKE, errorAction=INVOKE))


def test_what_the_service_refuses_itself_passes() -> None:
    check("r", {"sql": None})
    check("r", {"actions": []})


def test_sql_that_cannot_be_read() -> None:
    with pytest.raises(AWSError) as refused:
        check("r", rule("SELECT FROM 'a'", INVOKE))
    assert (refused.value.code, refused.value.status) == ("SqlParseException", 400)


def test_a_template_that_cannot_be_read() -> None:
    action = {"republish": {"topic": "b/${topic(", "roleArn": ROLE}}
    with pytest.raises(AWSError) as refused:
        check("r", rule("SELECT * FROM 'a'", action))
    assert refused.value.code == "SqlParseException"


@pytest.mark.parametrize(
    "more",
    [
        {"actions": [{"salesforce": {"token": "t", "url": "u"}}]},
        {"actions": [{**INVOKE, "sns": {"targetArn": "t", "roleArn": ROLE}}]},
        {"actions": [{}]},
        {"errorAction": {"iotEvents": {"inputName": "i", "roleArn": ROLE}}},
    ],
)
def test_actions_that_cannot_run(more: Any) -> None:
    with pytest.raises(AWSError) as refused:
        check("r", rule("SELECT * FROM 'a'", INVOKE, **more))
    assert refused.value.code == "InvalidRequestException"
