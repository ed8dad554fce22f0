"""Clients of MQTT 3.1.1 that cost a broker more than they cost themselves: plain sockets."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Sequence

TOPIC = b"room/7/temperature"
PAYLOAD = b'{"temperature": 21.5, "unit": "C"}'
PIECE = 1 << 18
PATIENCE_S = 30.0
WINDOW = 1000
"""Messages of QoS 0 that may be on their way: more would fill a broker's buffers, not test it."""
UNACKNOWLEDGED = 100
"""The same for QoS 1; AWS IoT Core allows so many."""


def _packet(first: int, body: bytes) -> bytes:
    assert len(body) < 128
    return bytes((first, len(body))) + body


def _text(value: bytes) -> bytes:
    return len(value).to_bytes(2, "big") + value


def publish(packet_id: int = 0, payload: bytes = PAYLOAD) -> bytes:
    """A PUBLISH; of QoS 1 with a packet identifier."""
    numbered = packet_id.to_bytes(2, "big") if packet_id else b""
    return _packet(0x32 if packet_id else 0x30, _text(TOPIC) + numbered + payload)


class Client:
    """A connected client."""

    def __init__(self, port: int, name: str, login: tuple[str, str] | None = None) -> None:
        self.line = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        self.line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        flags = b"\2" if login is None else b"\xc2"
        told = [name, *(login or ())]
        fields = b"".join(_text(one.encode()) for one in told)
        self.line.sendall(_packet(0x10, b"\0\4MQTT\4" + flags + b"\0\x3c" + fields))
        assert self.line.recv(100) == b"\x20\2\0\0"

    def subscribe(self, qos: int) -> None:
        """Subscribe to the topic."""
        self.line.sendall(_packet(0x82, b"\0\1" + _text(TOPIC) + bytes((qos,))))
        assert self.line.recv(100) == b"\x90\3\0\1" + bytes((qos,))

    def packets(self, size: int) -> Iterator[list[bytes]]:
        """What comes, in packets that all have the same size."""
        rest = b""
        while True:
            data = rest + self.line.recv(PIECE)
            whole = len(data) - len(data) % size
            rest = data[whole:]
            yield [data[at : at + size] for at in range(0, whole, size)]


@contextlib.contextmanager
def pair(port: int, qos: int) -> Iterator[tuple[Client, Client]]:
    """A publisher and a subscriber."""
    publisher, subscriber = Client(port, "publisher"), Client(port, "subscriber")
    with publisher.line, subscriber.line:
        subscriber.subscribe(qos)
        yield publisher, subscriber


def throughput(port: int, qos: int, seconds: float) -> float:
    """Messages a second from one publisher to one subscriber, all of them delivered."""
    with pair(port, qos) as (publisher, subscriber):
        state = _Progress()
        threads = [threading.Thread(target=_receive, args=(subscriber, qos, state))]
        if qos:
            threads.append(threading.Thread(target=_acknowledged, args=(publisher, state)))
        for thread in threads:
            thread.start()
        begin = time.perf_counter()
        window = UNACKNOWLEDGED if qos else WINDOW
        while time.perf_counter() - begin < seconds:
            count = state.room(window)
            first = state.sent
            if qos:
                data = b"".join(publish(n % 0xFFFF + 1) for n in range(first, first + count))
            else:
                data = publish() * count
            state.sent += count
            publisher.line.sendall(data)
        state.ended = True
        for thread in threads:
            thread.join(PATIENCE_S)
        if state.received < state.sent:
            raise RuntimeError(f"{state.sent - state.received} messages were lost")
        return state.received / (state.at - begin)


class _Progress:
    """How many messages were sent, acknowledged and received."""

    def __init__(self) -> None:
        self.sent = self.received = self.acknowledged = 0
        self.ended = False
        self.at = 0.0
        self._news = threading.Condition()

    def tell(self, received: int = 0, acknowledged: int = 0) -> None:
        """Count what came."""
        with self._news:
            self.received += received
            self.acknowledged += acknowledged
            self.at = time.perf_counter()
            self._news.notify()

    def room(self, window: int) -> int:
        """Wait until at least a quarter of the window is free; how many messages may be sent."""
        with self._news:
            while (free := window - self.sent + self._back(window)) < window // 4:
                if not self._news.wait(PATIENCE_S):
                    raise RuntimeError("the broker delivers nothing any more")
            return free

    def _back(self, window: int) -> int:
        return min(self.acknowledged, self.received) if window == UNACKNOWLEDGED else self.received

    @property
    def is_over(self) -> bool:
        """Whether all that was sent has come."""
        return self.ended and self.received >= self.sent


def _receive(subscriber: Client, qos: int, state: _Progress) -> None:
    size = len(publish(1 if qos else 0))
    at = 4 + len(TOPIC)
    subscriber.line.settimeout(0.2)
    incoming = subscriber.packets(size)
    while not state.is_over:
        try:
            packets = next(incoming)
        except (TimeoutError, StopIteration):
            incoming = subscriber.packets(size)
            continue
        if qos:
            acks = b"".join(b"\x40\2" + packet[at : at + 2] for packet in packets)
            if acks:
                subscriber.line.sendall(acks)
        state.tell(received=len(packets))


def _acknowledged(publisher: Client, state: _Progress) -> None:
    publisher.line.settimeout(0.2)
    rest = 0
    while not (state.ended and state.acknowledged >= state.sent):
        try:
            rest += len(publisher.line.recv(PIECE))
        except TimeoutError:
            continue
        state.tell(acknowledged=rest // 4)
        rest %= 4


def latencies(port: int, qos: int, count: int) -> list[float]:
    """Seconds from before PUBLISH is sent until it is received, one message at a time."""
    found = []
    size = len(publish(1 if qos else 0))
    at = 4 + len(TOPIC)
    with pair(port, qos) as (publisher, subscriber):
        incoming = subscriber.packets(size)
        for number in range(count):
            begin = time.perf_counter()
            publisher.line.sendall(publish(number % 0xFFFF + 1 if qos else 0))
            while not (packets := next(incoming)):
                pass
            found.append(time.perf_counter() - begin)
            if qos:
                subscriber.line.sendall(b"\x40\2" + packets[0][at : at + 2])
                assert publisher.line.recv(100)
    return found


def with_marks(client: Client, names: Sequence[str]) -> None:
    """Publish a message for each name with QoS 1, at most 100 unacknowledged at a time."""
    acknowledged = 0
    rest = b""
    for sent, name in enumerate(names):
        payload = b'{"mark": "' + name.encode() + b'"}'
        client.line.sendall(publish(sent % 0xFFFF + 1, payload))
        while sent + 1 - acknowledged >= UNACKNOWLEDGED or sent + 1 == len(names) > acknowledged:
            rest += client.line.recv(PIECE)
            acknowledged += len(rest) // 4
            rest = rest[len(rest) - len(rest) % 4 :]
