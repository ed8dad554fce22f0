"""Stores durable executions: writes each change and its history event in one transaction."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Iterable, Iterator
from typing import Any

from lambda_nb.engine.control.records.store import Batch, Record, Store
from lambda_nb.engine.errors import not_found
from lambda_nb.engine.model import FunctionVersion
from lambda_nb.engine.steady_clock import steady_time
from lambda_nb.rules.durable import history
from lambda_nb.rules.durable import operations as durable
from lambda_nb.rules.durable.operations import Operation

RUNNING = "RUNNING"


class Executions:
    """Reads and changes the records of executions.

    An execution is a record of kind ``durable`` under its function, by ARN. Its operations and
    events are separate records under the ARN, so a checkpoint writes only what it changes.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._functions = {arn: function for function, arn, _ in store.every("durable")}

    def create(
        self, function: FunctionVersion, name: str, identifier: str, payload: str, config: Record
    ) -> str:
        """Start an execution; returns its ARN."""
        now = steady_time()
        arn = execution_arn(function, name, identifier)
        timeout = config["ExecutionTimeout"]
        first = durable.beginning(identifier, payload, now)
        record: Record = {
            "name": name,
            "function_arn": function.qualified_arn,
            "version": function.version,
            "status": RUNNING,
            "input": payload,
            "started": now,
            "timeout_at": now + timeout,
            "config": config,
            "token": 0,
            "events": 1,
            "operations": 1,
        }
        event = history.event(first, now) or {}
        event["ExecutionStartedDetails"] = {
            "Input": {"Payload": payload},
            "ExecutionTimeout": timeout,
        }
        self._functions[arn] = function.name
        with self._store.write() as batch:
            batch.put("durable", function.name, arn, record)
            batch.put("durable_op", arn, identifier, {**first, "_n": 0})
            batch.put("durable_event", arn, "1", event)
        return arn

    def get(self, arn: str) -> Record:
        """An execution's record.

        Raises
        ------
        AWSError
            ``ResourceNotFoundException`` if there is none.
        """
        record = self._store.get("durable", self._functions.get(arn, ""), arn)
        if record is None:
            raise not_found(f"Durable execution not found: {arn}")
        return record

    def find(self, function: FunctionVersion, name: str) -> tuple[str, Record] | None:
        """The execution of a function version with this name."""
        for arn, record in self._store.children("durable", function.name).items():
            if record["name"] == name and record["function_arn"] == function.qualified_arn:
                return arn, record
        return None

    def of_function(self, function_name: str) -> dict[str, Record]:
        """All executions of a function, by ARN."""
        return self._store.children("durable", function_name)

    def every(self) -> Iterator[tuple[str, Record]]:
        """All executions, with their ARNs."""
        for _, arn, record in self._store.every("durable"):
            yield arn, record

    def operations(self, arn: str) -> dict[str, Operation]:
        """An execution's operations by id, in the order of their start."""
        found = self._store.children("durable_op", arn).items()
        return dict(sorted(found, key=lambda item: item[1]["_n"]))

    def events(self, arn: str) -> list[Record]:
        """An execution's history, oldest first."""
        found = self._store.children("durable_event", arn)
        return [{"EventId": n, **found[str(n)]} for n in range(1, len(found) + 1)]

    def token(self, arn: str) -> str:
        """The one checkpoint token that is valid now."""
        return _encoded(f"{arn}#{self.get(arn)['token']}")

    def change(
        self,
        arn: str,
        operations: Iterable[Operation] = (),
        *,
        event: Record | None = None,
        **fields: Any,
    ) -> Record:
        """Write changed operations with their events, one more event, and fields of the record.

        An operation may appear several times, once for each change. If the ``EXECUTION``
        operation has ended, the execution ends.
        """
        now = steady_time()
        record = {**self.get(arn), **fields}
        numbers: dict[str, int] = {}
        with self._store.write() as batch:
            for operation in operations:
                identifier = operation["Id"]
                if "_n" not in operation and identifier not in numbers:
                    numbers[identifier] = record["operations"]
                    record["operations"] += 1
                numbered = {"_n": numbers.get(identifier), **operation}
                batch.put("durable_op", arn, identifier, numbered)
                self._append(batch, arn, record, history.event(operation, now))
                if operation["Type"] == "EXECUTION":
                    record |= _ending(operation, now)
            self._append(batch, arn, record, event)
            batch.put("durable", self._functions[arn], arn, record)
        return record

    def touch(self, arn: str, operation: Operation) -> None:
        """Write an operation without a history event (for a heartbeat)."""
        with self._store.write() as batch:
            batch.put("durable_op", arn, operation["Id"], operation)

    def end(self, arn: str, status: str, *, result: str | None = None, error: Any = None) -> Record:
        """End an execution by ending its ``EXECUTION`` operation."""
        first = next(iter(self.operations(arn).values()))
        ended = durable.ended(first, status, steady_time(), result=result, error=error)
        return self.change(arn, [ended])

    def delete(self, arn: str) -> None:
        """Remove an execution and all its records."""
        with self._store.write() as batch:
            batch.delete("durable", self._functions[arn], arn)
            for kind in ("durable_op", "durable_event"):
                for key in self._store.children(kind, arn):
                    batch.delete(kind, arn, key)
        del self._functions[arn]

    def purge(self) -> None:
        """Remove executions whose retention period is over."""
        now = steady_time()
        for arn, record in list(self.every()):
            days = record["config"]["RetentionPeriodInDays"]
            if record["status"] != RUNNING and record.get("ended", now) + days * 86400 < now:
                self.delete(arn)

    def callback(self, callback_id: str) -> tuple[str, Operation]:
        """The execution and the operation that a callback id belongs to.

        Raises
        ------
        AWSError
            ``ResourceNotFoundException`` if there are none.
        """
        try:
            arn, _, identifier = base64.b64decode(callback_id).decode().rpartition("#")
        except ValueError:
            arn = identifier = ""
        operation = self._store.get("durable_op", arn, identifier)
        if operation is None or operation["Type"] != "CALLBACK":
            raise not_found(f"Callback not found: {callback_id}")
        return arn, operation

    @staticmethod
    def callback_id(arn: str, operation_id: str) -> str:
        """The id by which others answer a callback."""
        return _encoded(f"{arn}#{operation_id}")

    @staticmethod
    def _append(batch: Batch, arn: str, record: Record, event: Record | None) -> None:
        if event is not None:
            record["events"] += 1
            batch.put("durable_event", arn, str(record["events"]), event)


def execution_arn(function: FunctionVersion, name: str, identifier: str) -> str:
    """The ARN of an execution of a function version."""
    return f"{function.qualified_arn}/durable-execution/{name}/{identifier}"


def new_identifier(request_id: str) -> str:
    """The id of the execution that a request starts; always the same for one request."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"durable:{request_id}"))


def _ending(operation: Operation, now: float) -> Record:
    details = operation["ExecutionDetails"]
    ending: Record = {"status": operation["Status"], "ended": now}
    if "Result" in details:
        ending["result"] = details["Result"]
    if "Error" in details:
        ending["error"] = details["Error"]
    return ending


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
