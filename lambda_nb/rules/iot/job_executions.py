"""Executions of AWS IoT jobs: their states, timers, order and retries.

AWS IoT Developer Guide, iot-jobs-lifecycle, jobs-configurations-details, jobs-comm-notifications
and jobs-mqtt-api, 2026.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

QUEUED, IN_PROGRESS = "QUEUED", "IN_PROGRESS"
SUCCEEDED, FAILED, REJECTED = "SUCCEEDED", "FAILED", "REJECTED"
TIMED_OUT, REMOVED, CANCELED = "TIMED_OUT", "REMOVED", "CANCELED"

STATUSES = (QUEUED, IN_PROGRESS, SUCCEEDED, FAILED, TIMED_OUT, REJECTED, REMOVED, CANCELED)
PENDING = (IN_PROGRESS, QUEUED)
BY_DEVICE = (IN_PROGRESS, SUCCEEDED, FAILED, REJECTED)
"""What a device may set."""

MOST_DETAILS = 10
"""Pairs in ``statusDetails`` (apireference, CancelJobExecution, 2026)."""

LONGEST_DETAIL = 1024
"""Characters of a value in ``statusDetails`` (botocore's model of iot-jobs-data)."""

LONGEST_TIMER_MINUTES = 10_080
"""Seven days (jobs-mqtt-api, ``stepTimeoutInMinutes``, 2026)."""

NO_STEP_TIMER = -1
"""As ``stepTimeoutInMinutes``, it ends the step timer."""

_MINUTE_MS = 60_000
_DETAIL_KEY = re.compile(r"[a-zA-Z0-9:_-]{1,128}")


class JobError(Exception):
    """A request about a job that is refused.

    Parameters
    ----------
    code
        As devices see it: ``InvalidRequest``, ``InvalidStateTransition``, ``ResourceNotFound``,
        ``VersionMismatch``, ``TerminalStateReached``, ``InvalidJson``, ``InvalidTopic``.
    message
        What is wrong.
    execution
        The execution as it is, where AWS shows its state with the error.
    """

    def __init__(self, code: str, message: str, execution: Execution | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.execution = execution


@dataclass(frozen=True, slots=True)
class Execution:
    """One run of a job on one thing. Times are milliseconds since 1970.

    Attributes
    ----------
    job, thing : str
        The job's id and the thing's name.
    number : int
        Tells the thing's executions of the job apart.
    status : str
        One of :data:`STATUSES`.
    version : int
        Grows by one with every change.
    queued_ms, updated_ms, started_ms
        ``started_ms`` is ``None`` before it is in progress.
    details
        ``statusDetails``.
    step_end_ms, end_ms
        When the step timer and the job's timer end; ``None`` where there is none.
    attempt : int
        How many executions of the job on the thing were before it, by retries.
    forced : bool
        Whether it was canceled by force.
    """

    job: str
    thing: str
    number: int
    queued_ms: int
    updated_ms: int
    status: str = QUEUED
    version: int = 1
    started_ms: int | None = None
    details: Mapping[str, str] = field(default_factory=dict)
    step_end_ms: int | None = None
    end_ms: int | None = None
    attempt: int = 0
    forced: bool = False

    @property
    def is_pending(self) -> bool:
        """Whether the device has still to do with it."""
        return self.status in PENDING

    @property
    def timeout_ms(self) -> int | None:
        """When it times out, if nothing happens before."""
        ends = [end for end in (self.step_end_ms, self.end_ms) if end is not None]
        return min(ends) if ends and self.status == IN_PROGRESS else None

    def seconds_left(self, now_ms: int) -> int | None:
        """``approximateSecondsBeforeTimedOut``; ``None`` where no timer runs."""
        end = self.timeout_ms
        return None if end is None else max(0, (end - now_ms) // 1000)


def check_details(details: Any) -> None:
    """Check ``statusDetails``.

    Raises
    ------
    JobError
        ``InvalidRequest``.
    """
    if details is None:
        return
    if not isinstance(details, dict):
        raise JobError("InvalidRequest", "statusDetails must be an object.")
    if len(details) > MOST_DETAILS:
        text = f"statusDetails has at most {MOST_DETAILS} pairs, not {len(details)}."
        raise JobError("InvalidRequest", text)
    for key, value in details.items():
        if not _DETAIL_KEY.fullmatch(key):
            raise JobError("InvalidRequest", f"Invalid key in statusDetails: '{key}'")
        if not isinstance(value, str) or not 1 <= len(value) <= LONGEST_DETAIL:
            text = f"The value of '{key}' in statusDetails has 1 to {LONGEST_DETAIL} characters."
            raise JobError("InvalidRequest", text)


def check_step_timer(minutes: Any) -> None:
    """Check ``stepTimeoutInMinutes``.

    Raises
    ------
    JobError
        ``InvalidRequest``.
    """
    if minutes is None or minutes == NO_STEP_TIMER:
        return
    if isinstance(minutes, bool) or not isinstance(minutes, int):
        raise JobError("InvalidRequest", "stepTimeoutInMinutes must be a number.")
    if not 1 <= minutes <= LONGEST_TIMER_MINUTES:
        text = f"stepTimeoutInMinutes is from 1 to {LONGEST_TIMER_MINUTES} or -1, not {minutes}."
        raise JobError("InvalidRequest", text)


def update(
    execution: Execution,
    status: str,
    now_ms: int,
    *,
    details: Mapping[str, str] | None = None,
    expected_version: int | None = None,
    step_minutes: int | None = None,
    timeout_minutes: int | None = None,
) -> Execution:
    """An execution after its device set a status.

    Parameters
    ----------
    execution
        As it was.
    status
        One of :data:`BY_DEVICE`.
    now_ms
        Milliseconds since 1970.
    details
        New ``statusDetails``; they replace the old ones.
    expected_version
        The version that the device believes it to have.
    step_minutes
        Starts the step timer anew, or ends it (:data:`NO_STEP_TIMER`).
    timeout_minutes
        The job's timer: it starts when the execution comes to be in progress.

    Raises
    ------
    JobError
        ``VersionMismatch``, ``InvalidStateTransition`` or ``InvalidRequest``.
    """
    if status not in BY_DEVICE:
        text = f"A device sets {', '.join(BY_DEVICE)}, not '{status}'."
        raise JobError("InvalidRequest", text)
    check_details(details)
    check_step_timer(step_minutes)
    check_version(execution, expected_version)
    if not execution.is_pending:
        text = f"Can't transition from {execution.status} to {status}."
        raise JobError("InvalidStateTransition", text, execution)
    after = replace(
        execution,
        status=status,
        version=execution.version + 1,
        updated_ms=now_ms,
        details=execution.details if details is None else dict(details),
    )
    if status != IN_PROGRESS:
        return replace(after, step_end_ms=None, end_ms=None)
    if execution.status == QUEUED:
        end = None if timeout_minutes is None else now_ms + timeout_minutes * _MINUTE_MS
        after = replace(after, started_ms=now_ms, end_ms=end)
    if step_minutes is not None:
        step = None if step_minutes == NO_STEP_TIMER else now_ms + step_minutes * _MINUTE_MS
        after = replace(after, step_end_ms=step)
    return after


def check_version(execution: Execution, expected: int | None) -> None:
    """Check that an execution has the version that a caller believes it to have.

    Raises
    ------
    JobError
        ``VersionMismatch``.
    """
    if expected is not None and expected != execution.version:
        text = f"Expected version {expected} does not match the version {execution.version}."
        raise JobError("VersionMismatch", text, execution)


def end(
    execution: Execution,
    status: str,
    now_ms: int,
    *,
    forced: bool = False,
    details: Mapping[str, str] | None = None,
) -> Execution:
    """An execution that the service ends: canceled, removed or timed out."""
    return replace(
        execution,
        status=status,
        version=execution.version + 1,
        updated_ms=now_ms,
        step_end_ms=None,
        end_ms=None,
        forced=forced,
        details=execution.details if details is None else dict(details),
    )


def in_order(executions: Iterable[Execution]) -> list[Execution]:
    """The pending ones: those in progress first, then as they were queued."""
    pending = [execution for execution in executions if execution.is_pending]
    return sorted(pending, key=lambda one: (one.status != IN_PROGRESS, one.queued_ms, one.number))


def retried(
    criteria: Collection[Mapping[str, Any]], ended: Execution, before: Sequence[Execution]
) -> bool:
    """Whether a thing gets another execution after one that failed or timed out.

    Parameters
    ----------
    criteria
        ``criteriaList`` of ``jobExecutionsRetryConfig``.
    ended
        The execution that ended.
    before
        The thing's earlier executions of the job.
    """
    if ended.status not in (FAILED, TIMED_OUT):
        return False
    for criterion in criteria:
        kind = criterion["failureType"]
        if kind not in ("ALL", ended.status):
            continue
        used = sum(kind == "ALL" or one.status == kind for one in before)
        if used < criterion["numberOfRetries"]:
            return True
    return False


def to_be_aborted(criteria: Collection[Mapping[str, Any]], counts: Mapping[str, int]) -> bool:
    """Whether a job's abort criteria are met.

    Parameters
    ----------
    criteria
        ``criteriaList`` of ``abortConfig``.
    counts
        How many of the job's executions have each status.
    """
    ended = sum(count for status, count in counts.items() if status not in PENDING)
    for criterion in criteria:
        if ended < max(1, criterion["minNumberOfExecutedThings"]):
            continue
        kind = criterion["failureType"]
        kinds = (FAILED, REJECTED, TIMED_OUT) if kind == "ALL" else (kind,)
        failed = sum(counts.get(status, 0) for status in kinds)
        if failed and 100 * failed >= criterion["thresholdPercentage"] * ended:
            return True
    return False
