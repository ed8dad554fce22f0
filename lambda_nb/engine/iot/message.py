"""A message of MQTT, and what the rooms of IoT do with messages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Sender:
    """The connection that a message came from.

    ``principal`` is the id of the certificate, the access key or the authorizer's principal;
    ``thing`` the thing that the certificate is attached to and the client id names, if any.
    """

    client_id: str
    principal: str = ""
    source_ip: str = "127.0.0.1"
    username: str = ""
    thing: str = ""


@dataclass(frozen=True, slots=True)
class Properties:
    """Properties of a message in MQTT 5; ``expiry_s`` in seconds, ``None`` for no end."""

    user: tuple[tuple[str, str], ...] = ()
    content_type: str | None = None
    response_topic: str | None = None
    correlation_data: bytes | None = None
    is_text: bool | None = None
    expiry_s: int | None = None


NO_PROPERTIES = Properties()


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Attributes
    ----------
    topic : str
        Its topic, without wildcards.
    payload : bytes
        At most 128 KB, as AWS takes (IoT Core quotas, "Message broker limits").
    qos : int
        0 or 1.
    retain : bool
        Whether the broker keeps it for later subscribers.
    sender : Sender or None
        Where it came from; ``None`` for one of the service itself, or of a signed HTTP call.
    properties : Properties
        Those of MQTT 5.
    """

    topic: str
    payload: bytes
    qos: int = 0
    retain: bool = False
    sender: Sender | None = None
    properties: Properties = field(default=NO_PROPERTIES)


Receive = Callable[[Message], "Awaitable[None] | None"]
"""Takes a message. A message of QoS 1 is acknowledged to its sender once all have returned."""


class Topics(Protocol):
    """The broker of a Region, as the rooms of IoT see it."""

    async def publish(self, message: Message) -> None:
        """Deliver a message to every subscriber, tap and rule; returns once all taps have it."""

    def tap(self, topic_filter: str, receive: Receive) -> Callable[[], None]:
        """Give each message of a filter's topics to a function; returns what ends that."""
