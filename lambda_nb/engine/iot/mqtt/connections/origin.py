"""Where a connection came from, before its first packet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from lambda_nb.engine.api.wire.tls import CERTIFICATE_DER, SERVER_NAME
from lambda_nb.engine.iot.mqtt.admission import Principal


@dataclass(frozen=True, slots=True)
class Origin:
    """What is known of a connection by its transport alone.

    The attributes are those of :class:`~lambda_nb.engine.iot.mqtt.admission.Attempt`.
    """

    source_ip: str = "127.0.0.1"
    certificate_der: bytes | None = None
    server_name: str | None = None
    tls: bool = False
    protocol: Literal["mqtt", "http"] = "mqtt"
    sigv4: Principal | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""


class Transport(Protocol):
    """asyncio's transport, as far as it is asked about a connection."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What is known of the connection."""


def origin_of(transport: Transport) -> Origin:
    """What a transport, plain or with TLS, knows of its connection."""
    peer = transport.get_extra_info("peername")
    return Origin(
        source_ip=peer[0] if isinstance(peer, tuple) else "127.0.0.1",
        certificate_der=transport.get_extra_info(CERTIFICATE_DER),
        server_name=transport.get_extra_info(SERVER_NAME),
        tls=transport.get_extra_info("sslcontext") is not None,
    )


class Line(Protocol):
    """What carries the bytes of a connection: asyncio's transport, or a WebSocket."""

    def write(self, data: bytes) -> None:
        """Send bytes."""

    def close(self) -> None:
        """Send what waits, then end."""

    def abort(self) -> None:
        """End at once."""

    def pause_reading(self) -> None:
        """Take no more bytes of the client."""

    def resume_reading(self) -> None:
        """Take bytes again."""
