"""Versions, aliases, and how names resolve to what runs."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from control_harness import (
    ARN,
    CONFLICT,
    INVALID,
    NOT_FOUND,
    PRECONDITION,
    VALIDATION,
    Harness,
    archive,
    harness,
    refused,
)

from lambda_nb.engine.errors import AWSError

__all__ = ["harness"]


async def edit(harness: Harness, text: str) -> None:
    await harness.settled("UpdateFunctionCode", FunctionName="f", ZipFile=archive(text))


async def versions(harness: Harness, count: int) -> None:
    """A function with this many versions."""
    await harness.function()
    for number in range(1, count + 1):
        await edit(harness, f"version = {number}")
        made = await harness.settled("PublishVersion", FunctionName="f")
        assert made["Version"] == str(number)


async def test_publish_answers_a_qualified_version_that_is_active(harness: Harness) -> None:
    await harness.function(Description="of the function")
    first = await harness("PublishVersion", FunctionName="f", Description="first")
    assert first["FunctionArn"] == f"{ARN}f:1"
    assert (first["Version"], first["Description"]) == ("1", "first")
    assert (first["State"], first["LastUpdateStatus"]) == ("Active", "Successful")
    assert not [member for member in first if member.startswith("StateReason")]
    made = {"FunctionName": "f", "Name": "live", "FunctionVersion": "1"}
    await harness("CreateAlias", **made)  # at once: nothing is pending
    await asyncio.sleep(0)
    shown = await harness("GetFunctionConfiguration", FunctionName="f", Qualifier="1")
    assert shown == first
    listed = await harness("ListVersionsByFunction", FunctionName="f")
    assert listed["Versions"][1]["RevisionId"] == first["RevisionId"]
    revision = first["RevisionId"]
    await harness(
        "AddPermission",
        FunctionName="f",
        Qualifier="1",
        StatementId="s",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        RevisionId=revision,
    )
    latest = await harness("GetFunctionConfiguration", FunctionName="f")
    assert latest["Description"] == "of the function"
    assert latest["RevisionId"] != first["RevisionId"]


async def test_publish_without_change_returns_the_same_version(harness: Harness) -> None:
    await harness.function()
    await harness.settled("PublishVersion", FunctionName="f", Description="first")
    again = await harness("PublishVersion", FunctionName="f", Description="again")
    assert (again["Version"], again["Description"]) == ("1", "first")
    await harness.settled("UpdateFunctionConfiguration", FunctionName="f", Timeout=7)
    assert (await harness("PublishVersion", FunctionName="f"))["Version"] == "2"
    await harness.settled("UpdateFunctionConfiguration", FunctionName="f", Description="new")
    assert (await harness("PublishVersion", FunctionName="f"))["Version"] == "3"


async def test_a_version_keeps_its_code_and_settings(harness: Harness) -> None:
    await versions(harness, 1)
    await edit(harness, "version = 2")
    await harness.settled("UpdateFunctionConfiguration", FunctionName="f", Timeout=7)
    old = harness.control.resolve("f", "1").function
    assert (old.code_dir / "m.py").read_text() == "version = 1"
    assert (old.timeout_s, old.version) == (3, "1")
    assert harness.control.resolve("f", None).function.timeout_s == 7


async def test_numbers_of_deleted_versions_are_not_used_again(harness: Harness) -> None:
    await versions(harness, 2)
    await harness("DeleteFunction", FunctionName="f", Qualifier="2")
    assert ("deleted", "f", "2") in harness.hooks.told
    await edit(harness, "version = 3")
    assert (await harness("PublishVersion", FunctionName="f"))["Version"] == "3"
    with refused(NOT_FOUND, f"Function not found: {ARN}f:2"):
        harness.control.resolve("f", "2")


async def test_publish_on_create_and_on_update(harness: Harness) -> None:
    made = await harness.function(Publish=True)
    assert (made["Version"], made["FunctionArn"]) == ("1", f"{ARN}f")
    one = await harness("GetFunctionConfiguration", FunctionName="f", Qualifier="1")
    assert (one["State"], one["FunctionArn"]) == ("Active", f"{ARN}f:1")
    update = await harness.settled(
        "UpdateFunctionCode", FunctionName="f", ZipFile=archive("x = 1"), Publish=True
    )
    assert (update["Version"], update["FunctionArn"]) == ("2", f"{ARN}f:2")


async def test_publish_checks_the_hash(harness: Harness) -> None:
    made = await harness.function()
    with refused(
        INVALID,
        "CodeSHA256 (x) is different from current CodeSHA256 in $LATEST "
        f"({made['CodeSha256']}). Please try again with the CodeSHA256 in $LATEST.",
    ):
        await harness("PublishVersion", FunctionName="f", CodeSha256="x")
    await harness("PublishVersion", FunctionName="f", CodeSha256=made["CodeSha256"])


async def test_list_versions_starts_with_latest_and_sorts_by_number(harness: Harness) -> None:
    await versions(harness, 11)
    listed = (await harness("ListVersionsByFunction", FunctionName="f"))["Versions"]
    assert [v["Version"] for v in listed] == ["$LATEST", *map(str, range(1, 12))]
    assert [v["FunctionArn"] for v in listed[:2]] == [f"{ARN}f:$LATEST", f"{ARN}f:1"]


async def test_snap_start_versions_are_pending_until_their_snapshot(harness: Harness) -> None:
    await harness.function(SnapStart={"ApplyOn": "PublishedVersions"})
    version = await harness("PublishVersion", FunctionName="f")
    assert version["State"] == "Pending"
    assert version["SnapStart"] == {"ApplyOn": "PublishedVersions", "OptimizationStatus": "On"}
    with pytest.raises(AWSError, match="once your function state becomes ACTIVE") as refused:
        harness.control.resolve("f", "1")
    assert (refused.value.code, refused.value.status) == ("SnapStartNotReadyException", 409)
    await asyncio.sleep(0)
    assert ("snapshot", "f", "1") in harness.hooks.told
    assert harness.control.resolve("f", "1").function.snap_start
    assert not harness.control.resolve("f", None).function.snap_start


async def test_a_version_whose_init_phase_fails_is_failed(harness: Harness) -> None:
    await harness.function(SnapStart={"ApplyOn": "PublishedVersions"})
    harness.hooks.init_error = "Runtime.ImportModuleError"
    await harness.settled("PublishVersion", FunctionName="f")
    version = await harness("GetFunctionConfiguration", FunctionName="f", Qualifier="1")
    assert version["State"] == "Failed"
    assert version["StateReason"] == "An error occurred during function initialization."
    assert version["StateReasonCode"] == "FunctionError"
    with pytest.raises(AWSError, match="in the following state: Failed"):
        harness.control.resolve("f", "1")


async def test_alias_members(harness: Harness) -> None:
    await versions(harness, 2)
    made = await harness("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
    revision = made.pop("RevisionId")
    assert made == {
        "AliasArn": f"{ARN}f:live",
        "Name": "live",
        "FunctionVersion": "1",
        "Description": "",
    }
    weighted = await harness(
        "UpdateAlias",
        FunctionName="f",
        Name="live",
        Description="words",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.5}},
        RevisionId=revision,
    )
    assert weighted["RoutingConfig"] == {"AdditionalVersionWeights": {"2": 0.5}}
    assert weighted["RevisionId"] != revision
    got = await harness("GetAlias", FunctionName="f", Name="live")
    assert got == weighted
    cleared = await harness(
        "UpdateAlias",
        FunctionName="f",
        Name="live",
        RoutingConfig={"AdditionalVersionWeights": {}},
    )
    assert "RoutingConfig" not in cleared
    assert cleared["Description"] == "words"
    with refused(PRECONDITION, status=412):
        await harness("UpdateAlias", FunctionName="f", Name="live", RevisionId=revision)


async def test_alias_errors(harness: Harness) -> None:
    await versions(harness, 2)

    async def create(name: str = "live", version: str = "1", **weights: float) -> None:
        routing = {"AdditionalVersionWeights": {k[1:]: w for k, w in weights.items()}}
        await harness(
            "CreateAlias",
            FunctionName="f",
            Name=name,
            FunctionVersion=version,
            RoutingConfig=routing,
        )

    with refused(INVALID, "Number of items in AdditionalVersionWeights cannot be greater than 1"):
        await create(v1=0.1, v2=0.2, version="$LATEST")
    with refused(
        INVALID,
        "Invalid function version 1. Function version 1 is already included in routing "
        "configuration.",
    ):
        await create(v1=0.1)
    with refused(INVALID, "$LATEST is not supported for an alias pointing to more than 1 version"):
        await create(version="$LATEST", v1=0.1)
    with refused(VALIDATION):
        await create(v2=2.0)
    with refused(VALIDATION):
        await create(name="12")
    with refused(NOT_FOUND, f"Function not found: {ARN}f:9"):
        await create(version="9")
    await create()
    with refused(CONFLICT, f"Alias already exists: {ARN}f:live"):
        await create()
    with refused(NOT_FOUND, f"Cannot find alias arn: {ARN}f:gone"):
        await harness("GetAlias", FunctionName="f", Name="gone")
    with refused(NOT_FOUND, f"Alias not found: {ARN}f:gone"):
        await harness("UpdateAlias", FunctionName="f", Name="gone")
    with refused(
        CONFLICT,
        "Unable to delete version because the following aliases reference it: [live]",
    ):
        await harness("DeleteFunction", FunctionName="f", Qualifier="1")
    await harness("DeleteAlias", FunctionName="f", Name="gone")


async def test_list_aliases_filters_by_version(harness: Harness) -> None:
    await versions(harness, 2)
    for name, version in (("b", "1"), ("a", "2"), ("c", "1")):
        await harness("CreateAlias", FunctionName="f", Name=name, FunctionVersion=version)
    every = await harness("ListAliases", FunctionName="f")
    assert [a["Name"] for a in every["Aliases"]] == ["a", "b", "c"]
    of_one = await harness("ListAliases", FunctionName="f", FunctionVersion="1")
    assert [a["Name"] for a in of_one["Aliases"]] == ["b", "c"]


async def test_resolve_names_the_alias_and_the_arn_as_called(harness: Harness) -> None:
    await versions(harness, 1)
    await harness("CreateAlias", FunctionName="f", Name="live", FunctionVersion="1")
    plain = harness.control.resolve("f", None)
    assert (plain.invoked_arn, plain.alias) == (f"{ARN}f", None)
    latest = harness.control.resolve("f", "$LATEST")
    assert latest.invoked_arn == f"{ARN}f:$LATEST"
    live = harness.control.resolve(f"{ARN}f:live", None)
    assert (live.invoked_arn, live.alias, live.function.version) == (f"{ARN}f:live", "live", "1")
    assert live.function is harness.control.resolve("f", "1").function


async def test_a_weighted_alias_divides_invocations(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await versions(harness, 2)
    await harness(
        "CreateAlias",
        FunctionName="f",
        Name="live",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 0.25}},
    )
    draws = iter([n / 1000 for n in range(1000)])  # every part of [0, 1) once
    monkeypatch.setattr(harness.control._resolver, "_choose", lambda: next(draws))
    chosen = Counter(harness.control.resolve("f", "live").function.version for _ in range(1000))
    assert chosen == {"1": 750, "2": 250}
    await harness("UpdateAlias", FunctionName="f", Name="live", FunctionVersion="$LATEST",
                  RoutingConfig={})  # fmt: skip
    assert harness.control.resolve("f", "live").function.version == "$LATEST"


async def test_the_picture_stays_the_same_object_until_something_changes(harness: Harness) -> None:
    await versions(harness, 1)
    before = harness.control.resolve("f", None).function
    await harness("TagResource", Resource=f"{ARN}f", Tags={"a": "b"})
    assert harness.control.resolve("f", None).function is before
    await harness.settled("UpdateFunctionConfiguration", FunctionName="f", MemorySize=256)
    after = harness.control.resolve("f", None).function
    assert (after.memory_mb, after.revision != before.revision) == (256, True)
