"""What follows for a job when executions of it have changed: retries, an abort, its end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, Protocol

from lambda_nb.engine.iot.jobs.job import CANCELED, COMPLETED, IN_PROGRESS, SNAPSHOT, Job
from lambda_nb.rules.iot import job_executions
from lambda_nb.rules.iot.job_executions import QUEUED, Execution

ABORTED = "ABORT_CRITERIA_MET"
"""``reasonCode`` of a job whose abort criteria were met."""


class Settled(NamedTuple):
    """A job, and the executions of it that are new or have changed."""

    job: Job
    executions: list[Execution]


class Picture(Protocol):
    """The executions of a job, as they are after a change."""

    @property
    def counts(self) -> Mapping[str, int]:
        """How many have each status."""

    def of_thing(self, thing: str) -> Sequence[Execution]:
        """Those on a thing."""

    def everything(self) -> Sequence[Execution]:
        """All of them."""


def settle(job: Job, picture: Picture, ended: Sequence[Execution], now_ms: int) -> Settled:
    """What follows.

    Parameters
    ----------
    job
        The job.
    picture
        Its executions, as they are after the change.
    ended
        Those of them that the change ended.
    now_ms
        Milliseconds since 1970.
    """
    changed: list[Execution] = []
    counts = Counter(picture.counts)
    if job.is_active and ended:
        if job_executions.to_be_aborted(job.criteria("abortConfig"), counts):
            job, changed = cancel(job, picture.everything(), now_ms, reason=ABORTED)
        else:
            again = (_retry(job, one, picture.of_thing(one.thing), now_ms) for one in ended)
            changed = [one for one in again if one is not None]
            counts[QUEUED] += len(changed)
    done = not job.waiting and not any(counts[status] for status in job_executions.PENDING)
    ends = job.selection == SNAPSHOT or (job.end_ms is not None and now_ms >= job.end_ms)
    if job.status == IN_PROGRESS and done and ends:
        job = replace(job, status=COMPLETED, completed_ms=now_ms, updated_ms=now_ms)
    return Settled(job, changed)


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
    before = [one for one in executions if one.number < ended.number]
    criteria = job.criteria("jobExecutionsRetryConfig")
    if not job_executions.retried(criteria, ended, before):
        return None
    return Execution(
        job.id, ended.thing, ended.number + 1, now_ms, now_ms, attempt=ended.attempt + 1
    )
