"""Changes to jobs and executions: kept with all that follows from them, and then told."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from lambda_nb.engine.iot.jobs import documents, shapes
from lambda_nb.engine.iot.jobs.documents import Presign
from lambda_nb.engine.iot.jobs.job import CANCELED, COMPLETED, Job
from lambda_nb.engine.iot.jobs.notices import Notice, Notices
from lambda_nb.engine.iot.jobs.registry import JOB, JOB_EXECUTION
from lambda_nb.engine.iot.jobs.settling import settle
from lambda_nb.engine.iot.jobs.store import JobStore
from lambda_nb.rules.iot.job_executions import Execution, JobError, in_order


class Ledger:
    """The jobs of a Region.

    Parameters
    ----------
    store
        Where they are kept.
    notices
        Tells devices and subscribers to event messages.
    clock
        Seconds since 1970.
    arn
        The ARN of a resource, for example ``thing/lamp``.
    presign
        Makes links for devices; ``None`` where there are none.

    Attributes
    ----------
    changed : callable
        Called after each change: something may be due earlier.
    """

    def __init__(
        self,
        store: JobStore,
        notices: Notices,
        clock: Callable[[], float],
        arn: Callable[[str], str],
        presign: Presign | None,
    ) -> None:
        self.store = store
        self.arn = arn
        self.changed: Callable[[], None] = _nobody
        self._notices = notices
        self._clock = clock
        self._presign = presign

    def now_ms(self) -> int:
        """Milliseconds since 1970."""
        return int(self._clock() * 1000)

    def job(self, job_id: str) -> Job:
        """A job.

        Raises
        ------
        JobError
            ``ResourceNotFound``.
        """
        job = self.store.job(job_id)
        if job is None:
            raise JobError("ResourceNotFound", f"Job {job_id} not found.")
        return job

    def execution(self, job_id: str, thing: str, number: int | None = None) -> Execution:
        """An execution, the latest one without a number.

        Raises
        ------
        JobError
            ``ResourceNotFound``.
        """
        found = self.store.of_both(job_id, thing)
        if number is not None:
            found = [one for one in found if one.number == number]
        if not found:
            text = f"Job execution of job {job_id} on thing {thing} not found."
            raise JobError("ResourceNotFound", text)
        return found[-1]

    def pending(self, thing: str) -> list[Execution]:
        """What a device has still to do, in its order."""
        return in_order(self.store.of_thing(thing))

    def document(self, job_id: str) -> str:
        """A job's document as devices get it, JSON text."""
        job = self.job(job_id)
        return documents.for_device(
            job.document, job.settings.get("presignedUrlConfig"), self._presign
        )

    @property
    def can_presign(self) -> bool:
        """Whether documents may have links to objects of S3."""
        return self._presign is not None

    async def change(
        self,
        jobs: Iterable[Job] = (),
        executions: Iterable[Execution] = (),
        *,
        gone: Iterable[Execution] = (),
        gone_job: Job | None = None,
    ) -> None:
        """Keep changes and what follows from them, all at once; then tell of them."""
        now = self.now_ms()
        gone = list(gone)
        new_jobs = {job.id: job for job in jobs}
        new = {(one.job, one.thing, one.number): one for one in executions}
        for job_id in dict.fromkeys([*new_jobs, *(one.job for one in new.values())]):
            job = new_jobs.get(job_id) or self.store.job(job_id)
            if job is None:
                continue
            mine = [one for one in new.values() if one.job == job_id]
            ended = [one for one in mine if self._ends(one)]
            settled, more = settle(job, _After(self.store, job_id, mine), ended, now)
            new |= {(one.job, one.thing, one.number): one for one in more}
            if settled is not self.store.job(job_id):
                new_jobs[job_id] = settled
        things = dict.fromkeys(one.thing for one in [*new.values(), *gone])
        before = {thing: self.pending(thing) for thing in things}
        told = self._events(new_jobs.values(), new.values(), gone, gone_job, now)
        self.store.save(new_jobs.values(), new.values(), gone=gone, gone_job=gone_job)
        notices = [
            notice for thing in things for notice in self._notifications(thing, before[thing], now)
        ]
        for job, operation in told.jobs:
            executions_of_it = self.store.of_job(job.id)
            topic = f"$aws/events/job/{job.id}/{operation}"
            said = shapes.job_event(job, executions_of_it, operation, now)
            notices.append(Notice(topic, said, JOB))
        for one, operation in told.executions:
            topic = f"$aws/events/jobExecution/{one.job}/{operation}"
            arn = self.arn(f"thing/{one.thing}")
            said = shapes.execution_event(one, arn, operation, now)
            notices.append(Notice(topic, said, JOB_EXECUTION))
        self.changed()
        await self._notices.say(notices)

    def _events(
        self,
        jobs: Iterable[Job],
        executions: Iterable[Execution],
        gone: Iterable[Execution],
        gone_job: Job | None,
        now: int,
    ) -> _Told:
        """What there is to tell, seen before it is kept."""
        told = _Told()
        told.executions = [(one, one.status.lower()) for one in executions if self._ends(one)]
        told.executions += [(one, "deleted") for one in gone]
        for job in jobs:
            old = self.store.job(job.id)
            if old is None or old.status == job.status:
                continue
            if job.status == COMPLETED:
                told.jobs.append((job, "completed"))
            elif job.status == CANCELED:
                told.jobs += [(job, "cancellation_in_progress"), (job, "canceled")]
        if gone_job is not None:
            told.jobs += [(gone_job, "deletion_in_progress"), (gone_job, "deleted")]
        return told

    def _ends(self, one: Execution) -> bool:
        """Whether a new state ends an execution."""
        old = self.store.one(one.job, one.thing, one.number)
        return old is not None and old.is_pending and not one.is_pending

    def _notifications(self, thing: str, before: list[Execution], now: int) -> list[Notice]:
        after = self.pending(thing)
        had, has = list(map(_identity, before)), list(map(_identity, after))
        notices = []
        topic = f"$aws/things/{thing}/jobs"
        if set(had) != set(has):
            notices.append(Notice(f"{topic}/notify", shapes.list_notification(after, now)))
        if had[:1] != has[:1]:
            said: dict[str, Any] = {"timestamp": now // 1000}
            if after:
                shown = shapes.execution(after[0], now)
                said["execution"] = {
                    **shown,
                    "jobDocument": json.loads(self.document(after[0].job)),
                }
            notices.append(Notice(f"{topic}/notify-next", said))
        return notices


class _After:
    """The executions of a job with some that are new, or have changed."""

    def __init__(self, store: JobStore, job_id: str, changed: Iterable[Execution]) -> None:
        self._store = store
        self._job_id = job_id
        self._changed = {(one.thing, one.number): one for one in changed}

    @property
    def counts(self) -> Counter[str]:
        """How many have each status."""
        counts = self._store.counts(self._job_id)
        for (thing, number), one in self._changed.items():
            old = self._store.one(self._job_id, thing, number)
            if old is not None:
                counts[old.status] -= 1
            counts[one.status] += 1
        return counts

    def of_thing(self, thing: str) -> list[Execution]:
        """Those on a thing."""
        return self._merged(self._store.of_both(self._job_id, thing), thing)

    def everything(self) -> list[Execution]:
        """All of them."""
        return self._merged(self._store.of_job(self._job_id))

    def _merged(self, kept: list[Execution], thing: str | None = None) -> list[Execution]:
        merged = {(one.thing, one.number): one for one in kept}
        merged |= {
            key: one for key, one in self._changed.items() if thing is None or key[0] == thing
        }
        return list(merged.values())


class _Told:
    """Events: a job or an execution, and what happened to it."""

    def __init__(self) -> None:
        self.jobs: list[tuple[Job, str]] = []
        self.executions: list[tuple[Execution, str]] = []


def _identity(one: Execution) -> tuple[str, int]:
    return one.job, one.number


def _nobody() -> None:
    """Nobody waits for changes yet."""
