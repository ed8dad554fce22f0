"""What happens to jobs while nobody asks: rollouts, schedules, timers, things that come and go."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import replace

from lambda_nb.engine.iot.jobs import settling
from lambda_nb.engine.iot.jobs.job import CONTINUOUS, IN_PROGRESS, SCHEDULED, Job
from lambda_nb.engine.iot.jobs.ledger import Ledger
from lambda_nb.engine.iot.jobs.registry import Registry
from lambda_nb.engine.iot.jobs.rollout import MINUTE_MS, roll_out
from lambda_nb.engine.machine.cancelling import cancelled
from lambda_nb.rules.iot import job_executions
from lambda_nb.rules.iot.job_executions import REMOVED, TIMED_OUT

log = logging.getLogger(__name__)

_BURST_S = 0.1
"""Seconds in which changes of the registry are looked at together."""

_AFTER_FAILURE_S = 5.0


class Upkeep:
    """Looks after the jobs of a Region.

    Parameters
    ----------
    ledger
        The jobs.
    registry
        The Region's things.
    """

    def __init__(self, ledger: Ledger, registry: Registry) -> None:
        self._ledger = ledger
        self._registry = registry
        self._wake = asyncio.Event()
        self._stale = False
        self._task: asyncio.Task[None] | None = None
        ledger.changed = self._wake.set

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._look())

    async def close(self) -> None:
        """End."""
        if self._task is not None:
            await cancelled([self._task])

    def registry_changed(self) -> None:
        """Things or groups may have changed."""
        self._stale = True
        self._wake.set()

    async def tick(self) -> None:
        """Do what is due."""
        now = self._ledger.now_ms()
        for job in self._ledger.store.jobs():
            if job.status == SCHEDULED and job.start_ms is not None and job.start_ms <= now:
                things = sorted(await self._registry.things(job.targets))
                job = replace(job, status=IN_PROGRESS, waiting=tuple(things), updated_ms=now)
                await self._roll_out(job, now)
            elif job.status == IN_PROGRESS:
                if job.end_ms is not None and job.end_ms <= now:
                    await self._end(job, now)
                elif job.waiting:
                    await self._roll_out(job, now)
        late = [
            job_executions.end(one, TIMED_OUT, now)
            for one in self._ledger.store.timed()
            if one.timeout_ms is not None and one.timeout_ms <= now
        ]
        if late:
            await self._ledger.change(executions=late)

    async def reconcile(self) -> None:
        """Take away executions of things that are gone; give those to new things of groups."""
        everything = self._ledger.store.everything()
        if any(one.is_pending for one in everything):
            things = await self._registry.all_things()
            now = self._ledger.now_ms()
            gone = [
                job_executions.end(one, REMOVED, now)
                for one in self._ledger.store.everything()
                if one.is_pending and one.thing not in things
            ]
            if gone:
                await self._ledger.change(executions=gone)
        for job in self._ledger.store.jobs():
            if job.selection == CONTINUOUS and job.status == IN_PROGRESS:
                await self._reconcile(job.id)

    async def _reconcile(self, job_id: str) -> None:
        targets = self._ledger.job(job_id).targets
        wanted = await self._registry.things(targets)
        job = self._ledger.store.job(job_id)
        if job is None or job.status != IN_PROGRESS:
            return
        now = self._ledger.now_ms()
        latest = {one.thing: one for one in self._ledger.store.of_job(job_id)}
        here = {thing for thing, one in latest.items() if one.status != REMOVED}
        left = [
            job_executions.end(one, REMOVED, now)
            for thing, one in latest.items()
            if one.is_pending and thing not in wanted
        ]
        new = sorted(wanted - here - set(job.waiting))
        waiting = tuple(thing for thing in job.waiting if thing in wanted)
        if not left and not new and waiting == job.waiting:
            return
        job = replace(job, waiting=(*waiting, *new))
        job, executions = roll_out(job, self._ledger.store.of_job(job_id), now)
        await self._ledger.change([job], [*left, *executions])

    async def _roll_out(self, job: Job, now: int) -> None:
        rolled = roll_out(job, self._ledger.store.of_job(job.id), now)
        if rolled.executions or rolled.job is not self._ledger.store.job(job.id):
            await self._ledger.change([rolled.job], rolled.executions)

    async def _end(self, job: Job, now: int) -> None:
        executions = self._ledger.store.of_job(job.id)
        behavior = job.settings.get("schedulingConfig", {}).get("endBehavior", "STOP_ROLLOUT")
        stopped = []
        if behavior != "STOP_ROLLOUT":
            stopped = settling.stop(executions, now, force=behavior == "FORCE_CANCEL")
        if job.waiting or stopped or not any(one.is_pending for one in executions):
            await self._ledger.change([replace(job, waiting=())], stopped)

    def _due_ms(self) -> int | None:
        """When something is due next."""
        now = self._ledger.now_ms()
        due = [one.timeout_ms for one in self._ledger.store.timed() if one.timeout_ms is not None]
        for job in self._ledger.store.jobs():
            if job.status == SCHEDULED and job.start_ms is not None:
                due.append(job.start_ms)
            if job.status == IN_PROGRESS and job.end_ms is not None and job.end_ms > now:
                due.append(job.end_ms)
            if job.status == IN_PROGRESS and job.waiting:
                lately = [
                    one.queued_ms
                    for one in self._ledger.store.of_job(job.id)
                    if one.queued_ms > now - MINUTE_MS
                ]
                due.append(min(lately, default=now) + MINUTE_MS)
        return min(due, default=None)

    async def _look(self) -> None:
        while True:
            self._wake.clear()
            wait_s: float | None = _AFTER_FAILURE_S
            try:
                if self._stale:
                    await asyncio.sleep(_BURST_S)
                    self._stale = False
                    await self.reconcile()
                await self.tick()
                due = self._due_ms()
                wait_s = None if due is None else max(0.0, (due - self._ledger.now_ms()) / 1000)
            except Exception:
                log.exception("jobs of AWS IoT could not be looked after")
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._wake.wait(), wait_s)
