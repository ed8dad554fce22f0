"""Where jobs and their executions are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from lambda_nb.engine.control.records.store import Store
from lambda_nb.engine.iot.jobs.job import Job
from lambda_nb.rules.iot.job_executions import Execution

_JOB, _EXECUTION = "job", "execution"


class JobStore:
    """Jobs and executions of a Region, in SQLite. What was saved survives a ``kill -9``.

    Parameters
    ----------
    path
        The file.
    """

    def __init__(self, path: Path) -> None:
        self._records = Store(path)
        self._of_job: dict[str, dict[tuple[str, int], Execution]] = {}
        self._of_thing: dict[str, dict[tuple[str, int], Execution]] = {}
        self._counts: dict[str, Counter[str]] = {}
        self._timed: dict[tuple[str, str, int], Execution] = {}
        for _, _, record in self._records.every(_EXECUTION):
            self._index(Execution(**record))
        self._jobs = {
            key: Job(**{**record, "targets": tuple(record["targets"])} | _waiting(record))
            for _, key, record in self._records.every(_JOB)
        }

    def close(self) -> None:
        """Release the file."""
        self._records.close()

    def job(self, job_id: str) -> Job | None:
        """A job, or ``None``."""
        return self._jobs.get(job_id)

    def jobs(self) -> list[Job]:
        """All jobs, the newest first."""
        return sorted(self._jobs.values(), key=lambda job: (-job.created_ms, job.id))

    def of_job(self, job_id: str) -> list[Execution]:
        """The executions of a job, as they were queued."""
        return sorted(self._of_job.get(job_id, {}).values(), key=_age)

    def of_thing(self, thing: str) -> list[Execution]:
        """The executions on a thing, as they were queued."""
        return sorted(self._of_thing.get(thing, {}).values(), key=_age)

    def of_both(self, job_id: str, thing: str) -> list[Execution]:
        """The executions of a job on a thing, the latest last."""
        found = self._of_thing.get(thing, {}).values()
        return sorted((one for one in found if one.job == job_id), key=lambda one: one.number)

    def things_of(self, job_id: str) -> set[str]:
        """The things that have an execution of a job."""
        return {thing for thing, _ in self._of_job.get(job_id, {})}

    def counts(self, job_id: str) -> Counter[str]:
        """How many executions of a job have each status."""
        return Counter(self._counts.get(job_id, ()))

    def one(self, job_id: str, thing: str, number: int) -> Execution | None:
        """One execution, or ``None``."""
        return self._of_job.get(job_id, {}).get((thing, number))

    def timed(self) -> list[Execution]:
        """The executions that will time out."""
        return list(self._timed.values())

    def everything(self) -> list[Execution]:
        """All executions."""
        return [one for kept in self._of_thing.values() for one in kept.values()]

    def save(
        self,
        jobs: Iterable[Job] = (),
        executions: Iterable[Execution] = (),
        *,
        gone: Iterable[Execution] = (),
        gone_job: Job | None = None,
    ) -> None:
        """Keep, and drop, all of these at once."""
        jobs, executions, gone = list(jobs), list(executions), list(gone)
        with self._records.write() as batch:
            for job in jobs:
                batch.put(_JOB, "", job.id, asdict(job))
            for one in executions:
                batch.put(_EXECUTION, one.thing, f"{one.job}/{one.number}", asdict(one))
            for one in gone:
                batch.delete(_EXECUTION, one.thing, f"{one.job}/{one.number}")
            if gone_job is not None:
                batch.delete(_JOB, "", gone_job.id)
        self._jobs |= {job.id: job for job in jobs}
        if gone_job is not None:
            self._jobs.pop(gone_job.id, None)
        for one in executions:
            self._index(one)
        for one in gone:
            self._forget(one)

    def _index(self, one: Execution) -> None:
        self._forget(one)
        self._of_job.setdefault(one.job, {})[one.thing, one.number] = one
        self._of_thing.setdefault(one.thing, {})[one.job, one.number] = one
        self._counts.setdefault(one.job, Counter())[one.status] += 1
        if one.timeout_ms is not None:
            self._timed[one.job, one.thing, one.number] = one

    def _forget(self, one: Execution) -> None:
        old = self.one(one.job, one.thing, one.number)
        if old is None:
            return
        self._counts[one.job][old.status] -= 1
        self._timed.pop((one.job, one.thing, one.number), None)
        for index, outer, inner in (
            (self._of_job, one.job, one.thing),
            (self._of_thing, one.thing, one.job),
        ):
            del index[outer][inner, one.number]
            if not index[outer]:
                del index[outer]


def _age(one: Execution) -> tuple[int, str, str, int]:
    return one.queued_ms, one.job, one.thing, one.number


def _waiting(record: dict[str, object]) -> dict[str, object]:
    waiting = record["waiting"]
    assert isinstance(waiting, list)
    return {"waiting": tuple(waiting)}
