"""Requests to servers: attempts, timeouts, and responses as they come."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Sequence
from typing import NamedTuple, TypeVar

import aiohttp
from yarl import URL

from lambda_nb.engine.api.wire.headers import HOP_BY_HOP
from lambda_nb.engine.aws_calls.upstream import LocalResolver
from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import OriginError, Response
from lambda_nb.engine.edge.origins.faults import (
    NoAnswerError,
    NotConnectedError,
    fault_of,
    incomplete,
)
from lambda_nb.engine.edge.settings import Origin
from lambda_nb.rules.quotas import ORIGIN_RESPONSE_HEAD_BYTES

_REPEATABLE = ("GET", "HEAD")
_T = TypeVar("_T")


class Call(NamedTuple):
    """A request as it goes over the wire.

    ``url`` is percent-encoded and sent as it is. ``tls_names`` are those of which the certificate
    must have one; the first is asked for.
    """

    method: str
    url: str
    headers: Sequence[tuple[str, str]]
    body: bytes = b""
    tls_names: Sequence[str] = ()


class Exchange:
    """Makes requests; it keeps connections open as long as their origins say."""

    def __init__(self) -> None:
        self._sessions: dict[float, aiohttp.ClientSession] = {}
        self._tls: ssl.SSLContext | None = None

    async def close(self) -> None:
        """Close idle connections."""
        for session in self._sessions.values():
            await session.close()

    async def __call__(self, origin: Origin, call: Call) -> Response:
        """Make a request as often as the origin's settings allow.

        A connection is tried for as often as ``connection_attempts`` says, and so is a GET or HEAD
        whose response does not begin in time; nothing else is sent twice (CloudFront Developer
        Guide, "Origin settings": connection attempts, response timeout). The completion timeout is
        for all of it, the body too.

        Raises
        ------
        OriginError
            There is no usable response; the response's body raises it too.
        """
        limit = _Limit(origin.completion_timeout_s, call.url)
        left = origin.connection_attempts
        while True:
            left -= 1
            try:
                return await self._once(origin, call, limit)
            except NotConnectedError:
                if left < 1:
                    raise
            except NoAnswerError:
                if left < 1 or call.method not in _REPEATABLE:
                    raise

    async def _once(self, origin: Origin, call: Call, limit: _Limit) -> Response:
        """One attempt; each name that the certificate may have is one connection."""
        at = call.url.partition("?")[0]
        tls = await self._context() if call.url.startswith("https:") else True
        *others, last = call.tls_names or (None,)
        for name in (*others, last):
            try:
                response = await limit.keep(self._request(origin, call, tls, name))
            except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError) as error:
                if name != last and isinstance(error, aiohttp.ClientConnectorCertificateError):
                    continue
                raise fault_of(error, at, origin.read_timeout_s) from error
            break
        return self._response(origin, response, at, limit)

    async def _request(
        self, origin: Origin, call: Call, tls: ssl.SSLContext | bool, name: str | None
    ) -> aiohttp.ClientResponse:
        connect_s = origin.connection_timeout_s
        return await self._session(origin.keepalive_timeout_s).request(
            call.method,
            URL(call.url, encoded=True),
            headers=[(name, _as_sent(value)) for name, value in call.headers],
            data=call.body or None,
            allow_redirects=False,
            ssl=tls,
            server_hostname=name,
            timeout=aiohttp.ClientTimeout(
                total=None,
                connect=connect_s,
                sock_connect=connect_s,
                sock_read=origin.read_timeout_s,
            ),
        )

    def _session(self, keepalive_s: float) -> aiohttp.ClientSession:
        session = self._sessions.get(keepalive_s)
        if session is None:
            session = self._sessions[keepalive_s] = aiohttp.ClientSession(
                auto_decompress=False,
                connector=aiohttp.TCPConnector(
                    limit=0, resolver=LocalResolver(), keepalive_timeout=keepalive_s
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                max_field_size=ORIGIN_RESPONSE_HEAD_BYTES.value,
                skip_auto_headers=("User-Agent", "Accept-Encoding", "Content-Type", "Accept"),
            )
        return session

    async def _context(self) -> ssl.SSLContext:
        """What TLS needs to know; it reads all of the system's authorities, so only when needed."""
        if self._tls is None:
            self._tls = await asyncio.to_thread(ssl.create_default_context)
        return self._tls

    def _response(
        self, origin: Origin, response: aiohttp.ClientResponse, at: str, limit: _Limit
    ) -> Response:
        if response.status < 200:
            response.close()
            text = f"{at} answered {response.status}, which is no response to its request."
            raise OriginError(502, "OriginInvalidResponseError", text)
        pairs = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in response.raw_headers
        ]
        headers = Headers(pairs)
        listed = (headers.joined("connection") or "").lower().split(",")
        headers.remove(*HOP_BY_HOP, *(name.strip() for name in listed))
        content = response.content
        if content.is_eof() and content.exception() is None:  # small ones have often come already
            return Response(
                response.status, headers, content.read_nowait(-1), response.reason or ""
            )
        pieces = _pieces(origin, response, at, limit)

        async def close() -> None:
            response.close()
            await pieces.aclose()  # type: ignore[attr-defined]

        return Response(response.status, headers, pieces, response.reason or "", close)


def _as_sent(value: str) -> str:
    """A header's value for the client, which writes UTF-8: so that the origin gets the same bytes
    as the viewer sent. Each of our characters is one of them."""
    if not value.isascii():
        with contextlib.suppress(UnicodeError):  # no UTF-8, or the text of a function
            return value.encode("latin-1").decode()
    return value


class _Limit:
    """Keeps the moment by which a response has to be complete."""

    def __init__(self, seconds: float | None, url: str) -> None:
        self._seconds = seconds
        self._url = url
        if seconds is not None:
            self._until = asyncio.get_running_loop().time() + seconds

    async def keep(self, work: Awaitable[_T]) -> _T:
        """The result of some work, if it comes before that moment; else a fault is raised."""
        if self._seconds is None:
            return await work
        task = asyncio.ensure_future(work)
        left = self._until - asyncio.get_running_loop().time()
        try:
            done, _ = await asyncio.wait({task}, timeout=max(left, 0.0))
        except asyncio.CancelledError:
            task.cancel()
            raise
        if not done:
            task.cancel()
            await asyncio.wait({task})
            raise incomplete(self._url.partition("?")[0], self._seconds)
        return task.result()


async def _pieces(
    origin: Origin, response: aiohttp.ClientResponse, at: str, limit: _Limit
) -> AsyncIterator[bytes]:
    try:
        while piece := await limit.keep(response.content.readany()):
            yield piece
    except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
        raise fault_of(error, at, origin.read_timeout_s) from error
    finally:
        response.close()
