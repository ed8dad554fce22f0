"""Results of invocations and init phases, and the error objects that callers get."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import NamedTuple

from lambda_nb.engine.execution.runtime_api.listener import MAX_RESPONSE_BYTES
from lambda_nb.engine.execution.runtimes.zygotes import ExitStatus
from lambda_nb.engine.model import Status
from lambda_nb.rules import loglines

OUT_OF_MEMORY = "Runtime.OutOfMemory"
EXIT_ERROR = "Runtime.ExitError"


class Outcome(NamedTuple):
    """What the caller gets. ``failed`` stands for ``FunctionError: Unhandled``.

    The REPORT line and the metrics show ``error_type``. ``broken`` means that the processes have
    ended: the next invocation starts with another init phase.
    """

    payload: bytes = b""
    content_type: str = "application/json"
    status: Status = "success"
    failed: bool = False
    error_type: str = ""
    broken: bool = False
    exit_message: str = ""
    reported: bool = False
    """Whether REPORT shows status and error type: for sandbox failures, not handler failures."""


def timed_out(request_id: str, timeout_s: float) -> Outcome:
    """The function ran into its timeout."""
    message = f"RequestId: {request_id} Error: {loglines.timed_out(timeout_s)}"
    return Outcome(
        _encoded(errorType="Sandbox.Timedout", errorMessage=message),
        status="timeout",
        failed=True,
        error_type="Sandbox.Timedout",
        broken=True,
        reported=True,
    )


def exited(request_id: str, status: ExitStatus, *, out_of_memory: bool = False) -> Outcome:
    """The runtime's process ended, by itself or because it used too much memory."""
    words = loglines.exit_message(status.code, status.signal)
    return Outcome(
        _encoded(errorType=EXIT_ERROR, errorMessage=f"RequestId: {request_id} Error: {words}"),
        status="error",
        failed=True,
        error_type=OUT_OF_MEMORY if out_of_memory else EXIT_ERROR,
        broken=True,
        exit_message=words,
        reported=True,
    )


def too_large() -> Outcome:
    """The response is larger than a buffered response may be."""
    message = (
        f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."
    )
    kind = "Function.ResponseSizeTooLarge"
    return Outcome(
        _encoded(errorMessage=message, errorType=kind),
        status="error",
        failed=True,
        error_type=kind,
        reported=True,
    )


def function_error(body: bytes, error_type: str) -> Outcome:
    """The handler failed and said so."""
    return Outcome(body, status="error", failed=True, error_type=error_type)


def sandbox_error(request_id: str, kind: str, message: str) -> Outcome:
    """The runtime could not be started."""
    return Outcome(
        _encoded(errorType=kind, errorMessage=f"RequestId: {request_id} Error: {message}"),
        status="error",
        failed=True,
        error_type=kind,
        broken=True,
        reported=True,
    )


@dataclass(frozen=True, slots=True)
class InitResult:
    """The result of an init phase: ``ok`` when the runtime asked for an event.

    If it failed, :meth:`outcome` makes the caller's outcome from the request id.
    """

    duration_ms: float
    status: Status = "success"
    error_type: str = ""
    body: bytes | None = None
    exit: ExitStatus | None = None
    out_of_memory: bool = False
    entrypoint: str = ""
    restore_ms: float | None = None

    @property
    def ok(self) -> bool:
        """Whether the environment can take an event."""
        return self.status == "success"

    def outcome(self, request_id: str, timeout_s: float) -> Outcome:
        """What the caller of an invocation gets after this failed init phase."""
        if self.status == "timeout":
            return timed_out(request_id, timeout_s)
        if self.body is not None:
            return Outcome(
                self.body,
                status="error",
                failed=True,
                error_type=self.error_type,
                broken=True,
                reported=True,
            )
        if self.exit is not None:
            return exited(request_id, self.exit, out_of_memory=self.out_of_memory)
        return sandbox_error(request_id, self.error_type, self.entrypoint)


def _encoded(**fields: str) -> bytes:
    return json.dumps(fields, separators=(",", ":"), ensure_ascii=False).encode()
