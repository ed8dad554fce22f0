"""What the data API asks of the broker, beside its topics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from lambda_nb.engine.iot.message import Message, Sender


class Retained(Protocol):
    """A retained message, and when it came, in milliseconds since 1970."""

    @property
    def message(self) -> Message:
        """The message."""

    @property
    def at_ms(self) -> int:
        """When it was stored."""


class Connected(Protocol):
    """A client that is connected."""

    @property
    def client_id(self) -> str:
        """As it named itself."""

    @property
    def sender(self) -> Sender:
        """What its messages are stamped with."""

    @property
    def since_ms(self) -> int:
        """When it connected, in milliseconds since 1970."""

    @property
    def clean(self) -> bool:
        """Whether its session ends with the connection."""

    @property
    def session_expiry_s(self) -> float:
        """Seconds that its session lasts without it."""

    @property
    def keep_alive_s(self) -> int:
        """Seconds after which it is given up if it says nothing."""


class Broker(Protocol):
    """The broker of a Region, as the data API uses it."""

    async def publish(self, message: Message) -> None:
        """Deliver a message."""

    def retained(self, topic: str) -> Retained | None:
        """The retained message of a topic."""

    def all_retained(self) -> Sequence[Retained]:
        """All of them, by topic."""

    def connection(self, client_id: str) -> Connected | None:
        """A client's connection, if it is connected."""

    async def disconnect(
        self, client_id: str, *, clean_session: bool = False, prevent_will: bool = False
    ) -> bool:
        """End a client's connection; false if there is none."""

    async def give(self, client_id: str, message: Message) -> bool:
        """Send a message to one client that is connected; false if it is not."""

    def subscriptions(self, client_id: str) -> Sequence[tuple[str, int]] | None:
        """Filters and qualities of service of a client's session; ``None`` if it has none."""
