"""Answers of the control plane as recorded from AWS (November 2025 to January 2026)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from control_harness import ARN, Harness, archive, refused
from engine_fixtures import Engine, zip_of

NOT_FOUND = "ResourceNotFoundException"
INVALID = "InvalidParameterValueException"


@pytest.fixture
async def harness(tmp_path: Path) -> AsyncIterator[Harness]:
    made = Harness(tmp_path)
    yield made
    made.close()


async def test_tags_change_the_revision(harness: Harness) -> None:
    function = await harness.function()
    seen = {(await harness("GetFunctionConfiguration", FunctionName="f"))["RevisionId"]}
    arn = function["FunctionArn"]
    for operation, members in (
        ("TagResource", {"Tags": {"a": "b"}}),
        ("UntagResource", {"TagKeys": ["a"]}),
    ):
        await harness(operation, Resource=arn, **members)
        shown = await harness("GetFunctionConfiguration", FunctionName="f")
        assert shown["RevisionId"] not in seen
        seen.add(shown["RevisionId"])


@pytest.mark.parametrize(
    ("operation", "request_", "arn"),
    [
        ("PutFunctionConcurrency", {"ReservedConcurrentExecutions": 1}, "g:$LATEST"),
        ("CreateAlias", {"Name": "live", "FunctionVersion": "7"}, "g:7"),
        ("GetFunctionConfiguration", {}, "g"),
        ("GetFunctionConfiguration", {"Qualifier": "7"}, "g:7"),
        ("DeleteFunction", {}, "g"),
        ("PublishVersion", {}, "g"),
    ],
)
async def test_an_unknown_function(
    harness: Harness, operation: str, request_: dict[str, Any], arn: str
) -> None:
    with refused(NOT_FOUND, f"Function not found: {ARN}{arn}"):
        await harness(operation, FunctionName="g", **request_)


async def test_an_unknown_version_of_an_alias(harness: Harness) -> None:
    await harness.function()
    with refused(NOT_FOUND, f"Function not found: {ARN}f:7"):
        await harness("CreateAlias", FunctionName="f", Name="live", FunctionVersion="7")
    await harness("PublishVersion", FunctionName="f")
    await harness("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
    with refused(NOT_FOUND, f"Function not found: {ARN}f:7"):
        await harness("UpdateAlias", FunctionName="f", Name="live", FunctionVersion="7")


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("PutProvisionedConcurrencyConfig", {"ProvisionedConcurrentExecutions": 1}),
        ("GetProvisionedConcurrencyConfig", {}),
        (
            "AddPermission",
            {
                "StatementId": "s",
                "Action": "lambda:InvokeFunction",
                "Principal": "s3.amazonaws.com",
            },
        ),
        ("RemovePermission", {"StatementId": "s"}),
    ],
)
async def test_an_unknown_alias(harness: Harness, operation: str, members: dict[str, Any]) -> None:
    await harness.function()
    with refused(NOT_FOUND, f"Cannot find alias arn: {ARN}f:live"):
        await harness(operation, FunctionName="f", Qualifier="live", **members)


async def test_unknown_urls_and_tagged_resources(harness: Harness) -> None:
    with refused(NOT_FOUND, "Function does not exist"):
        await harness("UpdateFunctionUrlConfig", FunctionName="f", AuthType="NONE")
    prefix = ARN.removesuffix("function:")
    mapping = f"{prefix}event-source-mapping:0b1b2b3b-0000-0000-0000-000000000000"
    with refused(NOT_FOUND, f"Event source mapping not found: {mapping}"):
        await harness("ListTags", Resource=mapping)
    provider = f"{prefix}capacity-provider:none"
    with refused(NOT_FOUND, f"Capacity provider not found: {provider}"):
        await harness("TagResource", Resource=provider, Tags={"a": "b"})


async def test_deleting_a_version_that_is_not_there(harness: Harness) -> None:
    await harness.function()
    assert await harness("DeleteFunction", FunctionName="f", Qualifier="7") == {"StatusCode": 204}
    with refused(NOT_FOUND, f"Function not found: {ARN}g"):
        await harness("DeleteFunction", FunctionName="g", Qualifier="7")


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({}, {}),
        (
            {"CompatibleRuntimes": [], "CompatibleArchitectures": []},
            {"CompatibleRuntimes": [], "CompatibleArchitectures": []},
        ),
        (
            {"CompatibleArchitectures": ["arm64"]},
            {"CompatibleRuntimes": [], "CompatibleArchitectures": ["arm64"]},
        ),
        ({"CompatibleRuntimes": ["python3.12"]}, {"CompatibleRuntimes": ["python3.12"]}),
    ],
)
async def test_lists_of_a_layer(
    harness: Harness, given: dict[str, Any], shown: dict[str, Any]
) -> None:
    made = await harness(
        "PublishLayerVersion", LayerName="l", Content={"ZipFile": archive("x = 1")}, **given
    )
    got = await harness("GetLayerVersion", LayerName="l", VersionNumber=1)
    for answer in (made, got):
        assert {k: v for k, v in answer.items() if k.startswith("Compatible")} == shown


async def test_a_mapping_with_empty_filters_that_is_not_to_be_read(harness: Harness) -> None:
    await harness.function()
    made = await harness(
        "CreateEventSourceMapping",
        FunctionName="f",
        EventSourceArn="arn:aws:sqs:us-east-1:000000000000:q",
        FilterCriteria={"Filters": []},
        Enabled=False,
    )
    assert made["State"] == "Disabled"
    assert "FilterCriteria" not in made
    got = await harness("GetEventSourceMapping", UUID=made["UUID"])
    assert (got["State"], "FilterCriteria" in got) == ("Disabled", False)
    await harness.settled("UpdateEventSourceMapping", UUID=made["UUID"], Enabled=True)
    assert (await harness("GetEventSourceMapping", UUID=made["UUID"]))["State"] == "Enabled"


def body(error: ClientError) -> dict[str, Any]:
    """An error's own members, as they came over the wire."""
    answer = error.response
    left_out = ("Error", "ResponseMetadata")
    return {key: value for key, value in answer.items() if key not in left_out}


def test_claims_of_concurrency_are_refused_without_a_type(engine: Engine) -> None:
    client = engine.client()
    name = engine.create("def handler(event, context):\n    return 1\n", Publish=True)
    with pytest.raises(ClientError, match="below its minimum value of") as below:
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=950)
    assert below.value.response["Error"]["Code"] == INVALID
    assert set(body(below.value)) == {"message"}
    with pytest.raises(ClientError, match="is greater than account's unreserved") as greater:
        client.put_provisioned_concurrency_config(
            FunctionName=name, Qualifier="1", ProvisionedConcurrentExecutions=5000
        )
    assert set(body(greater.value)) == {"message"}
    with pytest.raises(ClientError, match="alias pointing to more than 1 version") as latest:
        client.create_alias(
            FunctionName=name,
            Name="live",
            FunctionVersion="$LATEST",
            RoutingConfig={"AdditionalVersionWeights": {"1": 0.5}},
        )
    assert set(body(latest.value)) == {"message"}
    with pytest.raises(ClientError, match="We currently do not support") as typed:
        client.add_permission(
            FunctionName=name,
            Qualifier="$LATEST",
            StatementId="s",
            Action="lambda:InvokeFunction",
            Principal="s3.amazonaws.com",
        )
    assert body(typed.value)["Type"] == "User"


def test_invoking_what_is_not_there(engine: Engine) -> None:
    prefix = f"arn:aws:lambda:{engine.region}:{engine.account}:function"
    for qualifier, shown in ((None, "$LATEST"), ("$LATEST", "$LATEST"), ("7", "7")):
        asked = {"FunctionName": "nobody", **({"Qualifier": qualifier} if qualifier else {})}
        with pytest.raises(ClientError) as error:
            engine.client().invoke(**asked)
        expected = f"Function not found: {prefix}:nobody:{shown}"
        assert error.value.response["Error"]["Message"] == expected


def test_a_throttle_tells_its_wait_in_a_header_only(engine: Engine) -> None:
    name = engine.create("def handler(event, context):\n    return 1\n")
    engine.client().put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    client = engine.client(verify=False)
    answers: list[Any] = []
    client.meta.events.register(
        "after-call.lambda.Invoke", lambda http_response, **_: answers.append(http_response)
    )
    with pytest.raises(ClientError, match="Rate Exceeded"):
        client.invoke(FunctionName=name)
    assert answers[0].headers["Retry-After"] == "1"
    assert json.loads(answers[0].content) == {
        "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
        "Type": "User",
        "message": "Rate Exceeded.",
    }


def test_an_unknown_runtime_is_told_which_there_are(engine: Engine) -> None:
    with pytest.raises(ClientError) as error:
        engine.client().create_function(
            FunctionName=engine.name(),
            Runtime="non-existent-runtime",
            Role="arn:aws:iam::000000000000:role/r",
            Handler="index.handler",
            Code={"ZipFile": zip_of({"index.py": ""})},
        )
    assert error.value.response["Error"]["Message"] == (
        "Value non-existent-runtime at 'runtime' failed to satisfy constraint: Member must satisfy "
        "enum value set: [nodejs20.x, python3.14, provided.al2023, python3.12, python3.13, "
        "nodejs24.x, nodejs22.x, java25, python3.10, python3.11, java21, ruby3.3, ruby3.4, "
        "ruby3.2, python3.8, python3.9, java17, nodejs16.x, dotnet10, dotnet8, java11, dotnet6, "
        "nodejs18.x, provided.al2, java8.al2] or be a valid ARN"
    )
