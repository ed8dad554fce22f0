"""Gives a job's things their executions, as fast as the job allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lambda_nb.engine.iot.jobs.job import IN_PROGRESS, Job
from lambda_nb.engine.iot.jobs.settling import Settled
from lambda_nb.rules.iot import job_rollout
from lambda_nb.rules.iot.job_executions import SUCCEEDED, Execution

MINUTE_MS = 60_000


def roll_out(job: Job, executions: Sequence[Execution], now_ms: int) -> Settled:
    """A job with fewer things waiting, and the executions that they get.

    Parameters
    ----------
    job
        The job.
    executions
        Those that it has.
    now_ms
        Milliseconds since 1970.
    """
    if not job.waiting or job.status != IN_PROGRESS:
        return Settled(job, [])
    first = [one for one in executions if not one.attempt]
    count = job_rollout.due(
        job.settings.get("jobExecutionsRolloutConfig", {}),
        sum(one.queued_ms > now_ms - MINUTE_MS for one in first),
        len(first),
        sum(one.status == SUCCEEDED for one in executions),
    )
    latest: dict[str, int] = {}
    for one in executions:
        latest[one.thing] = max(one.number, latest.get(one.thing, 0))
    new = [
        Execution(job.id, thing, latest.get(thing, 0) + 1, now_ms, now_ms)
        for thing in job.waiting[:count]
    ]
    return Settled(replace(job, waiting=job.waiting[count:]), new)
