"""Addresses requests to a service elsewhere, and signs them with keys that it knows."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from lambda_nb.engine.api.admission import signature_v2
from lambda_nb.engine.api.admission.host_names import path_with_bucket
from lambda_nb.engine.api.admission.signature_v4 import claim_of, decoded_pairs, encoded
from lambda_nb.engine.api.wire.http import HttpRequest
from lambda_nb.engine.aws_calls.endpoint import Endpoint
from lambda_nb.engine.errors import AWSError

_SIGNATURES = frozenset(
    {"authorization", "x-amz-date", "x-amz-region-set", "x-amz-security-token", "date"}
)
_CHUNKED = frozenset({"x-amz-decoded-content-length", "x-amz-trailer", "x-amz-sdk-checksum-type"})
_IN_THE_QUERY = frozenset(
    f"X-Amz-{part}"
    for part in (
        *("Algorithm", "Credential", "Date", "Expires"),
        *("SignedHeaders", "Signature", "Security-Token", "Region-Set"),
    )
)
_OF_THE_OLD_FORM = frozenset({"AWSAccessKeyId", "Signature", "Expires", "x-amz-security-token"})
_CHUNK_HEAD = re.compile(rb"([0-9a-fA-F]+)(;.*)?")
_LONGEST_HEAD = 1024

_HOST_PREFIXES = {
    "AWSStepFunctions.StartSyncExecution": "sync-",
    "AWSStepFunctions.TestState": "sync-",
}
"""What AWS's host has before its name for an operation; here clients leave it away."""

Body = bytes | AsyncIterator[bytes]


def endpoint_of(at: Endpoint, request: HttpRequest) -> Endpoint:
    """The endpoint that takes a request to a service: AWS has another one for some operations."""
    prefix = _HOST_PREFIXES.get(request.headers.get("x-amz-target", ""))
    if prefix is None or ".amazonaws.com" not in at.url:
        return at
    return at._replace(url=at.url.replace("://", f"://{prefix}", 1))


def addressed(
    request: HttpRequest, body: Body, at: Endpoint, service: str, region: str, signed: bool
) -> tuple[HttpRequest, Body]:
    """A request and its body as a service elsewhere accepts them.

    Parameters
    ----------
    body
        A body that an S3 client has cut into signed chunks comes out whole: a chunk cannot be
        signed again before its content is known.
    at
        The endpoint, with keys.
    service, region
        The service, and the Region of a request that names none.
    signed
        Whether the request was signed; an anonymous one stays anonymous.
    """
    headers = {n: v for n, v in request.headers.items() if n not in _SIGNATURES}
    payload = request.headers.get("x-amz-content-sha256", "")
    path, query = request.path, request.query
    if service == "s3":
        path = path_with_bucket(path, request.headers.get("host", ""))
        if payload.startswith("STREAMING-"):
            headers, body = _unchunked(headers, body)
        payload = "UNSIGNED-PAYLOAD"
        headers.pop("x-amz-content-sha256", None)
    if signed:
        with contextlib.suppress(AWSError):  # an old signature of S3 names no Region
            region = claim_of(request.headers, request.query).region or region
        old = signature_v2.access_key(query) is not None
        gone = _OF_THE_OLD_FORM if old else _IN_THE_QUERY
        pairs = [(name, value) for name, value in decoded_pairs(query) if name not in gone]
        query = "&".join(f"{encoded(name)}={encoded(value)}" for name, value in pairs)
    headers["host"] = urlsplit(at.url).netloc
    request = dataclasses.replace(request, path=path, query=query, headers=headers)
    if signed:
        assert at.keys is not None
        url = f"{at.url}{path}{'?' if query else ''}{query}"
        counted = {n: v for n, v in headers.items() if n.startswith("x-amz-")}
        whole = payload if service == "s3" or not isinstance(body, bytes) else body
        told = at.keys.sign(service, region, request.method, url, counted, whole)
        headers.update((name.lower(), value) for name, value in told.items())
    return request, body


def _unchunked(headers: dict[str, str], body: Body) -> tuple[dict[str, str], Body]:
    """The headers and the body of a request without S3's chunk framing."""
    length = headers.get("x-amz-decoded-content-length", "")
    if not length.isdecimal():
        raise AWSError("MissingContentLength", "x-amz-decoded-content-length is missing.", 411)
    plain = {name: value for name, value in headers.items() if name not in _CHUNKED}
    codings = [c.strip() for c in plain.pop("content-encoding", "").split(",")]
    kept = ",".join(coding for coding in codings if coding and coding != "aws-chunked")
    if kept:
        plain["content-encoding"] = kept
    plain["content-length"] = length
    return plain, _payloads(_pieces(body), int(length))


async def _pieces(body: Body) -> AsyncIterator[bytes]:
    if isinstance(body, bytes):
        yield body
        return
    async for piece in body:
        yield piece


async def _payloads(pieces: AsyncIterator[bytes], length: int) -> AsyncIterator[bytes]:
    """The content of chunks, ``length`` bytes, without their heads, signatures and trailers."""
    reader = _Reader(pieces)
    left = length
    held = b""  # sent only at the end: a body that is cut short must not look whole
    while size := _size_in(await reader.line()):
        left -= size
        if left < 0:
            raise _badly_framed()
        async for part in reader.take(size):
            if held:
                yield held
            held = part
        if await reader.line():
            raise _badly_framed()
    if left:
        raise _badly_framed()
    async for _ in pieces:  # trailers
        pass
    if held:
        yield held


def _size_in(head: bytes) -> int:
    """The bytes of a chunk; 0 for the last."""
    match = _CHUNK_HEAD.fullmatch(head)
    if match is None:
        raise _badly_framed()
    return int(match[1], 16)


class _Reader:
    """Reads lines, or a given number of bytes, from a body that comes in pieces."""

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces = pieces
        self._held = b""

    async def line(self) -> bytes:
        """The next line, without its end."""
        while b"\r\n" not in self._held:
            if len(self._held) > _LONGEST_HEAD:
                raise _badly_framed()
            await self._read_on()
        line, _, self._held = self._held.partition(b"\r\n")
        return line

    async def take(self, size: int) -> AsyncIterator[bytes]:
        """The next bytes, as they come."""
        while size:
            if not self._held:
                await self._read_on()
            part, self._held = self._held[:size], self._held[size:]
            size -= len(part)
            yield part

    async def _read_on(self) -> None:
        try:
            self._held += await anext(self._pieces)
        except StopAsyncIteration:
            raise _badly_framed() from None


def _badly_framed() -> AWSError:
    text = "The request body is not framed as x-amz-content-sha256 says."
    return AWSError("IncompleteBody", text, 400)
