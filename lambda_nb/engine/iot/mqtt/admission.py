"""What the broker asks before it lets a client in: who it is, and what it may do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from lambda_nb.engine.iot.message import Message, Sender

Action = Literal["publish", "subscribe", "receive", "retain"]

May = Callable[[Action, str], bool]
"""Whether a client may do something with a topic (for ``subscribe``: with a topic filter).

``retain`` is asked in addition to ``publish`` for a message with the retain flag. For a shared
subscription, ``subscribe`` is asked with the whole ``$share/GROUP/FILTER``.
"""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who signed a WebSocket's request with Signature V4; the signature was right.

    Parameters
    ----------
    access_key : str
        The access key id.
    region : str
        The Region that it was signed for.
    """

    access_key: str
    region: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A client that wants to connect.

    Attributes
    ----------
    client_id : str
        As it named itself, or as the broker named it if it left that to the broker.
    username, password
        Of its CONNECT packet.
    certificate_der
        The certificate that it showed, DER; its key was proven by the handshake.
    source_ip
        Its address.
    sigv4
        Who signed the request of a WebSocket; ``None`` unless it came with a right signature.
    server_name
        What it called the server in TLS (SNI); a custom domain may be known by it.
    clean : bool
        Whether its session ends with its connection: the attribute ``PersistentConnect`` of
        ``iot:ConnectAttributes`` in a policy is its opposite.
    will
        Its last will. AWS refuses a client that may not publish it.
    protocol : str
        ``mqtt``, or ``http`` for one over a WebSocket: AWS's words in ``protocols`` of an
        authorizer's event are ``tls``, ``mqtt`` and ``http``.
    headers, query
        Those of a WebSocket's request, names in lower case; the query percent-encoded.
    tls : bool
        Whether the connection is encrypted.
    """

    client_id: str
    username: str | None = None
    password: bytes | None = None
    certificate_der: bytes | None = None
    source_ip: str = "127.0.0.1"
    sigv4: Principal | None = None
    server_name: str | None = None
    clean: bool = True
    will: Message | None = None
    protocol: Literal["mqtt", "http"] = "mqtt"
    headers: Mapping[str, str] = field(default_factory=dict)
    query: str = ""
    tls: bool = False


@dataclass(frozen=True, slots=True)
class Admitted:
    """A client that may connect.

    Attributes
    ----------
    sender : Sender
        Stamped on every message of its.
    may : callable
        Asked for each message and subscription; it must answer at once.
    refresh_s : float or None
        Seconds after which the admission is asked again: a custom authorizer's
        ``refreshAfterInSeconds``. If it then refuses, the client is disconnected.
    disconnect_after_s : float or None
        Seconds after which the client is disconnected in any case: an authorizer's
        ``disconnectAfterInSeconds``.
    principal_identifier : str
        What lifecycle events call it; empty for the sender's principal.
    exclusive_thing : str
        The thing that the certificate is attached to exclusively, for lifecycle events.
    """

    sender: Sender
    may: May
    refresh_s: float | None = None
    disconnect_after_s: float | None = None
    principal_identifier: str = ""
    exclusive_thing: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A client that may not connect.

    Attributes
    ----------
    why : {"not_authorized", "bad_credentials", "client_id"}
        It becomes the return code of MQTT 3.1.1 (5, 4, 2) or the reason code of MQTT 5 (135, 134,
        133).
    reason : str
        For people; goes to the client in MQTT 5, and to the log.
    principal : str
        What lifecycle events call it, if it is known.
    """

    why: Literal["not_authorized", "bad_credentials", "client_id"] = "not_authorized"
    reason: str = ""
    principal: str = ""


class Admission(Protocol):
    """Decides who may connect."""

    async def connect(self, attempt: Attempt) -> Admitted | Refused:
        """Let a client in, or refuse it.

        It is asked again for a client that is connected, after ``refresh_s``.
        """
