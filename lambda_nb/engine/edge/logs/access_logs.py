"""Takes every visit and tells of it later, so that no viewer waits for a log.

AWS delivers standard logs within an hour and real-time logs within seconds; here both come after
:data:`FLUSH_EVERY_S`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

from lambda_nb.engine.aws_calls.endpoint import NotStartedError
from lambda_nb.engine.aws_calls.json_calls import CallError
from lambda_nb.engine.edge.figures import Figure
from lambda_nb.engine.edge.logs import metrics
from lambda_nb.engine.edge.logs.realtime import Call, RealtimeLogs, Sampled
from lambda_nb.engine.edge.logs.standard import Entry, StandardLogs
from lambda_nb.engine.edge.model import Visit
from lambda_nb.engine.edge.settings import Behaviour, Distribution
from lambda_nb.engine.machine.cancelling import cancelled

log = logging.getLogger(__name__)

FLUSH_EVERY_S = 2.0
AGAIN_AFTER_S = 1.0
CLOSE_WITHIN_S = 5.0
"""Seconds that writing what is left may take when the engine ends."""
AT_ONCE = 500
"""Visits worked out in one go; between two goes requests are answered."""
MOST_WAITING = 200_000
"""Visits kept while the services do not answer; later ones are dropped, and it is said."""


class AccessLogs:
    """The logs and figures of all distributions.

    Parameters
    ----------
    clients
        boto3's client of a service, for buckets.
    call
        Makes calls to Kinesis: :class:`~lambda_nb.engine.aws_calls.json_calls.Calls`.
    figure
        Takes figures of CloudWatch, for us-east-1: ``Metrics.service_figure``.
    every_s
        Seconds between a visit and its delivery.
    """

    def __init__(
        self,
        clients: Callable[[str], Awaitable[Any]],
        call: Call,
        figure: Figure,
        every_s: float = FLUSH_EVERY_S,
    ) -> None:
        self._standard = StandardLogs(clients)
        self._realtime = RealtimeLogs(call)
        self._figure = figure
        self._every_s = every_s
        self._figures: dict[metrics.Figures, int] = {}
        self._new: deque[tuple[Distribution, Behaviour | None, Visit]] = deque()
        self._entries: list[Entry] = []
        self._sampled: list[Sampled] = []
        self._task: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()
        self._closed = False
        self._dropped = False

    def put(self, distribution: Distribution, behaviour: Behaviour | None, visit: Visit) -> None:
        """Take note of a visit; never waits and never raises."""
        told = None if behaviour is None else behaviour.realtime_log
        if distribution.standard_log is None and told is None:
            self.count(metrics.of(distribution, visit))
            return
        if len(self._new) >= MOST_WAITING:
            self._drop()
            return
        self._new.append((distribution, behaviour, visit))
        self._tell_later()

    def count(self, figures: metrics.Figures) -> None:
        """Take note of the figures of a visit that no log wants; never waits and never raises."""
        times = self._figures.get(figures, 0)
        if not times and len(self._figures) >= MOST_WAITING:
            self._drop()
            return
        self._figures[figures] = times + 1
        self._tell_later()

    def _drop(self) -> None:
        if not self._dropped:
            self._dropped = True
            log.warning("logs of distributions wait: visits beyond %d are lost", MOST_WAITING)

    async def flush(self) -> None:
        """Wait until all visits so far are with their services, or are given up."""
        while self._task is not None and not self._task.done():
            self._hurry.set()
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """Write what is left, within a few seconds, and stop."""
        self._closed = True
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.flush(), CLOSE_WITHIN_S)
        if self._task is not None and not self._task.done():
            await cancelled([self._task])

    def _tell_later(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._later())

    async def _later(self) -> None:
        while self._new or self._figures or self._entries or self._sampled:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), self._every_s)
            self._hurry.clear()
            await self._sort()
            while not await self._deliver():
                await asyncio.sleep(AGAIN_AFTER_S)
                if self._closed:
                    return

    async def _sort(self) -> None:
        """Note the figures of new visits, and who wants which."""
        while self._new:
            for _ in range(min(AT_ONCE, len(self._new))):
                distribution, behaviour, visit = self._new.popleft()
                self.count(metrics.of(distribution, visit))
                if distribution.standard_log is not None:
                    self._entries.append((distribution, visit))
                told = None if behaviour is None else behaviour.realtime_log
                if told is not None and random.random() * 100 < told.sampling:
                    self._sampled.append((distribution, told, visit))
            await asyncio.sleep(0)
        counted, self._figures = self._figures, {}
        for place, (figures, times) in enumerate(counted.items(), 1):
            metrics.tell(figures, times, self._figure)
            if place % AT_ONCE == 0:
                await asyncio.sleep(0)
        self._dropped = False

    async def _deliver(self) -> bool:
        """Write what waits; whether nothing must be tried again."""
        # Imported late: botocore is slow to load, and few distributions have logs.
        from botocore.exceptions import BotoCoreError

        try:
            if self._entries:
                await self._standard.write(self._entries)
            await self._realtime.write(self._sampled)
        except (BotoCoreError, CallError, NotStartedError, OSError) as error:
            quiet = isinstance(error, NotStartedError)
            log.log(logging.DEBUG if quiet else logging.WARNING, "access logs wait: %s", error)
            return False
        except Exception:
            log.exception("access logs are lost")
            self._entries, self._sampled = [], []
        return True
