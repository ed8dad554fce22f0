"""Messages about jobs: to devices, and event messages."""

from __future__ import annotations

import json
import logging
from collections import deque
from typing import NamedTuple

from lambda_nb.engine.identifiers import uuid4
from lambda_nb.engine.iot.jobs.registry import Registry
from lambda_nb.engine.iot.jobs.shapes import Shape
from lambda_nb.engine.iot.message import Message, Topics

log = logging.getLogger(__name__)


class Notice(NamedTuple):
    """A message; an event message if it has a ``kind``, which then has to be enabled."""

    topic: str
    said: Shape
    kind: str | None = None


class Notices:
    """Publishes messages in their order.

    Parameters
    ----------
    topics
        The Region's broker.
    registry
        Knows which event messages are enabled.
    """

    def __init__(self, topics: Topics, registry: Registry) -> None:
        self._topics = topics
        self._registry = registry
        self._unsaid: deque[Notice] = deque()
        self._saying = False

    async def say(self, notices: list[Notice]) -> None:
        """Publish messages, after those that still wait.

        Who changes a job while he is told of one does not wait: the first teller goes on.
        """
        self._unsaid.extend(notices)
        if self._saying:
            return
        self._saying = True
        try:
            while self._unsaid:
                await self._publish(self._unsaid.popleft())
        finally:
            self._saying = False

    async def _publish(self, notice: Notice) -> None:
        said = notice.said
        try:
            if notice.kind is not None:
                if not await self._registry.events(notice.kind):
                    return
                said = {"eventType": said["eventType"], "eventId": uuid4(), **said}
            await self._topics.publish(Message(notice.topic, encoded(said), qos=1))
        except Exception:  # the job is as it is, whoever did not hear of it
            log.exception("nobody is told on %s", notice.topic)


def encoded(said: Shape) -> bytes:
    """A message's payload."""
    text = json.dumps(said, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "replace")
