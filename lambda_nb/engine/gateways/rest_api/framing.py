"""The frame of every exchange: limits of requests, headers that API Gateway adds, compression."""

from __future__ import annotations

import base64
import json
import os

from lambda_nb.engine.api.wire.http import Header, HttpRequest, Reply
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.rest_api.binary import compressed, decompressed
from lambda_nb.engine.gateways.rest_api.exchange import Exchange, Pairs
from lambda_nb.engine.gateways.rest_api.gateway_responses import INTERNAL, Refusal

BODY_LIMIT = 10 << 20
"""Bytes of a request's body (facts/events.md, "API Gateway REST")."""

HEADER_LIMIT = 20_480
"""Bytes of all headers together (facts/events.md, "API Gateway REST")."""

_FORWARDED = ("x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-amzn-trace-id")
_OF_CONNECTION = ("connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade")
_NOT_PASSED = frozenset((*_FORWARDED, *_OF_CONNECTION, "expect", "proxy-authorization"))


async def body_of(request: HttpRequest, exchange: Exchange) -> bytes:
    """The body of a request that keeps the limits.

    Raises
    ------
    Refusal
        ``REQUEST_TOO_LARGE``, or a body that is not encoded as it says.
    """
    size = sum(len(name) + len(value) for name, value in request.raw_headers)
    if size > HEADER_LIMIT:
        raise Refusal("REQUEST_TOO_LARGE", "Request Header Fields Too Large", status=431)
    try:
        body = await request.body(BODY_LIMIT, _too_large)
    except AWSError as error:
        raise Refusal("REQUEST_TOO_LARGE", error.message) from error
    encoding = request.headers.get("content-encoding")
    if encoding and exchange.deployed.compression_from is not None:
        try:
            return decompressed(body, encoding)
        except ValueError as error:
            exchange.log.failed(str(error))
            raise Refusal("BAD_REQUEST_BODY", "Could not decompress the request body") from error
    return body


def _too_large(size: int) -> AWSError:
    return AWSError("RequestTooLargeException", "Request Too Long", 413)


def event_headers(request: HttpRequest, trace: str) -> Pairs:
    """A request's headers with those that API Gateway adds."""
    pairs = [
        (name.decode("latin-1"), value.decode("utf-8", "replace"))
        for name, value in request.as_spelt
    ]
    headers = request.headers
    before = headers.get("x-forwarded-for")
    peer = f"{before}, {request.peer}" if before else request.peer
    host = headers.get("host", "")
    pairs = [pair for pair in pairs if pair[0].lower() not in _NOT_PASSED]
    pairs += [
        ("X-Amzn-Trace-Id", trace.partition(";")[0]),
        ("X-Forwarded-For", peer),
        ("X-Forwarded-Port", host.rpartition(":")[2] if ":" in host else "80"),
        ("X-Forwarded-Proto", "http"),
    ]
    return pairs


def new_extended_id() -> str:
    """A fresh extended request id, such as ``JKJaXmPLvHcESHA=``."""
    return base64.urlsafe_b64encode(os.urandom(11)).decode().replace("_", "x")


def own_headers(exchange: Exchange) -> list[Header]:
    """Headers of every answer."""
    own = [
        (b"x-amzn-RequestId", exchange.request_id.encode()),
        (b"x-amz-apigw-id", exchange.extended_request_id.encode()),
    ]
    if exchange.integration_status is not None:
        own.append((b"X-Amzn-Trace-Id", exchange.trace_header.encode("latin-1", "replace")))
    return own


def forbidden(request_id: str) -> Reply:
    """What callers get where there is no such stage."""
    return _bare(403, "Forbidden", "ForbiddenException", request_id)


def fault(error: AWSError, request_id: str) -> Reply:
    """What callers get for an error outside of any API: a foreign page, or a failing engine."""
    if error.status in (403, 503):
        return _bare(error.status, error.message, error.code, request_id)
    return _bare(500, INTERNAL, "InternalServerErrorException", request_id)


def _bare(status: int, message: str, error_type: str, request_id: str) -> Reply:
    headers = [
        (b"x-amzn-RequestId", request_id.encode()),
        (b"x-amzn-ErrorType", error_type.encode()),
        (b"x-amz-apigw-id", new_extended_id().encode()),
    ]
    body = json.dumps({"message": message}, separators=(",", ":"), ensure_ascii=False)
    return Reply(status, body.encode(), headers)


def compress(reply: Reply, exchange: Exchange) -> None:
    """Compress an answer, if the API is set up to and the caller asks for it."""
    least = exchange.deployed.compression_from
    if least is None or len(reply.body) < max(least, 1):
        return
    if any(name.lower() == b"content-encoding" for name, _ in reply.headers):
        return
    packed = compressed(reply.body, exchange.header("accept-encoding"))
    if packed is not None:
        reply.body = packed[0]
        reply.headers = [*reply.headers, (b"Content-Encoding", packed[1].encode())]
