"""Operations of durable executions: how checkpoints change them, and how time alone does.

An execution is a list of operations in the order of their first checkpoint. The function reports
*updates* (START, SUCCEED, FAIL, RETRY, CANCEL); Lambda changes operations by itself when they
are due (waits end, steps become ready for another attempt, callbacks time out)::

    STEP            START -> STARTED -- RETRY --> PENDING -- time --> READY -- START --> STARTED
    WAIT            START -> STARTED -- time --> SUCCEEDED            (CANCEL -> CANCELLED)
    CALLBACK        START -> STARTED -- somebody answers, or time --> SUCCEEDED FAILED TIMED_OUT
    CHAINED_INVOKE  START -> STARTED -- the other function ends --> SUCCEEDED FAILED
    CONTEXT         START -> STARTED
    all             SUCCEED -> SUCCEEDED, FAIL -> FAILED

Operations are dicts in the shape of the API's ``Operation``, times as epoch seconds; members that
begin with ``_`` are private. Functions return new dicts. Shapes: botocore 1.44.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lambda_nb.rules.refusal import invalid

Operation = dict[str, Any]
Update = Mapping[str, Any]

OPERATIONS_MAX = 3000
"""Operations of one execution (Lambda Developer Guide, durable functions, 2026)."""

ENDED = frozenset({"SUCCEEDED", "FAILED", "CANCELLED", "TIMED_OUT", "STOPPED"})
_DETAILS = {
    "EXECUTION": "ExecutionDetails",
    "CONTEXT": "ContextDetails",
    "STEP": "StepDetails",
    "WAIT": "WaitDetails",
    "CALLBACK": "CallbackDetails",
    "CHAINED_INVOKE": "ChainedInvokeDetails",
}
_ACTIONS = {
    "EXECUTION": {"SUCCEED", "FAIL"},
    "CONTEXT": {"START", "SUCCEED", "FAIL"},
    "STEP": {"START", "SUCCEED", "FAIL", "RETRY"},
    "WAIT": {"START", "CANCEL"},
    "CALLBACK": {"START"},
    "CHAINED_INVOKE": {"START", "CANCEL"},
}
_NEEDED = {"WAIT": "WaitOptions", "CHAINED_INVOKE": "ChainedInvokeOptions"}
"""The member that an operation of this type needs to start."""


def beginning(identifier: str, payload: str, now: float) -> Operation:
    """The first operation of every execution: the execution itself, with its input."""
    return {
        "Id": identifier,
        "Type": "EXECUTION",
        "Status": "STARTED",
        "StartTimestamp": now,
        "ExecutionDetails": {"InputPayload": payload},
    }


def updated(
    operations: Mapping[str, Operation], update: Update, now: float, callback_id: str
) -> Operation:
    """The operation that an update makes or changes.

    Parameters
    ----------
    operations
        The execution's operations by id.
    update
        One entry of CheckpointDurableExecution's ``Updates``.
    now
        Epoch seconds.
    callback_id
        The id of the callback, if the update starts one.

    Raises
    ------
    Refused
        ``InvalidParameterValueException`` for an update that the operation's state does not allow.
    """
    present = operations.get(update["Id"])
    _check(operations, present, update)
    kind, action = update["Type"], update["Action"]
    operation = dict(present) if present else _new(update, now)
    details = dict(operation.get(_DETAILS[kind]) or {})
    if action == "START":
        operation |= {"Status": "STARTED"}
        operation |= _started(kind, update, details, now, callback_id)
    elif action == "RETRY":
        delay = (update.get("StepOptions") or {}).get("NextAttemptDelaySeconds", 1)
        operation["Status"] = "PENDING"
        details |= {"Attempt": details.get("Attempt", 0) + 1, "NextAttemptTimestamp": now + delay}
        details.pop("Result", None)
        details |= _outcome(update)
    else:
        operation["EndTimestamp"] = now
        if action == "CANCEL":
            operation["Status"] = "CANCELLED"
        else:
            operation["Status"] = "SUCCEEDED" if action == "SUCCEED" else "FAILED"
            details.pop("Error", None)
            details |= _outcome(update)
            if kind == "STEP":
                details["Attempt"] = details.get("Attempt", 0) + 1
                details.pop("NextAttemptTimestamp", None)
        replay = (update.get("ContextOptions") or {}).get("ReplayChildren")
        if replay is not None:
            details["ReplayChildren"] = replay
    operation[_DETAILS[kind]] = details
    return operation


def ended(
    operation: Operation, status: str, now: float, *, result: str | None = None, error: Any = None
) -> Operation:
    """An operation ended by something other than the function: a callback, a chained invoke."""
    name = _DETAILS[operation["Type"]]
    details = dict(operation.get(name) or {})
    if result is not None:
        details["Result"] = result
    if error is not None:
        details["Error"] = error
    return {**operation, "Status": status, "EndTimestamp": now, name: details}


def due(operation: Operation) -> float | None:
    """When time alone will change an operation (epoch seconds), or ``None``."""
    kind, status = operation["Type"], operation["Status"]
    when: float | None = None
    if kind == "WAIT" and status == "STARTED":
        when = operation["WaitDetails"]["ScheduledEndTimestamp"]
    elif kind == "STEP" and status == "PENDING":
        when = operation["StepDetails"]["NextAttemptTimestamp"]
    elif kind == "CALLBACK" and status == "STARTED":
        limits = [operation[k] for k in ("_timeout", "_heartbeat") if k in operation]
        when = min(limits, default=None)
    return when


def matured(operation: Operation, now: float) -> Operation | None:
    """The operation as time has changed it, or ``None`` if it is not due."""
    when = due(operation)
    if when is None or when > now:
        return None
    if operation["Type"] == "WAIT":
        return {**operation, "Status": "SUCCEEDED", "EndTimestamp": when}
    if operation["Type"] == "STEP":
        return {**operation, "Status": "READY"}
    timeout = operation.get("_timeout", float("inf")) <= now
    kind = "Callback.Timeout" if timeout else "Callback.Heartbeat"
    error = {"ErrorType": kind, "ErrorMessage": "Callback timed out"}
    return ended(operation, "TIMED_OUT", when, error=error)


def beaten(operation: Operation, now: float) -> Operation:
    """A callback after a heartbeat: its heartbeat timeout starts again."""
    if "_heartbeat_s" not in operation:
        return operation
    return {**operation, "_heartbeat": now + operation["_heartbeat_s"]}


def waits(operations: Iterable[Operation]) -> bool:
    """Whether an execution waits for something that happens without the function."""
    return any(
        operation["Status"] in ("STARTED", "PENDING")
        and (operation["Type"] in ("WAIT", "CALLBACK", "CHAINED_INVOKE") or due(operation))
        for operation in operations
    )


def shown(operation: Operation) -> Operation:
    """An operation without its private members."""
    return {key: value for key, value in operation.items() if not key.startswith("_")}


def _new(update: Update, now: float) -> Operation:
    given = {key: update[key] for key in ("ParentId", "Name", "SubType") if update.get(key)}
    return {"Id": update["Id"], "Type": update["Type"], **given, "StartTimestamp": now}


def _started(
    kind: str, update: Update, details: Operation, now: float, callback_id: str
) -> Operation:
    """Fill ``details`` for an operation that starts; returns its private members."""
    if kind == "WAIT":
        seconds = update["WaitOptions"]["WaitSeconds"]
        details["ScheduledEndTimestamp"] = now + seconds
        return {"_seconds": seconds}
    if kind == "CALLBACK":
        details["CallbackId"] = callback_id
        options = update.get("CallbackOptions") or {}
        private: Operation = {}
        if options.get("TimeoutSeconds"):
            private |= {"_timeout": now + options["TimeoutSeconds"]}
        if options.get("HeartbeatTimeoutSeconds"):
            beat = options["HeartbeatTimeoutSeconds"]
            private |= {"_heartbeat": now + beat, "_heartbeat_s": beat}
        return private
    if kind == "CHAINED_INVOKE":
        return {"_payload": update.get("Payload"), "_target": dict(update["ChainedInvokeOptions"])}
    if kind == "STEP":
        details.pop("NextAttemptTimestamp", None)
        details.setdefault("Attempt", 0)
    return {}


def _outcome(update: Update) -> Operation:
    outcome: Operation = {}
    if update.get("Payload") is not None:
        outcome["Result"] = update["Payload"]
    if update.get("Error") is not None:
        outcome["Error"] = dict(update["Error"])
    return outcome


def _check(operations: Mapping[str, Operation], present: Operation | None, update: Update) -> None:
    identifier, kind, action = update["Id"], update["Type"], update["Action"]
    if action not in _ACTIONS[kind]:
        raise invalid(f"Invalid action {action} for the given operation type {kind}.")
    if action == "START" and kind in _NEEDED and not update.get(_NEEDED[kind]):
        raise invalid(f"{_NEEDED[kind]} are required to start an operation of type {kind}.")
    if present is None:
        if kind == "EXECUTION":
            raise invalid(f"Invalid operation id {identifier}: it is not the execution's.")
        if len(operations) >= OPERATIONS_MAX:
            raise invalid(f"An execution has at most {OPERATIONS_MAX} operations.")
        parent = update.get("ParentId")
        if parent is not None and parent not in operations:
            raise invalid(f"Invalid parent operation id {parent}.")
        return
    if present["Type"] != kind:
        raise invalid(f"Operation {identifier} is of type {present['Type']}, not {kind}.")
    if present["Status"] in ENDED:
        raise invalid(f"Operation {identifier} has ended with status {present['Status']}.")
    if action == "START" and not (kind == "STEP" and present["Status"] in ("READY", "STARTED")):
        raise invalid(f"Operation {identifier} has started already.")
