"""Retained messages: the last one of a topic, for whoever subscribes later."""

from __future__ import annotations

import time
from dataclasses import dataclass

from lambda_nb.engine.iot.message import Message
from lambda_nb.engine.iot.mqtt import limits
from lambda_nb.engine.iot.mqtt.delivery.store import Store


class TooManyRetained(Exception):  # noqa: N818
    """No more messages are retained until some are deleted."""


@dataclass(frozen=True, slots=True)
class Retained:
    """A retained message.

    Attributes
    ----------
    message : Message
        It.
    at_ms : int
        When it came, epoch ms.
    expires_at : float or None
        When it ends, epoch s.
    """

    message: Message
    at_ms: int
    expires_at: float | None = None


class RetainedMessages:
    """All retained messages.

    Parameters
    ----------
    store
        Keeps them.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._all: dict[str, Retained] = {}
        for message, at_ms, expires_at in store.retained():
            self._all[message.topic] = Retained(message, at_ms, expires_at)

    def check(self, message: Message) -> None:
        """Check that there is room for one more.

        Raises
        ------
        TooManyRetained
            If there is none.
        """
        full = len(self._all) >= limits.MOST_RETAINED
        if full and message.payload and message.topic not in self._all:
            raise TooManyRetained(f"{limits.MOST_RETAINED} messages are retained already")

    def put(self, message: Message, expires_at: float | None) -> None:
        """Retain a message; one with an empty payload deletes that of its topic."""
        if not message.payload:
            if self._all.pop(message.topic, None) is not None:
                self._store.drop_retained(message.topic)
            return
        retained = Retained(message, int(time.time() * 1000), expires_at)
        self._all[message.topic] = retained
        self._store.put_retained(message, retained.at_ms, expires_at)

    def get(self, topic: str) -> Retained | None:
        """The retained message of a topic."""
        found = self._all.get(topic)
        if found is not None and found.expires_at is not None and found.expires_at <= time.time():
            del self._all[topic]
            self._store.drop_retained(topic)
            return None
        return found

    def all(self) -> list[Retained]:
        """All of them, by topic."""
        found = (self.get(topic) for topic in sorted(self._all))
        return [one for one in found if one is not None]
