"""The address of another broker, as ``serve --mqtt URL`` takes it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from lambda_nb.engine.iot.mqtt.codec.packets import V3, V5

_PORTS = {"mqtt": 1883, "mqtts": 8883, "ws": 80, "wss": 443}
_SETTINGS = ("ca", "cert", "client_id", "key", "version")
_VERSIONS = {"3": V3, "3.1.1": V3, "5": V5}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a broker is, and how to get in.

    Attributes
    ----------
    host, port, path
        Its address; the path is that of a WebSocket.
    tls, web_socket
        How it is spoken to.
    username, password, ca, cert, key
        Who the engine is; the last three are files (PEM).
    client_id
        With one, the engine has a persistent session: what comes while it is down waits for it.
    version
        4 for MQTT 3.1.1, 5 for MQTT 5.
    """

    host: str
    port: int
    path: str = "/mqtt"
    tls: bool = False
    web_socket: bool = False
    username: str | None = None
    password: str | None = None
    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    client_id: str = ""
    version: int = V5

    @classmethod
    def parse(cls, url: str) -> Address:
        """Read a URL.

        Parameters
        ----------
        url
            ``mqtt``, ``mqtts``, ``ws`` or ``wss``; user and password before the host; in the query
            ``ca``, ``cert`` and ``key`` (files), ``client_id``, and ``version`` (3 or 5).

        Raises
        ------
        ValueError
            If it is no such URL; the message says why.

        Examples
        --------
        >>> Address.parse("mqtts://me:secret@broker.example?client_id=nb").port
        8883
        """
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            text = f"{url!r} is no MQTT broker; write one as mqtt://HOST:PORT (mqtts, ws, wss)."
            raise ValueError(text)
        said = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        for name in said:
            if name not in _SETTINGS:
                raise ValueError(f"{name!r} is no setting of a broker; there are {_SETTINGS}.")
        version = said.get("version", "5")
        if version not in _VERSIONS:
            raise ValueError(f"MQTT {version!r} is not spoken here; write version=3 or version=5.")
        if ("cert" in said) != ("key" in said):
            raise ValueError("A certificate needs its key: write both cert= and key=.")
        return cls(
            parts.hostname,
            parts.port or _PORTS[parts.scheme],
            parts.path or "/mqtt",
            parts.scheme in ("mqtts", "wss"),
            parts.scheme in ("ws", "wss"),
            None if parts.username is None else unquote(parts.username),
            None if parts.password is None else unquote(parts.password),
            said.get("ca"),
            said.get("cert"),
            said.get("key"),
            said.get("client_id", ""),
            _VERSIONS[version],
        )
