"""Messages that a device received."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, Queue
from typing import Any

from lambda_nb.notebook import display
from lambda_nb.notebook.errors import NotebookError

MOST_WAITING = 10_000
"""Messages that a subscription keeps for a notebook that does not read them."""


@dataclass(frozen=True)
class Received:
    """One message.

    Attributes
    ----------
    topic
        Its topic.
    payload
        Its content: parsed JSON, else text, else bytes.
    time
        When it came.
    retained
        Whether the broker had kept it.
    """

    topic: str
    payload: Any
    time: datetime
    retained: bool = False


def decoded(payload: bytes) -> Any:
    """A payload as JSON, as text, or as it is."""
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return payload
    try:
        return json.loads(text)
    except ValueError:
        return text


def encoded(payload: Any) -> bytes:
    """A payload to send: bytes and text as they are, anything else as JSON."""
    if isinstance(payload, (bytes, bytearray)):
        return bytes(payload)
    return payload.encode() if isinstance(payload, str) else json.dumps(payload).encode()


class Subscription:
    """What comes for one topic filter, in order.

    Parameters
    ----------
    topic_filter
        The filter.
    end
        Ends the subscription.
    call
        Called with each message as well.
    qos
        Its quality of service.
    """

    def __init__(
        self,
        topic_filter: str,
        end: Callable[[Subscription], None],
        call: Callable[[Received], None] | None = None,
        qos: int = 1,
    ) -> None:
        self.topic_filter = topic_filter
        self.call = call
        self.qos = qos
        self._end = end
        self._waiting: Queue[Received] = Queue(MOST_WAITING)
        self.received = 0

    def matches(self, topic: str) -> bool:
        """Whether it is for messages of a topic: ``a/#`` is not for ``a``, by AWS's rules."""
        from paho.mqtt.client import topic_matches_sub

        shared = self.topic_filter.startswith("$share/")
        bare = self.topic_filter.split("/", 2)[-1] if shared else self.topic_filter
        return bare != f"{topic}/#" and topic_matches_sub(bare, topic)

    def take(self, message: Received) -> None:
        """Keep a message; the oldest makes room if nobody reads them."""
        self.received += 1
        if self._waiting.full():
            self._waiting.get()
        self._waiting.put(message)

    def next(self, timeout: float = 10.0) -> Received:
        """The next message.

        Parameters
        ----------
        timeout
            Seconds to wait for it.

        Raises
        ------
        NotebookError
            None came in that time.
        """
        try:
            return self._waiting.get(timeout=timeout)
        except Empty:
            raise NotebookError(
                f"no message for {self.topic_filter!r} within {timeout:g} s"
            ) from None

    def waiting(self) -> list[Received]:
        """The messages that have come and were not read; they count as read now."""
        found = []
        while True:
            try:
                found.append(self._waiting.get_nowait())
            except Empty:
                return found

    def __iter__(self) -> Iterator[Received]:
        """Each message as it comes, for ever: leave the loop with ``break``."""
        while True:
            yield self._waiting.get()

    def end(self) -> None:
        """Subscribe no more."""
        self._end(self)

    def __repr__(self) -> str:
        return f"<subscription to {self.topic_filter!r}: {display.count(self.received, 'message')}>"
