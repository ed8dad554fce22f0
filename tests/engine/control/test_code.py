"""The code store: what it unpacks, where, and what it refuses; layers."""

from __future__ import annotations

import asyncio
import io
import shutil
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest
from control_harness import (
    ACCOUNT,
    CONFLICT,
    INVALID,
    NOT_FOUND,
    PRECONDITION,
    Harness,
    archive,
    harness,
    minimal,
    refused,
)

from lambda_nb.engine.control.code import code_store as code_module
from lambda_nb.engine.control.code.code_store import CodeStore
from lambda_nb.engine.errors import AWSError
from lambda_nb.rules.quotas import Quota

__all__ = ["harness"]

UNREADABLE = "Could not unzip uploaded file. Please check your file, then try to upload again."
LAYER = f"arn:aws:lambda:us-east-1:{ACCOUNT}:layer:"


def packed(*entries: tuple[str, str, int]) -> bytes:
    """An archive of (name, text, Unix mode) entries."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name, text, mode in entries:
            info = zipfile.ZipInfo(name, (2026, 1, 2, 3, 4, 6))
            info.external_attr = mode << 16
            target.writestr(info, text)
    return buffer.getvalue()


async def test_modes_times_and_links_survive(tmp_path: Path) -> None:
    store = CodeStore(tmp_path)
    code = await store.add(
        packed(
            ("bin/run", "#!/bin/sh\n", 0o100700),
            ("secret.py", "x = 1", 0o100600),
            ("link", "secret.py", stat.S_IFLNK | 0o777),
            ("empty/", "", 0o40755),
        )
    )
    tree = store.tree(code.digest)
    assert stat.S_IMODE((tree / "bin/run").stat().st_mode) == 0o755
    assert stat.S_IMODE((tree / "secret.py").stat().st_mode) == 0o644
    assert (tree / "link").is_symlink()
    assert (tree / "link").read_text() == "x = 1"
    assert (tree / "empty").is_dir()
    assert (tree / "secret.py").stat().st_mtime == 1767323046  # 2026-01-02T03:04:06Z


@pytest.mark.parametrize("name", ["../out.py", "/etc/out.py", "a/../../out.py", "..\\out.py"])
async def test_nothing_is_written_outside_the_tree(tmp_path: Path, name: str) -> None:
    store = CodeStore(tmp_path / "files")
    with refused(INVALID, UNREADABLE):
        await store.add(packed((name, "x", 0o644)))
    assert not list(tmp_path.rglob("out.py"))
    assert not list((tmp_path / "files/trees").iterdir())


async def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    store = CodeStore(tmp_path / "files")
    with refused(INVALID, UNREADABLE):
        await store.add(packed(("d", str(outside), stat.S_IFLNK | 0o777), ("d/out.py", "x", 0o644)))
    assert not list(outside.iterdir())


async def test_an_archive_that_lies_about_its_size_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(code_module.quotas, "UNZIPPED_BYTES", Quota(1000, "bytes", "test"))
    honest = packed(("a", "x" * 1001, 0o644))
    too_large = "Unzipped size must be smaller than 1000 bytes"
    store = CodeStore(tmp_path)
    for size in (1001, 1000):  # the limit itself is too large, as the message says
        with refused(INVALID, too_large):
            await store.add(packed(("a", "x" * size, 0o644)))
    await store.add(packed(("a", "x" * 999, 0o644)))
    for kept in (tmp_path / "trees").iterdir():
        shutil.rmtree(kept)
    lying = honest.replace((1001).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    with pytest.raises(AWSError) as caught:
        await store.add(lying)
    assert caught.value.message in (too_large, UNREADABLE)
    assert not list((tmp_path / "trees").iterdir())


@pytest.mark.parametrize(
    "data",
    [
        b"PK\x03\x04 cut off",
        archive()[:-30],
        archive()[:40] + b"\xff" * 20 + archive()[60:],
        packed(("a", "file", 0o644), ("a/b", "below a file", 0o644)),
    ],
    ids=["header", "truncated", "damaged", "clash"],
)
async def test_broken_archives_are_refused_as_such(tmp_path: Path, data: bytes) -> None:
    with refused(INVALID, UNREADABLE):
        await CodeStore(tmp_path).add(data)


async def test_an_archive_without_files_is_empty(tmp_path: Path) -> None:
    with refused(INVALID, "Uploaded file must be a non-empty zip"):
        await CodeStore(tmp_path).add(packed())


async def test_the_same_archive_may_arrive_many_times_at_once(tmp_path: Path) -> None:
    store = CodeStore(tmp_path)
    codes = await asyncio.gather(*(store.add(archive()) for _ in range(16)))
    assert len(set(codes)) == 1
    assert [path.name for path in (tmp_path / "zips").iterdir()] == [f"{codes[0].digest}.zip"]
    assert [path.name for path in (tmp_path / "trees").iterdir()] == [codes[0].digest]


async def test_direct_uploads_end_at_50_mb(harness: Harness) -> None:
    with refused(
        "RequestEntityTooLargeException", "Zipped size must be smaller than 52428800 bytes", 413
    ):
        await harness("CreateFunction", **minimal(Code={"ZipFile": bytes(52_428_801)}))


async def test_code_that_nothing_names_goes_when_the_engine_starts(tmp_path: Path) -> None:
    first = Harness(tmp_path)
    await first.function("kept", Code={"ZipFile": archive("kept = 1")})
    await first.function("gone", Code={"ZipFile": archive("gone = 1")})
    kept = first.control.resolve("kept", None).function.code_dir
    gone = first.control.resolve("gone", None).function.code_dir
    await first("DeleteFunction", FunctionName="gone")
    first.close()
    leftover = tmp_path / "files/trees/.unpacking-x"
    leftover.mkdir()
    second = Harness(tmp_path)
    assert kept.exists()
    assert not gone.exists()
    assert not leftover.exists()
    assert len(list((tmp_path / "files/zips").iterdir())) == 1
    second.close()


async def test_replaced_code_goes_once_no_invocation_can_need_it(tmp_path: Path) -> None:
    store = CodeStore(tmp_path)
    old, new, back = [(await store.add(archive(text))).digest for text in ("1", "2", "3")]
    store.reclaim([new], 1000.0)
    store.reclaim([new], 1000.0 + 10_000)  # an invocation may last 5400 s
    assert store.tree(old).exists()
    await store.add(archive("3"))  # about to be used again
    store.reclaim([new], 1000.0 + 11_000)
    assert not store.tree(old).exists()
    assert not store.archive(old).exists()
    assert store.tree(new).exists()
    assert store.tree(back).exists()


async def publish(harness: Harness, name: str = "lib", text: str = "x = 1", **more: Any) -> Any:
    return await harness(
        "PublishLayerVersion",
        LayerName=name,
        Content={"ZipFile": archive(text, f"python/{name}.py")},
        **more,
    )


async def test_layer_members(harness: Harness) -> None:
    made = await publish(harness)
    content = made.pop("Content")
    assert set(content) == {"Location", "CodeSha256", "CodeSize"}
    assert made.pop("CreatedDate").endswith("+0000")
    assert made == {
        "LayerArn": f"{LAYER}lib",
        "LayerVersionArn": f"{LAYER}lib:1",
        "Version": 1,
        "Description": "",
    }
    second = await publish(harness, Description="d", CompatibleRuntimes=["python3.12"],
                           CompatibleArchitectures=["arm64"], LicenseInfo="MIT")  # fmt: skip
    assert (second["Version"], second["LicenseInfo"]) == (2, "MIT")
    got = await harness("GetLayerVersion", LayerName="lib", VersionNumber=2)
    by_arn = await harness("GetLayerVersionByArn", Arn=f"{LAYER}lib:2")
    for answer in (got, by_arn):
        answer["Content"].pop("Location")
    second["Content"].pop("Location")
    assert got == by_arn == second


async def test_layer_lists_filter_and_show_the_newest(harness: Harness) -> None:
    await publish(harness, CompatibleRuntimes=["python3.12"])
    await publish(harness, CompatibleRuntimes=["nodejs22.x"])
    await publish(harness, "other")
    numbers = [
        v["Version"] for v in (await harness("ListLayerVersions", LayerName="lib"))["LayerVersions"]
    ]
    assert numbers == [2, 1]
    layers = (await harness("ListLayers", CompatibleRuntime="python3.12"))["Layers"]
    assert [layer["LayerName"] for layer in layers] == ["lib"]
    assert layers[0]["LatestMatchingVersion"]["Version"] == 1
    assert "Content" not in layers[0]["LatestMatchingVersion"]
    assert len((await harness("ListLayers"))["Layers"]) == 2


async def test_a_function_keeps_a_deleted_layer(harness: Harness) -> None:
    await publish(harness)
    await publish(harness, "second", "y = 2")
    arns = [f"{LAYER}second:1", f"{LAYER}lib:1"]
    made = await harness.function(Layers=arns)
    assert [layer["Arn"] for layer in made["Layers"]] == arns
    await harness("DeleteLayerVersion", LayerName="lib", VersionNumber=1)
    await harness.settled("UpdateFunctionConfiguration", FunctionName="f", Layers=arns, Timeout=4)
    harness.close()
    again = Harness(harness.directory)  # the sweep must not take its code
    files = [
        sorted(path.name for path in layer.rglob("*.py"))
        for layer in again.control.resolve("f", None).function.layer_dirs
    ]
    assert files == [["second.py"], ["lib.py"]]  # in the function's own order
    with refused(INVALID, f"Layer version {LAYER}lib:1 does not exist."):
        await again("CreateFunction", **minimal("g", Layers=arns))
    again_published = await publish(again)
    assert again_published["Version"] == 2  # numbers are not used again
    emptied = await again.settled("UpdateFunctionConfiguration", FunctionName="f", Layers=[])
    assert "Layers" not in emptied
    again.close()


async def test_layers_count_towards_the_unzipped_limit(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(harness, text="x" * 600)
    monkeypatch.setattr(code_module.quotas, "UNZIPPED_BYTES", Quota(1000, "bytes", "test"))
    with refused(
        INVALID,
        "Function code combined with layers exceeds the maximum allowed size of 1000 bytes. "
        "The actual size is 1100 bytes.",
    ):
        await harness(
            "CreateFunction",
            **minimal(Layers=[f"{LAYER}lib:1"], Code={"ZipFile": archive("y" * 500)}),
        )


async def test_layer_errors(harness: Harness) -> None:
    await publish(harness)
    await publish(harness)
    two = [f"{LAYER}lib:2", f"{LAYER}lib:1"]
    with refused(
        INVALID,
        "Two different versions of the same layer are not allowed to be referenced in the same "
        f"function. {two[1]} and {two[0]} are versions of the same layer",
    ):
        await harness("CreateFunction", **minimal(Layers=two))
    with refused(INVALID, "Cannot reference more than 5 layers."):
        await harness("CreateFunction", **minimal(Layers=[f"{LAYER}l{n}:1" for n in range(6)]))
    elsewhere = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:layer:lib:1"
    with refused(
        INVALID,
        "Layers are not in the same region as the function. "
        "Layers are expected to be in region us-east-1.",
    ):
        await harness("CreateFunction", **minimal(Layers=[elsewhere]))
    with refused(INVALID, "Layer Version Cannot be less than 1"):
        await harness("GetLayerVersion", LayerName="lib", VersionNumber=0)
    with refused(NOT_FOUND, "The resource you requested does not exist."):
        await harness("GetLayerVersion", LayerName="lib", VersionNumber=9)
    await harness("DeleteLayerVersion", LayerName="lib", VersionNumber=9)


async def test_layer_permissions(harness: Harness) -> None:
    import json

    await publish(harness)
    layer = {"LayerName": "lib", "VersionNumber": 1}
    rule = {"Action": "lambda:GetLayerVersion", "Principal": "*"}
    with refused(NOT_FOUND, "No policy is associated with the given resource."):
        await harness("GetLayerVersionPolicy", **layer)
    with refused(NOT_FOUND, f"Layer version {LAYER}lib:8 does not exist."):
        await harness("GetLayerVersionPolicy", LayerName="lib", VersionNumber=8)
    added = await harness("AddLayerVersionPermission", **layer, **rule, StatementId="all")
    assert json.loads(added["Statement"]) == {
        "Sid": "all",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "lambda:GetLayerVersion",
        "Resource": f"{LAYER}lib:1",
    }
    with refused(
        CONFLICT,
        "The statement id (all) provided already exists. Please provide a new statement id, or "
        "remove the existing statement.",
    ):
        await harness("AddLayerVersionPermission", **layer, **rule, StatementId="all")
    with refused(
        PRECONDITION,
        "The Revision Id provided does not match the latest Revision Id. "
        "Call the GetLayerPolicy API to retrieve the latest Revision Id",
    ):
        await harness(
            "AddLayerVersionPermission", **layer, **rule, StatementId="b", RevisionId="old"
        )
    policy = await harness("GetLayerVersionPolicy", **layer)
    assert policy["RevisionId"] == added["RevisionId"]
    with refused(NOT_FOUND, "Statement x is not found in resource policy."):
        await harness("RemoveLayerVersionPermission", **layer, StatementId="x")
    await harness("RemoveLayerVersionPermission", **layer, StatementId="all")
    with refused(NOT_FOUND, "No policy is associated with the given resource."):
        await harness("GetLayerVersionPolicy", **layer)


async def test_a_layer_of_another_account_has_a_stand_in(harness: Harness) -> None:
    foreign = "arn:aws:lambda:us-east-1:580247275435:layer:lib"
    with pytest.raises(AWSError, match="publish the layer here as lib") as refusal:
        await harness("CreateFunction", **minimal(Layers=[f"{foreign}:21"]))
    assert refusal.value.code == "AccessDeniedException"
    await publish(harness, text="a = 1")
    await publish(harness, text="a = 'more than before'")
    for wanted, there in ((1, 1), (21, 2)):
        arn = f"{foreign}:{wanted}"
        made = await harness("CreateFunction", **minimal(f"uses-{wanted}", Layers=[arn]))
        content = (await harness("GetLayerVersion", LayerName="lib", VersionNumber=there))[
            "Content"
        ]
        assert made["Layers"] == [{"Arn": arn, "CodeSize": content["CodeSize"]}]
