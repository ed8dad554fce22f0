"""Follow what a stack does: its events as they happen, until it is at rest."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from lambda_nb.projects.endpoint import is_aws
from lambda_nb.projects.reporting import Reporter, StackEvent

_FIRST_S, _MOST_S = 0.02, 0.5
"""How long to wait between two looks at an engine's stack: longer the longer it takes."""
_AT_AWS_S = 2.0
"""On AWS each look is a call that counts."""
_SAY_EVERY_S = 60.0
"""After so long without an event it is said what the stack waits for."""


class Pause:
    """The time between two looks at a stack."""

    def __init__(self, client: Any) -> None:
        self._at_aws = is_aws(client)
        self._next = _FIRST_S

    def wait(self) -> None:
        """Wait; each time somewhat longer."""
        time.sleep(_AT_AWS_S if self._at_aws else self._next)
        self._next = min(_MOST_S, self._next * 1.3)


class Events:
    """The events of a stack that nobody has seen yet."""

    def __init__(self, client: Any, stack: str, tell: Reporter) -> None:
        self._client = client
        self._stack = stack
        self._tell = tell
        self._seen: set[str] = set()
        self.failures: list[StackEvent] = []

    def skip(self) -> None:
        """Leave out all that there are so far."""
        self._seen |= {event["EventId"] for event in self._new()}

    def say(self, text: str) -> None:
        """Tell something beside the events."""
        self._tell.note(text)

    def report(self) -> bool:
        """Tell of the new ones, the oldest first; whether there were any."""
        new = self._new()
        for event in reversed(new):
            self._seen.add(event["EventId"])
            told = StackEvent(
                event["Timestamp"],
                event["StackName"],
                event["LogicalResourceId"],
                event.get("ResourceType", ""),
                event.get("ResourceStatus", ""),
                event.get("ResourceStatusReason", ""),
            )
            if told.failed:
                self.failures.append(told)
            self._tell.event(told)
        return bool(new)

    def _new(self) -> list[dict[str, Any]]:
        """New events, the newest first: earlier pages are read only while they are new."""
        found: list[dict[str, Any]] = []
        pages = self._client.get_paginator("describe_stack_events")
        for page in pages.paginate(StackName=self._stack):
            new = [one for one in page["StackEvents"] if one["EventId"] not in self._seen]
            found += new
            if len(new) < len(page["StackEvents"]):
                break
        return found


def at_rest(status: str) -> bool:
    """Whether a stack's status is one that stays."""
    return not status.endswith("_IN_PROGRESS") or status == "REVIEW_IN_PROGRESS"


def follow(client: Any, stack: str, events: Events) -> dict[str, Any]:
    """Report events until the stack is at rest; its description.

    Where nothing happens for a minute, it says what the stack waits for. Ctrl-C ends the waiting
    and leaves the stack at work, which is said too.

    Parameters
    ----------
    stack
        The stack's id: by its name a deleted stack is not found.
    """
    pause = Pause(client)
    latest = time.monotonic()
    found: dict[str, Any] = {}
    try:
        while True:
            # Asked before the events, so that the last events are not missed.
            found = client.describe_stacks(StackName=stack)["Stacks"][0]
            if events.report():
                latest = time.monotonic()
            if at_rest(found["StackStatus"]):
                return found
            if time.monotonic() - latest >= _SAY_EVERY_S:
                events.say(f"{found['StackName']} waits for {_awaited(client, stack)}")
                latest = time.monotonic()
            pause.wait()
    except KeyboardInterrupt:
        if found:
            events.say(_left_alone(client, found))
        raise


def _awaited(client: Any, stack: str) -> str:
    """The resources that are being worked on, each with the time since when."""
    return "; ".join(_at_work(client, stack)) or "CloudFormation itself"


def _at_work(client: Any, stack: str) -> Iterator[str]:
    pages = client.get_paginator("list_stack_resources")
    for page in pages.paginate(StackName=stack):
        for one in page["StackResourceSummaries"]:
            if not one["ResourceStatus"].endswith("_IN_PROGRESS"):
                continue
            kind, inner = one["ResourceType"], one.get("PhysicalResourceId")
            within = kind == "AWS::CloudFormation::Stack" and inner
            named = list(_at_work(client, inner)) if within else []
            since = f"{one['LastUpdatedTimestamp']:%H:%M:%S}"
            name = one["LogicalResourceId"]
            yield from (f"{name}.{deeper}" for deeper in named)
            if not named:
                yield f"{name} ({kind}), {one['ResourceStatus']} since {since}"


def _left_alone(client: Any, found: Mapping[str, Any]) -> str:
    """What becomes of a stack that nobody waits for any more."""
    name, status = found["StackName"], found["StackStatus"]
    end = {"CREATE_IN_PROGRESS": "delete-stack", "UPDATE_IN_PROGRESS": "cancel-update-stack"}
    more = (
        f"; `aws cloudformation {end[status]} --stack-name {name}` gives it up"
        if status in end
        else ""
    )
    return (
        f"{name} goes on without this command: it is {status} and waits for "
        f"{_awaited(client, found['StackId'])}. The same command waits for it again{more}"
    )
