"""A door in front of a test's Kafka broker that asks for TLS, a client's certificate or a password.

The broker of the tests (:mod:`kafka_broker`) has none of these that work. The door speaks the two
requests of Kafka's SASL itself (KIP-43, KIP-152; RFC 5802) and passes all others on.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import os
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

_HANDSHAKE, _AUTHENTICATE, _VERSIONS = 17, 36, 18
_HASHES = {"SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512"}


@dataclass
class Door:
    """Where it is, and who came in by which mechanism."""

    port: int
    entered: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        """Its address."""
        return f"localhost:{self.port}"


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@contextlib.contextmanager
def opened(
    port: int, broker_port: int, *, tls: ssl.SSLContext | None, user: tuple[str, str] | None
) -> Iterator[Door]:
    """Open a door at a port: with TLS if there is a context, with SASL if there is a user."""
    door = Door(port)
    loop = asyncio.new_event_loop()

    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", broker_port)
            writers.append(inner_writer)
            try:
                await _through(door, reader, writer, inner_reader, inner_writer, user)
            finally:
                inner_writer.close()
        writer.close()

    def run() -> None:
        asyncio.set_event_loop(loop)
        server = loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", port, ssl=tls))
        started.set()
        loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        for writer in writers:  # a farewell in TLS would need the loop for longer
            with contextlib.suppress(AttributeError):  # Python 3.11.2: it has closed already
                writer.transport.abort()
        loop.run_until_complete(_closed(writers))
        loop.close()

    started = threading.Event()
    thread = threading.Thread(target=run)
    thread.start()
    started.wait(10)
    yield door
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


async def _closed(writers: Sequence[asyncio.StreamWriter]) -> None:
    ends = (asyncio.wait_for(writer.wait_closed(), 5) for writer in writers)
    await asyncio.gather(*ends, return_exceptions=True)


async def _through(
    door: Door,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    inner_reader: asyncio.StreamReader,
    inner_writer: asyncio.StreamWriter,
    user: tuple[str, str] | None,
) -> None:
    if user is not None and not await _admitted(
        door, reader, writer, inner_reader, inner_writer, user
    ):
        return
    if user is None:
        door.entered.append("TLS")
    await asyncio.gather(_pipe(reader, inner_writer), _pipe(inner_reader, writer))


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(65536):
        writer.write(chunk)
        await writer.drain()
    writer.close()


async def _admitted(
    door: Door,
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    inner_reader: asyncio.StreamReader,
    inner_writer: asyncio.StreamWriter,
    user: tuple[str, str],
) -> bool:
    """Answer requests until the client has shown its password."""
    step: Callable[[bytes], bytes | None] | None = None
    mechanism = ""
    while True:
        request = await _frame(reader)
        key, _version, correlation, skipped = struct.unpack(">hhih", request[:10])
        body = request[10 + max(0, skipped) :]
        if key == _VERSIONS:
            inner_writer.write(struct.pack(">i", len(request)) + request)
            _send(writer, await _frame(inner_reader))
        elif key == _HANDSHAKE:
            (length,) = struct.unpack(">h", body[:2])
            mechanism = body[2 : 2 + length].decode()
            step = _plain(user) if mechanism == "PLAIN" else _Scram(user, _HASHES[mechanism])
            name = mechanism.encode()
            told = struct.pack(">ihih", correlation, 0, 1, len(name)) + name
            _send(writer, told)
        elif key == _AUTHENTICATE and step is not None:
            (length,) = struct.unpack(">i", body[:4])
            answer = step(body[4 : 4 + length])
            if answer is None:
                text = b"Authentication failed"
                failed = struct.pack(">ihh", correlation, 58, len(text)) + text
                _send(writer, failed + struct.pack(">iq", 0, 0))
                await writer.drain()
                return False
            done = struct.pack(">ihhi", correlation, 0, -1, len(answer)) + answer
            _send(writer, done + struct.pack(">q", 0))
            if getattr(step, "done", True):
                door.entered.append(mechanism)
                return True
        else:
            return False


async def _frame(reader: asyncio.StreamReader) -> bytes:
    (length,) = struct.unpack(">i", await reader.readexactly(4))
    return await reader.readexactly(length)


def _send(writer: asyncio.StreamWriter, body: bytes) -> None:
    writer.write(struct.pack(">i", len(body)) + body)


def _plain(user: tuple[str, str]) -> Callable[[bytes], bytes | None]:
    def step(told: bytes) -> bytes | None:
        return b"" if told.split(b"\0")[1:] == [one.encode() for one in user] else None

    return step


class _Scram:
    """The server's side of SCRAM."""

    done = False

    def __init__(self, user: tuple[str, str], kind: str) -> None:
        self._user, self._kind = user, kind
        self._first = ""
        self._salt = os.urandom(16)

    def __call__(self, told: bytes) -> bytes | None:
        text = told.decode()
        if not self._first:
            bare = text[3:]
            self._nonce = bare.split("r=")[1] + base64.b64encode(os.urandom(9)).decode()
            salt = base64.b64encode(self._salt).decode()
            self._told = f"r={self._nonce},s={salt},i=4096"
            self._first = f"{bare},{self._told}"
            return self._told.encode()
        without, _, proof = text.rpartition(",p=")
        message = f"{self._first},{without}".encode()
        password = self._user[1].encode()
        salted = hashlib.pbkdf2_hmac(self._kind, password, self._salt, 4096)
        client = self._mac(salted, b"Client Key")
        signature = self._mac(hashlib.new(self._kind, client).digest(), message)
        wanted = bytes(a ^ b for a, b in zip(client, signature, strict=True))
        if base64.b64decode(proof) != wanted:
            return None
        self.done = True
        server = self._mac(self._mac(salted, b"Server Key"), message)
        return b"v=" + base64.b64encode(server)

    def _mac(self, key: bytes, message: bytes) -> bytes:
        return hmac.new(key, message, self._kind).digest()
