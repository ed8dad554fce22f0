"""Where devices come in: MQTT on the engine's port, plain, with TLS or in a WebSocket."""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from lambda_nb.engine.api.admission.gate import Gate
from lambda_nb.engine.api.neighbours.service_changes import ServiceChanges
from lambda_nb.engine.api.wire.certificates import Anchors
from lambda_nb.engine.api.wire.http import HttpRequest, Receive, Scope, Send
from lambda_nb.engine.api.wire.tls import CERTIFICATE_DER, SERVER_NAME
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.iot.iot import Iot

if TYPE_CHECKING:
    from lambda_nb.engine.iot.data_api.device_requests import DeviceRequests
    from lambda_nb.engine.iot.mqtt.broker import Broker
    from lambda_nb.engine.iot.mqtt.external import ExternalBroker
    from lambda_nb.engine.iot.parts import Parts

log = logging.getLogger(__name__)

WEB_SOCKET_PATH = "/mqtt"
_OF_A_REGION = re.compile(r"[a-z0-9-]+\.iot\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?")
_SNI_ONLY = "SNI_ONLY"
"""The mode of certificates that were registered without their authority."""


class Region(Protocol):
    """One Region, as the doors see it."""

    name: str
    iot: Iot


class Regions(Protocol):
    """The Regions of an engine."""

    @property
    def home(self) -> Region:
        """The Region of connections that name none."""

    def all(self) -> Sequence[Region]:
        """Those that are open, the home Region first."""

    async def named(self, name: str) -> Region:
        """The Region of a name, opened if need be."""


class DeviceDoor:
    """Finds the broker that a device means.

    Parameters
    ----------
    regions
        The Regions.
    gate
        Checks signatures.
    changes
        Say when certificates may have been registered.
    authority
        The file of the authority that signs the certificates of devices, once there is one.
    """

    def __init__(
        self, regions: Regions, gate: Gate, changes: ServiceChanges, authority: Path
    ) -> None:
        self._regions = regions
        self._gate = gate
        self._changes = changes
        self._authority = authority
        self._web_socket: Callable[[Scope, Receive, Send], Awaitable[None]] | None = None
        self._known: tuple[Any, Sequence[bytes]] | None = None

    async def protocol(self, transport: asyncio.Transport) -> asyncio.Protocol | None:
        """What speaks MQTT over a transport; ``None`` if nobody can, which the log explains."""
        try:
            named = transport.get_extra_info(SERVER_NAME)
            parts = await self._meant(named, transport.get_extra_info(CERTIFICATE_DER))
        except Exception:
            log.exception("an MQTT connection cannot be taken")
            return None
        return parts.broker.connect_from(transport)

    async def connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one connection over a WebSocket, or refuse it; returns when it has ended."""
        if self._web_socket is None:
            await self._regions.home.iot.opened()  # loads what follows in a thread
            from lambda_nb.engine.iot.mqtt.connections.web_socket import WebSocketDoor

            door = WebSocketDoor(self._gate.verifier, self._broker_of, is_open=self._gate.open)
            self._web_socket = door.connect
        await self._web_socket(scope, receive, send)

    async def requests(self, request: HttpRequest) -> DeviceRequests:
        """What answers a device's HTTPS request."""
        return (await self._meant(None, request.certificate)).device_requests

    async def anchors(self) -> Anchors:
        """The certificates by which those of devices are trusted."""
        regions = [region for region in self._regions.all() if region.iot.is_open]
        if not regions and not self._authority.exists():
            return Anchors(None, ())
        made = self._authority.stat().st_mtime_ns if self._authority.exists() else 0
        names = tuple(region.name for region in self._regions.all())
        revision = (made, names, *(self._changes.revision(name) for name in names))
        if self._known is None or self._known[0] != revision:
            found: list[bytes] = []
            if made:
                found.append(_der(self._authority.read_text()))
            for region in self._regions.all():
                found += await _registered(await region.iot.opened())
            self._known = revision, found
        return Anchors(*self._known)

    async def _broker_of(self, name: str | None) -> Broker | ExternalBroker:
        region = self._regions.home if name is None else await self._regions.named(name)
        return (await region.iot.opened()).broker

    async def _meant(self, server_name: str | None, shown: bytes | None) -> Parts:
        """The Region that a connection names, or that knows its certificate; else the home."""
        named = _OF_A_REGION.fullmatch(server_name or "")
        if named is not None:
            region = await self._regions.named(named["region"])
            return await region.iot.opened()
        home, *others = self._regions.all()
        if shown is not None and others:
            from lambda_nb.engine.iot.admission.registry import identifier_of

            for region in (home, *others):
                parts = await region.iot.opened()
                if await parts.registry.certificate(identifier_of(shown)) is not None:
                    return parts
        return await home.iot.opened()


async def _registered(parts: Parts) -> list[bytes]:
    """Authorities that people registered, and certificates that they registered without one."""
    found = [_der(authority.pem) for authority in await parts.registry.authorities()]
    marker: dict[str, str] = {}
    while True:
        try:
            page = await parts.registry.call("list_certificates", pageSize=250, **marker) or {}
        except AWSError as error:
            if error.status < 500:  # a service elsewhere that has no such operation
                return found
            raise  # it is in trouble: what is known stays in force, and it is asked again
        for one in page.get("certificates", ()):
            if one.get("certificateMode") == _SNI_ONLY:
                told = await parts.registry.call(
                    "describe_certificate", certificateId=one["certificateId"]
                )
                if told is not None:
                    found.append(_der(told["certificateDescription"]["certificatePem"]))
        if not page.get("nextMarker"):
            return found
        marker = {"marker": page["nextMarker"]}


def _der(pem: str) -> bytes:
    return ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN CERTIFICATE") :].strip())
