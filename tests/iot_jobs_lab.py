"""Jobs on a broker in memory, with a registry in memory and a clock that stands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from iot_topics import MemoryTopics

from lambda_nb.engine.iot.jobs.jobs import Jobs
from lambda_nb.engine.model import Caller, FetchFailed
from lambda_nb.rules.iot.job_executions import JobError

NOW = 1_700_000_000
ARN = "arn:aws:iot:eu-west-1:000000000000"
CALLER = Caller("000000000000", "eu-west-1")


class MemoryRegistry:
    """Things and groups that a test sets."""

    def __init__(self) -> None:
        self.groups: dict[str, set[str]] = {}
        self.known = {"lamp", "fan", "door"}
        self.enabled: set[str] = set()
        self.tags: dict[str, list[Any]] = {}
        self.templates: dict[str, dict[str, Any]] = {}

    async def things(self, targets: Iterable[str]) -> set[str]:
        """The things of targets."""
        found: set[str] = set()
        for target in targets:
            kind, _, name = target.split(":", 5)[5].partition("/")
            found |= {name} & self.known if kind == "thing" else self.groups.get(name, set())
        return found

    async def all_things(self) -> set[str]:
        """All things."""
        return set(self.known)

    async def missing(self, targets: Iterable[str]) -> list[str]:
        """The targets that are not there."""
        names = [(target, *target.split(":", 5)[5].split("/")) for target in targets]
        return [
            target
            for target, kind, name in names
            if name not in (self.known if kind == "thing" else self.groups)
        ]

    async def template(self, arn: str) -> dict[str, Any]:
        """A job template."""
        if arn not in self.templates:
            raise JobError("ResourceNotFound", arn)
        return self.templates[arn]

    async def tag(self, arn: str, tags: Any) -> None:
        """Keep tags."""
        self.tags[arn] = list(tags)

    async def forget_tags(self, arn: str) -> None:
        """Drop tags."""
        self.tags.pop(arn, None)

    async def events(self, kind: str) -> bool:
        """Whether event messages are enabled."""
        return kind in self.enabled


async def fetch(bucket: str, key: str, version: str | None) -> bytes:
    """One object is there."""
    if (bucket, key) == ("firmware", "new/job.json"):
        return b'{"from": "s3"}'
    raise FetchFailed("NoSuchKey", "The specified key does not exist.")


def presign(bucket: str, key: str, expires_s: int) -> str:
    """A link that shows what it was made of."""
    return f"http://here/{bucket}/{key}?expires={expires_s}"


@dataclass
class Lab:
    """Jobs, and all that is around them."""

    path: Path
    topics: MemoryTopics = field(default_factory=MemoryTopics)
    registry: MemoryRegistry = field(default_factory=MemoryRegistry)
    now: float = NOW

    def open(self) -> Jobs:
        """The jobs on a database."""
        self.jobs = Jobs(
            self.topics,
            self.path,
            self.registry,
            account="000000000000",
            region="eu-west-1",
            fetch_object=fetch,
            presign=presign,
            clock=lambda: self.now,
        )
        return self.jobs

    async def call(self, name: str, **given: Any) -> dict[str, Any]:
        """Call an operation of the control plane."""
        answer: Any = self.jobs.control_operations()[name](given, CALLER)
        return dict(await answer)

    async def ask(self, name: str, **given: Any) -> dict[str, Any]:
        """Call an operation of the data plane."""
        answer: Any = self.jobs.device_operations()[name](given, CALLER)
        return dict(await answer if asyncio.iscoroutine(answer) else answer)

    async def create(self, job: str, *things: str, **given: Any) -> dict[str, Any]:
        """Create a job for things."""
        targets = [f"{ARN}:thing/{thing}" for thing in things or ("lamp",)]
        told = {"document": '{"do": "it"}', "targets": targets, **given}
        return await self.call("CreateJob", jobId=job, **told)

    async def statuses(self, job: str) -> dict[str, str]:
        """The status of each thing's latest execution."""
        listed = await self.call("ListJobExecutionsForJob", jobId=job)
        return {
            one["thingArn"].partition("/")[2]: one["jobExecutionSummary"]["status"]
            for one in listed["executionSummaries"]
        }

    async def status(self, job: str) -> str:
        """The status of a job."""
        return str((await self.call("DescribeJob", jobId=job))["job"]["status"])


@asynccontextmanager
async def jobs_lab(directory: Path) -> AsyncIterator[Lab]:
    """Jobs that nobody looks after but the test (``lab.jobs.upkeep.tick()``)."""
    lab = Lab(directory / "jobs.sqlite")
    untap = lab.open()._topics.start()
    yield lab
    untap()
    lab.jobs._store.close()
