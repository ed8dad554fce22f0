"""One operation while it runs on one stack, and what all kinds of operations need."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from lambda_nb.engine.stacks.deploying.journal import Journal
from lambda_nb.engine.stacks.deploying.preparing import Preparing
from lambda_nb.engine.stacks.deploying.steps.recording import Recording
from lambda_nb.engine.stacks.deploying.steps.resources import Resources
from lambda_nb.engine.stacks.deploying.steps.walk import walk
from lambda_nb.engine.stacks.records.rows import Stack, StackResource
from lambda_nb.engine.stacks.records.store import Closed, Store
from lambda_nb.engine.stacks.types.resource_type import ResourceType


class Nesting(Protocol):
    """What an operation tells the stacks that are nested in its own."""

    def finish(self, stack_id: str) -> None:
        """Let a nested stack that was updated delete what it does not need any more."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What all operations share.

    Attributes
    ----------
    store, journal, preparing
        The records, the events, the templates.
    place
        Account, Region and partition.
    connect
        Returns boto3 clients.
    type_of
        The class of a resource type.
    nesting
        Reaches nested stacks.
    closing
        Set when the engine ends.
    """

    store: Store
    journal: Journal
    preparing: Preparing
    place: tuple[str, str, str]
    connect: Callable[[str, str | None], Any]
    type_of: Callable[[str], ResourceType]
    nesting: Nesting
    closing: threading.Event


class Run:
    """One operation on one stack.

    Parameters
    ----------
    parts
        What all operations share.
    stack_id
        The stack.

    Attributes
    ----------
    ended : threading.Event
        Set when its thread has ended.
    """

    def __init__(self, parts: Parts, stack_id: str) -> None:
        self.parts = parts
        self.stack_id = stack_id
        self.ended = threading.Event()
        self.why_cancelled: str | None = None
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._may_cancel = True

    @property
    def store(self) -> Store:
        """The records."""
        return self.parts.store

    @property
    def stack(self) -> Stack:
        """The stack as it is now."""
        return self.parts.store.stack(self.stack_id)

    @property
    def rows(self) -> dict[str, StackResource]:
        """Its resources as they are now."""
        return self.parts.store.resources(self.stack_id)

    @property
    def cancelled(self) -> bool:
        """Whether it is given up."""
        return self._cancelled.is_set()

    def cancel(self, why: str | None, **fields: Any) -> bool:
        """Give it up, if it still can be; whether it could.

        Parameters
        ----------
        why
            The reason of the rollback.
        **fields
            What changes in the stack's record with that, and only then.
        """
        with self._lock:
            if not self._may_cancel:
                return False
            if fields:
                self.store.change_stack(self.stack_id, **fields)
            self.why_cancelled = self.why_cancelled or why
            self._cancelled.set()
            return True

    def settle(self) -> bool:
        """From here it cannot be cancelled any more; whether it was not."""
        with self._lock:
            self._may_cancel = False
            return not self._cancelled.is_set()

    def go_back(self) -> None:
        """Begin with the rollback: what runs from now on is not cancelled."""
        with self._lock:
            self._may_cancel = False
            self._cancelled = threading.Event()
            if self.parts.closing.is_set():  # it was abandoned just before
                self._cancelled.set()

    def abandon(self) -> None:
        """The engine ends: nothing waits any more."""
        with self._lock:
            self._cancelled.set()

    def resources(self) -> Resources:
        """What makes, changes and deletes the stack's resources."""
        return Resources(self.recording(), self.parts.type_of)

    def recording(self) -> Recording:
        """What records the steps of the operation."""
        parts = self.parts
        return Recording(
            self.stack,
            parts.store,
            parts.journal,
            parts.place,
            parts.connect,
            self._cancelled,
            parts.closing,
        )

    def tell(self, status: str, reason: str | None = None, **fields: Any) -> None:
        """Give the stack a status."""
        self.stop_if_closing()
        self.parts.journal.stack(self.stack_id, status, reason, **fields)

    def walk(
        self,
        needs: Mapping[str, Collection[str]],
        work: Callable[[str], bool],
        *,
        patient: bool = False,
    ) -> set[str]:
        """Do work for many resources at once.

        Parameters
        ----------
        needs, work
            As of :func:`~lambda_nb.engine.stacks.deploying.steps.walk.walk`.
        patient
            Whether a failure does not keep others from being begun.
        """
        closing, cancelled = self.parts.closing, self._cancelled

        def one(name: str) -> bool:
            done = work(name)
            if not done and not patient:
                cancelled.set()
            return done

        def go_on() -> bool:
            return not (closing.is_set() or cancelled.is_set())

        done = walk(needs, one, go_on)
        self.stop_if_closing()
        return done

    def stop_if_closing(self) -> None:
        """End the operation's thread if the engine ends; the next engine takes it up."""
        if self.parts.closing.is_set():
            raise Closed


def failed_ones(rows: Iterable[StackResource], status: str) -> list[str]:
    """Logical IDs of the resources with a status."""
    return [row.logical_id for row in rows if row.status == status]


def sentence(doing: str, names: Iterable[str]) -> str:
    """CloudFormation's sentence about resources that failed.

    Examples
    --------
    >>> sentence("create", ["A", "B"])
    'The following resource(s) failed to create: [A, B]. '
    """
    listed = ", ".join(names)
    return f"The following resource(s) failed to {doing}: [{listed}]. " if listed else ""
