"""Create, update and delete stacks: one change set each time, as ``aws cloudformation deploy``."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lambda_nb.projects.endpoint import Clients
from lambda_nb.projects.errors import ProjectError, aws_errors
from lambda_nb.projects.reporting import Reporter, StackEvent
from lambda_nb.projects.stacks.progress import Events, Pause, at_rest, follow

CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
_UNCHANGED = ("didn't contain changes", "No updates are to be performed")
_GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE", "IMPORT_COMPLETE")


@dataclass(frozen=True)
class Stack:
    """A stack as it should be. ``template_url`` is where its template lies in S3.

    ``role`` is the ARN of the role that CloudFormation takes, ``notifications`` those of topics
    that get its events.
    """

    name: str
    template_url: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    declared: frozenset[str] = frozenset()
    tags: Mapping[str, str] = field(default_factory=dict)
    role: str = ""
    notifications: tuple[str, ...] = ()
    disable_rollback: bool = False


@dataclass(frozen=True)
class Done:
    """What became of a stack: ``created``, ``updated``, ``unchanged``, ``deleted`` or ``absent``.

    ``description`` is as DescribeStacks gives it.
    """

    name: str
    what: str
    description: Mapping[str, Any]


def deploy(clients: Clients, stack: Stack, tell: Reporter) -> Done:
    """Bring a stack to what its template says, and wait until it is.

    Raises
    ------
    ProjectError
        The change set is refused, or the stack failed; the message has each failure's reason.
    """
    client = clients.client("cloudformation")
    with aws_errors():
        found = _settled(client, stack.name, tell)
        exists = found is not None and found["StackStatus"] != "REVIEW_IN_PROGRESS"
        change = _change_set(client, stack, exists)
        told = _reviewed(client, change)
        if told["Status"] == "FAILED":
            reason = told.get("StatusReason", "")
            details = _invalid(client, change["Id"]) if "DescribeEvents" in reason else []
            client.delete_change_set(ChangeSetName=change["Id"])
            if exists and any(text in reason for text in _UNCHANGED):
                return Done(stack.name, "unchanged", found or {})
            if not exists:
                client.delete_stack(StackName=stack.name)
            reason = "\n".join(["", *details]) if details else f" {reason}"
            raise ProjectError(f"{stack.name}: the change set failed:{reason}")
        events = Events(client, change["StackId"], tell)
        events.skip()
        keeps = {"DisableRollback": True} if stack.disable_rollback else {}
        client.execute_change_set(ChangeSetName=change["Id"], **keeps)
        described = follow(client, change["StackId"], events)
    if described["StackStatus"] not in _GOOD:
        raise ProjectError(_failure(stack.name, described, events.failures))
    return Done(stack.name, "updated" if exists else "created", described)


def delete(clients: Clients, name: str, tell: Reporter) -> Done:
    """Delete a stack and wait until it is gone.

    Raises
    ------
    ProjectError
        Something in it cannot be deleted.
    """
    client = clients.client("cloudformation")
    with aws_errors():
        found = described(client, name)
        if found is None:
            return Done(name, "absent", {})
        return Done(name, "deleted", _gone(client, name, found, tell))


def _gone(client: Any, name: str, found: Mapping[str, Any], tell: Reporter) -> dict[str, Any]:
    """Delete a stack that is there; its last description."""
    events = Events(client, found["StackId"], tell)
    events.skip()
    client.delete_stack(StackName=found["StackId"])
    gone = follow(client, found["StackId"], events)
    if gone["StackStatus"] != "DELETE_COMPLETE":
        raise ProjectError(_failure(name, gone, events.failures))
    return gone


def described(client: Any, name: str) -> dict[str, Any] | None:
    """A stack as DescribeStacks gives it, or ``None`` if there is none of this name."""
    from botocore.exceptions import ClientError

    try:
        found: dict[str, Any] = client.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return found


def _settled(client: Any, name: str, tell: Reporter) -> dict[str, Any] | None:
    """The stack when nothing is at work on it; one whose creation failed is deleted first."""
    found = described(client, name)
    if found is None:
        return None
    if not at_rest(found["StackStatus"]):
        tell.note(f"{name} is {found['StackStatus']}: waiting until it is done")
        events = Events(client, found["StackId"], tell)
        events.skip()
        found = follow(client, found["StackId"], events)
    # CREATE_FAILED is left alone: who said --disable-rollback wants to keep what there is.
    if found["StackStatus"] in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED"):
        tell.note(f"{name} is {found['StackStatus']}, which cannot be updated: it is deleted first")
        _gone(client, name, found, tell)
        return None
    return None if found["StackStatus"] == "DELETE_COMPLETE" else found


def _change_set(client: Any, stack: Stack, exists: bool) -> dict[str, Any]:
    parameters: list[dict[str, Any]] = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in stack.parameters.items()
    ]
    if exists:
        there = client.describe_stacks(StackName=stack.name)["Stacks"][0].get("Parameters", [])
        kept = {one["ParameterKey"] for one in there} & stack.declared - set(stack.parameters)
        parameters += [{"ParameterKey": key, "UsePreviousValue": True} for key in sorted(kept)]
    made: dict[str, Any] = client.create_change_set(
        StackName=stack.name,
        ChangeSetName=f"lambda-nb-{time.time_ns()}",
        ChangeSetType="UPDATE" if exists else "CREATE",
        TemplateURL=stack.template_url,
        Parameters=parameters,
        Capabilities=list(CAPABILITIES),
        Tags=[{"Key": key, "Value": value} for key, value in stack.tags.items()],
        **({"RoleARN": stack.role} if stack.role else {}),
        **({"NotificationARNs": list(stack.notifications)} if stack.notifications else {}),
    )
    return made


def _reviewed(client: Any, change: Mapping[str, Any]) -> dict[str, Any]:
    pause = Pause(client)
    while True:
        told: dict[str, Any] = client.describe_change_set(ChangeSetName=change["Id"])
        if told["Status"] in ("CREATE_COMPLETE", "FAILED"):
            return told
        pause.wait()


def _invalid(client: Any, change: str) -> list[str]:
    """What the validation of a change set has found, which its own reason does not tell."""
    events = client.describe_events(ChangeSetName=change)["OperationEvents"]
    return [
        f"  {one.get('LogicalResourceId', '')} ({one.get('ResourceType', '')}): "
        f"{one['ValidationStatusReason']}"
        for one in events
        if one.get("ValidationStatus") == "FAILED"
    ]


def _failure(name: str, found: Mapping[str, Any], failures: list[StackEvent]) -> str:
    """What failed, each with its reason; what was only stopped because of it is left out."""
    causes = [one for one in failures if "cancelled" not in one.reason.lower()] or failures
    lines = [f"  {one.resource} ({one.kind}): {one.reason}" for one in causes]
    reason = found.get("StackStatusReason", "")
    lines = lines or ([f"  {reason}"] if reason else [])
    return "\n".join([f"{name} is {found['StackStatus']}:", *lines])
