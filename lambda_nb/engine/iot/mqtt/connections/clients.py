"""Who is connected, and what all connections share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from lambda_nb.engine.iot.message import Sender
from lambda_nb.engine.iot.mqtt.admission import Admission
from lambda_nb.engine.iot.mqtt.codec.reasons import Reason
from lambda_nb.engine.iot.mqtt.delivery.hub import Hub
from lambda_nb.engine.iot.mqtt.delivery.lifecycle import Ended


@dataclass(frozen=True, slots=True)
class Connected:
    """One client that is connected.

    Attributes
    ----------
    client_id, sender
        Who it is.
    since_ms
        When it connected, epoch ms.
    clean
        Whether its session ends with its connection.
    session_expiry_s, keep_alive_s
        How long its session lasts without it, and its keep alive, s.
    topic_filters
        What it subscribed to.
    """

    client_id: str
    sender: Sender
    since_ms: int
    clean: bool
    session_expiry_s: float
    keep_alive_s: int
    topic_filters: tuple[str, ...]


class Client(Protocol):
    """A connection whose client was let in."""

    def told(self) -> Connected:
        """What is known of it."""

    def end(self, why: Ended, reason: Reason | None, text: str = "", *, will: bool = True) -> None:
        """End it."""


@dataclass(slots=True)
class Clients:
    """What the connections of one broker share.

    Attributes
    ----------
    hub
        Sessions and messages.
    admission
        Lets clients in.
    here
        Those that are in, by client id.
    open
        All connections, those that did not send CONNECT yet included: each by what ends it.
    """

    hub: Hub
    admission: Admission
    here: dict[str, Client] = field(default_factory=dict)
    open: set[Callable[[], None]] = field(default_factory=set)
