"""What follows for a job when executions of it have changed: retries, an abort, its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from lambda_nb.engine.iot.jobs.job import CANCELED, COMPLETED, IN_PROGRESS, SNAPSHOT, Job
from lambda_nb.rules.iot import job_executions
from lambda_nb.rules.iot.job_executions import QUEUED, Execution

ABORTED = "ABORT_CRITERIA_MET"
"""``reasonCode`` of a job whose abort criteria were met."""


class Settled(NamedTuple):
    """A job, and the executions of it that are new or have changed."""

    job: Job
    executions: list[Execution]


def settle(
    job: Job, executions: Sequence[Execution], ended: Sequence[Execution], now_ms: int
) -> Settled:
    """What follows.

    Parameters
    ----------
    job
        The job.
    executions
        All of its executions, as they are after the change.
    ended
        Those of them that the change ended.
    now_ms
        Milliseconds since 1970.
    """
    all_of_it = {(one.thing, one.number): one for one in executions}
    changed: dict[tuple[str, int], Execution] = {}
    if job.is_active:
        statuses = [one.status for one in all_of_it.values() if not one.is_pending]
        if ended and job_executions.to_be_aborted(job.criteria("abortConfig"), statuses):
            job, stopped = cancel(job, list(all_of_it.values()), now_ms, reason=ABORTED)
            changed |= {(one.thing, one.number): one for one in stopped}
        else:
            for one in ended:
                again = _retry(job, one, executions, now_ms)
                if again is not None:
                    changed[again.thing, again.number] = again
    all_of_it |= changed
    done = not job.waiting and not any(one.is_pending for one in all_of_it.values())
    ends = job.selection == SNAPSHOT or (job.end_ms is not None and now_ms >= job.end_ms)
    if job.status == IN_PROGRESS and done and ends:
        job = replace(job, status=COMPLETED, completed_ms=now_ms, updated_ms=now_ms)
    return Settled(job, list(changed.values()))


def cancel(
    job: Job,
    executions: Sequence[Execution],
    now_ms: int,
    *,
    force: bool = False,
    reason: str | None = None,
    comment: str | None = None,
) -> Settled:
    """A job that is canceled, with its executions that are queued; by force, also the others."""
    job = replace(
        job,
        status=CANCELED,
        updated_ms=now_ms,
        completed_ms=now_ms,
        waiting=(),
        forced=force,
        reason=reason,
        comment=comment,
    )
    return Settled(job, stop(executions, now_ms, force=force))


def stop(executions: Sequence[Execution], now_ms: int, *, force: bool) -> list[Execution]:
    """The executions that are canceled with their job."""
    return [
        job_executions.end(one, job_executions.CANCELED, now_ms, forced=force)
        for one in executions
        if one.status == QUEUED or (force and one.is_pending)
    ]


def _retry(
    job: Job, ended: Execution, executions: Sequence[Execution], now_ms: int
) -> Execution | None:
    before = [one for one in executions if one.thing == ended.thing and one.number < ended.number]
    criteria = job.criteria("jobExecutionsRetryConfig")
    if not job_executions.retried(criteria, ended, before):
        return None
    return Execution(
        job.id, ended.thing, ended.number + 1, now_ms, now_ms, attempt=ended.attempt + 1
    )
