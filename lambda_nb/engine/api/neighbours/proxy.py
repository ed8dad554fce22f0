"""Passes calls to other services on to the neighbours, with streamed bodies."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import json
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Protocol
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from lambda_nb.engine.api.admission import signature_v4a
from lambda_nb.engine.api.admission.host_names import bucket_in, path_with_bucket, service_in
from lambda_nb.engine.api.admission.signature_v4 import claim_of, claimed_service
from lambda_nb.engine.api.neighbours import shard_subscriptions, signing_anew
from lambda_nb.engine.api.neighbours.service_use import ServiceUse
from lambda_nb.engine.api.neighbours.watched_calls import Watch, WatchedCall
from lambda_nb.engine.api.wire.headers import HOP_BY_HOP
from lambda_nb.engine.api.wire.http import ClientGone, Header, HttpRequest, Send
from lambda_nb.engine.aws_calls import as_a_service
from lambda_nb.engine.aws_calls.embedded import REFUSED, EmbeddedCalls
from lambda_nb.engine.aws_calls.endpoint import Endpoint, Keys
from lambda_nb.engine.aws_calls.service_directory import Directory
from lambda_nb.engine.errors import AWSError

log = logging.getLogger(__name__)

_CONTROL_OF_S3 = "/v20180820/"
_CHUNK = 65536
_KEPT_BACK = HOP_BY_HOP | {as_a_service.HEADER}
_IDLE_CONNECTIONS = 64

Keep = Callable[[bytes], None]


class _Answer(Protocol):
    """A response whose body is not read yet: status, headers, length of the body if known."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Iterable[tuple[str, str]]: ...
    @property
    def length(self) -> int | None: ...
    async def read(self) -> bytes: ...
    def chunks(self) -> AsyncIterator[bytes]: ...


class _OfHttp:
    """A response that came by HTTP."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.status = response.status
        self.headers = response.headers.items()
        self.length = response.content_length
        self.read = response.read
        self._content = response.content

    def chunks(self) -> AsyncIterator[bytes]:
        return self._content.iter_chunked(_CHUNK)


class Proxy:
    """Passes requests on to the neighbours.

    Parameters
    ----------
    services
        Where the services answer.
    region
        The Region of requests that name none.
    keep_keys
        Called with the replies of STS and IAM, which may carry new access keys.
    watches
        Who are told of the calls to a service, by its signing name.
    use
        Counts the calls that may have changed a service.
    """

    def __init__(
        self,
        services: Directory,
        region: str,
        keep_keys: Keep,
        watches: Mapping[str, Sequence[Watch]],
        use: ServiceUse,
    ) -> None:
        self._services = services
        self._region = region
        self._keep_keys = keep_keys
        self._watches = watches
        self._use = use
        self._sessions: dict[Endpoint, aiohttp.ClientSession] = {}
        self._calls = EmbeddedCalls()
        self._subscriptions = shard_subscriptions.Subscriptions()

    async def close(self) -> None:
        """Close idle connections."""
        await self._calls.close()
        for session in self._sessions.values():
            await session.close()

    async def pass_on(
        self, request: HttpRequest, body: bytes | AsyncIterator[bytes], service: str, send: Send
    ) -> None:
        """Answer a request with the response of its service.

        Parameters
        ----------
        service
            The service, by its name in the signature; empty for an unsigned request.

        Raises
        ------
        AWSError
            ``ServiceUnavailable`` (503) if the service cannot be reached; or what a watch refuses
            the call with.
        """
        meant = claimed_service(request.headers, request.query)
        if meant is None:
            request, meant = _by_host(request, self._region)
        elif signature_v4a.ALGORITHM in request.headers.get("authorization", request.query):
            request = _of_one_region(request, self._region)
        watches = self._watches.get(meant, ())
        call = WatchedCall.of(request, body) if watches else None
        if call is not None:
            for watch in watches:
                reply = await watch.asked(call)
                if reply is not None:
                    await reply.send(send)
                    return
        at = await self._services(meant)
        if at.keys is None and isinstance(body, bytes) and shard_subscriptions.is_one(request):
            ask = partial(self._ask_kinesis, at, request)
            await self._subscriptions.answer(json.loads(body), ask, send)
            return
        try:
            if at.keys is None and meant == "s3":
                request = _by_path(request, at)
            elif at.keys is not None:
                at, signed = signing_anew.endpoint_of(at, request), service != ""
                request, body = signing_anew.addressed(
                    request, body, at, meant, self._region, signed
                )
            async with self._answer(at, request, body) as answer:
                if answer.status >= 500 and at.keys is None:
                    await _raise_refused(answer)
                if answer.status < 300:
                    self._use.answered(request, body, meant)
                    if call is not None:
                        for watch in watches:
                            watch.answered(call)
                await self._relay(answer, service, send)
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as error:
            if isinstance(error.__cause__, (AWSError, ClientGone)):
                raise error.__cause__ from None
            log.warning("%s %s: %s: %s", request.method, request.path, meant, error)
            who = "The embedded services do" if at.keys is None else f"{meant} at {at.url} does"
            raise AWSError("ServiceUnavailable", f"{who} not answer: {error}", 503) from error

    async def _ask_kinesis(
        self, at: Endpoint, request: HttpRequest, operation: str, told: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Make another call of Kinesis for a request's caller, in its Region."""
        headers = {**request.headers, "x-amz-target": shard_subscriptions.target(operation)}
        call = dataclasses.replace(request, headers=headers)
        async with self._answer(at, call, json.dumps(told).encode()) as answer:
            told_back: dict[str, Any] = json.loads(await answer.read())
            if answer.status >= 300:
                code = str(told_back.get("__type", "InternalFailure")).rpartition("#")[2]
                raise AWSError(code, str(told_back.get("message", "")), answer.status)
            return told_back

    @asynccontextmanager
    async def _answer(
        self, at: Endpoint, request: HttpRequest, body: bytes | AsyncIterator[bytes]
    ) -> AsyncIterator[_Answer]:
        target = f"{request.path}?{request.query}" if request.query else request.path
        headers = _passed(request.headers, body)
        if at.socket is not None and isinstance(body, bytes):
            call = self._calls(at.socket, request.method, target, headers, body)
            async with call as answer:
                yield answer
            return
        async with self._client(at).request(
            request.method,
            URL(f"{at.url}{target}", encoded=True),
            headers=headers,
            data=body or None,
            allow_redirects=False,
        ) as response:
            yield _OfHttp(response)

    async def _relay(self, answer: _Answer, service: str, send: Send) -> None:
        headers: list[Header] = [
            (name.encode("latin-1"), value.encode("latin-1", "replace"))
            for name, value in answer.headers
            if name.lower() not in HOP_BY_HOP and name.lower() not in ("date", "server")
        ]
        start = {"type": "http.response.start", "status": answer.status, "headers": headers}
        length = answer.length
        with_keys = service in ("sts", "iam")
        if with_keys or (length is not None and length <= _CHUNK):
            content = await answer.read()
            if with_keys:
                self._keep_keys(content)
            whole = getattr(send, "whole", None)
            if length is not None and whole is not None and whole(answer.status, headers, content):
                return
            await send(start)
            await send({"type": "http.response.body", "body": content})
            return
        await send(start)
        async for chunk in answer.chunks():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    def _client(self, at: Endpoint) -> aiohttp.ClientSession:
        if at not in self._sessions:
            self._sessions[at] = aiohttp.ClientSession(
                auto_decompress=False,
                connector=at.connector(_IDLE_CONNECTIONS),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=10),
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=("User-Agent", "Accept-Encoding", "Content-Type", "Accept"),
            )
        return self._sessions[at]


async def _raise_refused(answer: _Answer) -> None:
    """Raise what an embedded service says if it has no answer, for the protocol of the caller."""
    code = next((told for name, told in answer.headers if name.lower() == REFUSED), None)
    if code is not None:
        raise AWSError(code, json.loads(await answer.read())["message"], answer.status)


def _by_host(request: HttpRequest, region: str) -> tuple[HttpRequest, str]:
    """An unsigned request, with the scope that its Host names, and its service."""
    named = service_in(request.headers.get("host", ""))
    if named is None:
        return request, "s3"
    service, region_named = named
    scope = Keys("unsigned", "").scope(service, region_named or region)
    return dataclasses.replace(
        request, headers={**request.headers, "authorization": scope}
    ), service


def _of_one_region(request: HttpRequest, region: str) -> HttpRequest:
    """A request that is signed for a set of Regions, with a scope that the services can read."""
    claim = claim_of(request.headers, request.query)
    scope = Keys(claim.access_key, "").scope(claim.service, claim.region or region)
    return dataclasses.replace(request, headers={**request.headers, "authorization": scope})


def _by_path(request: HttpRequest, at: Endpoint) -> HttpRequest:
    """A request to S3 by a name of S3, as the embedded S3 understands all of them."""
    host = request.headers.get("host", "")
    if bucket_in(host) is None or request.path.startswith(_CONTROL_OF_S3):
        return request
    headers = {**request.headers, "host": urlsplit(at.url).netloc}
    return dataclasses.replace(request, path=path_with_bucket(request.path, host), headers=headers)


def _passed(headers: dict[str, str], body: bytes | AsyncIterator[bytes]) -> dict[str, str]:
    passed = {name: value for name, value in headers.items() if name not in _KEPT_BACK}
    if isinstance(body, bytes):
        passed["content-length"] = str(len(body))
    return passed


async def verified_chunks(request: HttpRequest, payload_hash: str) -> AsyncIterator[bytes]:
    """A request's body, chunk by chunk; the last is held back until the hash is verified.

    Raises
    ------
    AWSError
        ``XAmzContentSHA256Mismatch`` if the signed hash does not match the body.
    """
    digest = hashlib.sha256()
    held = b""
    more = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        more = message.get("more_body", False)
        chunk = message.get("body", b"")
        if not chunk:
            continue
        digest.update(chunk)
        if held:
            yield held
        held = chunk
    if len(payload_hash) == 64 and digest.hexdigest() != payload_hash:
        raise AWSError(
            "XAmzContentSHA256Mismatch",
            "The provided 'x-amz-content-sha256' header does not match what was computed.",
        )
    if held:
        yield held
