"""``AWS::Lambda::Permission``."""

from __future__ import annotations

import json
from typing import Any

from engine_fixtures import Engine, error_of
from stack_types_lab import Lab

from lambda_nb.engine.stacks.types.functions.permission import Permission

PERMISSION = Permission()
SOURCE = "def handler(event, context):\n    return 1\n"


def statements(engine: Engine, **which: str) -> list[dict[str, Any]]:
    policy = json.loads(engine.client().get_policy(**which)["Policy"])
    found: list[dict[str, Any]] = policy["Statement"]
    return found


def test_a_service_may_invoke(engine: Engine) -> None:
    lab, name = Lab(engine), engine.create(SOURCE)
    arn = f"arn:aws:s3:::{name}"
    permission = lab.create(
        PERMISSION,
        {
            "FunctionName": name,
            "Action": "lambda:InvokeFunction",
            "Principal": "s3.amazonaws.com",
            "SourceArn": arn,
            "SourceAccount": engine.account,
        },
    )
    (statement,) = statements(engine, FunctionName=name)
    assert statement["Sid"] == permission.ref
    assert statement["Condition"] == {
        "StringEquals": {"AWS:SourceAccount": engine.account},
        "ArnLike": {"AWS:SourceArn": arn},
    }
    lab.delete(permission)
    code, _ = error_of(lambda: statements(engine, FunctionName=name))
    assert code == "ResourceNotFoundException"


def test_the_policy_of_an_alias_and_its_url(engine: Engine) -> None:
    lab, calls, name = Lab(engine), engine.client(), engine.create(SOURCE)
    calls.publish_version(FunctionName=name)
    alias = calls.create_alias(FunctionName=name, Name="live", FunctionVersion="1")["AliasArn"]
    everybody = {"FunctionName": alias, "Principal": "*"}
    url = lab.create(
        PERMISSION,
        {**everybody, "Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"},
    )
    invoke = lab.create(
        PERMISSION,
        {**everybody, "Action": "lambda:InvokeFunction", "InvokedViaFunctionUrl": "true"},
    )
    organisation = lab.create(
        PERMISSION,
        {**everybody, "Action": "lambda:GetFunction", "PrincipalOrgID": "o-abcdefghij"},
    )
    found = statements(engine, FunctionName=name, Qualifier="live")
    assert {one["Sid"] for one in found} == {url.ref, invoke.ref, organisation.ref}
    for permission in (url, invoke, organisation):
        lab.delete(permission)
    code, _ = error_of(lambda: statements(engine, FunctionName=name, Qualifier="live"))
    assert code == "ResourceNotFoundException"


def test_every_property_replaces_it() -> None:
    old = {"FunctionName": "a", "Action": "lambda:InvokeFunction", "Principal": "*"}
    assert PERMISSION.replacing(old, {**old, "SourceArn": "b"}) == {"SourceArn"}
