"""The history of a durable execution: one event for each change of an operation."""

from __future__ import annotations

from typing import Any

from lambda_nb.rules.durable.operations import Operation

Event = dict[str, Any]

_NAMES = {
    "EXECUTION": "Execution",
    "CONTEXT": "Context",
    "STEP": "Step",
    "WAIT": "Wait",
    "CALLBACK": "Callback",
    "CHAINED_INVOKE": "ChainedInvoke",
}
_ENDINGS = {
    "STARTED": "Started",
    "PENDING": "Failed",
    "SUCCEEDED": "Succeeded",
    "FAILED": "Failed",
    "CANCELLED": "Cancelled",
    "TIMED_OUT": "TimedOut",
    "STOPPED": "Stopped",
}
_NO_ERROR = {"ErrorMessage": "", "ErrorType": ""}


def event(operation: Operation, now: float) -> Event | None:
    """The event of an operation's latest change; ``None`` for a step that becomes ready.

    Parameters
    ----------
    operation
        The operation after the change, in the shape of :mod:`lambda_nb.rules.durable.operations`.
    now
        When it changed (epoch seconds).
    """
    kind, status = operation["Type"], operation["Status"]
    if status == "READY" or (kind == "CHAINED_INVOKE" and status == "CANCELLED"):
        return None
    ending = _ENDINGS[status]
    if kind == "STEP" and status == "PENDING" and "Error" not in operation["StepDetails"]:
        ending = "Succeeded"  # wait-for-condition: the check ran, its condition is not met yet
    name = _NAMES[kind] + ending
    members = ("Id", "ParentId", "Name", "SubType")
    given = {member: operation[member] for member in members if member in operation}
    details = _details(operation, kind, ending, now)
    return {**given, "EventType": name, "EventTimestamp": now, f"{name}Details": details}


def _details(operation: Operation, kind: str, ending: str, now: float) -> Event:
    found = operation.get(f"{_NAMES[kind]}Details") or {}
    if ending == "Started":
        return _started(operation, kind, found)
    details: Event = {}
    if kind == "WAIT":
        if ending == "Succeeded":
            details["Duration"] = operation["_seconds"]
        return details
    if ending == "Succeeded":
        result = found.get("Result")
        told: Event = {} if result is None else {"Payload": result}
        details["Result"] = {**told, "Truncated": False}
    else:
        details["Error"] = {"Payload": found.get("Error") or _NO_ERROR}
    if kind == "STEP":
        retry: Event = {"CurrentAttempt": found.get("Attempt", 1)}
        if "NextAttemptTimestamp" in found:
            retry["NextAttemptDelaySeconds"] = round(found["NextAttemptTimestamp"] - now)
        details["RetryDetails"] = retry
    return details


def _started(operation: Operation, kind: str, found: Operation) -> Event:
    if kind == "WAIT":
        return {
            "Duration": operation["_seconds"],
            "ScheduledEndTimestamp": found["ScheduledEndTimestamp"],
        }
    if kind == "CALLBACK":
        start = operation["StartTimestamp"]
        details: Event = {"CallbackId": found["CallbackId"]}
        if "_timeout" in operation:
            details["Timeout"] = round(operation["_timeout"] - start)
        if "_heartbeat_s" in operation:
            details["HeartbeatTimeout"] = operation["_heartbeat_s"]
        return details
    if kind == "CHAINED_INVOKE":
        target, payload = operation["_target"], operation["_payload"]
        details = {"FunctionName": target["FunctionName"]}
        if target.get("TenantId"):
            details["TenantId"] = target["TenantId"]
        if payload is not None:
            details["Input"] = {"Payload": payload}
        details |= operation.get("_destination", {})
        return details
    return {}
