"""Closed-loop HTTP load: each client is a process with one keep-alive connection.

The client is a bare socket, to measure only the server: http.client would add about 0.4 ms to each
request.
"""

from __future__ import annotations

import multiprocessing
import socket
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

EVENT = b'{"key": "value", "numbers": [1, 2, 3]}'


class Connection:
    """One keep-alive connection that posts events and reads the whole answer."""

    def __init__(self, port: int, path: str, body: bytes = EVENT, host: str | None = None) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 120)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        host = host or f"127.0.0.1:{port}"
        head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(body)}\r\n"
        self._request = head.encode() + b"Content-Type: application/json\r\n\r\n" + body

    def post(self) -> bytes:
        """Send the event; return the body of a 200 answer without a function error."""
        self._socket.sendall(self._request)
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._receive()
        head, _, body = data.partition(b"\r\n\r\n")
        lowered = head.lower()
        if not lowered.startswith(b"http/1.1 200") or b"x-amz-function-error" in lowered:
            raise RuntimeError(f"the peer answered {data[:500]!r}")
        if b"content-length:" in lowered:
            length = int(lowered.split(b"content-length:")[1].split(b"\r\n")[0])
            while len(body) < length:
                body += self._receive()
            return body
        while not body.endswith(b"0\r\n\r\n"):
            body += self._receive()
        return body

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _receive(self) -> bytes:
        chunk = self._socket.recv(65536)
        if not chunk:
            raise RuntimeError("the peer closed the connection")
        return chunk


class WebSocket:
    """One WebSocket that sends the event as a text message and reads the whole answer."""

    def __init__(self, port: int, path: str, body: bytes = EVENT, host: str | None = None) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 120)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        host = host or f"127.0.0.1:{port}"
        head = (
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        )
        key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
        self._socket.sendall((head + key).encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self._receive()
        if not answer.startswith(b"HTTP/1.1 101"):
            raise RuntimeError(f"the peer answered {answer[:500]!r}")
        if len(body) > 125:
            raise ValueError("the event is too long for one short frame")
        self._frame = bytes((0x81, 0x80 | len(body))) + bytes(4) + body  # a mask of zeros

    def post(self) -> bytes:
        """Send the event; return the answer."""
        self._socket.sendall(self._frame)
        data = b""
        while len(data) < 2 or len(data) < 2 + data[1]:
            data += self._receive()
        if data[0] != 0x81 or data[1] > 125:
            raise RuntimeError(f"the peer answered {data[:500]!r}")
        return data[2:]

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def _receive(self) -> bytes:
        chunk = self._socket.recv(65536)
        if not chunk:
            raise RuntimeError("the peer closed the connection")
        return chunk


Client = Callable[[int, str], "Connection | WebSocket"]


def latencies(
    port: int, path: str, requests: int, warm_up: int = 20, client: Client = Connection
) -> list[float]:
    """Seconds of each of ``requests`` posts, made in sequence on one connection."""
    connection = client(port, path)
    for _ in range(warm_up):
        connection.post()
    times = []
    for _ in range(requests):
        start = time.perf_counter()
        connection.post()
        times.append(time.perf_counter() - start)
    connection.close()
    return times


def throughput(
    port: int, path: str, clients: int, seconds: float, client: Client = Connection
) -> float:
    """Answered requests a second of ``clients`` concurrent clients."""
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(clients)
    queue: Any = context.SimpleQueue()
    workers = [
        context.Process(target=_client, args=(port, path, seconds, barrier, queue, client))
        for _ in range(clients)
    ]
    for worker in workers:
        worker.start()
    counts = [queue.get() for _ in workers]
    for worker in workers:
        worker.join()
    if min(counts) < 0:
        return float("nan")
    return sum(counts) / seconds


def _client(port: int, path: str, seconds: float, barrier: Any, queue: Any, client: Client) -> None:
    count = -1  # means that the peer failed
    try:
        connection = client(port, path)
        for _ in range(3):
            connection.post()
        barrier.wait(120)
        done, deadline = 0, time.perf_counter() + seconds
        while time.perf_counter() < deadline:
            connection.post()
            done += 1
        count = done
    except (RuntimeError, OSError):
        barrier.abort()
    except Exception as broken:  # a broken barrier: another client failed
        if type(broken).__name__ != "BrokenBarrierError":
            raise
    finally:
        queue.put(count)


def milliseconds(times: Sequence[float]) -> tuple[float, float]:
    """Median and 99th percentile, in milliseconds."""
    ordered = sorted(times)
    last = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    return statistics.median(ordered) * 1e3, last * 1e3
