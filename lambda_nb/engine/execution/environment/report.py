"""Reports an invocation: the last lines of its log, its record, the caller's result."""

from __future__ import annotations

from typing import NamedTuple

from lambda_nb.engine.execution.clock import epoch_ms, iso
from lambda_nb.engine.execution.environment.outcome import InitResult, Outcome
from lambda_nb.engine.execution.logs.log_stream import FunctionLog
from lambda_nb.engine.execution.runtime_api.listener import known_error_type
from lambda_nb.engine.model import (
    FunctionVersion,
    Invocation,
    InvocationRecord,
    InvocationResult,
    Start,
)
from lambda_nb.rules import loglines


class Finished(NamedTuple):
    """The result of one invocation, with the figures of REPORT (milliseconds, megabytes).

    ``init_ms`` is the init phase before it, or with SnapStart the restore.
    """

    outcome: Outcome
    duration_ms: float
    billed_ms: int
    init_ms: float | None
    max_memory_mb: int
    log_tail: bytes


class Attempt(NamedTuple):
    """What the scheduler decided about one invocation, and when (epoch nanoseconds)."""

    function: FunctionVersion
    invocation: Invocation
    start: Start
    arrival_ns: int
    concurrency: int


def error_type(outcome: Outcome) -> str:
    """The error type that log lines show; for a timeout the status is enough."""
    if outcome.status != "error":
        return ""
    return known_error_type(outcome.error_type, "Function")


def close_log(
    log: FunctionLog,
    function: FunctionVersion,
    invocation: Invocation,
    outcome: Outcome,
    *,
    duration_ms: float,
    max_memory_mb: int,
    init: InitResult | None,
) -> Finished:
    """Write the last log lines, from the failure to REPORT.

    ``init`` is the init phase that is billed with this invocation, if it was a cold start.
    """
    request_id = invocation.request_id
    init_ms = restore_ms = None
    if init is not None:
        restore_ms = init.restore_ms
        init_ms = init.duration_ms if restore_ms is None else None
    if outcome.status == "timeout":
        stamp = iso(epoch_ms())
        log.platform(loglines.TimedOut(stamp, request_id, float(function.timeout_s)))
    elif outcome.exit_message:
        log.platform(loglines.Exited(request_id, outcome.exit_message))
    log.platform(loglines.End(request_id))
    billed = loglines.billed_ms(duration_ms, init_ms or 0.0)
    # In text format REPORT shows a status for failures of the sandbox, not of the handler.
    reported = outcome.reported or function.log_format == "JSON"
    trace = invocation.trace_header or ""
    log.platform(
        loglines.Report(
            request_id,
            duration_ms,
            billed,
            function.memory_mb,
            max_memory_mb,
            init_ms,
            restore_ms,
            None if restore_ms is None else loglines.billed_ms(restore_ms),
            status=outcome.status if reported else None,
            error_type=error_type(outcome) if reported else "",
            trace=trace if "Sampled=1" in trace else "",
        )
    )
    started_ms = init_ms if restore_ms is None else restore_ms
    return Finished(outcome, duration_ms, billed, started_ms, max_memory_mb, log.tail())


def record(attempt: Attempt, finish_ns: int, log: FunctionLog, done: Finished) -> InvocationRecord:
    """The record of an invocation that ran."""
    function, invocation = attempt.function, attempt.invocation
    return InvocationRecord(
        function=function.name,
        version=function.version,
        request_id=invocation.request_id,
        arrival_ns=attempt.arrival_ns,
        finish_ns=finish_ns,
        start=attempt.start,
        status=done.outcome.status,
        error_type=done.outcome.error_type,
        environment=log.stream,
        log_group=log.group,
        source=invocation.source,
        duration_ms=done.duration_ms,
        billed_ms=done.billed_ms,
        init_ms=done.init_ms,
        memory_mb=function.memory_mb,
        max_memory_mb=done.max_memory_mb,
        ephemeral_storage_mb=function.ephemeral_storage_mb,
        architecture=function.architecture,
        alias=_alias(invocation.invoked_arn),
        concurrency=attempt.concurrency,
        code_sha256=function.code_sha256,
    )


def throttle(attempt: Attempt, reason: str) -> InvocationRecord:
    """The record of an invocation that was refused."""
    function, invocation = attempt.function, attempt.invocation
    return InvocationRecord(
        function=function.name,
        version=function.version,
        request_id=invocation.request_id,
        arrival_ns=attempt.arrival_ns,
        finish_ns=attempt.arrival_ns,
        start="throttle",
        status="throttle",
        reason=reason,
        log_group=function.log_group or f"/aws/lambda/{function.name}",
        source=invocation.source,
        memory_mb=function.memory_mb,
        ephemeral_storage_mb=function.ephemeral_storage_mb,
        architecture=function.architecture,
        alias=_alias(invocation.invoked_arn),
        concurrency=attempt.concurrency,
        code_sha256=function.code_sha256,
    )


def result(attempt: Attempt, log: FunctionLog, done: Finished) -> InvocationResult:
    """What the caller gets."""
    outcome = done.outcome
    return InvocationResult(
        request_id=attempt.invocation.request_id,
        payload=outcome.payload,
        executed_version=attempt.function.version,
        function_error="Unhandled" if outcome.failed else None,
        error_type=outcome.error_type or None,
        status=outcome.status,
        start=attempt.start,
        log_stream=log.stream,
        log_tail=done.log_tail,
        duration_ms=done.duration_ms,
        billed_ms=done.billed_ms,
        init_ms=done.init_ms,
        max_memory_mb=done.max_memory_mb,
    )


def _alias(invoked_arn: str) -> str:
    """The alias that the caller named, if it did."""
    parts = invoked_arn.split(":")
    qualifier = parts[7] if len(parts) > 7 else ""
    return "" if qualifier.isdigit() or qualifier == "$LATEST" else qualifier
