"""Deploys a template for a test, by CloudFormation's API."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_TEMPLATES = ("template.yaml", "template.yml", "template.json")
_LOOK_EVERY_S = 0.05
_CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]


class DeploymentFailed(AssertionError):  # noqa: N818  (a failed expectation, as a test words it)
    """A stack was not deployed; the message has the events that say why."""


def deploy(
    client: Any, template: Path, name: str, parameters: Mapping[str, str], timeout: float
) -> dict[str, str]:
    """Create a stack and wait until it is complete; returns its outputs.

    Parameters
    ----------
    client
        For CloudFormation.
    template
        A template, or a directory with one.
    name, parameters
        Of the stack.
    timeout
        How long to wait, s.

    Raises
    ------
    FileNotFoundError
        There is no template.
    DeploymentFailed
        The stack failed, or was not complete in time.
    """
    path = template if template.is_file() else _in_directory(template)
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    client.create_stack(
        StackName=name,
        TemplateBody=path.read_text(),
        Parameters=given,
        Capabilities=_CAPABILITIES,
    )
    deadline = time.monotonic() + timeout
    while True:
        (stack,) = client.describe_stacks(StackName=name)["Stacks"]
        status = stack["StackStatus"]
        if status == "CREATE_COMPLETE":
            return {one["OutputKey"]: one["OutputValue"] for one in stack.get("Outputs", ())}
        if not status.endswith("_IN_PROGRESS") or time.monotonic() > deadline:
            raise DeploymentFailed(f"{name} is {status}:\n{_reasons(client, name)}")
        time.sleep(_LOOK_EVERY_S)


def _in_directory(directory: Path) -> Path:
    for name in _TEMPLATES:
        if (directory / name).is_file():
            return directory / name
    raise FileNotFoundError(f"{directory} has no template: {', '.join(_TEMPLATES)}")


def _reasons(client: Any, name: str) -> str:
    events = client.describe_stack_events(StackName=name)["StackEvents"]
    failed = [event for event in reversed(events) if "FAILED" in event["ResourceStatus"]]
    return "\n".join(
        f"  {event['LogicalResourceId']} ({event['ResourceType']}): "
        f"{event.get('ResourceStatusReason', event['ResourceStatus'])}"
        for event in failed
    )
