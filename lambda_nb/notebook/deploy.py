"""Creates or updates a function so that it is what its cell says."""

from __future__ import annotations

import argparse
import base64
import time
from typing import Any

from lambda_nb.notebook.errors import NotebookError
from lambda_nb.notebook.package import Package
from lambda_nb.notebook.session import Connection

WAIT_S = 300.0
"""Seconds to wait until a function is active or updated."""


def deploy(
    client: Any, connection: Connection, package: Package, options: argparse.Namespace
) -> str:
    """Make the function what the cell says.

    Returns
    -------
    str
        What was done: ``created``, ``updated``, or ``unchanged``.

    Raises
    ------
    NotebookError
        With Lambda's own message when it refuses.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return _deploy(client, connection, package, options)
    except ClientError as error:
        raise refused(options.name, error) from None
    except BotoCoreError as error:
        raise NotebookError(f"{options.name}: {error}") from None


def refused(name: str, error: Any) -> NotebookError:
    """Lambda's refusal as a notebook error."""
    told = error.response.get("Error", {})
    message = told.get("Message") or error.response.get("Message") or str(error)
    return NotebookError(f"{name}: {told.get('Code', 'error')}: {message}")


def settings(
    connection: Connection, package: Package, options: argparse.Namespace
) -> dict[str, Any]:
    """The function's configuration as CreateFunction and UpdateFunctionConfiguration take it."""
    role = options.role or connection.role
    if role is None:
        if connection.is_aws:
            raise NotebookError(
                "on AWS a function needs an execution role: give --role ARN, or once for all "
                "%lambda connect aws --role ARN"
            )
        role = f"arn:aws:iam::{connection.account}:role/lambda-nb"
    return {
        "FunctionName": options.name,
        "Role": role,
        "Handler": package.handler,
        "Runtime": package.runtime,
        "MemorySize": options.memory,
        "Timeout": options.timeout,
        "Description": options.description,
        "Environment": {"Variables": dict(options.env)},
        "EphemeralStorage": {"Size": options.ephemeral_storage},
        "Layers": options.layer,
        "LoggingConfig": {"LogFormat": options.log_format},
    }


def _deploy(
    client: Any, connection: Connection, package: Package, options: argparse.Namespace
) -> str:
    wanted = settings(connection, package, options)
    try:
        present = client.get_function_configuration(FunctionName=options.name)
    except client.exceptions.ResourceNotFoundException:
        client.create_function(
            **wanted, Code={"ZipFile": package.archive}, Architectures=[options.arch]
        )
        done = "created"
        wait(client, options.name)
    else:
        done = _update(client, package, options, wanted, present)
    if options.reserved is not None:
        client.put_function_concurrency(
            FunctionName=options.name, ReservedConcurrentExecutions=options.reserved
        )
    if options.publish or options.alias:
        version = client.publish_version(FunctionName=options.name)["Version"]
        wait(client, options.name)
        if options.alias:
            _point(client, options.name, options.alias, version)
    return done


def _update(
    client: Any,
    package: Package,
    options: argparse.Namespace,
    wanted: dict[str, Any],
    present: dict[str, Any],
) -> str:
    done = "unchanged"
    architectures = present.get("Architectures", ["x86_64"])
    sha256 = base64.b64encode(package.sha256).decode()
    if present.get("CodeSha256") != sha256 or architectures != [options.arch]:
        client.update_function_code(
            FunctionName=options.name, ZipFile=package.archive, Architectures=[options.arch]
        )
        wait(client, options.name)
        done = "updated"
    has = {
        **present,
        "Environment": {"Variables": present.get("Environment", {}).get("Variables", {})},
        "EphemeralStorage": present.get("EphemeralStorage", {"Size": 512}),
        "Layers": [layer["Arn"] for layer in present.get("Layers", [])],
        "LoggingConfig": {"LogFormat": present.get("LoggingConfig", {}).get("LogFormat", "Text")},
    }
    changes = {key: value for key, value in wanted.items() if has.get(key) != value}
    changes.pop("FunctionName", None)
    if changes:
        client.update_function_configuration(FunctionName=options.name, **changes)
        wait(client, options.name)
        done = "updated"
    return done


def _point(client: Any, name: str, alias: str, version: str) -> None:
    try:
        client.update_alias(FunctionName=name, Name=alias, FunctionVersion=version)
    except client.exceptions.ResourceNotFoundException:
        client.create_alias(FunctionName=name, Name=alias, FunctionVersion=version)


def wait(client: Any, name: str) -> None:
    """Wait until a function is active and its last update is through.

    Raises
    ------
    NotebookError
        When it fails, with Lambda's reason, or takes longer than five minutes.
    """
    deadline = time.monotonic() + WAIT_S
    pause = 0.01
    while True:
        found = client.get_function_configuration(FunctionName=name)
        state, update = found.get("State", "Active"), found.get("LastUpdateStatus", "Successful")
        if state == "Failed" or update == "Failed":
            reason = found.get("LastUpdateStatusReason") or found.get("StateReason", "")
            raise NotebookError(f"{name}: {reason or 'the function cannot be used'}")
        if state != "Pending" and update != "InProgress":
            return
        if time.monotonic() > deadline:
            raise NotebookError(f"{name} is still {state} (update {update}) after {WAIT_S:.0f} s")
        time.sleep(pause)
        pause = min(1.0, pause * 1.5)
