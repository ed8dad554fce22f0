"""Secrets Manager rotates secrets with functions of the engine."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from engine_fixtures import Ear, Engine, error_of

ROTATING = """
import json, urllib.request

def handler(event, context):
    say(event["Step"])
    if event["Step"] == "testSecret" and FAILING:
        raise ValueError("no")
    import boto3
    secrets = boto3.client("secretsmanager")
    which = {"SecretId": event["SecretId"]}
    token = event["ClientRequestToken"]
    if event["Step"] == "createSecret":
        stages = secrets.describe_secret(**which)["VersionIdsToStages"]
        assert stages[token] == ["AWSPENDING"], stages
        try:
            secrets.get_secret_value(**which, VersionId=token, VersionStage="AWSPENDING")
        except secrets.exceptions.ResourceNotFoundException:
            pass
        secrets.put_secret_value(
            **which, ClientRequestToken=token, SecretString="new", VersionStages=["AWSPENDING"]
        )
    if event["Step"] == "finishSecret":
        stages = secrets.describe_secret(**which)["VersionIdsToStages"]
        (current,) = [one for one in stages if "AWSCURRENT" in stages[one]]
        secrets.update_secret_version_stage(
            **which, VersionStage="AWSCURRENT", MoveToVersionId=token,
            RemoveFromVersionId=current,
        )
"""
STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"]


def rotating(engine: Engine, ear: Ear, *, failing: bool = False) -> str:
    """A function that Secrets Manager may invoke; returns its ARN."""
    name = engine.create(f"FAILING = {failing}\n{ear.say}{ROTATING}", Timeout=60)
    engine.client().add_permission(
        FunctionName=name,
        StatementId="secrets",
        Action="lambda:InvokeFunction",
        Principal="secretsmanager.amazonaws.com",
    )
    arn: str = engine.client().get_function_configuration(FunctionName=name)["FunctionArn"]
    return arn


def secret_of(engine: Engine) -> str:
    made = engine.client("secretsmanager").create_secret(
        Name=engine.name("secret"), SecretString="old"
    )
    arn: str = made["ARN"]
    return arn


def until(look: Callable[[], Any]) -> Any:
    """Wait for what does not come at once."""
    for _ in range(600):
        found = look()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come")


def test_a_function_rotates_a_secret_in_four_steps(engine: Engine, ear: Ear) -> None:
    secrets, secret = engine.client("secretsmanager"), secret_of(engine)
    answer = secrets.rotate_secret(
        SecretId=secret,
        RotationLambdaARN=rotating(engine, ear),
        RotationRules={"ScheduleExpression": "rate(10 days)"},
    )
    until(lambda: secrets.describe_secret(SecretId=secret).get("LastRotatedDate"))
    assert ear.heard == STEPS
    value = secrets.get_secret_value(SecretId=secret)
    assert (value["SecretString"], value["VersionId"]) == ("new", answer["VersionId"])
    before = secrets.get_secret_value(SecretId=secret, VersionStage="AWSPREVIOUS")
    assert before["SecretString"] == "old"
    described = secrets.describe_secret(SecretId=secret)
    assert described["RotationRules"] == {"ScheduleExpression": "rate(10 days)"}
    assert described["RotationEnabled"] is True
    assert described["NextRotationDate"]


def test_a_secret_rotates_by_its_schedule(engine: Engine, ear: Ear) -> None:
    secrets, secret = engine.client("secretsmanager"), secret_of(engine)
    function = rotating(engine, ear)
    secrets.rotate_secret(
        SecretId=secret,
        RotationLambdaARN=function,
        RotationRules={"ScheduleExpression": "rate(1 day)"},
        RotateImmediately=False,
    )
    ear.wait(lambda heard: heard == ["testSecret"])
    versions = until(
        lambda: (
            (stages := secrets.describe_secret(SecretId=secret)["VersionIdsToStages"])
            and len(stages) == 1
            and stages
        )
    )
    assert list(versions.values()) == [["AWSCURRENT"]]
    assert secrets.get_secret_value(SecretId=secret)["SecretString"] == "old"


def test_a_rotation_that_failed_is_tried_again(engine: Engine, ear: Ear) -> None:
    secrets, secret = engine.client("secretsmanager"), secret_of(engine)
    first = secrets.rotate_secret(
        SecretId=secret, RotationLambdaARN=rotating(engine, ear, failing=True)
    )
    ear.wait(lambda heard: heard == STEPS[:3])
    assert secrets.get_secret_value(SecretId=secret)["SecretString"] == "old"
    again = rotating(engine, ear)

    def rotate() -> Any:
        try:
            return secrets.rotate_secret(SecretId=secret, RotationLambdaARN=again)
        except secrets.exceptions.InvalidRequestException:  # the first has not ended yet
            return None

    assert until(rotate)["VersionId"] == first["VersionId"]
    until(lambda: secrets.get_secret_value(SecretId=secret)["SecretString"] == "new")


def test_only_a_function_that_lets_it_in_can_rotate(engine: Engine) -> None:
    secrets, secret = engine.client("secretsmanager"), secret_of(engine)
    name = engine.create("def handler(event, context):\n    return 1\n")
    arn = engine.client().get_function_configuration(FunctionName=name)["FunctionArn"]
    code, message = error_of(lambda: secrets.rotate_secret(SecretId=secret, RotationLambdaARN=arn))
    assert code == "AccessDeniedException"
    assert "secretsmanager.amazonaws.com" in message
    code, message = error_of(lambda: secrets.rotate_secret(SecretId=secret))
    assert (code, message) == (
        "InvalidRequestException",
        "No Lambda rotation function ARN is associated with this secret.",
    )


def test_a_schedule_that_is_none(engine: Engine, ear: Ear) -> None:
    secrets, secret = engine.client("secretsmanager"), secret_of(engine)
    function = rotating(engine, ear)
    code, _ = error_of(
        lambda: secrets.rotate_secret(
            SecretId=secret,
            RotationLambdaARN=function,
            RotationRules={"ScheduleExpression": "often"},
        )
    )
    assert code == "InvalidParameterException"
    assert "RotationEnabled" not in secrets.describe_secret(SecretId=secret)
