"""Requests for a service elsewhere: addressed to it, and signed with keys that it knows."""

from __future__ import annotations

import contextlib
import dataclasses
import re
from collections.abc import AsyncIterator
from urllib.parse import quote, urlsplit

from lambda_nb.engine.api.http import HttpRequest
from lambda_nb.engine.api.signature import claim_of, decoded_pairs
from lambda_nb.engine.endpoint import Endpoint
from lambda_nb.engine.errors import AWSError

_SIGNATURES = frozenset({"authorization", "x-amz-date", "x-amz-security-token", "date"})
_CHUNKED = frozenset({"x-amz-decoded-content-length", "x-amz-trailer", "x-amz-sdk-checksum-type"})
_OF_THE_QUERY = frozenset(
    {
        *(f"x-amz-{name}" for name in ("algorithm", "credential", "date", "expires")),
        *(f"x-amz-{name}" for name in ("signedheaders", "signature", "security-token")),
        *("awsaccesskeyid", "signature", "expires"),
    }
)
_BUCKET_HOST = re.compile(r"(?P<bucket>.+?)(\.s3)?([.-][a-z]{2,4}(-[a-z]+)+-\d)?\.localhost(:\d+)?")
_CHUNK_HEAD = re.compile(rb"([0-9a-fA-F]+)(;[^\r\n]*)?\r\n")
_LONGEST_HEAD = 1024
_NOT_CHUNKED = AWSError(
    "IncompleteBody", "The request body is not framed as x-amz-content-sha256 says.", 400
)

Body = bytes | AsyncIterator[bytes]


def addressed(
    request: HttpRequest, body: Body, at: Endpoint, service: str, region: str, signed: bool
) -> tuple[HttpRequest, Body]:
    """A request and its body as a service elsewhere takes them.

    Parameters
    ----------
    body
        Bodies that S3's clients cut into signed chunks come out whole: no chunk could be signed
        again before it is known.
    at
        The endpoint, with keys.
    service, region
        Who is meant, and the Region of a request that names none.
    signed
        Whether the request was signed; an anonymous one stays anonymous.
    """
    headers = {n: v for n, v in request.headers.items() if n not in _SIGNATURES}
    payload = request.headers.get("x-amz-content-sha256", "")
    path, query = request.path, request.query
    if service == "s3":
        bucket = _BUCKET_HOST.fullmatch(request.headers.get("host", ""))
        if bucket is not None and bucket["bucket"] != "s3":
            path = f"/{bucket['bucket']}{path}"
        if payload.startswith("STREAMING-"):
            headers, body = _unchunked(headers, body)
        payload = "UNSIGNED-PAYLOAD"
        headers.pop("x-amz-content-sha256", None)
    if signed:
        with contextlib.suppress(AWSError):  # an old signature of S3 names no Region
            region = claim_of(request.headers, request.query).region
        pairs = [(n, v) for n, v in decoded_pairs(query) if n.lower() not in _OF_THE_QUERY]
        query = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in pairs)
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


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~", errors="surrogateescape")


def _unchunked(headers: dict[str, str], body: Body) -> tuple[dict[str, str], Body]:
    """The head and the body of a request without S3's framing of chunks."""
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
    """What chunks hold, without their heads, signatures and trailers."""
    held = b""
    left = 0  # bytes of the chunk that are still to come
    seen = 0
    ended = False
    async for piece in pieces:
        held += piece
        while held and not ended:
            if left > 0:
                part, held = held[:left], held[left:]
                left -= len(part)
                seen += len(part)
                yield part
                if not left:
                    left = -2  # the line's end behind a chunk
                continue
            if left < 0:
                gone = min(-left, len(held))
                held = held[gone:]
                left += gone
                continue
            head = _CHUNK_HEAD.match(held)
            if head is None:
                if len(held) > _LONGEST_HEAD:
                    raise _NOT_CHUNKED
                break
            held = held[head.end() :]
            left = int(head[1], 16)
            ended = left == 0
        if ended:
            held = b""  # trailers
    if not ended or seen != length:
        raise _NOT_CHUNKED
