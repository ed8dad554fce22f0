"""How a client gets in: the admission is asked, its session found, an older connection ended."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from typing import Protocol

from lambda_nb.engine.identifiers import uuid4
from lambda_nb.engine.iot.message import Message
from lambda_nb.engine.iot.mqtt.admission import Admitted, Attempt, Refused
from lambda_nb.engine.iot.mqtt.codec.packets import Connect, Property
from lambda_nb.engine.iot.mqtt.codec.reasons import Reason
from lambda_nb.engine.iot.mqtt.connections import handshake
from lambda_nb.engine.iot.mqtt.connections.clients import Client, Clients, Connected
from lambda_nb.engine.iot.mqtt.connections.handshake import Terms
from lambda_nb.engine.iot.mqtt.connections.incoming import Answering, Incoming
from lambda_nb.engine.iot.mqtt.connections.origin import Origin
from lambda_nb.engine.iot.mqtt.delivery.lifecycle import Ended, Visit
from lambda_nb.engine.iot.mqtt.delivery.sessions import Session

log = logging.getLogger(__name__)

_NO_CONTROLS = dict.fromkeys((*range(32), *range(127, 160), 8232, 8233), "?")


class Entrant(Client, Answering, Protocol):
    """A connection whose client wants to get in."""


@dataclass(slots=True)
class Member:
    """A client that is in.

    Attributes
    ----------
    terms, session, incoming, visit
        What it got, its session, what takes its messages, how its events tell of it.
    admitted
        What the admission said.
    will, will_delay_s
        Its last will, and seconds to wait with it.
    present
        Whether its session was there before.
    """

    terms: Terms
    session: Session
    incoming: Incoming
    visit: Visit
    admitted: Admitted
    will: Message | None
    will_delay_s: float
    present: bool
    since_ms: int

    def told(self) -> Connected:
        """What is known of it."""
        session = self.session
        return Connected(
            self.terms.client_id,
            self.incoming.sender,
            self.since_ms,
            not session.lasts,
            session.expiry_s,
            self.terms.keep_alive_s,
            tuple(session.subscriptions),
        )


async def ask(clients: Clients, attempt: Attempt, *, again: bool = False) -> Admitted:
    """Ask the admission; ``again`` about a client that is in already.

    Raises
    ------
    NoEntry
        If it refuses the client, or the client may not publish its will.
    """
    answer = await clients.admission.connect(attempt)
    will = attempt.will
    if isinstance(answer, Admitted):
        if will is None or (
            answer.may("publish", will.topic)
            and (not will.retain or answer.may("retain", will.topic))
        ):
            return answer
        principal = answer.principal_identifier or answer.sender.principal
        answer = Refused(reason=f"it may not publish its will to {will.topic}", principal=principal)
    # What a client calls itself may stand in the reason as well: no new lines in the log by it.
    why = answer.reason.translate(_NO_CONTROLS)
    log.warning("MQTT client %r from %s is refused: %s", attempt.client_id, attempt.source_ip, why)
    if not again:
        clients.hub.lifecycle.refused(attempt.client_id, answer.principal, attempt.source_ip)
    raise handshake.refusal(answer)


def asked(connect: Connect, most_expiry_s: float, origin: Origin) -> tuple[Terms, Attempt]:
    """What a client that sent CONNECT would get, and what the admission is asked.

    Raises
    ------
    NoEntry
        If it asks for what nobody gets.
    """
    terms = handshake.terms(connect, most_expiry_s)
    return terms, handshake.attempt(connect, terms, origin)


def admit(
    clients: Clients,
    entrant: Entrant,
    connect: Connect,
    terms: Terms,
    attempt: Attempt,
    admitted: Admitted,
) -> Member:
    """Let a client in; one with the same id is disconnected."""
    hub, client_id = clients.hub, terms.client_id
    before = clients.here.get(client_id)
    if before is not None:
        before.end(Ended.DUPLICATE_CLIENT_ID, Reason.SESSION_TAKEN_OVER)
    clients.here[client_id] = entrant
    session, present = hub.resume(
        client_id, connect.version, clean=connect.clean, expiry_s=terms.expiry_s
    )
    sender = admitted.sender
    visit = Visit(
        client_id,
        admitted.principal_identifier or sender.principal,
        attempt.source_ip,
        admitted.exclusive_thing,
        uuid4(),
        session.connections,
    )
    incoming = Incoming(hub, entrant, connect.version, sender, admitted.may)
    will, delay_s = attempt.will, 0.0
    if will is not None and connect.will is not None:
        will = replace(will, sender=sender)
        delay_s = float(connect.will.properties.get(Property.WILL_DELAY, 0))
    now_ms = int(time.time() * 1000)
    return Member(terms, session, incoming, visit, admitted, will, delay_s, present, now_ms)
