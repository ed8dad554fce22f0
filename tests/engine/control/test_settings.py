"""Settings beside a function: permissions, concurrency, async settings, tags, account, runtime."""

from __future__ import annotations

import json

import pytest
from control_harness import (
    ACCOUNT,
    ARN,
    CONFLICT,
    INVALID,
    NOT_FOUND,
    PRECONDITION,
    Harness,
    harness,
    refused,
)

__all__ = ["harness"]

UNQUALIFIED = (
    "This operation is permitted on Lambda functions only. Aliases and versions do not support "
    "this operation. Please specify either a function name or an unqualified function ARN."
)


@pytest.mark.parametrize(
    ("given", "principal", "condition"),
    [
        (
            {"Principal": "s3.amazonaws.com", "SourceArn": "arn:aws:s3:::b",
             "SourceAccount": ACCOUNT},
            {"Service": "s3.amazonaws.com"},
            {"StringEquals": {"AWS:SourceAccount": ACCOUNT},
             "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::b"}},
        ),
        ({"Principal": "123456789012"}, {"AWS": "arn:aws:iam::123456789012:root"}, None),
        ({"Principal": "arn:aws:iam::123456789012:role/r"},
         {"AWS": "arn:aws:iam::123456789012:role/r"}, None),
        ({"Principal": "*", "PrincipalOrgID": "o-abcdefghij"}, "*",
         {"StringEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}),
        ({"Principal": "*", "Action": "lambda:InvokeFunctionUrl", "FunctionUrlAuthType": "NONE"},
         "*", {"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}),
    ],
)  # fmt: skip
async def test_permission_statements(
    harness: Harness, given: dict[str, str], principal: object, condition: object
) -> None:
    await harness.function()
    request = {"FunctionName": "f", "StatementId": "s", "Action": "lambda:InvokeFunction"} | given
    added = await harness("AddPermission", **request)
    expected = {
        "Sid": "s",
        "Effect": "Allow",
        "Principal": principal,
        "Action": request["Action"],
        "Resource": f"{ARN}f",
    }
    if condition:
        expected["Condition"] = condition
    assert json.loads(added["Statement"]) == expected
    policy = await harness("GetPolicy", FunctionName="f")
    assert json.loads(policy["Policy"]) == {
        "Version": "2012-10-17",
        "Id": "default",
        "Statement": [expected],
    }


async def test_permission_errors(harness: Harness) -> None:
    request = {
        "FunctionName": "f",
        "StatementId": "s",
        "Action": "lambda:InvokeFunction",
        "Principal": "s3.amazonaws.com",
    }
    with refused(NOT_FOUND, f"Function not found: {ARN}f"):
        await harness("AddPermission", **request)
    with refused(NOT_FOUND, f"No policy found for: {ARN}f"):
        await harness("RemovePermission", FunctionName="f", StatementId="s")
    await harness.function()
    with refused(NOT_FOUND, "The resource you requested does not exist."):
        await harness("GetPolicy", FunctionName="f")
    with refused(NOT_FOUND, "No policy is associated with the given resource."):
        await harness("RemovePermission", FunctionName="f", StatementId="s")
    with refused(INVALID, "We currently do not support adding policies for $LATEST."):
        await harness("AddPermission", **request, Qualifier="$LATEST")
    with refused(
        INVALID, "The provided principal was invalid. Please check the principal and try again."
    ):
        await harness("AddPermission", **{**request, "Principal": "somebody"})
    await harness("AddPermission", **request)
    with refused(
        CONFLICT,
        "The statement id (s) provided already exists. Please provide a new statement id, or "
        "remove the existing statement.",
    ):
        await harness("AddPermission", **request)
    with refused(NOT_FOUND, "Statement t is not found in resource policy."):
        await harness("RemovePermission", FunctionName="f", StatementId="t")
    with refused(
        PRECONDITION,
        "The Revision Id provided does not match the latest Revision Id. "
        "Call the GetPolicy API to retrieve the latest Revision Id",
    ):
        await harness("RemovePermission", FunctionName="f", StatementId="s", RevisionId="old")
    with refused("PolicyLengthExceededException"):
        for number in range(200):
            await harness("AddPermission", **{**request, "StatementId": f"s{number}"})


async def test_a_policy_shares_the_revision_of_what_it_belongs_to(harness: Harness) -> None:
    await harness.function()

    async def revisions() -> tuple[str, str]:
        function = await harness("GetFunctionConfiguration", FunctionName="f")
        policy = await harness("GetPolicy", FunctionName="f")
        return function["RevisionId"], policy["RevisionId"]

    before = (await harness("GetFunctionConfiguration", FunctionName="f"))["RevisionId"]
    request = {"FunctionName": "f", "Action": "lambda:InvokeFunction", "Principal": "*"}
    await harness("AddPermission", **request, StatementId="a", RevisionId=before)
    function, policy = await revisions()
    assert function == policy != before
    with refused(PRECONDITION):
        await harness("AddPermission", **request, StatementId="b", RevisionId=before)
    await harness("AddPermission", **request, StatementId="b", RevisionId=function)
    await harness("RemovePermission", FunctionName="f", StatementId="a")
    after, policy = await revisions()
    assert after == policy != function


async def test_versions_and_aliases_have_policies_of_their_own(harness: Harness) -> None:
    await harness.function()
    await harness("PublishVersion", FunctionName="f")
    await harness("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
    for qualifier in ("1", "live"):
        added = await harness(
            "AddPermission",
            FunctionName="f",
            Qualifier=qualifier,
            StatementId="s",
            Action="lambda:InvokeFunction",
            Principal="*",
        )
        assert json.loads(added["Statement"])["Resource"] == f"{ARN}f:{qualifier}"
    with refused(NOT_FOUND, "The resource you requested does not exist."):
        await harness("GetPolicy", FunctionName="f")
    document = await harness("GetResourcePolicy", ResourceArn=f"{ARN}f:live")
    put = await harness(
        "PutResourcePolicy",
        ResourceArn=f"{ARN}f:1",
        Policy=document["Policy"].replace("live", "1"),
    )
    assert (await harness("GetPolicy", FunctionName="f", Qualifier="1"))["Policy"] == put["Policy"]
    await harness("DeleteResourcePolicy", ResourceArn=f"{ARN}f:1", RevisionId=put["RevisionId"])
    with refused(NOT_FOUND):
        await harness("GetPolicy", FunctionName="f", Qualifier="1")
    with refused(INVALID):
        await harness("PutResourcePolicy", ResourceArn=f"{ARN}f", Policy="no policy")


async def test_reserved_concurrency(harness: Harness) -> None:
    await harness.function()
    assert await harness("GetFunctionConcurrency", FunctionName="f") == {}
    put = await harness(
        "PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=900
    )
    assert put == {"ReservedConcurrentExecutions": 900}
    assert ("reserved", "f", 900) in harness.hooks.told
    limits = (await harness("GetAccountSettings"))["AccountLimit"]
    assert limits["UnreservedConcurrentExecutions"] == 100
    below = (
        "Specified ReservedConcurrentExecutions for function decreases account's "
        "UnreservedConcurrentExecution below its minimum value of [100]."
    )
    with refused(INVALID, below):
        await harness("PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=901)
    await harness.function("g")
    with refused(INVALID, below):
        await harness("PutFunctionConcurrency", FunctionName="g", ReservedConcurrentExecutions=1)
    with refused(INVALID, UNQUALIFIED):
        await harness("PutFunctionConcurrency", FunctionName="f:1", ReservedConcurrentExecutions=1)
    await harness("DeleteFunctionConcurrency", FunctionName="f")
    assert ("reserved", "f", None) in harness.hooks.told
    assert await harness("GetFunctionConcurrency", FunctionName="f") == {}
    assert "Concurrency" not in await harness("GetFunction", FunctionName="f")


async def published(harness: Harness) -> None:
    await harness.function()
    await harness("PublishVersion", FunctionName="f")
    await harness("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")


async def test_provisioned_concurrency(harness: Harness) -> None:
    await published(harness)
    where = {"FunctionName": "f", "Qualifier": "live"}
    put = await harness(
        "PutProvisionedConcurrencyConfig", **where, ProvisionedConcurrentExecutions=3
    )
    assert put.pop("LastModified")
    assert put == {
        "RequestedProvisionedConcurrentExecutions": 3,
        "AvailableProvisionedConcurrentExecutions": 0,
        "AllocatedProvisionedConcurrentExecutions": 0,
        "Status": "IN_PROGRESS",
    }
    assert ("provisioned", "f", "1", 3) in harness.hooks.told
    got = await harness("GetProvisionedConcurrencyConfig", **where)
    assert (got["Status"], got["AvailableProvisionedConcurrentExecutions"]) == ("READY", 3)
    harness.hooks.environments["f", "1"] = 2
    got = await harness("GetProvisionedConcurrencyConfig", **where)
    assert (got["Status"], got["AvailableProvisionedConcurrentExecutions"]) == ("IN_PROGRESS", 2)
    listed = await harness("ListProvisionedConcurrencyConfigs", FunctionName="f")
    assert [c["FunctionArn"] for c in listed["ProvisionedConcurrencyConfigs"]] == [f"{ARN}f:live"]
    await harness("DeleteProvisionedConcurrencyConfig", **where)
    assert harness.hooks.told[-1] == ("provisioned", "f", "1", 0)
    with refused("ProvisionedConcurrencyConfigNotFoundException", status=404):
        await harness("GetProvisionedConcurrencyConfig", **where)


async def test_provisioned_environments_that_failed_are_tried_when_asked_for_again(
    harness: Harness,
) -> None:
    await published(harness)
    asked = {"FunctionName": "f", "Qualifier": "live", "ProvisionedConcurrentExecutions": 2}
    harness.hooks.provisioning_error = "FUNCTION_ERROR_INIT_FAILURE"
    for _ in range(2):
        await harness("PutProvisionedConcurrencyConfig", **asked)
        got = await harness("GetProvisionedConcurrencyConfig", FunctionName="f", Qualifier="live")
        assert (got["Status"], got["StatusReason"]) == ("FAILED", "FUNCTION_ERROR_INIT_FAILURE")
    assert harness.hooks.told.count(("provisioned", "f", "1", 2)) == 2


async def test_provisioned_environments_follow_their_alias(harness: Harness) -> None:
    await published(harness)
    await harness(
        "PutProvisionedConcurrencyConfig",
        FunctionName="f",
        Qualifier="live",
        ProvisionedConcurrentExecutions=2,
    )
    await harness.settled("UpdateFunctionConfiguration", FunctionName="f", Timeout=9)
    await harness("PublishVersion", FunctionName="f")
    del harness.hooks.told[:]
    await harness("UpdateAlias", FunctionName="f", Name="live", FunctionVersion="2")
    assert harness.hooks.told == [("provisioned", "f", "1", 0), ("provisioned", "f", "2", 2)]
    harness.close()
    again = Harness(harness.directory)
    again.control.announce()
    assert again.hooks.told == [("provisioned", "f", "2", 2)]
    await again("DeleteAlias", FunctionName="f", Name="live")
    assert again.hooks.told[-1] == ("provisioned", "f", "2", 0)
    again.close()


async def test_provisioned_concurrency_errors(harness: Harness) -> None:
    await published(harness)

    async def put(qualifier: str, environments: int = 1) -> None:
        await harness(
            "PutProvisionedConcurrencyConfig",
            FunctionName="f",
            Qualifier=qualifier,
            ProvisionedConcurrentExecutions=environments,
        )

    with refused(
        INVALID,
        "Provisioned Concurrency Configs cannot be applied to unpublished function versions.",
    ):
        await put("$LATEST")
    with refused(
        INVALID, "The function resource provided must be an alias or a published version."
    ):
        await harness("GetProvisionedConcurrencyConfig", FunctionName="f", Qualifier="$LATEST")
    with refused(
        INVALID,
        "Specified ConcurrentExecutions for function is greater than account's unreserved "
        "concurrency [1000].",
    ):
        await put("1", 1001)
    with refused(
        INVALID,
        "Specified ConcurrentExecutions for function decreases account's "
        "UnreservedConcurrentExecution below its minimum value of [100].",
    ):
        await put("1", 901)
    await put("live", 2)
    with refused(CONFLICT, "Version is pointed by a Provisioned Concurrency alias"):
        await put("1")
    with refused(
        INVALID,
        " ReservedConcurrentExecutions  1 should not be lower than function's total provisioned "
        "concurrency [2].",
    ):
        await harness("PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=1)
    await harness("PutFunctionConcurrency", FunctionName="f", ReservedConcurrentExecutions=5)
    with refused(
        INVALID,
        "Requested Provisioned Concurrency should not be greater than the "
        "reservedConcurrentExecution for function",
    ):
        await put("live", 6)
    await harness("DeleteProvisionedConcurrencyConfig", FunctionName="f", Qualifier="live")
    await put("1")
    with refused(
        CONFLICT,
        "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned "
        "version",
    ):
        await put("live")
    with refused(NOT_FOUND):
        await put("7")


async def test_event_invoke_config(harness: Harness) -> None:
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:q"
    with refused(NOT_FOUND, "The function doesn't exist."):
        await harness("PutFunctionEventInvokeConfig", FunctionName="f", MaximumRetryAttempts=0)
    await harness.function()
    with refused(NOT_FOUND, f"The function {ARN}f:$LATEST doesn't have an EventInvokeConfig"):
        await harness("GetFunctionEventInvokeConfig", FunctionName="f")
    with refused(
        INVALID, "You must specify at least one of error handling or destination setting."
    ):
        await harness("PutFunctionEventInvokeConfig", FunctionName="f")
    assert harness.control.event_invoke_config("f", None) == {}
    put = await harness("PutFunctionEventInvokeConfig", FunctionName="f", MaximumRetryAttempts=0)
    assert put.pop("LastModified").tzinfo is not None
    assert put == {
        "FunctionArn": f"{ARN}f:$LATEST",
        "MaximumRetryAttempts": 0,
        "DestinationConfig": {"OnSuccess": {}, "OnFailure": {}},
    }
    updated = await harness(
        "UpdateFunctionEventInvokeConfig",
        FunctionName="f",
        MaximumEventAgeInSeconds=60,
        DestinationConfig={"OnFailure": {"Destination": queue}},
    )
    assert (updated["MaximumRetryAttempts"], updated["MaximumEventAgeInSeconds"]) == (0, 60)
    assert updated["DestinationConfig"] == {"OnSuccess": {}, "OnFailure": {"Destination": queue}}
    assert harness.control.event_invoke_config("f", None) == {
        "MaximumRetryAttempts": 0,
        "MaximumEventAgeInSeconds": 60,
        "DestinationConfig": {"OnFailure": {"Destination": queue}},
    }
    replaced = await harness(
        "PutFunctionEventInvokeConfig", FunctionName="f", MaximumEventAgeInSeconds=90
    )
    assert "MaximumRetryAttempts" not in replaced
    listed = await harness("ListFunctionEventInvokeConfigs", FunctionName="f")
    assert listed["FunctionEventInvokeConfigs"] == [replaced]
    for destination, text in (
        (f"{ARN}f", "You can't specify the function as a destination for itself."),
        ("arn:aws:ec2:::z", "The destination ARN arn:aws:ec2:::z is invalid."),
    ):
        with refused(INVALID, text):
            await harness(
                "PutFunctionEventInvokeConfig",
                FunctionName="f",
                DestinationConfig={"OnSuccess": {"Destination": destination}},
            )
    await harness("DeleteFunctionEventInvokeConfig", FunctionName="f")
    with refused(NOT_FOUND):
        await harness("DeleteFunctionEventInvokeConfig", FunctionName="f")


async def test_tags(harness: Harness) -> None:
    await harness.function(Tags={"a": "1"})
    await harness("TagResource", Resource=f"{ARN}f", Tags={"a": "2", "b": "3"})
    assert await harness("ListTags", Resource=f"{ARN}f") == {"Tags": {"a": "2", "b": "3"}}
    await harness("UntagResource", Resource=f"{ARN}f", TagKeys=["a", "never there"])
    assert await harness("ListTags", Resource=f"{ARN}f") == {"Tags": {"b": "3"}}
    with refused(NOT_FOUND, f"Function not found: {ARN}g"):
        await harness("ListTags", Resource=f"{ARN}g")
    with refused(
        INVALID,
        "Tags on function aliases and versions are not supported. Please specify a function ARN.",
    ):
        await harness("TagResource", Resource=f"{ARN}f:$LATEST", Tags={"a": "1"})
    with refused(INVALID, "An error occurred and the request cannot be processed."):
        await harness("TagResource", Resource=f"{ARN}f", Tags={})
    with refused(INVALID, "Number of tags exceeds resource tag limit."):
        await harness("TagResource", Resource=f"{ARN}f", Tags={f"k{n}": "" for n in range(50)})


async def test_account_settings(harness: Harness) -> None:
    await harness.function()
    settings = await harness("GetAccountSettings")
    size = (await harness("GetFunctionConfiguration", FunctionName="f"))["CodeSize"]
    assert settings == {
        "AccountLimit": {
            "TotalCodeSize": 80530636800,
            "CodeSizeUnzipped": 262144000,
            "CodeSizeZipped": 52428800,
            "ConcurrentExecutions": 1000,
            "UnreservedConcurrentExecutions": 1000,
        },
        "AccountUsage": {"TotalCodeSize": size, "FunctionCount": 1},
    }


async def test_runtime_management_recursion_and_scaling(harness: Harness) -> None:
    await harness.function()
    assert await harness("GetRuntimeManagementConfig", FunctionName="f") == {
        "UpdateRuntimeOn": "Auto",
        "FunctionArn": f"{ARN}f",
    }
    arn = "arn:aws:lambda:us-east-1::runtime:" + "0" * 64
    manual = {"UpdateRuntimeOn": "Manual", "RuntimeVersionArn": arn}
    put = await harness("PutRuntimeManagementConfig", FunctionName="f", **manual)
    assert put == {**manual, "FunctionArn": f"{ARN}f"}
    assert await harness("GetRuntimeManagementConfig", FunctionName="f") == put
    with refused(INVALID):
        await harness("PutRuntimeManagementConfig", FunctionName="f", UpdateRuntimeOn="Manual")
    assert await harness("GetFunctionRecursionConfig", FunctionName="f") == {
        "RecursiveLoop": "Terminate"
    }
    assert not harness.control.recursion_allowed("f")
    await harness("PutFunctionRecursionConfig", FunctionName="f", RecursiveLoop="Allow")
    assert harness.control.recursion_allowed("f")
    await harness("PublishVersion", FunctionName="f")
    with refused(INVALID):
        await harness("PutFunctionScalingConfig", FunctionName="f", Qualifier="1")
