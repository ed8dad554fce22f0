"""Requests to an API of the engine without a port, as boto3 would make them."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlsplit

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from lambda_nb.engine.api.wire.http import HttpRequest, Reply, Send
from lambda_nb.engine.errors import AWSError


class Api(Protocol):
    """What answers requests."""

    async def answer(self, request: HttpRequest, request_id: str, send: Send) -> None:
        """Answer one."""


@dataclass
class Got:
    """An answer."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


async def ask(
    api: Any,
    method: str,
    path: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    certificate: bytes | None = None,
) -> Got:
    """Make a request; its answer, that for an error included."""
    parts = urlsplit(path)

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body}

    got = Got()

    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            got.status = message["status"]
            got.headers = {n.decode().lower(): v.decode() for n, v in message["headers"]}
        else:
            got.body += message["body"]

    given = {name.lower(): value for name, value in (headers or {}).items()}
    request = HttpRequest(
        method, parts.path, parts.query, given, receive, "127.0.0.1", certificate=certificate
    )
    try:
        await api.answer(request, "request-id", send)
    except AWSError as error:
        takes_request = hasattr(api, "takes")
        reply: Reply = (
            api.fault(error, request, "request-id")
            if takes_request
            else api.fault(error, "request-id")
        )
        await reply.send(send)
    return got


@contextlib.contextmanager
def client(api: Api, service: str) -> Iterator[Any]:
    """A boto3 client whose requests go to an API. Its calls block: make them in a thread."""
    loop = asyncio.get_running_loop()
    made = boto3.client(
        service,
        region_name="eu-west-1",
        endpoint_url="http://engine",
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="secret",
    )

    def send(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        parts = urlsplit(request.url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else bytes(body)
        headers = {
            name: value.decode() if isinstance(value, bytes) else value
            for name, value in request.headers.items()
        }
        asked = ask(api, request.method, path, body, headers)
        got = asyncio.run_coroutine_threadsafe(asked, loop).result(30)
        return AWSResponse(request.url, got.status, got.headers, _Raw(got.body))

    made.meta.events.register("before-send.*", send)
    yield made
    made.close()


class _Raw:
    """A body, as urllib3 has it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        """The body, in one piece."""
        yield self._content

    def read(self, *_: Any, **__: Any) -> bytes:
        """The body, once."""
        content, self._content = self._content, b""
        return content
