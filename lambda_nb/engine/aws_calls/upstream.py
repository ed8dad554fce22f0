"""HTTP requests that gateways make: to any server, and to the engine's own services."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from lambda_nb.engine.aws_calls.endpoint import Keys

_MOST_BYTES = 10 << 20
_CONNECT_S = 10.0
_LOOPBACK = ("127.0.0.1", "localhost")


class Unreachable(Exception):  # noqa: N818
    """The server cannot be reached, or broke off its answer."""


class TooSlow(Exception):  # noqa: N818
    """The server did not answer in time."""


@dataclass(slots=True)
class Answer:
    """A server's whole answer; ``headers`` in their order, as they were spelt."""

    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes


@dataclass(slots=True)
class Opened:
    """The head of a server's answer, and the body as it comes."""

    status: int
    headers: Sequence[tuple[str, str]]
    pieces: AsyncIterator[bytes]


class LocalResolver(ThreadedResolver):
    """Finds every name below ``localhost`` on this machine, which many systems do not know."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a host."""
        if host.lower().rstrip(".").endswith(".localhost"):
            host = _LOOPBACK[0]
        return await super().resolve(host, port, family)


class Upstream:
    """Makes requests.

    Parameters
    ----------
    own_url
        The engine's own address: where its services answer.
    keys
        Access key and secret of the engine's user.
    """

    def __init__(self, own_url: str, keys: tuple[str, str]) -> None:
        self._own_url = own_url
        self._keys = Keys(*keys)
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close idle connections."""
        if self._session is not None:
            await self._session.close()

    @property
    def own_url(self) -> str:
        """The engine's own address, without a slash at its end."""
        return self._own_url

    def is_own(self, url: str) -> bool:
        """Whether a URL is one of the engine itself."""
        own = urlsplit(self._own_url)
        try:
            given = urlsplit(url)
            there = (given.scheme, given.port) == (own.scheme, own.port)
        except ValueError:  # no URL at all
            return False
        return there and given.hostname in _LOOPBACK

    async def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | Sequence[tuple[str, str]],
        body: bytes,
        timeout_s: float,
        *,
        tls: ssl.SSLContext | bool = True,
    ) -> Answer:
        """Make one request and read its whole answer. Redirects are not followed.

        Parameters
        ----------
        url
            Percent-encoded; it is sent as it is.
        timeout_s
            Seconds for the whole of it.
        tls
            Whether an ``https`` server must have a certificate that this machine trusts; or all
            that TLS needs to know, a client certificate too.

        Raises
        ------
        Unreachable
            The server cannot be reached, or its answer has more than 10 MB.
        TooSlow
            It took longer than ``timeout_s``.
        """
        timeout = aiohttp.ClientTimeout(total=timeout_s, sock_connect=_CONNECT_S)
        try:
            async with self._call(method, url, headers, body, tls, timeout) as response:
                content = await response.content.read(_MOST_BYTES + 1)
                while chunk := await response.content.read(_MOST_BYTES + 1 - len(content)):
                    content += chunk
                if len(content) > _MOST_BYTES:
                    raise Unreachable(f"{url} answered more than {_MOST_BYTES} bytes")
                return Answer(response.status, tuple(response.headers.items()), content)
        except asyncio.TimeoutError as error:
            raise TooSlow(f"{url} did not answer within {timeout_s:g} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise Unreachable(f"{url}: {error}") from error

    @asynccontextmanager
    async def opened(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | Sequence[tuple[str, str]],
        body: bytes,
        timeout_s: float,
        *,
        tls: ssl.SSLContext | bool = True,
    ) -> AsyncIterator[Opened]:
        """Make one request, and give its answer as it comes; ``timeout_s`` is for each wait.

        Raises
        ------
        Unreachable, TooSlow
            As :meth:`request` does, also while the body is read.
        """
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S, sock_read=timeout_s)
        try:
            async with self._call(method, url, headers, body, tls, timeout) as response:
                pieces = response.content.iter_any()
                yield Opened(response.status, tuple(response.headers.items()), pieces)
        except asyncio.TimeoutError as error:
            raise TooSlow(f"{url} did not answer within {timeout_s:g} s") from error
        except aiohttp.ClientError as error:
            raise Unreachable(f"{url}: {error}") from error

    def _call(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | Sequence[tuple[str, str]],
        body: bytes,
        tls: ssl.SSLContext | bool,
        timeout: aiohttp.ClientTimeout,
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                auto_decompress=False,
                connector=aiohttp.TCPConnector(limit=0, resolver=LocalResolver()),
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("User-Agent", "Accept-Encoding", "Content-Type", "Accept"),
            )
        return self._session.request(
            method,
            URL(url, encoded=True),
            headers=headers,
            data=body or None,
            allow_redirects=False,
            ssl=tls,
            timeout=timeout,
        )

    async def call_service(
        self,
        service: str,
        region: str,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes,
        timeout_s: float,
    ) -> Answer:
        """Make one signed request to a service of the engine.

        Parameters
        ----------
        service
            Its name in signatures.
        target
            Path and query, percent-encoded.

        Raises
        ------
        Unreachable, TooSlow
            As :meth:`request` does.
        """
        url = self._own_url + target
        signed = self._keys.sign(service, region, method, url, headers, body)
        return await self.request(method, url, signed, body, timeout_s)
