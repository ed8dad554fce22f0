"""Functions through the control plane: shapes as recorded from AWS (facts/api.md section 3)."""

from __future__ import annotations

import asyncio
import re

import pytest
from control_harness import (
    ARN,
    CONFLICT,
    INVALID,
    NOT_FOUND,
    PRECONDITION,
    ROLE,
    VALIDATION,
    Harness,
    archive,
    harness,
    minimal,
    refused,
)

__all__ = ["harness"]

UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")


async def test_create_answers_exactly_the_members_that_aws_answers(harness: Harness) -> None:
    made = await harness("CreateFunction", **minimal())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", made.pop("LastModified"))
    assert UUID.fullmatch(made.pop("RevisionId"))
    runtime_arn = made.pop("RuntimeVersionConfig")["RuntimeVersionArn"]
    assert re.fullmatch(r"arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}", runtime_arn)
    assert made == {
        "FunctionName": "f",
        "FunctionArn": ARN + "f",
        "Runtime": "python3.12",
        "Role": ROLE,
        "Handler": "m.handler",
        "CodeSize": len(archive()),
        "Description": "",
        "Timeout": 3,
        "CodeSha256": made["CodeSha256"],
        "Version": "$LATEST",
        "TracingConfig": {"Mode": "PassThrough"},
        "State": "Pending",
        "StateReason": "The function is being created.",
        "StateReasonCode": "Creating",
        "MemorySize": 128,
        "PackageType": "Zip",
        "Architectures": ["x86_64"],
        "EphemeralStorage": {"Size": 512},
        "SnapStart": {"ApplyOn": "None", "OptimizationStatus": "Off"},
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": "/aws/lambda/f"},
    }


async def test_a_function_becomes_active_with_a_new_revision(harness: Harness) -> None:
    made = await harness.function()
    active = await harness("GetFunctionConfiguration", FunctionName="f")
    assert (active["State"], active["LastUpdateStatus"]) == ("Active", "Successful")
    assert not {"StateReason", "StateReasonCode"} & set(active)
    assert active["RevisionId"] != made["RevisionId"]


async def test_nothing_but_reading_goes_while_pending(harness: Harness) -> None:
    await harness("CreateFunction", **minimal())
    pending = (
        "The operation cannot be performed at this time. "
        "The function is currently in the following state: Pending"
    )
    with refused(CONFLICT, pending, 409):
        await harness("UpdateFunctionConfiguration", FunctionName="f", Timeout=5)
    with refused(CONFLICT, pending):
        await harness("PublishVersion", FunctionName="f")
    with refused(CONFLICT, pending):
        harness.control.resolve("f", None)
    assert (await harness("GetFunction", FunctionName="f"))["Configuration"]["State"] == "Pending"


async def test_update_is_in_progress_then_successful(harness: Harness) -> None:
    made = await harness.function()
    update = await harness("UpdateFunctionConfiguration", FunctionName="f", Timeout=5)
    assert update["Timeout"] == 5
    assert update["State"] == "Active"
    assert update["LastUpdateStatus"] == "InProgress"
    assert update["LastUpdateStatusReason"] == "The function is being created."
    assert update["LastUpdateStatusReasonCode"] == "Creating"
    with refused(
        CONFLICT,
        "The operation cannot be performed at this time. "
        f"An update is in progress for resource: {ARN}f",
    ):
        await harness("UpdateFunctionCode", FunctionName="f", ZipFile=archive("x = 1"))
    harness.control.resolve("f", None)  # invocations go on
    await asyncio.sleep(0)
    after = await harness("GetFunctionConfiguration", FunctionName="f")
    assert after["LastUpdateStatus"] == "Successful"
    assert "LastUpdateStatusReason" not in after
    assert len({made["RevisionId"], update["RevisionId"], after["RevisionId"]}) == 3


async def test_update_code_changes_hash_picture_and_tells_execution(harness: Harness) -> None:
    made = await harness.function()
    before = harness.control.resolve("f", None).function
    update = await harness.settled("UpdateFunctionCode", FunctionName="f", ZipFile=archive("x = 1"))
    after = harness.control.resolve("f", None).function
    assert update["CodeSha256"] != made["CodeSha256"]
    assert after.revision != before.revision
    assert (after.code_dir / "m.py").read_text() == "x = 1"
    assert (before.code_dir / "m.py").exists()  # busy environments may still read it
    assert ("code_changed", "f", "$LATEST") in harness.hooks.told


async def test_dry_run_checks_and_changes_nothing(harness: Harness) -> None:
    made = await harness.function()
    tried = await harness(
        "UpdateFunctionCode", FunctionName="f", ZipFile=archive("x = 1"), DryRun=True
    )
    assert tried["CodeSha256"] != made["CodeSha256"]
    kept = await harness("GetFunctionConfiguration", FunctionName="f")
    assert kept["CodeSha256"] == made["CodeSha256"]


async def test_revision_id_locks_optimistically(harness: Harness) -> None:
    made = await harness.function()
    text = (
        "The Revision Id provided does not match the latest Revision Id. "
        "Call the GetFunction/GetAlias API to retrieve the latest Revision Id"
    )
    for operation, extra in (
        ("UpdateFunctionConfiguration", {"Timeout": 9}),
        ("UpdateFunctionCode", {"ZipFile": archive("y = 2")}),
        ("PublishVersion", {}),
    ):
        with refused(PRECONDITION, text, 412):
            await harness(operation, FunctionName="f", RevisionId=made["RevisionId"], **extra)
    current = await harness("GetFunctionConfiguration", FunctionName="f")
    await harness(
        "UpdateFunctionConfiguration",
        FunctionName="f",
        Timeout=9,
        RevisionId=current["RevisionId"],
    )


async def test_get_function_has_only_what_was_set(harness: Harness) -> None:
    await harness.function("plain")
    assert set(await harness("GetFunction", FunctionName="plain")) == {"Configuration", "Code"}
    await harness.function("tagged", Tags={"team": "a"})
    await harness("PutFunctionConcurrency", FunctionName="tagged", ReservedConcurrentExecutions=5)
    got = await harness("GetFunction", FunctionName="tagged")
    assert got["Tags"] == {"team": "a"}
    assert got["Concurrency"] == {"ReservedConcurrentExecutions": 5}
    assert got["Code"]["RepositoryType"] == "S3"


async def test_download_link_leads_to_the_archive_and_only_as_issued(harness: Harness) -> None:
    from urllib.parse import parse_qsl, urlsplit

    await harness.function()
    link = urlsplit((await harness("GetFunction", FunctionName="f"))["Code"]["Location"])
    query = dict(parse_qsl(link.query))
    assert harness.control.download(link.path, query).read_bytes() == archive()
    with refused("AccessDenied", status=403):
        harness.control.download(link.path + "0", query)
    with refused("AccessDenied", status=403):
        harness.control.download(link.path, {**query, "X-Amz-Expires": "9999999999"})
    with refused("AccessDenied", status=403):
        harness.control.download(link.path, {})


@pytest.mark.parametrize(
    "name",
    ["f", f"{ARN}f", "000000000000:function:f", "function:f", f"{ARN}f:$LATEST", "f:$LATEST"],
)
async def test_every_form_of_a_name_finds_the_function(harness: Harness, name: str) -> None:
    await harness.function()
    got = await harness("GetFunctionConfiguration", FunctionName=name)
    assert got["FunctionName"] == "f"
    assert harness.control.resolve(name, None).function.name == "f"
    suffix = ":$LATEST" if name.endswith("$LATEST") else ""
    assert got["FunctionArn"] == f"{ARN}f{suffix}"


async def test_names_that_lead_nowhere(harness: Harness) -> None:
    await harness.function()
    with refused(NOT_FOUND, f"Function not found: {ARN}g", 404):
        await harness("GetFunction", FunctionName="g")
    with refused(NOT_FOUND, f"Function not found: {ARN}f:7"):
        await harness("GetFunction", FunctionName="f", Qualifier="7")
    with refused(NOT_FOUND, f"Function not found: {ARN}f:live"):
        harness.control.resolve("f:live", None)
    with refused(
        INVALID,
        "The derived qualifier from the function name does not match the specified qualifier.",
    ):
        await harness("GetFunction", FunctionName="f:1", Qualifier="2")
    foreign = "arn:aws:lambda:eu-west-1:000000000000:function:f"
    with refused(
        NOT_FOUND,
        "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
    ):
        await harness("GetFunction", FunctionName=foreign)
    with refused("AccessDeniedException", status=403):
        await harness(
            "GetFunction", FunctionName="arn:aws:lambda:us-east-1:999999999999:function:f"
        )


async def test_create_refuses_what_aws_refuses(harness: Harness) -> None:
    await harness.function()
    with refused(CONFLICT, "Function already exist: f", 409):
        await harness("CreateFunction", **minimal())
    with refused(INVALID, "Uploaded file must be a non-empty zip"):
        await harness("CreateFunction", **minimal("g", Code={"ZipFile": b""}))
    with refused(
        INVALID,
        "Could not unzip uploaded file. Please check your file, then try to upload again.",
    ):
        await harness("CreateFunction", **minimal("g", Code={"ZipFile": b"no archive"}))
    with refused(
        INVALID,
        "Error occurred while GetObject. S3 Error Code: NoSuchKey. "
        "S3 Error Message: The specified key does not exist.",
    ):
        await harness("CreateFunction", **minimal("g", Code={"S3Bucket": "abc", "S3Key": "k"}))
    with refused(VALIDATION):
        await harness("CreateFunction", **minimal("g", Role="nobody"))
    with refused(NOT_FOUND):
        await harness("GetFunction", FunctionName="g")


async def test_code_from_s3(harness: Harness) -> None:
    harness.bucket.objects["code", "f.zip"] = archive("z = 3")
    await harness.function(Code={"S3Bucket": "code", "S3Key": "f.zip"})
    assert (harness.control.resolve("f", None).function.code_dir / "m.py").read_text() == "z = 3"


async def test_images_are_records_with_their_reference(harness: Harness) -> None:
    uri = "000000000000.dkr.ecr.us-east-1.amazonaws.com/repo:tag"
    made = await harness.function(
        PackageType="Image",
        Code={"ImageUri": uri},
        Runtime=None,
        Handler=None,
        ImageConfig={"Command": ["app.handler"]},
    )
    assert not {"Runtime", "Handler", "RuntimeVersionConfig"} & set(made)
    assert made["CodeSize"] == 0
    assert made["ImageConfigResponse"] == {"ImageConfig": {"Command": ["app.handler"]}}
    code = (await harness("GetFunction", FunctionName="f"))["Code"]
    assert (code["RepositoryType"], code["ImageUri"]) == ("ECR", uri)
    assert code["ResolvedImageUri"].startswith(uri.removesuffix(":tag") + "@sha256:")
    with refused(
        INVALID, "Please provide ImageUri when updating a function with packageType Image."
    ):
        await harness("UpdateFunctionCode", FunctionName="f", ZipFile=archive())
    await harness.function("zipped")
    with refused(
        INVALID, "Please don't provide ImageUri when updating a function with packageType Zip."
    ):
        await harness("UpdateFunctionCode", FunctionName="zipped", ImageUri=uri)


async def test_settings_are_present_only_if_given_and_emptied_by_empty_values(
    harness: Harness,
) -> None:
    queue = "arn:aws:sqs:us-east-1:000000000000:dead"
    given = {
        "Environment": {"Variables": {"KEY": "value"}},
        "DeadLetterConfig": {"TargetArn": queue},
        "KMSKeyArn": "arn:aws:kms:us-east-1:000000000000:key/k",
        "Description": "words",
        "TracingConfig": {"Mode": "Active"},
        "EphemeralStorage": {"Size": 1024},
        "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "elsewhere"},
    }
    made = await harness.function(**given)
    for member in ("Environment", "DeadLetterConfig", "KMSKeyArn", "Description"):
        assert made[member] == given[member]
    assert made["LoggingConfig"] == {
        "LogFormat": "JSON",
        "LogGroup": "elsewhere",
        "ApplicationLogLevel": "INFO",
        "SystemLogLevel": "INFO",
    }
    assert harness.control.dead_letter_target("f", "$LATEST") == queue
    update = await harness.settled(
        "UpdateFunctionConfiguration",
        FunctionName="f",
        Environment={},
        DeadLetterConfig={},
        KMSKeyArn="",
        LoggingConfig={"LogFormat": "Text"},
    )
    assert update["Environment"] == {"Variables": {}}
    assert not {"DeadLetterConfig", "KMSKeyArn"} & set(update)
    assert update["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": "elsewhere"}
    assert update["Description"] == "words"
    assert harness.control.dead_letter_target("f", "$LATEST") is None


async def test_lists_leave_states_out_and_page(harness: Harness) -> None:
    for name in ("b", "a", "c"):
        await harness.function(name)
    await harness("PublishVersion", FunctionName="a")
    first = await harness("ListFunctions", MaxItems=2)
    assert [f["FunctionName"] for f in first["Functions"]] == ["a", "b"]
    assert not {"State", "LastUpdateStatus", "RuntimeVersionConfig"} & set(first["Functions"][0])
    second = await harness("ListFunctions", MaxItems=2, Marker=first["NextMarker"])
    assert [f["FunctionName"] for f in second["Functions"]] == ["c"]
    assert "NextMarker" not in second
    every = await harness("ListFunctions", FunctionVersion="ALL")
    assert [f["FunctionArn"] for f in every["Functions"]] == [
        f"{ARN}a:$LATEST",
        f"{ARN}a:1",
        f"{ARN}b:$LATEST",
        f"{ARN}c:$LATEST",
    ]
    with refused(INVALID):
        await harness("ListFunctions", Marker="nonsense")


async def test_delete_takes_everything_along(harness: Harness) -> None:
    await harness.function()
    await harness("PublishVersion", FunctionName="f")
    await harness("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
    with refused(INVALID, "$LATEST version cannot be deleted without deleting the function."):
        await harness("DeleteFunction", FunctionName="f", Qualifier="$LATEST")
    with refused(CONFLICT):
        await harness("DeleteFunction", FunctionName="f", Qualifier="1")
    await harness("DeleteFunction", FunctionName="f")
    assert ("deleted", "f", None) in harness.hooks.told
    with refused(NOT_FOUND, f"Function not found: {ARN}f"):
        await harness("DeleteFunction", FunctionName="f")
    await harness.function()  # starts again from nothing
    assert (await harness("PublishVersion", FunctionName="f"))["Version"] == "1"
    assert (await harness("ListAliases", FunctionName="f"))["Aliases"] == []


async def test_of_two_creations_at_once_one_succeeds(harness: Harness) -> None:
    results = await asyncio.gather(
        *(harness("CreateFunction", **minimal()) for _ in range(2)), return_exceptions=True
    )
    assert sorted(type(result).__name__ for result in results) == ["AWSError", "dict"]
