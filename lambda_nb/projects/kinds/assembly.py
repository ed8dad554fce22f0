"""A cloud assembly of the CDK (``cdk.out``): its stacks, their order, and their assets.

The form is that of ``aws-cdk-lib/cloud-assembly-schema``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from lambda_nb.projects.errors import ProjectError

_MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Asset:
    """A file or a folder that has to be in a bucket before its stack is deployed.

    ``region`` is empty for that of the stack. All three texts may have ``${AWS::AccountId}``,
    ``${AWS::Region}`` and ``${AWS::Partition}`` in them.
    """

    source: Path
    zipped: bool
    bucket: str
    key: str
    region: str = ""


@dataclass(frozen=True)
class AssemblyStack:
    """One stack of an assembly; ``region`` is empty where any will do."""

    name: str
    template: Path
    region: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    assets: tuple[Asset, ...] = ()


def is_assembly(folder: Path) -> bool:
    """Whether a folder is a cloud assembly."""
    try:
        told = json.loads((folder / _MANIFEST).read_text())
    except (OSError, ValueError):
        return False
    return isinstance(told, dict) and "artifacts" in told


def read(folder: Path) -> list[AssemblyStack]:
    """The stacks of an assembly and of its stages, each after those it depends on.

    Raises
    ------
    ProjectError
        An asset is of a kind that cannot be published here.
    """
    told = json.loads((folder / _MANIFEST).read_text())
    artifacts: dict[str, Any] = told.get("artifacts", {})
    order = TopologicalSorter(
        {name: artifact.get("dependencies", ()) for name, artifact in artifacts.items()}
    )
    try:
        names = [name for name in order.static_order() if name in artifacts]
    except CycleError as error:
        raise ProjectError(f"{folder}: stacks depend on each other: {error.args[1]}") from None
    found: list[AssemblyStack] = []
    for name in names:
        artifact = artifacts[name]
        properties = artifact.get("properties", {})
        if artifact["type"] == "cdk:cloud-assembly":
            found += read(folder / properties["directoryName"])
        elif artifact["type"] == "aws:cloudformation:stack":
            found.append(_stack(folder, name, artifact, artifacts))
    return found


def _stack(
    folder: Path, name: str, artifact: Mapping[str, Any], artifacts: Mapping[str, Any]
) -> AssemblyStack:
    properties = artifact["properties"]
    region = artifact.get("environment", "").rpartition("/")[2]
    assets = [
        asset
        for other in artifact.get("dependencies", ())
        if artifacts.get(other, {}).get("type") == "cdk:asset-manifest"
        for asset in _assets(folder, artifacts[other]["properties"]["file"])
    ]
    return AssemblyStack(
        name=properties.get("stackName", name),
        template=folder / properties["templateFile"],
        region="" if region == "unknown-region" else region,
        parameters=properties.get("parameters", {}),
        tags=properties.get("tags", {}),
        assets=tuple(assets),
    )


def _assets(folder: Path, file: str) -> Iterator[Asset]:
    told = json.loads((folder / file).read_text())
    if told.get("dockerImages"):
        raise ProjectError(
            f"{folder / file}: the stack has container images, which are not built here; deploy it "
            "with `cdk deploy`"
        )
    for identifier, asset in told.get("files", {}).items():
        source = asset["source"]
        if "path" not in source:
            raise ProjectError(
                f"{folder / file}: the asset {identifier} is made by a command; deploy this stack "
                "with `cdk deploy`"
            )
        for place in asset["destinations"].values():
            zipped = source.get("packaging") == "zip"
            yield Asset(
                folder / source["path"],
                zipped,
                place["bucketName"],
                place["objectKey"],
                place.get("region", ""),
            )


def without_bootstrap(template: dict[str, Any]) -> dict[str, Any]:
    """A template without the check that the account was bootstrapped: nothing here needs it."""
    changed = dict(template)
    for section, name in (("Parameters", "BootstrapVersion"), ("Rules", "CheckBootstrapVersion")):
        left = {key: value for key, value in template.get(section, {}).items() if key != name}
        changed.pop(section, None)
        if left:
            changed[section] = left
    return changed
