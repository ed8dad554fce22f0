"""A broker in memory, as the data API of IoT uses one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from iot_topics import MemoryTopics

from lambda_nb.engine.iot.message import Message, Sender


@dataclass
class Kept:
    """A retained message."""

    message: Message
    at_ms: int = 1_700_000_000_123


@dataclass
class Here:
    """A client that is connected."""

    client_id: str
    sender: Sender
    since_ms: int = 1_700_000_000_456
    clean: bool = True
    session_expiry_s: float = 0
    keep_alive_s: int = 30


@dataclass
class MemoryBroker:
    """A broker in memory."""

    topics: MemoryTopics = field(default_factory=MemoryTopics)
    kept: dict[str, Kept] = field(default_factory=dict)
    here: dict[str, Here] = field(default_factory=dict)
    filters: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    given: list[tuple[str, Message]] = field(default_factory=list)
    ended: list[tuple[str, bool, bool]] = field(default_factory=list)

    async def publish(self, message: Message) -> None:
        """Deliver and keep a message."""
        await self.topics.publish(message)
        if message.retain:
            self.kept[message.topic] = Kept(message)

    def tap(self, topic_filter: str, receive: Any) -> Callable[[], None]:
        """Give messages to a function."""
        return self.topics.tap(topic_filter, receive)

    def retained(self, topic: str) -> Kept | None:
        """A retained message."""
        return self.kept.get(topic)

    def all_retained(self) -> Sequence[Kept]:
        """All of them."""
        return list(self.kept.values())

    def connection(self, client_id: str) -> Here | None:
        """A connection."""
        return self.here.get(client_id)

    async def disconnect(
        self, client_id: str, *, clean_session: bool = False, prevent_will: bool = False
    ) -> bool:
        """End it."""
        self.ended.append((client_id, clean_session, prevent_will))
        return self.here.pop(client_id, None) is not None

    async def give(self, client_id: str, message: Message) -> bool:
        """Send a message to one client."""
        self.given.append((client_id, message))
        return client_id in self.here

    def subscriptions(self, client_id: str) -> list[tuple[str, int]] | None:
        """What a client subscribed to."""
        return self.filters.get(client_id)
