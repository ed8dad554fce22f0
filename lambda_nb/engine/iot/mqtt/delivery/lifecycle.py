"""Lifecycle events: what AWS publishes when clients connect, disconnect and subscribe.

From the IoT guide, page "Lifecycle events", 2026.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from lambda_nb.engine.identifiers import uuid4
from lambda_nb.engine.iot.message import Message

_EVENTS = "$aws/events"


class Ended(Enum):
    """Why a connection ended (``disconnectReason``)."""

    AUTH_ERROR = "AUTH_ERROR"
    CLIENT_INITIATED = "CLIENT_INITIATED_DISCONNECT"
    CLIENT_ERROR = "CLIENT_ERROR"
    CONNECTION_LOST = "CONNECTION_LOST"
    DUPLICATE_CLIENT_ID = "DUPLICATE_CLIENTID"
    FORBIDDEN_ACCESS = "FORBIDDEN_ACCESS"
    KEEP_ALIVE_TIMEOUT = "MQTT_KEEP_ALIVE_TIMEOUT"
    SERVER_ERROR = "SERVER_ERROR"
    SERVER_INITIATED = "SERVER_INITIATED_DISCONNECT"
    API_INITIATED = "API_INITIATED_DISCONNECT"
    THROTTLED = "THROTTLED"
    CUSTOM_AUTH_EXPIRED = "CUSTOMAUTH_TTL_EXPIRATION"


@dataclass(frozen=True, slots=True)
class Visit:
    """One connection of a client, as its events tell it.

    Attributes
    ----------
    client_id, principal, source_ip
        Who connected, with what, and from where.
    thing
        Its name, if the certificate is attached to it exclusively.
    session
        Identifies the session.
    version
        Grows with each connection of the client.
    """

    client_id: str
    principal: str
    source_ip: str
    thing: str
    session: str
    version: int


class Lifecycle:
    """Publishes the events.

    Parameters
    ----------
    publish
        Takes them.
    """

    def __init__(self, publish: Callable[[Message], object]) -> None:
        self._publish = publish

    def connected(self, visit: Visit) -> None:
        """A client connected."""
        event = {**_head(visit, "connected"), "ipAddress": visit.source_ip}
        self._say("presence/connected", visit.client_id, {**event, "versionNumber": visit.version})

    def disconnected(self, visit: Visit, why: Ended) -> None:
        """A client's connection ended."""
        event = {
            **_head(visit, "disconnected"),
            "clientInitiatedDisconnect": why is Ended.CLIENT_INITIATED,
            "disconnectReason": why.value,
            "versionNumber": visit.version,
        }
        self._say("presence/disconnected", visit.client_id, event)

    def refused(self, client_id: str, principal: str, source_ip: str) -> None:
        """A client was not let in."""
        event = {
            "clientId": client_id,
            "timestamp": int(time.time() * 1000),
            "eventType": "connect_failed",
            "connectFailureReason": "AUTHORIZATION_FAILED",
            "principalIdentifier": principal,
            "sessionIdentifier": uuid4(),
            "ipAddress": source_ip,
        }
        self._say("presence/connect_failed", client_id, event)

    def subscribed(self, visit: Visit, topics: list[str]) -> None:
        """A client subscribed."""
        event = {**_head(visit, "subscribed"), "topics": topics}
        self._say("subscriptions/subscribed", visit.client_id, event)

    def unsubscribed(self, visit: Visit, topics: list[str]) -> None:
        """A client unsubscribed."""
        event = {**_head(visit, "unsubscribed"), "topics": topics}
        self._say("subscriptions/unsubscribed", visit.client_id, event)

    def _say(self, what: str, client_id: str, event: dict[str, Any]) -> None:
        if "#" not in client_id and "+" not in client_id:
            payload = json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()
            self._publish(Message(f"{_EVENTS}/{what}/{client_id}", payload, qos=1))


def _head(visit: Visit, kind: str) -> dict[str, Any]:
    head: dict[str, Any] = {"clientId": visit.client_id}
    if visit.thing:
        head["thingName"] = visit.thing
    return {
        **head,
        "timestamp": int(time.time() * 1000),
        "eventType": kind,
        "sessionIdentifier": visit.session,
        "principalIdentifier": visit.principal,
    }
