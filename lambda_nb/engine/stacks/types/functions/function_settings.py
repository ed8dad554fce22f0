"""A function's properties as parameters of CreateFunction and of the two updates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lambda_nb.engine.stacks.model import Properties, Refused
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.functions import inline_code
from lambda_nb.engine.stacks.types.resource_type import changed
from lambda_nb.rules import quotas

_CONFIGURED: Mapping[str, Callable[[str], Any]] = {
    "CapacityProviderConfig": lambda name: None,
    "DeadLetterConfig": lambda name: {"TargetArn": ""},
    "Description": lambda name: "",
    "DurableConfig": lambda name: None,
    "Environment": lambda name: {"Variables": {}},
    "EphemeralStorage": lambda name: {"Size": quotas.STORAGE_DEFAULT_MB.value},
    "FileSystemConfigs": lambda name: [],
    "Handler": lambda name: None,
    "ImageConfig": lambda name: {},
    "KmsKeyArn": lambda name: "",
    "Layers": lambda name: [],
    "LoggingConfig": lambda name: {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"},
    "MemorySize": lambda name: quotas.MEMORY_DEFAULT_MB.value,
    "Role": lambda name: None,
    "Runtime": lambda name: None,
    "SnapStart": lambda name: {"ApplyOn": "None"},
    "Timeout": lambda name: quotas.TIMEOUT_DEFAULT_S.value,
    "TracingConfig": lambda name: {"Mode": "PassThrough"},
    "VpcConfig": lambda name: {"SubnetIds": [], "SecurityGroupIds": []},
}
"""What UpdateFunctionConfiguration can change, and what is sent when a template leaves it out."""

_ELSEWHERE = ("Code", "Tags")


def creation(properties: Properties, name: str) -> dict[str, Any]:
    """The parameters of CreateFunction, without tags.

    Raises
    ------
    Refused
        A property has the wrong type, or the inline code cannot be used.
    """
    plain = {member: held for member, held in properties.items() if member not in _ELSEWHERE}
    parameters = shapes.parameters("lambda", "CreateFunction", {**plain, "FunctionName": name})
    parameters["Code"] = code(properties)
    return parameters | _published(properties)


def code(properties: Properties) -> dict[str, Any]:
    """The ``Code`` of CreateFunction; inline code becomes an archive.

    Raises
    ------
    Refused
        As :func:`creation`.
    """
    given = properties.get("Code")
    if not isinstance(given, Mapping):
        raise Refused(f"Properties validation failed: Code is {given!r}, not an object.")
    source = given.get("ZipFile")
    parameters: dict[str, Any] = dict(
        shapes.parameters("lambda", "CreateFunction", {"Code": {**given, "ZipFile": None}})["Code"]
    )
    if source is not None:
        runtime = str(properties.get("Runtime") or "")
        parameters["ZipFile"] = inline_code.archive(str(source), runtime)
    return parameters


def code_update(old: Properties, new: Properties) -> dict[str, Any] | None:
    """The parameters of UpdateFunctionCode, or ``None`` if the code stays what it is.

    Raises
    ------
    Refused
        As :func:`creation`.
    """
    if not changed(old, new, "Code", "Architectures") and not _other_file(old, new):
        return None
    architectures = new.get("Architectures") or ["x86_64"]
    return {**code(new), "Architectures": list(architectures), **_published(new)}


def configuration_update(old: Properties, new: Properties, name: str) -> dict[str, Any] | None:
    """The parameters of UpdateFunctionConfiguration, or ``None`` if nothing changes.

    Raises
    ------
    Refused
        A property has the wrong type.
    """
    given: dict[str, Any] = {}
    for member, default in _CONFIGURED.items():
        if changed(old, new, member):
            held = new.get(member)
            given[member] = default(name) if held is None else held
    if isinstance(given.get("LoggingConfig"), Mapping):
        given["LoggingConfig"] = _logging(given["LoggingConfig"], name)
    return shapes.parameters("lambda", "UpdateFunctionConfiguration", given) or None


def _logging(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    """All members, so that one that was left out returns to its default."""
    whole = {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}", **given}
    if whole["LogFormat"] == "JSON":
        return {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO", **whole}
    return whole


def _published(properties: Properties) -> dict[str, Any]:
    if str(properties.get("PublishToLatestPublished", "")).lower() != "true":
        return {}
    return {"Publish": True, "PublishTo": "LATEST_PUBLISHED"}


def _other_file(old: Properties, new: Properties) -> bool:
    """Whether inline code moves to a file of another name, for another language."""
    if new.get("Code", {}).get("ZipFile") is None or not changed(old, new, "Runtime"):
        return False
    before, after = str(old.get("Runtime") or ""), str(new.get("Runtime") or "")
    return before[:6] != after[:6]
