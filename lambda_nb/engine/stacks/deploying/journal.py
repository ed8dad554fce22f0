"""Writes down what happens to stacks and their resources, and tells who wants to know."""

from __future__ import annotations

import dataclasses
import json
import logging
import queue
import threading
import time
from collections.abc import Callable
from datetime import datetime, timezone
from functools import partial
from typing import Any

from lambda_nb.engine.identifiers import uuid4
from lambda_nb.engine.stacks.deploying import bus_events
from lambda_nb.engine.stacks.records.event_rows import DriftDetection, Event
from lambda_nb.engine.stacks.records.hiding import hidden
from lambda_nb.engine.stacks.records.rows import Stack, StackResource
from lambda_nb.engine.stacks.records.store import Store

log = logging.getLogger(__name__)

STACK_TYPE = "AWS::CloudFormation::Stack"
_OPEN = ("AVAILABLE", "EXECUTE_IN_PROGRESS")
_SUCCESSES = ("CREATE_COMPLETE", "UPDATE_COMPLETE")
_SUBJECT = "AWS CloudFormation Notification"


def iso(moment: float) -> str:
    """A time as CloudFormation writes it.

    Examples
    --------
    >>> iso(0.25)
    '1970-01-01T00:00:00.250Z'
    """
    told = datetime.fromtimestamp(moment, timezone.utc)
    return f"{told:%Y-%m-%dT%H:%M:%S}.{told.microsecond // 1000:03d}Z"


class Journal:
    """Changes the status of stacks and resources, with an event for each change.

    Parameters
    ----------
    store
        The records.
    publish
        Publishes to an SNS topic: its ARN, a subject and a text.
    put_event
        Puts an entry on the default event bus, as CloudFormation itself; ``None`` if there is none.
    """

    def __init__(
        self,
        store: Store,
        publish: Callable[[str, str, str], None],
        put_event: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        self._store = store
        self._publish = publish
        self._put_event = put_event
        self._outbox: queue.SimpleQueue[tuple[str, Callable[[], None]] | None]
        self._outbox = queue.SimpleQueue()
        self._sender: threading.Thread | None = None
        self._secrets: dict[str, frozenset[str]] = {}
        self._lock = threading.Lock()
        self._closed = False

    def close(self) -> None:
        """Stop to publish; what still waits is dropped."""
        self._closed = True
        self._outbox.put(None)

    def keep_secret(self, stack_id: str, texts: frozenset[str]) -> None:
        """Hide these texts, and those named before, in the events of a stack."""
        with self._lock:
            self._secrets[stack_id] = self._secrets.get(stack_id, frozenset()) | texts - {""}

    def secrets(self, stack_id: str) -> frozenset[str]:
        """The texts that are hidden in a stack's events."""
        return self._secrets.get(stack_id, frozenset())

    def stack(self, stack_id: str, status: str, reason: str | None = None, **fields: Any) -> Stack:
        """Give a stack a status; ``fields`` of it are changed with that."""
        now = time.time()
        reason = hidden(reason, self.secrets(stack_id))
        with self._store.together():
            stack = self._store.change_stack(stack_id, status=status, reason=reason, **fields)
            self._follow_change_set(stack)
            event = Event(
                uuid4(),
                stack.id,
                stack.name,
                stack.name,
                stack.id,
                STACK_TYPE,
                status,
                now,
                reason,
                token=stack.token,
            )
            self._add(stack, event)
        return stack

    def _follow_change_set(self, stack: Stack) -> None:
        """The change set that a stack carries out is as far as the stack is."""
        found = self._store.find_change_set(stack.change_set_id) if stack.change_set_id else None
        if found is None or found.execution_status not in _OPEN:
            return
        if stack.in_progress:
            status = "EXECUTE_IN_PROGRESS"
        else:
            status = "EXECUTE_COMPLETE" if stack.status in _SUCCESSES else "EXECUTE_FAILED"
        if status != found.execution_status:
            self._store.change_execution(found, status)

    def resource(
        self,
        stack: Stack,
        logical_id: str,
        status: str,
        reason: str | None = None,
        **fields: Any,
    ) -> StackResource:
        """Give a resource that is recorded a status; ``fields`` of it are changed with that."""
        now = time.time()
        told = hidden(reason, self.secrets(stack.id))
        with self._store.together():
            row = self._store.change_resource(
                stack.id, logical_id, status=status, reason=told, updated=now, **fields
            )
            self._add(stack, self._event(stack, row, status, told, now))
        return row

    def begin(self, stack: Stack, row: StackResource, reason: str | None) -> None:
        """Record a resource whose step begins, with the status and the time that it has."""
        row = dataclasses.replace(row, reason=hidden(reason, self.secrets(stack.id)))
        with self._store.together():
            self._store.put_resource(row)
            self._add(stack, self._event(stack, row, row.status, row.reason, row.updated))

    def note(self, stack: Stack, row: StackResource, status: str, reason: str | None) -> None:
        """Add an event of a resource, without changing what is recorded of it."""
        self._add(stack, self._event(stack, row, status, reason, time.time()))

    def _event(
        self, stack: Stack, row: StackResource, status: str, reason: str | None, now: float
    ) -> Event:
        secrets = self.secrets(stack.id) | frozenset(row.held.secrets)
        shown = hidden(dict(row.held.properties), secrets)
        return Event(
            f"{row.logical_id}-{status}-{uuid4()}",  # two may have the same millisecond
            stack.id,
            stack.name,
            row.logical_id,
            row.held.physical_id,
            row.held.type,
            status,
            now,
            hidden(reason, secrets),
            json.dumps(shown, default=str),
            stack.token,
        )

    def detection(self, detection: DriftDetection) -> None:
        """Record a detection of drift that began or ended."""
        kept = self._store.put_detection(detection)
        if (put_event := self._put_event) is not None:
            self._tell("the event bus", lambda: put_event(bus_events.of_detection(kept)))

    def _add(self, stack: Stack, event: Event) -> None:
        kept = self._store.add_event(event)
        if (put_event := self._put_event) is not None:
            self._tell("the event bus", lambda: put_event(bus_events.of_event(kept)))
        for topic in stack.revision.notification_arns:
            self._tell(topic, partial(self._publish, topic, _SUBJECT, notification(kept)))

    def _tell(self, whom: str, how: Callable[[], None]) -> None:
        with self._lock:
            if self._sender is None:
                self._sender = threading.Thread(
                    target=self._send, name="stack notifications", daemon=True
                )
                self._sender.start()
        self._outbox.put((whom, how))

    def _send(self) -> None:
        while (item := self._outbox.get()) is not None and not self._closed:
            whom, tell = item
            try:
                tell()
            except Exception as error:  # a topic that is gone does not stop the others
                log.warning("an event of a stack did not reach %s: %s", whom, error)


def notification(event: Event) -> str:
    """The text that CloudFormation publishes for an event."""
    members = {
        "StackId": event.stack_id,
        "Timestamp": iso(event.time),
        "EventId": event.id,
        "LogicalResourceId": event.logical_id,
        "Namespace": event.stack_id.split(":")[4],
        "PhysicalResourceId": event.physical_id,
        "ResourceProperties": event.properties or "null",
        "ResourceStatus": event.status,
        "ResourceStatusReason": event.reason or "",
        "ResourceType": event.type,
        "StackName": event.stack_name,
        "ClientRequestToken": event.token or "null",
    }
    return "".join(f"{name}='{value}'\n" for name, value in members.items())
