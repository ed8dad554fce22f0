"""Runs the pipes of a Region as their service keeps them, and tells the service their states."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection
from typing import Any, Protocol

from lambda_nb.engine.control.events.source_probe import NeighbourProbe
from lambda_nb.engine.events.asynchronous.destinations import Destinations
from lambda_nb.engine.events.pipes.callees import call_client
from lambda_nb.engine.events.pipes.dead_letters import DeadLetters
from lambda_nb.engine.events.pipes.execution import Executions
from lambda_nb.engine.events.pipes.journal import Journal
from lambda_nb.engine.events.pipes.pipe import Pipe
from lambda_nb.engine.events.pipes.surroundings import StageError, Surroundings
from lambda_nb.engine.events.polled.checkpoints import Checkpoints
from lambda_nb.engine.events.polled.kafka.batch import event_for_pipe
from lambda_nb.engine.events.polled.kafka.cluster import Cluster
from lambda_nb.engine.events.polled.kafka.poller import KafkaPoller, NoFailures
from lambda_nb.engine.events.polled.poller import Poller
from lambda_nb.engine.events.polled.shards import StreamPoller
from lambda_nb.engine.events.polled.sqs import QueuePoller
from lambda_nb.engine.events.polled.stream import DynamoDBStream, KinesisStream, Stream
from lambda_nb.engine.machine.cancelling import cancelled
from lambda_nb.engine.model import FetchFailed
from lambda_nb.rules.events.pipes.connections import STATE_TAG

log = logging.getLogger(__name__)

_BEGUN_WITHIN_S = 10.0
_AGAIN_S = 1.0


class Changes(Protocol):
    """Says when pipes may have changed."""

    def watch(self, region: str, changed: Callable[[], None]) -> None:
        """Call a function at every change in a Region."""


class Pipes:
    """The pipes of a Region.

    Parameters
    ----------
    around
        What pipes need of the engine; its ``connect`` reaches the embedded service ``pipes``.
    changes
        Says when pipes may have changed.
    checkpoints
        Store the read positions in streams; closed with this object.
    """

    def __init__(self, around: Surroundings, changes: Changes, checkpoints: Checkpoints) -> None:
        self._around = around
        self._changes = changes
        self._checkpoints = checkpoints
        self._lives: dict[str, _Life] = {}
        self._looking: asyncio.Task[None] | None = None
        self._changed = False
        self._closed = False

    def start(self) -> None:
        """Begin to follow the pipes that the service keeps."""
        self._changes.watch(self._around.region, self._look_soon)

    def read_on(self, stream_arn: str, shard: str) -> None:
        """Read a shard with new records now, without waiting for the next poll."""
        for life in self._lives.values():
            life.read_on(stream_arn, shard)

    def begin_afresh(self, kept: Collection[str] = ()) -> None:
        """The services hold nothing of what they held, but those in ``kept``: neither do pipes."""
        if "pipes" not in kept:
            self._look_soon()

    async def close(self) -> None:
        """Stop all reading at once; what was in flight is read again after the next start."""
        self._closed = True
        if self._looking is not None:
            await cancelled([self._looking])
        await asyncio.gather(*(life.close() for life in self._lives.values()))
        self._checkpoints.close()

    def _look_soon(self) -> None:
        self._changed = True
        if self._closed or (self._looking is not None and not self._looking.done()):
            return
        self._looking = asyncio.get_running_loop().create_task(self._look())

    async def _look(self) -> None:
        while self._changed:
            self._changed = False
            try:
                kept = await self._kept()
            except StageError as error:
                log.warning("the pipes cannot be read: %s", error)
                self._changed = True
                await asyncio.sleep(_AGAIN_S)
                continue
            for arn in [arn for arn, life in self._lives.items() if life.over]:
                del self._lives[arn]
            for arn in kept.keys() - self._lives.keys():
                self._lives[arn] = _Life(self._around, self._checkpoints)
            for arn, life in self._lives.items():
                life.want(kept.get(arn))

    async def _kept(self) -> dict[str, Pipe]:
        """All pipes by ARN."""
        found: dict[str, Pipe] = {}
        asked: dict[str, Any] = {}
        while True:
            page = await call_client(self._around, "pipes", "list_pipes", asked)
            for short in page["Pipes"]:
                told = {"Name": short["Name"]}
                try:
                    pipe = Pipe(await call_client(self._around, "pipes", "describe_pipe", told))
                except StageError as error:
                    if error.status != 404:
                        raise
                    continue  # it was deleted meanwhile
                found[pipe.arn] = pipe
            if not page.get("NextToken"):
                return found
            asked = {"NextToken": page["NextToken"]}


class _Life:
    """One pipe from its creation to its end: its poller starts and stops as the pipe should."""

    def __init__(self, around: Surroundings, checkpoints: Checkpoints) -> None:
        self._around = around
        self._checkpoints = checkpoints
        self._wanted: Pipe | None = None
        self._pipe: Pipe | None = None
        self._poller: Poller | None = None
        self._reading: asyncio.Task[None] | None = None
        self._journal: Journal | None = None
        self._told = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._live())

    @property
    def over(self) -> bool:
        """Whether the pipe is gone."""
        return self._task.done()

    def want(self, pipe: Pipe | None) -> None:
        """Take note of how the pipe should be; ``None`` if it is gone."""
        self._wanted = pipe
        self._told.set()

    def read_on(self, stream_arn: str, shard: str) -> None:
        if isinstance(self._poller, StreamPoller):
            self._poller.read_on(stream_arn, shard)

    async def close(self) -> None:
        await cancelled([self._task])
        if self._poller is not None:
            await self._poller.close()
        if self._reading is not None:
            await cancelled([self._reading])
        if self._journal is not None:
            await self._journal.close()

    async def _live(self) -> None:
        while True:
            await self._told.wait()
            self._told.clear()
            pipe = self._wanted
            try:
                if pipe is None or pipe.told["DesiredState"] == "DELETED":
                    await self._end(pipe)
                    return
                await self._become(pipe)
            except Exception:  # one pipe must not end the others, nor its own life
                log.exception("pipe %s cannot follow its settings", pipe.name if pipe else "")

    async def _end(self, pipe: Pipe | None) -> None:
        await self._stop()
        gone = pipe or self._pipe
        if gone is not None:
            self._checkpoints.forget(gone.identifier)
        if pipe is not None:
            await self._tell(pipe, "DELETED")

    async def _become(self, pipe: Pipe) -> None:
        runs = pipe.told["DesiredState"] == "RUNNING"
        changed = self._pipe is not None and self._pipe.version != pipe.version
        if self._poller is not None and (changed or not runs):
            await self._stop()
        reason, self._pipe = "", pipe
        if runs and self._poller is None:
            reason = await self._begin(pipe)
        await self._tell(pipe, f"FAILED {reason}" if reason else pipe.told["DesiredState"])

    async def _begin(self, pipe: Pipe) -> str:
        """Start to read; returns why it cannot."""
        if pipe.source.startswith("arn:"):
            try:
                await NeighbourProbe(self._around.connect).source(pipe.source)
            except FetchFailed as error:
                return f"{error.code}: {error.message}"
        self._journal = Journal(pipe, self._around)
        self._poller = self._make_poller(pipe, self._journal)
        self._reading = asyncio.get_running_loop().create_task(self._poller.run())
        self._reading.add_done_callback(_say_why)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._poller.begun.wait(), _BEGUN_WITHIN_S)
        return ""

    def _make_poller(self, pipe: Pipe, journal: Journal) -> Poller:
        run = Executions(pipe, self._around, journal)
        mapping, calls = pipe.mapping(), self._around.calls

        said = "OK"

        def processed(result: str) -> None:
            nonlocal said
            if result not in ("OK", said):  # a batch that fails again and again is said once
                log.warning("pipe %s: %s", pipe.name, result)
            said = result

        if pipe.source_kind == "sqs":
            return QueuePoller(mapping, calls, run, journal, processed)
        if pipe.source_kind == "self-managed-kafka":
            cluster = Cluster(mapping.config, self._around.connect)
            group = pipe.source_parameters.get("ConsumerGroupID") or pipe.arn
            return KafkaPoller(
                mapping, cluster, group, run, journal, processed, NoFailures(), event_for_pipe
            )
        stream: Stream = DynamoDBStream(mapping, calls)
        if pipe.source_kind == "kinesis":
            stream = KinesisStream(mapping, calls, str(pipe.told["RoleArn"]), flat=True)
        given_up = DeadLetters(pipe, stream.batch_info, Destinations(self._around.connect))
        return StreamPoller(mapping, stream, run, self._checkpoints, given_up, journal, processed)

    async def _stop(self) -> None:
        """Stop to read, and wait until what runs has ended."""
        if self._poller is None:
            return
        self._poller.stop()
        if self._reading is not None:
            await asyncio.wait([self._reading])
        self._poller = None
        if self._journal is not None:
            await self._journal.close()

    async def _tell(self, pipe: Pipe, state: str) -> None:
        """Tell the service the state that a pipe has reached."""
        since = int(pipe.told["LastModifiedTime"].timestamp())
        told = {"resourceArn": pipe.arn, "tags": {STATE_TAG: f"{since} {state}"}}
        try:
            await call_client(self._around, "pipes", "tag_resource", told)
        except StageError as error:
            if error.status != 404:
                log.warning("the state of pipe %s cannot be told: %s", pipe.name, error)


def _say_why(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("a pipe's source is read no more", exc_info=task.exception())
