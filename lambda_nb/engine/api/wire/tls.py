"""TLS on the engine's own port: a connection that begins with it is decrypted here.

asyncio wants to know before the first byte whether a connection has TLS. Here that byte has come
already; so the connection is decrypted in memory, with what the standard library has for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import weakref
from collections.abc import Callable, Iterable
from typing import Any, cast

HELLO = 0x16
"""The first byte of every TLS connection."""

PATIENCE_S = 60.0
"""How long a handshake may take: as long as asyncio lets its own take."""

_PIECE = 65536

CERTIFICATE_DER, SERVER_NAME, SPOKEN = "certificate_der", "server_name", "tls_spoken"
"""Names for ``get_extra_info``: the certificate that the client showed (DER; its key is proven),
and what it called the server (SNI); ``None`` if it did not. The last has the version of TLS and the
cipher."""

_names: weakref.WeakKeyDictionary[ssl.SSLObject, str] = weakref.WeakKeyDictionary()


def remember_server_name(connection: Any, name: str | None, context: ssl.SSLContext) -> None:
    """Remember what a client calls the server: an ``sni_callback`` of a context."""
    if name is not None:
        _names[connection] = name


class Decrypting(asyncio.Protocol):
    """Stands between a connection with TLS and a protocol that knows nothing of it.

    Parameters
    ----------
    line
        The connection.
    context
        Its certificate.
    protocol
        Makes the protocol inside.
    """

    def __init__(
        self,
        line: asyncio.Transport,
        context: ssl.SSLContext,
        protocol: Callable[[], asyncio.BaseProtocol],
    ) -> None:
        self.line = line
        self.inside: Any = None
        self._protocol = protocol
        self._coming, self._going = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._coming, self._going, server_side=True)
        self._transport = Encrypted(self, context)
        self._limit: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Take encrypted bytes."""
        self._coming.write(data)
        try:
            if self.inside is None and not self._shaken_hands():
                return
            self._read()
        except ssl.SSLError:  # somebody who does not trust the certificate, or no TLS at all
            self._flush()
            self.line.close()

    def eof_received(self) -> bool | None:
        """The client sends no more."""
        self._coming.write_eof()
        return None if self.inside is None else cast("bool | None", self.inside.eof_received())

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        self._unlimit()
        inside, self.inside = self.inside, None  # they would keep each other
        if inside is not None:
            inside.connection_lost(exc)

    def pause_writing(self) -> None:
        """Too much waits to be sent."""
        if self.inside is not None:
            self.inside.pause_writing()

    def resume_writing(self) -> None:
        """There is room again."""
        if self.inside is not None:
            self.inside.resume_writing()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Encrypt and send."""
        whole = memoryview(data)
        # In pieces: the buffer between keeps the room that it once needed, idle or not.
        for begin in range(0, len(whole), _PIECE):
            if self.line.is_closing():
                return
            self._tls.write(whole[begin : begin + _PIECE])
            self._flush()

    def end(self) -> None:
        """Say that nothing more will come."""
        with contextlib.suppress(ssl.SSLError):  # the other side need not have said so, too
            self._tls.unwrap()
        self._flush()

    def limit(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on, wait a while for the handshake, then break the connection off."""
        self._limit = loop.call_later(PATIENCE_S, self.line.abort)

    def _unlimit(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _shaken_hands(self) -> bool:
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            self._flush()
            return False
        self._flush()
        self._unlimit()
        self._transport.tell(
            {
                CERTIFICATE_DER: self._tls.getpeercert(binary_form=True),
                SERVER_NAME: _names.get(self._tls),
                SPOKEN: (self._tls.version() or "", (self._tls.cipher() or ("",))[0]),
            }
        )
        self.inside = self._protocol()
        self.inside.connection_made(self._transport)
        return True

    def _read(self) -> None:
        while True:
            try:
                data = self._tls.read(_PIECE)
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:
                data = b""
            if not data:
                self._transport.close()
                break
            self.inside.data_received(data)
        self._flush()  # what TLS itself has to say, such as a new key

    def _flush(self) -> None:
        if self._going.pending:
            self.line.write(self._going.read())


class Encrypted(asyncio.Transport):
    """The connection as the protocol inside sees it.

    Parameters
    ----------
    outside
        Encrypts and decrypts.
    context
        Shown as ``sslcontext``.
    """

    def __init__(self, outside: Decrypting, context: ssl.SSLContext) -> None:
        super().__init__({"sslcontext": context})
        self._known: dict[str, Any] = {}
        self._outside = outside
        self._line = outside.line

    def tell(self, known: dict[str, Any]) -> None:
        """Add to what is known of the connection."""
        self._known = known

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What is known of the connection."""
        if name in self._known:
            return self._known[name]
        own = super().get_extra_info(name)
        return self._line.get_extra_info(name, default) if own is None else own

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes."""
        self._outside.write(data)

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        """Send bytes in pieces."""
        self._outside.write(b"".join(list_of_data))

    def close(self) -> None:
        """Send what waits, then end."""
        if not self._line.is_closing():
            self._outside.end()
            self._line.close()

    def abort(self) -> None:
        """End at once."""
        self._line.abort()

    def is_closing(self) -> bool:
        """Whether it ends."""
        return self._line.is_closing()

    def can_write_eof(self) -> bool:
        """TLS has no half-closed connections."""
        return False

    def pause_reading(self) -> None:
        """Take no more bytes of the client."""
        self._line.pause_reading()

    def resume_reading(self) -> None:
        """Take bytes again."""
        self._line.resume_reading()

    def is_reading(self) -> bool:
        """Whether bytes are taken."""
        return self._line.is_reading()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """How much may wait to be sent, in bytes."""
        self._line.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        """How much waits to be sent, in bytes."""
        return self._line.get_write_buffer_size()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Hand the connection to another protocol."""
        self._outside.inside = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Who has the connection."""
        return cast(asyncio.BaseProtocol, self._outside.inside)
