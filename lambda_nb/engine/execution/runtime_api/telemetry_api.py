"""The Telemetry API and the older Logs API: they send log events to extensions.

An extension subscribes while the environment initialises. It then gets events in batches, by HTTP
or TCP, and nothing waits for it. A frozen environment gets its pending events when it is thawed.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lambda_nb.engine.execution.clock import iso
from lambda_nb.engine.execution.logs.log_stream import FunctionLog
from lambda_nb.engine.execution.runtime_api.extensions import Extensions
from lambda_nb.engine.execution.runtime_api.http1 import Request, Route
from lambda_nb.rules import loglines

_TYPES = ("platform", "function", "extension")
_LOCAL_NAMES = ("sandbox.localdomain", "sandbox", "localhost", "127.0.0.1")
_PATIENCE_S = 900.0
_APIS: dict[str, type[loglines.TelemetrySubscription] | type[loglines.LogsSubscription]] = {
    "/2022-07-01/telemetry": loglines.TelemetrySubscription,
    "/2020-08-15/logs": loglines.LogsSubscription,
}


@dataclass(frozen=True, slots=True)
class Destination:
    """Where events go: ``HTTP`` or ``TCP``, a loopback port, and for HTTP a path."""

    protocol: str
    port: int
    path: str = "/"


@dataclass(frozen=True, slots=True)
class Buffering:
    """When to send a batch: at this many bytes or items, or milliseconds after the first event."""

    max_bytes: int = 262_144
    max_items: int = 10_000
    timeout_ms: int = 1000


class Subscription:
    """One subscriber: collects events and sends them in batches, in order."""

    def __init__(
        self, destination: Destination, buffering: Buffering, types: frozenset[str]
    ) -> None:
        self._destination = destination
        self._buffering = buffering
        self._types = types
        self._events: list[dict[str, Any]] = []
        self._bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._sending: asyncio.Task[None] | None = None

    def take(self, kind: str, at: int, record: object) -> None:
        """Add one event, if its type is subscribed to."""
        if kind.partition(".")[0] not in self._types:
            return
        event = {"time": iso(at), "type": kind, "record": record}
        self._events.append(event)
        self._bytes += len(str(record))
        limits = self._buffering
        if len(self._events) >= limits.max_items or self._bytes >= limits.max_bytes:
            self.send()
        elif self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(limits.timeout_ms / 1000, self.send)

    def send(self) -> None:
        """Send the collected events, after the batch that is being sent."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._events:
            batch, self._events, self._bytes = self._events, [], 0
            self._sending = asyncio.get_running_loop().create_task(
                self._deliver(batch, self._sending)
            )

    async def finish(self, seconds: float) -> None:
        """Send what is left, within this many seconds."""
        self.send()
        if self._sending is not None:
            await asyncio.wait([self._sending], timeout=seconds)
            self._sending.cancel()

    def drop(self) -> None:
        """Send no more: the subscriber is gone."""
        self._events.clear()
        if self._timer is not None:
            self._timer.cancel()
        if self._sending is not None:
            self._sending.cancel()

    async def _deliver(
        self, batch: list[dict[str, Any]], before: asyncio.Task[None] | None
    ) -> None:
        if before is not None:
            await asyncio.wait([before])
        to = self._destination
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", to.port)
        except OSError:
            return  # nobody listens (yet): such events are lost, as on AWS
        try:
            if to.protocol == "TCP":
                writer.write(b"".join(json.dumps(e).encode() + b"\n" for e in batch))
                await writer.drain()
                return
            body = json.dumps(batch).encode()
            head = (
                f"POST {to.path} HTTP/1.1\r\nHost: sandbox.localdomain:{to.port}\r\n"
                "Content-Type: application/json\r\nConnection: close\r\n"
                f"Content-Length: {len(body)}\r\n\r\n"
            )
            writer.write(head.encode() + body)
            await writer.drain()
            await asyncio.wait_for(reader.read(), _PATIENCE_S)
        except (OSError, asyncio.TimeoutError):
            return
        finally:
            writer.close()


class Subscriptions:
    """The subscribers of one environment. ``routes`` belong on its listener."""

    def __init__(self, extensions: Extensions, log: FunctionLog) -> None:
        self._extensions = extensions
        self._log = log
        self._subscriptions: dict[str, Subscription] = {}
        self.routes: dict[tuple[str, str], Route] = {
            ("PUT", path): self._subscribe for path in _APIS
        }

    def begin(self) -> None:
        """New processes start: nobody has subscribed."""
        for subscription in self._subscriptions.values():
            subscription.drop()
        self._subscriptions.clear()
        self._log.listeners.clear()

    async def finish(self, seconds: float) -> None:
        """Send all subscribers what is left."""
        waiting = [s.finish(seconds) for s in self._subscriptions.values()]
        await asyncio.gather(*waiting)

    def _subscribe(self, request: Request) -> None:
        identifier = request.headers.get("lambda-extension-identifier", "")
        extension = self._extensions.known(identifier)
        if extension is None:
            message = f"Unknown extension {identifier}"
            request.refuse(403, "Extension.UnknownExtensionIdentifier", message)
            return
        try:
            destination, buffering, types = _read(bytes(request.body))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            request.refuse(400, "ValidationError", f"The subscription is not valid: {error}")
            return
        if identifier in self._subscriptions:
            self._log.listeners.remove(self._subscriptions[identifier].take)
        subscription = Subscription(destination, buffering, types)
        self._subscriptions[identifier] = subscription
        request.reply(200, b'"OK"')
        line = _APIS[request.path](extension.name, "Subscribed", tuple(sorted(types)))
        self._log.subscribe(subscription.take)
        self._log.platform(line)


def _read(body: bytes) -> tuple[Destination, Buffering, frozenset[str]]:
    """What a subscription asks for. Raises if it is malformed."""
    asked = json.loads(body)
    types = frozenset(asked["types"])
    unknown = types.difference(_TYPES)
    if unknown or not types:
        raise ValueError(f"types {sorted(types)} must be some of {list(_TYPES)}")
    wanted = asked.get("buffering") or {}
    buffering = Buffering(
        _within(wanted, "maxBytes", 262_144, 262_144, 1_048_576),
        _within(wanted, "maxItems", 10_000, 1000, 10_000),
        _within(wanted, "timeoutMs", 1000, 25, 30_000),
    )
    destination = asked["destination"]
    protocol = destination.get("protocol", "HTTP")
    if protocol == "TCP":
        return Destination("TCP", int(destination["port"])), buffering, types
    if protocol != "HTTP":
        raise ValueError(f"destination protocol {protocol!r} must be HTTP or TCP")
    url = urlsplit(destination["URI"])
    if url.scheme != "http" or url.hostname not in _LOCAL_NAMES:
        raise ValueError(f"destination {destination['URI']!r} must be on sandbox.localdomain")
    return Destination("HTTP", url.port or 80, url.path or "/"), buffering, types


def _within(wanted: dict[str, Any], name: str, otherwise: int, least: int, most: int) -> int:
    value = int(wanted.get(name, otherwise))
    if not least <= value <= most:
        raise ValueError(f"{name} is {value}; it must be from {least} to {most}")
    return value
