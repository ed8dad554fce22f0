"""Create, update and publish functions, and wait until Lambda has done it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lambda_nb.notebook.connection.endpoint import Connection
from lambda_nb.notebook.errors import NotebookError, UsageError, aws_errors
from lambda_nb.notebook.functions.package import Package
from lambda_nb.notebook.functions.requirements import MOST_BYTES
from lambda_nb.projects.endpoint import is_aws

_WAIT = {"Delay": 0.05, "MaxAttempts": 1200}
_WAIT_AWS = {"Delay": 1, "MaxAttempts": 300}
"""On AWS each look is a call that counts."""


@dataclass
class Deployed:
    """The result of deploying a cell: ``what`` is ``created``, ``updated`` or ``unchanged``.

    ``in_use`` is when Lambda took new code of a function that was there before, epoch seconds.
    """

    name: str
    what: str
    config: Mapping[str, Any]
    uploaded: int = 0
    notes: list[str] = field(default_factory=list)
    in_use: float | None = None


def deploy(
    client: Any,
    connection: Connection,
    name: str,
    package: Package,
    settings: Mapping[str, Any],
) -> Deployed:
    """Create or update a function, with as few calls as possible, until it can be invoked.

    Parameters
    ----------
    settings
        Parameters of ``UpdateFunctionConfiguration``, all with a value. So a setting that was
        removed from the cell goes back to Lambda's default.

    Raises
    ------
    NotebookError
        Lambda refuses a request, or the archive is too large for one.
    """
    if len(package.archive) > MOST_BYTES:
        raise NotebookError(
            f"{name}: the archive has {len(package.archive) / 1e6:.1f} MB and a request may have "
            "50 MB; put large files into a layer (--layer) or read them from S3"
        )
    architectures = list(settings["Architectures"])
    wanted = {k: v for k, v in settings.items() if k != "Architectures"}
    wanted |= {"Handler": package.handler, "Runtime": package.runtime}
    with aws_errors():
        found = _find(client, name)
        if found is None:
            return _create(client, connection, name, package, wanted, architectures)
        wanted["Role"] = wanted["Role"] or connection.role or found["Role"]
        uploaded, in_use = 0, None
        if found["CodeSha256"] != package.sha256 or found["Architectures"] != architectures:
            client.update_function_code(
                FunctionName=name, ZipFile=package.archive, Architectures=architectures
            )
            settle(client, name)
            uploaded, in_use = len(package.archive), time.time()
        changed = _differs(found, wanted)
        if changed:
            client.update_function_configuration(FunctionName=name, **wanted)
            settle(client, name)
        what = "updated" if uploaded or changed else "unchanged"
        config = client.get_function_configuration(FunctionName=name)
        return Deployed(name, what, config, uploaded, in_use=in_use)


def exists(client: Any, name: str) -> bool:
    """Whether there is a function of this name."""
    with aws_errors():
        return _find(client, name) is not None


def _find(client: Any, name: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = client.get_function_configuration(FunctionName=name)
    except client.exceptions.ResourceNotFoundException:
        return None
    return found


def _create(
    client: Any,
    connection: Connection,
    name: str,
    package: Package,
    wanted: Mapping[str, Any],
    architectures: list[str],
) -> Deployed:
    role = wanted["Role"] or connection.role
    if not role and connection.is_aws:
        raise UsageError(
            f"%%lambda {name}: on AWS a function needs an execution role: --role ARN here, or once "
            "for all cells with %lambda connect aws --role ARN"
        )
    parameters = {
        **wanted,
        "Role": role or f"arn:aws:iam::{connection.account}:role/lambda-role",
        "Architectures": architectures,
    }
    client.create_function(FunctionName=name, Code={"ZipFile": package.archive}, **parameters)
    settle(client, name, "function_active_v2")
    config = client.get_function_configuration(FunctionName=name)
    return Deployed(name, "created", config, len(package.archive))


def settle(client: Any, name: str, waiter: str = "function_updated_v2", **named: str) -> None:
    """Wait until a function's update is done, so that it can be changed again.

    Parameters
    ----------
    waiter, named
        Another waiter of boto3's, and its parameters besides the function's name.
    """
    config = _WAIT_AWS if is_aws(client) else _WAIT
    client.get_waiter(waiter).wait(FunctionName=name, **named, WaiterConfig=config)


def publish(client: Any, name: str, description: str = "") -> str:
    """Publish a function as it is now; returns the version when it can be invoked.

    If nothing has changed since the last version, Lambda gives that one.
    """
    settle(client, name)
    version = str(client.publish_version(FunctionName=name, Description=description)["Version"])
    # With SnapStart: until its snapshot is taken.
    settle(client, name, "published_version_active", Qualifier=version)
    return version


def put_alias(client: Any, **alias: Any) -> dict[str, Any]:
    """Move an alias, or make it if it is not there; ``alias`` are parameters of ``CreateAlias``."""
    told: dict[str, Any]
    try:
        told = client.update_alias(**alias)
    except client.exceptions.ResourceNotFoundException:
        # Creating it also tells whether it was the function that is not there.
        told = client.create_alias(**alias)
    return told


def _differs(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return any(_present(found, name) != value for name, value in wanted.items())


def _present(found: Mapping[str, Any], name: str) -> Any:
    """The current value of a setting, in the form that the update call takes."""
    if name == "Environment":
        return {"Variables": found.get("Environment", {}).get("Variables", {})}
    if name == "Layers":
        return [layer["Arn"] for layer in found.get("Layers", [])]
    if name == "FileSystemConfigs":
        return found.get("FileSystemConfigs", [])
    if name == "LoggingConfig":
        return {"LogFormat": found.get("LoggingConfig", {}).get("LogFormat", "Text")}
    return found.get(name, "" if name == "Description" else None)


def settings(options: Any, layers: list[str], file_systems: list[dict[str, str]]) -> dict[str, Any]:
    """The options of a cell as parameters of ``UpdateFunctionConfiguration``."""
    return {
        "Role": options.role,
        "Description": options.description,
        "Timeout": options.timeout,
        "MemorySize": options.memory,
        "Environment": {"Variables": dict(options.env)},
        "Layers": layers,
        "EphemeralStorage": {"Size": options.ephemeral_storage},
        "LoggingConfig": {"LogFormat": options.log_format},
        "Architectures": [options.arch],
        "FileSystemConfigs": file_systems,
    }
