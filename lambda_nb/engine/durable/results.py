"""Builds results and history events for invocations of durable functions."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.model import InvocationResult
from lambda_nb.engine.steady_clock import steady_time


def of_execution(arn: str, record: Record, last: InvocationResult) -> InvocationResult:
    """The result that a synchronous caller gets when an execution has ended.

    Parameters
    ----------
    arn, record
        The execution.
    last
        Its last invocation; the result gets its log and times.
    """
    if record["status"] == "SUCCEEDED":
        return replace(
            last,
            payload=(record.get("result") or "null").encode("utf-8", "surrogateescape"),
            function_error=None,
            error_type=None,
            status="success",
            durable_execution_arn=arn,
        )
    error = record.get("error") or {}
    kind = error.get("ErrorType") or f"Execution.{record['status'].title()}"
    shown: dict[str, Any] = {"errorMessage": error.get("ErrorMessage") or "", "errorType": kind}
    if error.get("StackTrace"):
        shown["stackTrace"] = error["StackTrace"]
    return replace(
        last,
        payload=json.dumps(shown).encode(),
        function_error="Unhandled",
        error_type=kind,
        status="error",
        durable_execution_arn=arn,
    )


def completed(started: float, request_id: str, result: InvocationResult) -> dict[str, Any]:
    """The history event of one invocation."""
    now = steady_time()
    details: dict[str, Any] = {
        "StartTimestamp": started,
        "EndTimestamp": now,
        "RequestId": request_id,
    }
    if result.function_error is not None:
        details["Error"] = {"Payload": error_of(result.payload)}
    return {
        "EventType": "InvocationCompleted",
        "EventTimestamp": now,
        "InvocationCompletedDetails": details,
    }


def error_of(payload: bytes) -> dict[str, Any]:
    """The API's ErrorObject for the payload of a function error."""
    try:
        found = json.loads(payload)
    except ValueError:
        found = {}
    error: dict[str, Any] = {
        "ErrorType": str(found.get("errorType", "Unknown")),
        "ErrorMessage": str(found.get("errorMessage", "")),
    }
    if isinstance(found.get("stackTrace"), list):
        error["StackTrace"] = [str(line) for line in found["stackTrace"]]
    return error


def in_milliseconds(value: Any) -> Any:
    """An operation with its timestamps in epoch milliseconds, as in the event."""
    if not isinstance(value, dict):
        return value
    return {
        key: round(member * 1000) if key.endswith("Timestamp") else in_milliseconds(member)
        for key, member in value.items()
    }
