"""The records of finished asynchronous events: facts/executor.md section 11."""

from __future__ import annotations

import json
import time
from typing import Any, Literal

from lambda_nb.engine.model import InvocationResult

Condition = Literal["Success", "RetriesExhausted", "EventAgeExceeded", "ZeroReservedConcurrency"]


def record(
    request_id: str,
    payload: bytes,
    function_arn: str,
    condition: Condition,
    result: InvocationResult | None,
    attempts: int,
) -> dict[str, Any]:
    """The record that a destination gets.

    ``function_arn`` is qualified; ``result`` is the last attempt's, ``None`` if it was refused.
    """
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    told: dict[str, Any] = {
        "version": "1.0",
        "timestamp": f"{stamp}.{int(now % 1 * 1000):03d}Z",
        "requestContext": {
            "requestId": request_id,
            "functionArn": function_arn,
            "condition": condition,
            "approximateInvokeCount": attempts,
        },
        "requestPayload": parsed(payload),
    }
    if result is not None:
        response: dict[str, Any] = {"statusCode": 200, "executedVersion": result.executed_version}
        if result.function_error is not None:
            response["functionError"] = result.function_error
        told["responseContext"] = response
        told["responsePayload"] = parsed(result.payload)
    return told


def attributes(request_id: str, result: InvocationResult | None) -> dict[str, str]:
    """Message attributes of a dead letter."""
    told = parsed(result.payload) if result is not None else {}
    message = told.get("errorMessage", "") if isinstance(told, dict) else ""
    return {
        "RequestID": request_id,
        "ErrorCode": "200" if result is not None else "429",
        "ErrorMessage": str(message)[:1024],
    }


def error_of(result: InvocationResult) -> str:
    """Why an attempt failed, in one line."""
    told = parsed(result.payload)
    if not isinstance(told, dict):
        return str(told)
    return ": ".join(filter(None, (told.get("errorType"), told.get("errorMessage"))))


def parsed(payload: bytes) -> Any:
    """A payload as JSON, or as text if it is not JSON."""
    try:
        return json.loads(payload)
    except ValueError:
        return payload.decode("utf-8", "replace")
