"""A device's shadow, as the device sees it: by MQTT."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from lambda_nb.notebook.connection.clients import Clients
from lambda_nb.notebook.devices.messages import Received, Subscription
from lambda_nb.notebook.errors import aws_errors


class Connection(Protocol):
    """The device, as its shadow uses it."""

    name: str

    def publish(self, topic: str, payload: Any) -> None:
        """Send a message."""

    def publish_soon(self, topic: str, payload: Any, *, qos: int = 0) -> None:
        """Send a message and do not wait."""

    def subscribe(self, topic_filter: str, call: Callable[[Received], None]) -> Subscription:
        """Get messages."""


class Shadow:
    """The shadow of a device: what it should be like, and what it is like.

    Parameters
    ----------
    device
        The device.
    clients
        The notebook's connection.
    name
        The shadow's name; empty for the classic one.
    """

    def __init__(self, device: Connection, clients: Clients, name: str = "") -> None:
        self._device = device
        self._clients = clients
        self.name = name

    def __getitem__(self, name: str) -> Shadow:
        """A named shadow."""
        return Shadow(self._device, self._clients, name)

    @property
    def topic(self) -> str:
        """What its topics begin with."""
        named = f"/name/{self.name}" if self.name else ""
        return f"$aws/things/{self._device.name}/shadow{named}"

    @property
    def document(self) -> dict[str, Any]:
        """State, metadata and version; empty if there is no shadow yet."""
        data = self._clients.client("iot-data")
        asked = {"thingName": self._device.name, **({"shadowName": self.name} if self.name else {})}
        with aws_errors():
            try:
                told = data.get_thing_shadow(**asked)
            except data.exceptions.ResourceNotFoundException:
                return {}
        found: dict[str, Any] = json.loads(told["payload"].read())
        return found

    @property
    def state(self) -> dict[str, Any]:
        """``desired``, ``reported`` and, where they differ, ``delta``."""
        state: dict[str, Any] = self.document.get("state", {})
        return state

    @property
    def reported(self) -> dict[str, Any]:
        """What the device last said of itself."""
        return dict(self.state.get("reported", {}))

    @property
    def desired(self) -> dict[str, Any]:
        """What the device should be like."""
        return dict(self.state.get("desired", {}))

    def report(self, state: Mapping[str, Any]) -> None:
        """Say what the device is like: only the keys that changed; ``None`` removes one."""
        self._update({"reported": dict(state)})

    def report_soon(self, state: Mapping[str, Any]) -> None:
        """The same without waiting for the broker: inside a function that gets messages."""
        told = {"state": {"reported": dict(state)}}
        self._device.publish_soon(f"{self.topic}/update", told, qos=1)

    def desire(self, state: Mapping[str, Any]) -> None:
        """Say what the device should be like."""
        self._update({"desired": dict(state)})

    def on_delta(self, call: Callable[[dict[str, Any]], None]) -> Subscription:
        """Call a function with each difference between what is desired and what is reported."""

        def receive(message: Received) -> None:
            call(message.payload["state"])

        return self._device.subscribe(f"{self.topic}/update/delta", receive)

    def _update(self, state: dict[str, Any]) -> None:
        self._device.publish(f"{self.topic}/update", {"state": state})

    def __repr__(self) -> str:
        return f"<shadow {self.name or 'classic'} of {self._device.name}: {self.state}>"
