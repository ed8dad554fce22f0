"""Rules that are refused when they are created."""

from __future__ import annotations

import json
from typing import Any

import pytest
from topic_rules_lab import FUNCTION, ROLE

from lambda_nb.engine.api.neighbours.watched_calls import WatchedCall
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.iot.rules.rule_check import RuleCheck

INVOKE = {"lambda": {"functionArn": FUNCTION}}


async def asked(payload: Any, method: str = "POST", path: str = "/rules/r") -> None:
    body = json.dumps(payload).encode() if not isinstance(payload, bytes) else payload
    await RuleCheck().asked(WatchedCall("eu-west-1", method, "", {}, path, body=body))


def rule(sql: str, *actions: Any, **more: Any) -> dict[str, Any]:
    return {"sql": sql, "actions": list(actions), "awsIotSqlVersion": "2016-03-23", **more}


async def test_a_good_rule_passes() -> None:
    await asked(rule("SELECT * FROM 'a'", INVOKE))
    await asked(rule("SELECT * FROM 'a'", INVOKE, errorAction=INVOKE), "PATCH")


@pytest.mark.parametrize("method", ["PATCH", "POST"])
async def test_sql_that_cannot_be_read(method: str) -> None:
    with pytest.raises(AWSError) as refused:
        await asked(rule("SELECT FROM 'a'", INVOKE), method)
    assert (refused.value.code, refused.value.status) == ("SqlParseException", 400)


async def test_a_template_that_cannot_be_read() -> None:
    action = {"republish": {"topic": "b/${topic(", "roleArn": ROLE}}
    with pytest.raises(AWSError) as refused:
        await asked(rule("SELECT * FROM 'a'", action))
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
async def test_actions_that_cannot_run(more: Any) -> None:
    with pytest.raises(AWSError) as refused:
        await asked(rule("SELECT * FROM 'a'", INVOKE, **more))
    assert refused.value.code == "InvalidRequestException"


async def test_other_calls_pass() -> None:
    await asked(b"", path="/rules/r/enable")
    await asked({"sql": "nonsense"}, path="/things/r")
    await asked(b"no json")
    await asked({"sql": None})
    await asked(b"", "GET")
