"""What goes to one client: packets of a moment in one piece, and how far it reads behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from lambda_nb.engine.iot.mqtt import limits
from lambda_nb.engine.iot.mqtt.admission import May
from lambda_nb.engine.iot.mqtt.codec.packets import V3
from lambda_nb.engine.iot.mqtt.connections.origin import Line

_LINGER_S = 5.0
"""How long the last packet may take."""


class Outgoing:
    """The way to a client; its session's outlet.

    Attributes
    ----------
    version
        Protocol level.
    window, largest
        Messages of QoS 1 on their way at most; bytes of the largest packet that the client takes.
    full
        Whether it reads too slowly for more.
    may
        What it may do; ``None`` before it is in.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.version = V3
        self.window = limits.MOST_UNACKNOWLEDGED
        self.largest = 0
        self.full = False
        self.may: May | None = None
        self._loop = loop
        self._line: Line | None = None
        self._packets: list[bytes] = []
        self._stalled: asyncio.TimerHandle | None = None
        self._linger: asyncio.TimerHandle | None = None

    def open(self, line: Line) -> None:
        """The line is there."""
        self._line = line

    def may_receive(self, topic: str) -> bool:
        """Whether the client's policy lets it have messages of a topic."""
        return self.may is not None and self.may("receive", topic)

    def send(self, data: bytes) -> None:
        """Send a packet, together with all others of this moment."""
        if not self._packets:
            self._loop.call_soon(self.flush)
        self._packets.append(data)

    def flush(self) -> None:
        """Hand over what was to be sent."""
        packets = self._packets
        if packets:
            if self._line is not None:
                self._line.write(packets[0] if len(packets) == 1 else b"".join(packets))
            packets.clear()

    def pause(self, cut_off: Callable[[], None]) -> None:
        """The client reads too slowly; cut it off if that lasts."""
        self.full = True
        if self._stalled is None:
            self._stalled = self._loop.call_later(limits.STALLED_S, cut_off)

    def resume(self) -> None:
        """The client has read."""
        self.full = False
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def close(self) -> None:
        """Send what is left, then close the line; at once, if that takes too long."""
        self.flush()
        self.resume()
        if self._line is not None:
            self._line.close()
            self._linger = self._loop.call_later(_LINGER_S, self._line.abort)

    def lost(self) -> None:
        """The line is gone."""
        self._line = None
        self._packets.clear()
        self.resume()
        if self._linger is not None:
            self._linger.cancel()
