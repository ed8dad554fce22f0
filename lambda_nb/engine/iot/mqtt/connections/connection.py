"""One connection of a client, from its first byte to its last."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Coroutine
from typing import Any, cast

from lambda_nb.engine.iot.mqtt import limits
from lambda_nb.engine.iot.mqtt.codec.decoding import Decoder
from lambda_nb.engine.iot.mqtt.codec.encoding import PINGRESP, encode
from lambda_nb.engine.iot.mqtt.codec.packets import (
    V5,
    Ack,
    Connect,
    Disconnect,
    Kind,
    Packet,
    Ping,
    Property,
    Publish,
    Subscribe,
    Unsubscribe,
    Values,
)
from lambda_nb.engine.iot.mqtt.codec.reasons import PacketError, Reason, broken
from lambda_nb.engine.iot.mqtt.connections import entering, handshake, subscribing
from lambda_nb.engine.iot.mqtt.connections.clients import Clients, Connected
from lambda_nb.engine.iot.mqtt.connections.entering import Member
from lambda_nb.engine.iot.mqtt.connections.handshake import NoEntry
from lambda_nb.engine.iot.mqtt.connections.origin import Line, Origin
from lambda_nb.engine.iot.mqtt.connections.outgoing import Outgoing
from lambda_nb.engine.iot.mqtt.delivery.lifecycle import Ended

log = logging.getLogger(__name__)

_HELD_S = 1.0
"""How long a client that is not read may still be silent."""

_WHY = {Reason.NOT_AUTHORIZED: Ended.AUTH_ERROR, Reason.QUOTA_EXCEEDED: Ended.THROTTLED}


class Connection(asyncio.Protocol):
    """A connection; asyncio's protocol, which a WebSocket can also drive.

    Parameters
    ----------
    clients
        What all connections share.
    origin
        Where it came from.
    """

    def __init__(self, clients: Clients, origin: Origin) -> None:
        self._clients = clients
        self._hub = clients.hub
        self._origin = origin
        self._loop = asyncio.get_running_loop()
        self._decoder = Decoder(limits.MOST_PACKET)
        self._out = Outgoing(self._loop)
        self._line: Line | None = None
        self._late: deque[bytes] = deque()
        self._held = False
        self._over = False
        self._heard_at = self._loop.time()
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._member: Member | None = None
        self.send = self._out.send

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The line is there."""
        line = cast(asyncio.Transport, transport)
        line.set_write_buffer_limits(high=limits.MOST_UNSENT)
        self.start(line)

    def start(self, line: Line) -> None:
        """Begin, on whatever line."""
        self._line = line
        self._out.open(line)
        self._clients.open.add(self._shut)
        self._timers["watch"] = self._loop.call_later(limits.CONNECT_WITHIN_S, self._watch)

    def data_received(self, data: bytes) -> None:
        """Take bytes of the client."""
        self._heard_at = self._loop.time()
        if self._held or self._late:
            self._late.append(data)
            return
        self._decoder.feed(data)
        self._work()

    def _work(self) -> None:
        following, member = self._decoder.next, self._member
        try:
            while not self._held:
                packet = following()
                if packet is None:
                    if not self._late:
                        return
                    self._decoder.feed(self._late.popleft())
                elif member is None:
                    self._begin(packet)
                elif type(packet) is Publish:
                    member.incoming.take(packet)
                else:
                    self._handle(member, packet)
        except PacketError as error:
            self._fail(error)
        except Exception as error:
            log.exception("MQTT client %s", self._name)
            self.give_up(error)

    def _begin(self, packet: Packet) -> None:
        self._out.version = self._decoder.version
        if not isinstance(packet, Connect):
            raise broken("the first packet is not CONNECT")
        self.hold()
        self._task(self._enter(packet))

    def _handle(self, member: Member, packet: Packet) -> None:
        if isinstance(packet, Ack) and packet.kind == Kind.PUBACK:
            member.session.acknowledge(packet.packet_id)
        elif isinstance(packet, Ping) and packet.kind == Kind.PINGREQ:
            self.send(PINGRESP)
        elif isinstance(packet, Subscribe):
            self._subscribe(member, packet)
        elif isinstance(packet, Unsubscribe):
            answer, gone = subscribing.unsubscribe(self._hub, member.session, packet)
            self._when_stored(encode(answer, self._out.version))
            if gone:
                self._hub.lifecycle.unsubscribed(member.visit, gone)
        elif isinstance(packet, Disconnect):
            self._leave(member, packet)
        else:
            raise broken(f"{type(packet).__name__} may not be sent here")

    def _subscribe(self, member: Member, packet: Subscribe) -> None:
        session = member.session
        outcome = subscribing.subscribe(self._hub, session, member.incoming.may, packet)
        self._when_stored(encode(outcome.answer, self._out.version))
        for subscription in outcome.retained:
            self._hub.give_retained(session, subscription)
        if outcome.topics:
            self._hub.lifecycle.subscribed(member.visit, outcome.topics)
            self._hub.routes.begin(session)
        if outcome.too_many:
            text = f"a connection has at most {limits.MOST_SUBSCRIPTIONS} subscriptions"
            raise PacketError(Reason.QUOTA_EXCEEDED, text)

    def _leave(self, member: Member, packet: Disconnect) -> None:
        session = member.session
        expiry_s = packet.properties.get(Property.SESSION_EXPIRY)
        if expiry_s is not None:
            if expiry_s and not session.lasts:
                raise broken("a session that was to end cannot be made to last")
            self._hub.set_expiry(session, float(expiry_s))
        with_will = self._out.version == V5 and packet.reason != Reason.SUCCESS
        self.end(Ended.CLIENT_INITIATED, None, will=with_will)

    def _task(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _enter(self, connect: Connect) -> None:
        """Let the client in, or refuse it."""
        try:
            terms, attempt = entering.asked(connect, self._hub.session_expiry_s, self._origin)
            admitted = await entering.ask(self._clients, attempt)
            if self._gone():
                return
            member = entering.admit(self._clients, self, connect, terms, attempt, admitted)
            self._member = member
            if (stored := self._hub.stored()) is not None:
                await stored
        except NoEntry as why:
            self._refuse(why)
            return
        except Exception:
            log.exception("MQTT client %r could not be let in", connect.client_id)
            self._refuse(NoEntry(Reason.SERVER_UNAVAILABLE, "an error of the server"))
            return
        if self._gone():
            return
        out = self._out
        out.window, out.largest, out.may = terms.window, terms.largest, admitted.may
        self.send(encode(handshake.accepted(connect, terms, member.present), out.version))
        self._hub.lifecycle.connected(member.visit)
        self._timers.pop("watch").cancel()
        self._watch()
        if admitted.disconnect_after_s is not None:
            self._timers["end"] = self._loop.call_later(admitted.disconnect_after_s, self._expire)
        self._refresh_later(member, connect)
        member.session.begin(out)
        self._hub.routes.begin(member.session)
        self.go_on()

    def _gone(self) -> bool:
        return self._over

    def _refresh_later(self, member: Member, connect: Connect) -> None:
        after_s = member.admitted.refresh_s
        if after_s is not None and not self._over:
            self._timers["refresh"] = self._loop.call_later(
                after_s, lambda: self._task(self._refresh(member, connect))
            )

    async def _refresh(self, member: Member, connect: Connect) -> None:
        """Ask again whether the client may be here."""
        attempt = handshake.attempt(connect, member.terms, self._origin)
        try:
            member.admitted = await entering.ask(self._clients, attempt, again=True)
        except NoEntry as why:
            self.end(Ended.AUTH_ERROR, Reason.NOT_AUTHORIZED, why.text)
            return
        except Exception as error:
            log.exception("MQTT client %s could not be asked about again", self._name)
            self.give_up(error)
            return
        member.incoming.may = self._out.may = member.admitted.may
        member.incoming.sender = member.admitted.sender
        self._refresh_later(member, connect)

    def _expire(self) -> None:
        self.end(Ended.CUSTOM_AUTH_EXPIRED, Reason.MAXIMUM_CONNECT_TIME)

    def _refuse(self, why: NoEntry) -> None:
        if not self._over:
            self.send(encode(handshake.refused(self._out.version, why), self._out.version))
            self.end(Ended.SERVER_ERROR, None)

    def _fail(self, error: PacketError) -> None:
        """End because of what the client sent."""
        if self._member is None:
            self._out.version = self._decoder.version
            wrong_version = error.reason is Reason.UNSUPPORTED_PROTOCOL_VERSION
            if wrong_version or self._decoder.version == V5:
                self._refuse(NoEntry(error.reason, error.text))
            self._close()
            return
        log.info("MQTT client %s is disconnected: %s", self._name, error.text)
        self.end(_WHY.get(error.reason, Ended.CLIENT_ERROR), error.reason, error.text)

    def give_up(self, error: BaseException) -> None:
        """End because of an error of ours: the client then sends again what we did not take."""
        self.end(Ended.SERVER_ERROR, Reason.UNSPECIFIED_ERROR)

    @property
    def _name(self) -> str:
        return repr(self._member.terms.client_id) if self._member else self._origin.source_ip

    def _when_stored(self, data: bytes) -> None:
        """Send an answer once what it answers is on disk."""
        self._hub.when_stored(
            lambda error: self.send(data) if error is None else self.give_up(error)
        )

    def hold(self) -> None:
        """Read nothing more for now."""
        if not self._held:
            self._held = True
            if self._line is not None:
                self._line.pause_reading()

    def go_on(self) -> None:
        """Read again, what came meanwhile first."""
        if self._held and not self._over:
            self._held = False
            if self._line is not None:
                self._line.resume_reading()
            self._loop.call_soon(self._work)

    def pause_writing(self) -> None:
        """The client reads too slowly."""
        self._out.pause(self._cut_off)

    def resume_writing(self) -> None:
        """The client has read."""
        self._out.resume()
        if self._member is not None:
            self._member.session.pump()

    def _cut_off(self) -> None:
        log.warning("MQTT client %s reads nothing: it is cut off", self._name)
        line = self._line
        self.end(Ended.THROTTLED, None)
        if line is not None:
            line.abort()

    def _watch(self) -> None:
        """End if the client was silent for too long; look again when it could be."""
        if self._member is None:
            self._close()
            return
        silent_s = self._member.terms.keep_alive_s * limits.KEEP_ALIVE_GRACE
        left = self._heard_at + silent_s - self._loop.time()
        if left <= 0 and not self._held:
            self.end(Ended.KEEP_ALIVE_TIMEOUT, Reason.KEEP_ALIVE_TIMEOUT)
            return
        self._timers["watch"] = self._loop.call_later(left if left > 0 else _HELD_S, self._watch)

    def told(self) -> Connected:
        """What is known of the client."""
        assert self._member is not None
        return self._member.told()

    def end(self, why: Ended, reason: Reason | None, text: str = "", *, will: bool = True) -> None:
        """End the connection.

        Parameters
        ----------
        why
            What lifecycle events say.
        reason
            What the client is told, in MQTT 5; ``None`` for nothing.
        text
            The reason for people.
        will
            Whether its last will is published.
        """
        if self._over:
            return
        member = self._member
        if reason is not None and self._out.version == V5 and member is not None:
            said: Values = {Property.REASON_STRING: text} if text else {}
            self.send(encode(Disconnect(reason, said), V5))
        self._close()
        if member is None:
            return
        client_id = member.visit.client_id
        if self._clients.here.get(client_id) is self:
            del self._clients.here[client_id]
        self._hub.leave(member.session)
        if will and member.will is not None:
            self._hub.send_will(member.session, member.will, member.will_delay_s)
        self._hub.lifecycle.disconnected(member.visit, why)

    def _close(self) -> None:
        """Send what is left, then close the line."""
        if not self._over:
            self._over = self._held = True
            self._late.clear()
            self._stop_timers()
            self._out.close()

    def _stop_timers(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _shut(self) -> None:
        """The broker ends."""
        self.end(Ended.SERVER_INITIATED, Reason.SERVER_SHUTTING_DOWN)

    def connection_lost(self, exc: Exception | None) -> None:
        """The line is gone."""
        self.lost(Ended.CONNECTION_LOST)

    def lost(self, why: Ended) -> None:
        """The line is gone, for some reason."""
        self._line = None
        self.end(why, None, will=why is not Ended.CLIENT_INITIATED)
        self._out.lost()
        self._clients.open.discard(self._shut)
        for task in list(self._tasks):
            task.cancel()
