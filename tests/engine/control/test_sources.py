"""Event source mappings, function URLs, code signing, capacity providers."""

from __future__ import annotations

import asyncio
import uuid
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from control_harness import (
    ACCOUNT,
    ARN,
    CONFLICT,
    INVALID,
    NOT_FOUND,
    ROLE,
    VALIDATION,
    Harness,
    archive,
    harness,
    minimal,
    refused,
)

from lambda_nb.engine.model import FetchFailed

__all__ = ["harness"]

QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"
STREAM = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/s"
TABLE = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/t/stream/2026-01-01T00:00:00.000"
BROKERS = {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["broker:9092"]}}


async def test_a_queue_mapping(harness: Harness) -> None:
    await harness.function()
    made = await harness("CreateEventSourceMapping", FunctionName="f", EventSourceArn=QUEUE)
    identifier = made.pop("UUID")
    assert str(uuid.UUID(identifier)) == identifier
    assert isinstance(made.pop("LastModified"), datetime)
    assert made == {
        "BatchSize": 10,
        "EventSourceArn": QUEUE,
        "EventSourceMappingArn": (
            f"arn:aws:lambda:us-east-1:{ACCOUNT}:event-source-mapping:{identifier}"
        ),
        "FunctionArn": f"{ARN}f",
        "FunctionResponseTypes": [],
        "MaximumBatchingWindowInSeconds": 0,
        "State": "Creating",
        "StateTransitionReason": "USER_INITIATED",
    }
    await asyncio.sleep(0)
    assert (await harness("GetEventSourceMapping", UUID=identifier))["State"] == "Enabled"


async def test_a_stream_mapping(harness: Harness) -> None:
    await harness.function()
    start = datetime(2026, 1, 2, tzinfo=timezone.utc)
    made = await harness.settled(
        "CreateEventSourceMapping",
        FunctionName=f"{ARN}f:$LATEST",
        EventSourceArn=STREAM,
        StartingPosition="AT_TIMESTAMP",
        StartingPositionTimestamp=start,
        Enabled=False,
    )
    identifier = made["UUID"]
    for member in ("UUID", "LastModified", "EventSourceMappingArn"):
        del made[member]
    assert made == {
        "BatchSize": 100,
        "BisectBatchOnFunctionError": False,
        "DestinationConfig": {"OnFailure": {}},
        "EventSourceArn": STREAM,
        "FunctionArn": f"{ARN}f:$LATEST",
        "FunctionResponseTypes": [],
        "LastProcessingResult": "No records processed",
        "MaximumBatchingWindowInSeconds": 0,
        "MaximumRecordAgeInSeconds": -1,
        "MaximumRetryAttempts": -1,
        "ParallelizationFactor": 1,
        "StartingPosition": "AT_TIMESTAMP",
        "StartingPositionTimestamp": start,
        "State": "Creating",
        "StateTransitionReason": "User action",
        "TumblingWindowInSeconds": 0,
    }
    assert (await harness("GetEventSourceMapping", UUID=identifier))["State"] == "Disabled"


async def test_the_life_of_a_mapping(harness: Harness) -> None:
    await harness.function()
    made = await harness("CreateEventSourceMapping", FunctionName="f", EventSourceArn=QUEUE)
    where = {"UUID": made["UUID"]}
    with refused(
        "ResourceInUseException",
        "Cannot update the event source mapping because it is in use.",
        400,
    ):
        await harness("UpdateEventSourceMapping", **where, BatchSize=5)
    await asyncio.sleep(0)
    pattern = {"Filters": [{"Pattern": '{"body": {"k": ["v"]}}'}]}
    steps: list[tuple[dict[str, Any], str, str]] = [
        ({"BatchSize": 5, "FilterCriteria": pattern}, "Updating", "Enabled"),
        ({"Enabled": False}, "Disabling", "Disabled"),
        ({"Enabled": True, "FilterCriteria": {}}, "Enabling", "Enabled"),
    ]
    for change, passing, final in steps:
        answer = await harness.settled("UpdateEventSourceMapping", **where, **change)
        assert answer["State"] == passing
        got = await harness("GetEventSourceMapping", **where)
        assert got["State"] == final
    assert got["BatchSize"] == 5
    assert "FilterCriteria" not in got
    deleting = await harness("DeleteEventSourceMapping", **where)
    assert deleting["State"] == "Deleting"
    with refused("ResourceInUseException"):
        await harness("DeleteEventSourceMapping", **where)
    await asyncio.sleep(0)
    with refused(NOT_FOUND, "The resource you requested does not exist."):
        await harness("GetEventSourceMapping", **where)


async def test_mappings_are_listed_by_function_and_source(harness: Harness) -> None:
    await harness.function()
    await harness.function("g")
    made = [
        await harness("CreateEventSourceMapping", FunctionName=name, EventSourceArn=QUEUE + suffix)
        for name, suffix in (("f", "1"), ("g", "2"), ("f", "3"))
    ]
    ids = [mapping["UUID"] for mapping in made]

    async def listed(**filters: str) -> list[str]:
        answer = await harness("ListEventSourceMappings", **filters)
        return [mapping["UUID"] for mapping in answer["EventSourceMappings"]]

    assert await listed() == ids
    assert await listed(FunctionName="f") == [ids[0], ids[2]]
    assert await listed(EventSourceArn=QUEUE + "2") == [ids[1]]


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({}, "Unrecognized event source."),
        ({"EventSourceArn": "arn:aws:ec2:us-east-1::d"}, "Unrecognized event source."),
        ({"EventSourceArn": QUEUE, "FunctionName": "nobody"}, "Function does not exist"),
        (
            {"EventSourceArn": STREAM},
            "1 validation error detected: Value null at 'startingPosition' failed to satisfy "
            "constraint: Member must not be null.",
        ),
        (
            {"EventSourceArn": TABLE, "StartingPosition": "AT_TIMESTAMP"},
            f"Unsupported starting position for arn type: {TABLE}",
        ),
        (
            {"EventSourceArn": QUEUE, "BatchSize": 11},
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is "
            "greater than 10",
        ),
        (
            {"EventSourceArn": QUEUE, "DestinationConfig": {"OnFailure": {"Destination": QUEUE}}},
            "Unsupported DestinationConfig parameter for given event source mapping type.",
        ),
        (
            {"EventSourceArn": QUEUE, "FilterCriteria": {"Filters": [{"Pattern": '{"a": 1}'}]}},
            "Invalid filter pattern definition.",
        ),
        (
            {
                "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": ["b:9092"]}},
                "StartingPosition": "LATEST",
            },
            "Required 'sourceAccessConfigurations' parameter is missing.",
        ),
    ],
)
async def test_mapping_errors(harness: Harness, request_: dict[str, Any], message: str) -> None:
    await harness.function()
    with refused(INVALID, message):
        await harness("CreateEventSourceMapping", **{"FunctionName": "f", **request_})


async def test_kafka_has_a_consumer_group_and_retries_in_provisioned_mode(
    harness: Harness,
) -> None:
    await harness.function()
    asked = {
        "FunctionName": "f",
        "SelfManagedEventSource": BROKERS,
        "SourceAccessConfigurations": [{"Type": "BASIC_AUTH", "URI": "arn:secret"}],
        "StartingPosition": "LATEST",
        "Topics": ["orders"],
    }
    made = await harness("CreateEventSourceMapping", **asked)
    assert made["SelfManagedKafkaEventSourceConfig"] == {"ConsumerGroupId": made["UUID"]}
    named = {"SelfManagedKafkaEventSourceConfig": {"ConsumerGroupId": "mine"}}
    made = await harness("CreateEventSourceMapping", **asked, **named)
    assert made["SelfManagedKafkaEventSourceConfig"] == {"ConsumerGroupId": "mine"}
    unsupported = "Unsupported MaximumRetryAttempts parameter for given event source mapping type."
    with refused(INVALID, unsupported):
        await harness("CreateEventSourceMapping", **asked, MaximumRetryAttempts=1)
    pollers = {"ProvisionedPollerConfig": {"MinimumPollers": 1}}
    made = await harness("CreateEventSourceMapping", **asked, **pollers, MaximumRetryAttempts=1)
    assert made["MaximumRetryAttempts"] == 1


@pytest.mark.parametrize(
    ("pattern", "valid"),
    [
        ('{"body": {"k": ["v", 1, null, {"prefix": "a"}]}}', True),
        ('{"$or": [{"a": [1]}, {"b": [{"exists": false}]}]}', True),
        ("{}", True),
        ('{"a": []}', False),
        ('{"a": [[1]]}', False),
        ('{"a": [{"like": "b"}]}', False),
        ('{"a": [{"prefix": "b", "suffix": "c"}]}', False),
        ('["a"]', False),
        ("{", False),
    ],
)
async def test_filter_patterns(harness: Harness, pattern: str, valid: bool) -> None:
    await harness.function()
    request = {
        "FunctionName": "f",
        "EventSourceArn": QUEUE,
        "FilterCriteria": {"Filters": [{"Pattern": pattern}]},
    }
    if valid:
        made = await harness("CreateEventSourceMapping", **request)
        assert made["FilterCriteria"] == request["FilterCriteria"]
        return
    with refused(INVALID, "Invalid filter pattern definition."):
        await harness("CreateEventSourceMapping", **request)


async def test_a_source_is_mapped_to_a_function_once(harness: Harness) -> None:
    await harness.function()
    stream = {"FunctionName": "f", "EventSourceArn": STREAM, "StartingPosition": "LATEST"}
    first = (await harness("CreateEventSourceMapping", **stream))["UUID"]
    with refused(
        CONFLICT,
        f'The event source arn (" {STREAM} ") and function (" f ") provided mapping already '
        f"exists. Please update or delete the existing mapping with UUID {first}",
    ):
        await harness("CreateEventSourceMapping", **stream)
    queue = {"FunctionName": "f", "EventSourceArn": QUEUE}
    second = (await harness("CreateEventSourceMapping", **queue))["UUID"]
    with refused(
        CONFLICT,
        f'An event source mapping with SQS arn (" {QUEUE} ") and function (" f ") already exists. '
        f"Please update or delete the existing mapping with UUID {second}",
    ):
        await harness("CreateEventSourceMapping", **queue)


class EmptyNeighbours:
    """Has no queue, no stream, no subnet."""

    async def source(self, arn: str) -> None:
        raise FetchFailed(
            "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."
        )

    async def vpc(self, subnets: list[str], groups: list[str]) -> str:
        raise FetchFailed(
            "InvalidSubnetID.NotFound", f"The subnet ID '{subnets[0]}' does not exist"
        )


async def test_what_is_not_there_is_refused(tmp_path: Path) -> None:
    harness = Harness(tmp_path, probe=EmptyNeighbours())
    await harness.function()
    with refused(
        INVALID,
        "Error occurred while ReceiveMessage. SQS Error Code: "
        "AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: "
        "The specified queue does not exist.",
    ):
        await harness("CreateEventSourceMapping", FunctionName="f", EventSourceArn=QUEUE)
    with refused(INVALID, f"Stream not found: {STREAM}"):
        await harness(
            "CreateEventSourceMapping",
            FunctionName="f",
            EventSourceArn=STREAM,
            StartingPosition="LATEST",
        )
    vpc = {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}
    with refused(
        INVALID,
        "Error occurred while DescribeSubnets. EC2 Error Code: InvalidSubnetID.NotFound. "
        "EC2 Error Message: The subnet ID 'subnet-1' does not exist",
    ):
        await harness("UpdateFunctionConfiguration", FunctionName="f", VpcConfig=vpc)
    harness.close()


async def test_a_vpc_config_is_shown_with_its_vpc_and_emptied(harness: Harness) -> None:
    made = await harness.function(VpcConfig={"SubnetIds": ["subnet-1"], "SecurityGroupIds": []})
    assert made["VpcConfig"] == {
        "SubnetIds": ["subnet-1"],
        "SecurityGroupIds": [],
        "VpcId": "",
        "Ipv6AllowedForDualStack": False,
    }
    update = await harness(
        "UpdateFunctionConfiguration",
        FunctionName="f",
        VpcConfig={"SubnetIds": [], "SecurityGroupIds": []},
    )
    assert update["VpcConfig"]["SubnetIds"] == []


async def test_function_urls(harness: Harness) -> None:
    await harness.function(Publish=True)
    await harness("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
    made = await harness("CreateFunctionUrlConfig", FunctionName="f", AuthType="NONE")
    assert set(made) == {"FunctionUrl", "FunctionArn", "AuthType", "CreationTime"}
    got = await harness("GetFunctionUrlConfig", FunctionName="f")
    assert got["InvokeMode"] == "BUFFERED"
    assert got["LastModifiedTime"] == got["CreationTime"] == made["CreationTime"]
    with refused(
        CONFLICT,
        f"Failed to create function url config for [functionArn = {ARN}f]. "
        "Error message:  FunctionUrlConfig exists for this Lambda function",
    ):
        await harness("CreateFunctionUrlConfig", FunctionName="f", AuthType="NONE")
    cors = {"AllowOrigins": ["*"]}
    await harness(
        "CreateFunctionUrlConfig",
        FunctionName="f",
        Qualifier="live",
        AuthType="AWS_IAM",
        Cors=cors,
        InvokeMode="RESPONSE_STREAM",
    )
    listed = (await harness("ListFunctionUrlConfigs", FunctionName="f"))["FunctionUrlConfigs"]
    assert [url["FunctionArn"] for url in listed] == [f"{ARN}f", f"{ARN}f:live"]
    identifier = listed[1]["FunctionUrl"].removeprefix("http://").partition(".")[0]
    assert listed[1]["FunctionUrl"] == f"http://{identifier}.lambda-url.localhost:9000/"
    served = harness.control.function_url(identifier)
    assert served is not None
    assert (served.function_name, served.qualifier) == ("f", "live")
    assert (served.auth_type, served.invoke_mode, served.cors) == (
        "AWS_IAM",
        "RESPONSE_STREAM",
        cors,
    )
    update = await harness("UpdateFunctionUrlConfig", FunctionName="f", Qualifier="live", Cors={})
    assert "Cors" not in update
    assert update["InvokeMode"] == "RESPONSE_STREAM"
    await harness("DeleteFunctionUrlConfig", FunctionName="f", Qualifier="live")
    assert harness.control.function_url(identifier) is None
    with refused(NOT_FOUND, "The resource you requested does not exist."):
        await harness("GetFunctionUrlConfig", FunctionName="f", Qualifier="live")
    for qualifier in ("1", "$LATEST"):
        with refused(VALIDATION):
            await harness("GetFunctionUrlConfig", FunctionName="f", Qualifier=qualifier)
    with refused(NOT_FOUND, "Function does not exist"):
        await harness("ListFunctionUrlConfigs", FunctionName="g")


async def test_code_signing(harness: Harness) -> None:
    publisher = f"arn:aws:signer:us-east-1:{ACCOUNT}:/signing-profiles/p/v"
    publishers = {"SigningProfileVersionArns": [publisher]}
    made = (await harness("CreateCodeSigningConfig", AllowedPublishers=publishers))[
        "CodeSigningConfig"
    ]
    arn = made["CodeSigningConfigArn"]
    assert arn.endswith(made["CodeSigningConfigId"])
    assert made["CodeSigningPolicies"] == {"UntrustedArtifactOnDeployment": "Warn"}
    await harness.function(CodeSigningConfigArn=arn)
    bound = {"FunctionName": "f", "CodeSigningConfigArn": arn}
    assert await harness("GetFunctionCodeSigningConfig", FunctionName="f") == bound
    listed = await harness("ListFunctionsByCodeSigningConfig", CodeSigningConfigArn=arn)
    assert listed["FunctionArns"] == [f"{ARN}f"]
    await harness.settled("UpdateFunctionCode", FunctionName="f", ZipFile=archive("x = 1"))
    await harness(
        "UpdateCodeSigningConfig",
        CodeSigningConfigArn=arn,
        CodeSigningPolicies={"UntrustedArtifactOnDeployment": "Enforce"},
    )
    with refused("CodeVerificationFailedException", status=400):
        await harness("UpdateFunctionCode", FunctionName="f", ZipFile=archive("x = 2"))
    with refused(CONFLICT):
        await harness("DeleteCodeSigningConfig", CodeSigningConfigArn=arn)
    await harness("DeleteFunctionCodeSigningConfig", FunctionName="f")
    assert await harness("GetFunctionCodeSigningConfig", FunctionName="f") == {"FunctionName": "f"}
    await harness("DeleteCodeSigningConfig", CodeSigningConfigArn=arn)
    with refused(NOT_FOUND, "The Lambda code signing configuration ARN can not be found.", 404):
        await harness("GetCodeSigningConfig", CodeSigningConfigArn=arn)
    with refused("CodeSigningConfigNotFoundException", status=404):
        await harness("PutFunctionCodeSigningConfig", FunctionName="f", CodeSigningConfigArn=arn)


async def test_capacity_providers(harness: Harness) -> None:
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:capacity-provider:fleet"
    request = {
        "CapacityProviderName": "fleet",
        "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
        "PermissionsConfig": {"CapacityProviderOperatorRoleArn": ROLE},
    }
    config = {"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": arn}}
    with refused(INVALID):
        await harness("CreateFunction", **minimal(CapacityProviderConfig=config))
    made = (await harness.settled("CreateCapacityProvider", **request))["CapacityProvider"]
    assert (made["CapacityProviderArn"], made["State"]) == (arn, "Pending")
    got = (await harness("GetCapacityProvider", CapacityProviderName=arn))["CapacityProvider"]
    assert got["State"] == "Active"
    made = await harness.function(
        CapacityProviderConfig=config, Timeout=1000, PublishTo="LATEST_PUBLISHED"
    )
    assert made["Version"] == "$LATEST.PUBLISHED"
    users = await harness("ListFunctionVersionsByCapacityProvider", CapacityProviderName="fleet")
    assert users["CapacityProviderArn"] == arn
    assert users["FunctionVersions"] == [
        {"FunctionArn": f"{ARN}f:$LATEST", "State": "Active"},
        {"FunctionArn": f"{ARN}f:$LATEST.PUBLISHED", "State": "Active"},
    ]
    assert harness.control.resolve("f:$LATEST.PUBLISHED", None).function.timeout_s == 1000
    bounds = {"MinExecutionEnvironments": 1, "MaxExecutionEnvironments": 2}
    await harness(
        "PutFunctionScalingConfig",
        FunctionName="f",
        Qualifier="$LATEST.PUBLISHED",
        FunctionScalingConfig=bounds,
    )
    scaling = await harness(
        "GetFunctionScalingConfig", FunctionName="f", Qualifier="$LATEST.PUBLISHED"
    )
    assert scaling["AppliedFunctionScalingConfig"] == bounds
    more = {**config["LambdaManagedInstancesCapacityProviderConfig"]}
    more["PerExecutionEnvironmentMaxConcurrency"] = 8
    changed = {"LambdaManagedInstancesCapacityProviderConfig": more}
    update = {"FunctionName": "f", "MemorySize": 16384, "CapacityProviderConfig": changed}
    told = await harness.settled("UpdateFunctionConfiguration", **update)
    assert told["CapacityProviderConfig"] == changed
    more["CapacityProviderArn"] = arn.replace("fleet", "nobody")
    with refused(INVALID):
        await harness("UpdateFunctionConfiguration", **update)
    with refused(CONFLICT):
        await harness("DeleteCapacityProvider", CapacityProviderName="fleet")
    await harness("DeleteFunction", FunctionName="f")
    more["CapacityProviderArn"] = arn
    await harness.function()
    with refused(INVALID):  # it was not created with one
        await harness("UpdateFunctionConfiguration", **update)
    gone = await harness.settled("DeleteCapacityProvider", CapacityProviderName="fleet")
    assert gone["CapacityProvider"]["State"] == "Deleting"
    assert (await harness("ListCapacityProviders"))["CapacityProviders"] == []
