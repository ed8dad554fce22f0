"""The API of durable executions: checkpoints, state, history, callbacks, stop, pause, resume."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from lambda_nb.engine.control.handler_checks import answering
from lambda_nb.engine.control.records.paging import page
from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.durable.executions import RUNNING, Executions
from lambda_nb.engine.durable.runner import Resolve, Runner
from lambda_nb.engine.errors import AWSError, conflict, invalid_parameter
from lambda_nb.engine.model import Caller, Operation, Request, Response
from lambda_nb.engine.steady_clock import steady_time
from lambda_nb.rules.durable import operations as durable

_PAGE = 1000
_DATA = ("Input", "Result", "Error", "Reason")


class DurableOperations:
    """Handlers of the operations on durable executions and their callbacks."""

    def __init__(self, executions: Executions, runner: Runner, resolve: Resolve) -> None:
        self._executions = executions
        self._runner = runner
        self._resolve = resolve
        self._answers: dict[str, tuple[str, Response]] = {}

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        handlers: dict[str, Operation] = {
            "CheckpointDurableExecution": self.checkpoint,
            "GetDurableExecutionState": self.state,
            "GetDurableExecution": self.get,
            "GetDurableExecutionHistory": self.history,
            "ListDurableExecutionsByFunction": self.list_executions,
            "StopDurableExecution": self.stop,
            "PauseDurableExecution": self.pause,
            "ResumeDurableExecution": self.resume,
            "DeleteDurableExecution": self.delete,
            "SendDurableExecutionCallbackSuccess": self.callback_success,
            "SendDurableExecutionCallbackFailure": self.callback_failure,
            "SendDurableExecutionCallbackHeartbeat": self.callback_heartbeat,
        }
        return {name: answering(name, handler) for name, handler in handlers.items()}

    def checkpoint(self, request: Request, caller: Caller) -> Response:
        """Apply the function's updates; return what changed and the next token.

        If the execution has ended or will pause, there is no token: the invocation then ends.
        """
        arn = request["DurableExecutionArn"]
        again = self._answers.get(arn)
        if again and request.get("ClientToken") and again[0] == request["ClientToken"]:
            return again[1]
        record = self._entitled(request)
        self._runner.mature(arn)
        now = steady_time()
        operations = self._executions.operations(arn)
        changes: list[durable.Operation] = []
        for update in request.get("Updates") or []:
            callback = self._executions.callback_id(arn, update["Id"])
            operation = durable.updated(operations, update, now, callback)
            if operation["Type"] == "CHAINED_INVOKE" and operation["Status"] == "STARTED":
                destination = self._runner.destination(arn, operation)
                operation = {**operation, "_destination": destination}
            operations[operation["Id"]] = operation
            changes.append(operation)
        record = self._executions.change(arn, changes, token=record["token"] + 1)
        seen = {operation["Id"] for operation in changes} | self._runner.told(arn)
        operations = {k: op for k, op in self._executions.operations(arn).items() if k in seen}
        for operation in operations.values():
            if operation["Type"] == "CHAINED_INVOKE" and operation["Status"] == "STARTED":
                self._runner.chain(arn, operation)
        shown = [_shown(operation) for operation in operations.values()]
        response: Response = {"NewExecutionState": {"Operations": shown}}
        self._answers.pop(arn, None)
        if record["status"] == RUNNING:
            response["CheckpointToken"] = self._executions.token(arn)
            if request.get("ClientToken"):
                self._answers[arn] = (request["ClientToken"], response)
        return response

    def state(self, request: Request, caller: Caller) -> Response:
        """The execution's operations, for a function whose event did not contain them all."""
        self._entitled(request)
        operations = list(self._executions.operations(request["DurableExecutionArn"]).values())
        marker = request.get("Marker") or "0"
        start = int(marker) if marker.isdigit() else 0
        size = min(request.get("MaxItems") or _PAGE, _PAGE)
        response: Response = {
            "Operations": [_shown(operation) for operation in operations[start : start + size]]
        }
        if start + size < len(operations):
            response["NextMarker"] = str(start + size)
        return response

    def get(self, request: Request, caller: Caller) -> Response:
        """One execution, with its input and result unless the request excludes them."""
        arn = request["DurableExecutionArn"]
        record = self._executions.get(arn)
        full = request.get("IncludeExecutionData") is not False
        response: Response = {
            **_entry(arn, record),
            "Version": record["version"],
            "DurableConfig": dict(record["config"]),
            "ExecutionDataIncluded": full,
            "ExpectedExecutionTimeoutTimestamp": _moment(record["timeout_at"]),
        }
        if full:
            members = (("InputPayload", "input"), ("Result", "result"), ("Error", "error"))
            response |= {name: record[key] for name, key in members if record.get(key) is not None}
        if "pause" in record:
            response["PauseDetails"] = _times(record["pause"])
        return response

    def history(self, request: Request, caller: Caller) -> Response:
        """The events of an execution, oldest first unless reversed."""
        arn = request["DurableExecutionArn"]
        self._executions.get(arn)
        events = [_times(event) for event in self._executions.events(arn)]
        if request.get("IncludeExecutionData") is False:
            events = [_without_data(event) for event in events]
        if request.get("ReverseOrder"):
            events.reverse()
        return page(request, "Events", events, most=_PAGE)

    def list_executions(self, request: Request, caller: Caller) -> Response:
        """The executions of a function or of one version, oldest first unless reversed."""
        resolved = self._resolve(request["FunctionName"], request.get("Qualifier"))
        qualified = resolved.invoked_arn != resolved.function.arn
        wanted = resolved.function.qualified_arn if qualified else None
        found = sorted(
            self._executions.of_function(resolved.function.name).items(),
            key=lambda item: item[1]["started"],
            reverse=bool(request.get("ReverseOrder")),
        )
        after, before = request.get("StartedAfter"), request.get("StartedBefore")
        name, statuses = request.get("DurableExecutionName"), request.get("Statuses")
        entries = [
            _entry(arn, record)
            for arn, record in found
            if (wanted is None or record["function_arn"] == wanted)
            and (name is None or record["name"] == name)
            and (not statuses or record["status"] in statuses)
            and (after is None or record["started"] > after.timestamp())
            and (before is None or record["started"] < before.timestamp())
        ]
        return page(request, "DurableExecutions", entries, most=_PAGE)

    def stop(self, request: Request, caller: Caller) -> Response:
        """End an execution now; an ended execution does not change."""
        arn = request["DurableExecutionArn"]
        record = self._executions.get(arn)
        if record["status"] in (RUNNING, "PAUSED", "PAUSING"):
            error = request.get("Error") or {"ErrorMessage": "Execution stopped by user"}
            record = self._executions.end(arn, "STOPPED", error=error)
            self._runner.wake(arn)
        return {"StopTimestamp": _moment(record["ended"])}

    def pause(self, request: Request, caller: Caller) -> Response:
        """Stop invoking until resumed; a running invocation ends at its next checkpoint."""
        arn = request["DurableExecutionArn"]
        if self._executions.get(arn)["status"] != RUNNING:
            raise conflict(f"Durable execution {arn} is not running.")
        now = steady_time()
        details: Record = {
            "PauseRequestTimestamp": now,
            "ExecutionTimeoutPaused": bool(request.get("ExecutionTimeoutPaused")),
        }
        reason = request.get("Reason")
        event_details = details | ({"Reason": {"Payload": reason}} if reason else {})
        event = {
            "EventType": "ExecutionPaused",
            "EventTimestamp": now,
            "ExecutionPausedDetails": event_details,
        }
        pause = details | ({"Reason": reason} if reason else {})
        self._executions.change(arn, event=event, status="PAUSING", pause=pause)
        self._runner.wake(arn)
        return {}

    def resume(self, request: Request, caller: Caller) -> Response:
        """Continue a paused execution; if its timeout was paused too, extend it."""
        arn = request["DurableExecutionArn"]
        record = self._executions.get(arn)
        if record["status"] != "PAUSED":
            raise conflict(f"Durable execution {arn} is not paused.")
        now, pause = steady_time(), record["pause"]
        timeout = record["timeout_at"]
        if pause["ExecutionTimeoutPaused"]:
            timeout += now - pause["PauseRequestTimestamp"]
        reason = request.get("Reason")
        event = {
            "EventType": "ExecutionResumed",
            "EventTimestamp": now,
            "ExecutionResumedDetails": {
                "ResumeRequestTimestamp": now,
                **({"Reason": {"Payload": reason}} if reason else {}),
            },
        }
        self._executions.change(arn, event=event, status=RUNNING, timeout_at=timeout)
        self._runner.resume(arn)
        return {}

    def delete(self, request: Request, caller: Caller) -> Response:
        """Delete an execution that has ended."""
        arn = request["DurableExecutionArn"]
        if self._executions.get(arn)["status"] in (RUNNING, "PAUSED", "PAUSING"):
            raise conflict(f"Durable execution {arn} is running. Stop it before deleting it.")
        self._executions.delete(arn)
        self._answers.pop(arn, None)
        return {"DeletionRequestTimestamp": _moment(steady_time())}

    def callback_success(self, request: Request, caller: Caller) -> Response:
        """Answer a callback with a result."""
        result = (request.get("Result") or b"").decode("utf-8", "replace")
        return self._called_back(request, "SUCCEEDED", result=result)

    def callback_failure(self, request: Request, caller: Caller) -> Response:
        """Answer a callback with an error."""
        return self._called_back(request, "FAILED", error=request.get("Error") or {})

    def callback_heartbeat(self, request: Request, caller: Caller) -> Response:
        """Report that a callback's answer is still being worked on."""
        arn, operation = self._open_callback(request)
        self._executions.touch(arn, durable.beaten(operation, steady_time()))
        self._runner.wake(arn)
        return {}

    def _called_back(self, request: Request, status: str, **outcome: Any) -> Response:
        arn, operation = self._open_callback(request)
        self._executions.change(arn, [durable.ended(operation, status, steady_time(), **outcome)])
        self._runner.changed(arn, operation["Id"])
        return {}

    def _open_callback(self, request: Request) -> tuple[str, durable.Operation]:
        arn, operation = self._executions.callback(request["CallbackId"])
        if self._executions.get(arn)["status"] == RUNNING:
            self._runner.mature(arn)
            operation = self._executions.operations(arn)[operation["Id"]]
        if operation["Status"] == "TIMED_OUT":
            raise AWSError("CallbackTimeoutException", "The callback has timed out.", 400)
        if operation["Status"] != "STARTED":
            raise invalid_parameter(
                f"The callback has been completed already with status {operation['Status']}."
            )
        return arn, operation

    def _entitled(self, request: Request) -> Record:
        """The execution's record; raises if the request's token is not the valid one."""
        arn = request["DurableExecutionArn"]
        record = self._executions.get(arn)
        if record["status"] not in (RUNNING, "PAUSING") or request[
            "CheckpointToken"
        ] != self._executions.token(arn):
            raise invalid_parameter("Invalid checkpoint token")
        return record


def _entry(arn: str, record: Record) -> Response:
    """An execution as lists show it."""
    entry: Response = {
        "DurableExecutionArn": arn,
        "DurableExecutionName": record["name"],
        "FunctionArn": record["function_arn"],
        "Status": record["status"],
        "StartTimestamp": _moment(record["started"]),
    }
    if "ended" in record:
        entry["EndTimestamp"] = _moment(record["ended"])
    return entry


def _shown(operation: durable.Operation) -> Response:
    shown: Response = _times(durable.shown(operation))
    return shown


def _times(value: Any) -> Any:
    """A record with its timestamps as values of the API's timestamp members."""
    if not isinstance(value, dict):
        return value
    return {
        key: _moment(member) if key.endswith("Timestamp") else _times(member)
        for key, member in value.items()
    }


def _without_data(event: Record) -> Record:
    """An event without inputs, results and errors."""
    return {
        key: {k: {"Truncated": True} if k in _DATA else v for k, v in value.items()}
        if key.endswith("Details")
        else value
        for key, value in event.items()
    }


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)
