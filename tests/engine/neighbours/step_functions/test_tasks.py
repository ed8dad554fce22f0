"""Tasks: functions, services by their own integrations and by the SDK's names, other machines."""

from __future__ import annotations

import json
from typing import Any

import pytest
from engine_fixtures import Engine
from states_lab import DOUBLE, FAIL, Lab, task

INVOKE = "arn:aws:states:::lambda:invoke"


def test_functions_by_name_version_and_alias(engine: Engine, lab: Lab) -> None:
    arn = lab.function(DOUBLE)
    calls = engine.client()
    version = calls.publish_version(FunctionName=arn)["Version"]
    calls.create_alias(FunctionName=arn, Name="live", FunctionVersion=version)
    name = arn.rpartition(":")[2]
    for target in ({"FunctionName": name}, {"FunctionName": f"{arn}:live"}):
        told = lab.output({"A": task(INVOKE, {**target, "Payload.$": "$"})}, {"n": 2})
        assert told["Payload"] == {"n": 4}
    told = lab.output(
        {"A": task(INVOKE, {"FunctionName": name, "Qualifier": "live", "Payload.$": "$"})},
        {"n": 3},
    )
    assert (told["Payload"], told["ExecutedVersion"]) == ({"n": 6}, version)
    assert lab.output({"A": task(f"{arn}:live")}, {"n": 4}) == {"n": 8}


@pytest.mark.parametrize("plain", [True, False])
def test_errors_of_functions_and_of_lambda(lab: Lab, plain: bool) -> None:
    def made(arn: str) -> dict[str, Any]:
        return {"A": task(arn) if plain else task(INVOKE, {"FunctionName": arn})}

    failing = lab.function(FAIL)
    assert lab.run(made(failing))["error"] == "ValueError"
    missing = lab.run(made(f"{failing}-none"))
    assert missing["error"] == "Lambda.ResourceNotFoundException"
    gone = lab.run(made(lab.function("import os\ndef handler(e, c):\n    os._exit(1)\n")))
    assert gone["error"] in ("Runtime.ExitError", "Lambda.Unknown")


def test_a_retry_then_a_catch(lab: Lab) -> None:
    again = {
        "ErrorEquals": ["ValueError"],
        "IntervalSeconds": 1,
        "MaxAttempts": 1,
        "MaxDelaySeconds": 2,
        "JitterStrategy": "FULL",
    }
    caught = {"ErrorEquals": ["States.TaskFailed"], "Next": "Told"}
    states = {
        "A": task(lab.function(FAIL), Retry=[again], Catch=[caught]),
        "Told": {"Type": "Pass", "End": True},
    }
    execution = lab.start(lab.make(states))
    assert json.loads(lab.ended(execution)["output"])["Error"] == "ValueError"
    assert lab.events(execution).count("LambdaFunctionFailed") == 2


@pytest.mark.parametrize("suffix", ["", ".sync", ".sync:2"])
def test_another_state_machine(lab: Lab, suffix: str) -> None:
    child = lab.make({"A": task(lab.function(DOUBLE))})
    told = {"StateMachineArn": child, "Input": {"n": 4}}
    got = lab.output({"A": task(f"arn:aws:states:::states:startExecution{suffix}", told)})
    assert got["ExecutionArn"].split(":")[6] == child.split(":")[6]
    if suffix:
        output = got["Output"]
        assert (output if suffix == ".sync:2" else json.loads(output)) == {"n": 8}


def test_services_by_the_names_of_the_sdk(engine: Engine, lab: Lab) -> None:
    bucket = engine.name("bucket")
    engine.client("s3").create_bucket(Bucket=bucket)
    put = task(
        "arn:aws:states:::aws-sdk:s3:putObject",
        {"Bucket": bucket, "Key": "k", "Body": {"n.$": "$.n"}},
        ResultPath=None,
        Next="B",
    )
    del put["End"]
    got = lab.output(
        {
            "A": put,
            "B": task("arn:aws:states:::aws-sdk:s3:getObject", {"Bucket": bucket, "Key": "k"}),
        },
        {"n": 3},
    )
    assert json.loads(got["Body"]) == {"n": 3}
    express = lab.make({"A": {"Type": "Pass", "Result": 7, "End": True}}, "EXPRESS")
    ran = lab.output(
        {"A": task("arn:aws:states:::aws-sdk:sfn:startSyncExecution", {"StateMachineArn": express})}
    )
    assert ran["Output"] == "7"


@pytest.mark.parametrize(
    ("action", "parameters", "error"),
    [
        ("s3:getObject", {"Bucket": "no-such-bucket", "Key": "k"}, "S3.NoSuchBucketException"),
        ("ssm:getParameter", {"Name": "none"}, "Ssm.ParameterNotFoundException"),
        (
            "secretsmanager:getSecretValue",
            {"SecretId": "none"},
            "SecretsManager.ResourceNotFoundException",
        ),
        ("s3:getObjekt", {}, "States.Runtime"),
        ("s3:getObject", {"Buket": "b"}, "States.Runtime"),
    ],
)
def test_errors_of_services(lab: Lab, action: str, parameters: Any, error: str) -> None:
    told = lab.run({"A": task(f"arn:aws:states:::aws-sdk:{action}", parameters)})
    assert told["error"] == error, told


@pytest.mark.parametrize(
    "resource",
    [
        "ecs:runTask.sync",
        "batch:submitJob.sync",
        "glue:startJobRun.sync",
        "sagemaker:createTrainingJob.sync",
    ],
)
def test_jobs_are_refused(lab: Lab, resource: str) -> None:
    told = lab.run({"A": task(f"arn:aws:states:::{resource}", {})})
    assert (told["status"], told["error"]) == ("FAILED", "States.Runtime")
    assert resource.split(":")[0] in told["cause"]
    assert "Put a function in its place" in told["cause"]
