"""As commands of the aws CLI, for a POSIX shell."""

from __future__ import annotations

import json
import shlex
from typing import Any

from lambda_nb.notebook.workbench.copying.subject import Subject

_OPTIONS = {
    "Runtime": "--runtime",
    "Role": "--role",
    "Handler": "--handler",
    "Description": "--description",
    "Timeout": "--timeout",
    "MemorySize": "--memory-size",
    "PackageType": "--package-type",
    "Architectures": "--architectures",
    "KMSKeyArn": "--kms-key-arn",
    "Environment": "--environment",
    "Layers": "--layers",
    "DeadLetterConfig": "--dead-letter-config",
    "EphemeralStorage": "--ephemeral-storage",
    "TracingConfig": "--tracing-config",
    "SnapStart": "--snap-start",
    "FileSystemConfigs": "--file-system-configs",
    "VpcConfig": "--vpc-config",
    "ImageConfig": "--image-config",
    "LoggingConfig": "--logging-config",
    "Tags": "--tags",
}


def of_function(subject: Subject) -> str:
    """Commands that create the function as it is."""
    options = [
        f"{_OPTIONS[key]}{_between(value)}{_value(value)}"
        for key, value in subject.parameters.items()
        if key in _OPTIONS
    ]
    lines = [
        *_before(subject),
        f"# {subject.archive}: {subject.about_archive}",
        _command(
            subject,
            "create-function",
            [*options, f"--zip-file {shlex.quote(f'fileb://{subject.archive}')}"],
        ),
        _command(subject, "wait function-active-v2", []),
    ]
    if subject.reserved is not None:
        reserved = f"--reserved-concurrent-executions {subject.reserved}"
        lines.append(_command(subject, "put-function-concurrency", [reserved]))
    return "\n".join(lines) + "\n"


def of_invocation(subject: Subject, payload: str) -> str:
    """A command that invokes the function with a payload and prints the response.

    Versions 1 and 2 of the CLI differ in how they read ``--payload``, but not from a file.
    """
    options = ["--payload fileb:///dev/stdin", "/dev/stdout"]
    end = "EVENT"
    while end in payload.splitlines():
        end += "_"
    command = _command(subject, "invoke", options)
    return "\n".join([*_before(subject), f"{command} <<'{end}'", payload, end, ""])


def _before(subject: Subject) -> list[str]:
    return [f"# {subject.about_credentials}"] if subject.endpoint else []


def _command(subject: Subject, operation: str, options: list[str]) -> str:
    common = [
        f"--function-name {shlex.quote(subject.name)}",
        f"--region {shlex.quote(subject.region)}",
    ]
    if subject.endpoint:
        common.append(f"--endpoint-url {shlex.quote(subject.endpoint)}")
    return " \\\n    ".join([f"aws lambda {operation}", *common, *options])


def _between(value: Any) -> str:
    """A value that begins with ``-`` would be taken for an option."""
    return "=" if isinstance(value, str) and value.startswith("-") else " "


def _value(value: Any) -> str:
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        return " ".join(shlex.quote(one) for one in value)
    if isinstance(value, (dict, list)):
        return shlex.quote(json.dumps(value))
    return shlex.quote(str(value))
