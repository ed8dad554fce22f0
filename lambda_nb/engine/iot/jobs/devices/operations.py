"""What devices do with their jobs, however they ask."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.iot.jobs.ledger import Ledger
from lambda_nb.rules.iot import job_executions
from lambda_nb.rules.iot.job_executions import QUEUED, Execution, JobError

NEXT = "$next"
"""In the place of a job's id: the job that is next."""

_LISTED = 10  # pending executions in an answer (job-limits, 2026)
_JOB_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")


class DeviceJobs:
    """The operations of the data plane.

    Parameters
    ----------
    ledger
        The Region's jobs.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        return self._ledger.now_ms()

    def document(self, one: Execution) -> str:
        """The document of an execution's job, JSON text."""
        return self._ledger.document(one.job)

    def pending(self, thing: str) -> list[Execution]:
        """GetPendingJobExecutions: what a thing has still to do, in order."""
        return self._ledger.pending(thing)[:_LISTED]

    async def start_next(self, thing: str, asked: Mapping[str, Any]) -> Execution | None:
        """StartNextPendingJobExecution; ``None`` if nothing is pending.

        Raises
        ------
        JobError
            The request is not valid.
        """
        details, step = asked.get("statusDetails"), asked.get("stepTimeoutInMinutes")
        job_executions.check_details(details)
        job_executions.check_step_timer(step)
        pending = self._ledger.pending(thing)
        if not pending or pending[0].status != QUEUED:
            return pending[0] if pending else None
        started = job_executions.update(
            pending[0],
            job_executions.IN_PROGRESS,
            self.now_ms(),
            details=details,
            step_minutes=step,
            timeout_minutes=self._ledger.job(pending[0].job).timeout_minutes,
        )
        await self._ledger.change(executions=[started])
        return started

    def describe(self, thing: str, job_id: str, asked: Mapping[str, Any]) -> Execution | None:
        """DescribeJobExecution; ``None`` if ``$next`` is asked for and nothing is pending.

        Raises
        ------
        JobError
            There is no such execution, it has ended, or the request is not valid.
        """
        number = _number(asked, "executionNumber")
        if job_id == NEXT:
            return next(iter(self._ledger.pending(thing)), None)
        check_id(job_id)
        one = self._ledger.execution(job_id, thing, number)
        if not one.is_pending:
            text = f"The job execution is in the terminal state {one.status}."
            raise JobError("TerminalStateReached", text)
        return one

    async def update(self, thing: str, job_id: str, asked: Mapping[str, Any]) -> Execution:
        """UpdateJobExecution.

        Raises
        ------
        JobError
            There is no such execution, its state or version forbids it, or the request is not
            valid.
        """
        check_id(job_id)
        status = asked.get("status")
        if not isinstance(status, str):
            raise JobError("InvalidRequest", "status is required.")
        one = self._ledger.execution(job_id, thing, _number(asked, "executionNumber"))
        after = job_executions.update(
            one,
            status,
            self.now_ms(),
            details=asked.get("statusDetails"),
            expected_version=_number(asked, "expectedVersion"),
            step_minutes=asked.get("stepTimeoutInMinutes"),
            timeout_minutes=self._ledger.job(job_id).timeout_minutes,
        )
        await self._ledger.change(executions=[after])
        return after


def check_id(job_id: str) -> None:
    """Check a job's id.

    Raises
    ------
    JobError
        ``InvalidRequest``.
    """
    if not _JOB_ID.fullmatch(job_id):
        raise JobError("InvalidRequest", f"Invalid job id: '{job_id}'")


def _number(asked: Mapping[str, Any], name: str) -> int | None:
    """A number, which devices may send as text (the guide shows both)."""
    value = asked.get(name)
    if value is None:
        return None
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise JobError("InvalidRequest", f"{name} must be a number.")
    return value
