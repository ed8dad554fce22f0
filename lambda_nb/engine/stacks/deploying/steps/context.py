"""What a resource type gets for one step; implements the protocol of ``stacks.types.context``."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from threading import Event as Flag
from typing import Any, TypeVar

from lambda_nb.engine.stacks.deploying.steps.names import made_up
from lambda_nb.engine.stacks.model import Cancelled, Refused
from lambda_nb.engine.stacks.records.rows import Stack

_Found = TypeVar("_Found")

_FIRST_LOOK_S = 0.005
_LAST_LOOK_S = 0.5
"""Seconds between two looks at something that is waited for: the first pause and the longest."""


class StepContext:
    """One resource of one stack, while it is made, changed or deleted.

    Parameters
    ----------
    stack
        The stack.
    logical_id
        The resource's.
    token
        Of the step.
    place
        Account, Region and partition.
    connect
        Returns boto3 clients.
    record
        Keeps, durably, fields of the resource: ``physical_id`` or ``name``.
    cancelled
        Set when the operation is given up.
    rolling_back
        Whether the resource is changed back to what it was.
    """

    def __init__(
        self,
        stack: Stack,
        logical_id: str,
        token: str,
        place: tuple[str, str, str],
        connect: Callable[[str, str | None], Any],
        record: Callable[[str, str], None],
        cancelled: Flag,
        *,
        rolling_back: bool = False,
    ) -> None:
        self.account, self.region, self.partition = place
        self.stack_name = stack.name
        self.stack_id = stack.id
        self.logical_id = logical_id
        self.token = token
        self.tags: Mapping[str, str] = {
            **stack.revision.tags,
            "aws:cloudformation:stack-name": stack.name,
            "aws:cloudformation:stack-id": stack.id,
            "aws:cloudformation:logical-id": logical_id,
        }
        self.old_tags: Mapping[str, str] = stack.operation.get("undone_tags") or (
            stack.before.tags if stack.before is not None else {}
        )
        self._connect = connect
        self._record = record
        self.cancelled = cancelled
        self.rolling_back = rolling_back

    def client(self, service: str, region: str | None = None) -> Any:
        """A boto3 client that calls the engine, in the stack's Region if none is named."""
        return self._connect(service, region)

    def name(
        self, most: int = 255, *, lower: bool = False, separator: str = "-", suffix: str = ""
    ) -> str:
        """The physical name that CloudFormation makes up, recorded before it is used."""
        chosen = made_up(
            self.stack_name,
            self.logical_id,
            self.token,
            most,
            lower=lower,
            separator=separator,
            suffix=suffix,
        )
        self._record("name", chosen)
        return chosen

    def claim(self, name: str) -> None:
        """Record, durably, that a resource of this name is made next, and that there is none."""
        self._record("name", name)

    def made(self, physical_id: str) -> None:
        """Record, durably, that the resource exists from now on."""
        self._record("physical_id", physical_id)

    def wait(
        self, look: Callable[[], _Found | None], what: str, timeout_s: float = 300.0
    ) -> _Found:
        """Wait until ``look`` returns something other than ``None``, and return that.

        Raises
        ------
        Cancelled
            The stack's operation was cancelled.
        Refused
            After ``timeout_s`` (seconds).
        """
        end = time.monotonic() + timeout_s
        pause = _FIRST_LOOK_S
        while (found := look()) is None:
            left = end - time.monotonic()
            if left <= 0:
                raise Refused(
                    f"Exceeded attempts to wait: {what} did not come within {timeout_s:g} s.",
                    "NotStabilized",
                )
            if self.cancelled.wait(min(pause, left)):
                raise Cancelled
            pause = min(pause * 1.5, _LAST_LOOK_S)
        return found
