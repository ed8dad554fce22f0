"""Follow what a stack does: its events as they happen, until it is at rest."""

from __future__ import annotations

import time
from typing import Any

from lambda_nb.projects.endpoint import is_aws
from lambda_nb.projects.reporting import Reporter, StackEvent

_FIRST_S, _MOST_S = 0.02, 0.5
"""How long to wait between two looks at an engine's stack: longer the longer it takes."""
_AT_AWS_S = 2.0
"""On AWS each look is a call that counts."""


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

    def report(self) -> None:
        """Tell of the new ones, the oldest first."""
        for event in reversed(self._new()):
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

    Parameters
    ----------
    stack
        The stack's id: by its name a deleted stack is not found.
    """
    pause = Pause(client)
    while True:
        # Asked before the events, so that the last events are not missed.
        found: dict[str, Any] = client.describe_stacks(StackName=stack)["Stacks"][0]
        events.report()
        if at_rest(found["StackStatus"]):
            return found
        pause.wait()
