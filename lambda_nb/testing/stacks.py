"""Deploys a template for a test, by CloudFormation's API, after building its code."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lambda_nb.projects.endpoint import Clients
from lambda_nb.projects.errors import ProjectError
from lambda_nb.projects.stacks.changes import CAPABILITIES
from lambda_nb.projects.stacks.uploads import Uploads
from lambda_nb.projects.templates import reading
from lambda_nb.projects.templates.packaging import Packaging
from lambda_nb.projects.templates.walking import text_of

_LOOK_EVERY_S = 0.05
_MOST_BYTES = 51_200
"""Of a template in a request; larger ones go through a bucket (AWS, "CloudFormation quotas")."""


class DeploymentFailed(AssertionError):  # noqa: N818  (a failed expectation, as a test words it)
    """A stack was not deployed; the message has the events that say why."""


def deploy(
    clients: Clients, template: Path, name: str, parameters: Mapping[str, str], timeout: float
) -> dict[str, str]:
    """Build a template's code, create its stack and wait until it is complete; its outputs.

    Parameters
    ----------
    clients
        Of the endpoint.
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
        Code cannot be built, or the stack failed, or was not complete in time.
    """
    client = clients.client("cloudformation")
    path = template if template.is_file() else _in_directory(template)
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    client.create_stack(
        StackName=name,
        **_packaged(clients, path),
        Parameters=given,
        Capabilities=list(CAPABILITIES),
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


def _packaged(clients: Clients, path: Path) -> dict[str, str]:
    """The template as CreateStack takes it, the files that it names in a bucket."""
    uploads = Uploads(clients)
    packaging = Packaging(uploads, builds=True, at_aws=False, tell=lambda _: None)
    try:
        packaged = packaging.template(path)
        text = path.read_text()
        names_files = packaged.functions or packaged.others != [path]
        if not names_files and len(text.encode()) <= _MOST_BYTES:
            return {"TemplateBody": text}
        bucket, key = uploads.put(text_of(packaged.template), ".template")
    except ProjectError as error:
        raise DeploymentFailed(str(error)) from None
    return {"TemplateURL": uploads.template_url(bucket, key)}


def _in_directory(directory: Path) -> Path:
    for name in reading.NAMES:
        if (directory / name).is_file():
            return directory / name
    raise FileNotFoundError(f"{directory} has no template: {', '.join(reading.NAMES)}")


def _reasons(client: Any, name: str) -> str:
    events = client.describe_stack_events(StackName=name)["StackEvents"]
    failed = [event for event in reversed(events) if "FAILED" in event["ResourceStatus"]]
    return "\n".join(
        f"  {event['LogicalResourceId']} ({event['ResourceType']}): "
        f"{event.get('ResourceStatusReason', event['ResourceStatus'])}"
        for event in failed
    )
