"""A broker in memory for tests of what listens to topics and publishes on them."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import Any

from lambda_nb.engine.iot.message import Message, Receive
from lambda_nb.engine.iot.topic_filters import TopicTree, check_topic


class MemoryTopics:
    """Implements ``Topics``: every tap has a message when ``publish`` returns, in its order.

    Attributes
    ----------
    messages : list of Message
        All that was published.
    """

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._taps: TopicTree[Receive] = TopicTree()

    async def publish(self, message: Message) -> None:
        """Deliver a message."""
        check_topic(message.topic)
        self.messages.append(message)
        for receive in list(self._taps.find(message.topic)):
            received = receive(message)
            if inspect.isawaitable(received):
                await received

    def tap(self, topic_filter: str, receive: Receive) -> Callable[[], None]:
        """Give messages to a function; returns what ends that."""
        self._taps.add(topic_filter, receive)

        def untap() -> None:
            self._taps.remove(topic_filter, receive)

        return untap

    async def say(self, topic: str, document: Any = None, **given: Any) -> None:
        """Publish a document as JSON, or an empty message."""
        payload = b"" if document is None else json.dumps(document).encode()
        await self.publish(Message(topic, payload, **given))

    def said(self, below: str = "") -> list[tuple[str, Any]]:
        """What was published, as (topic, document) of the topics that begin so."""
        return [
            (message.topic, json.loads(message.payload) if message.payload else None)
            for message in self.messages
            if message.topic.startswith(below)
        ]

    def take(self) -> list[tuple[str, Any]]:
        """What was published since it was last asked."""
        said = self.said()
        self.messages.clear()
        return said
