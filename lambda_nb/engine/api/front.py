"""The engine's one port: who a request is for, and what becomes of errors."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, MutableMapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qsl

from lambda_nb.engine.api import awaited_pages
from lambda_nb.engine.api.admission import (
    caller_identity,
    message_links,
    posted_forms,
    signature_v2,
)
from lambda_nb.engine.api.admission.gate import Gate
from lambda_nb.engine.api.admission.signature_v4 import (
    claimed_scope,
    claimed_service,
    declared_payload_hash,
)
from lambda_nb.engine.api.admission.unsigned import Unsigned
from lambda_nb.engine.api.admission.web_pages import Names, refuse_foreign
from lambda_nb.engine.api.faults import lambda_fault, neighbour_fault
from lambda_nb.engine.api.function_calls.calls import FunctionCalls
from lambda_nb.engine.api.lambda_api.operations import LambdaAPI
from lambda_nb.engine.api.lambda_api.routing import looks_like_lambda
from lambda_nb.engine.api.neighbours.bucket_cors import BucketCors
from lambda_nb.engine.api.neighbours.proxy import Proxy, verified_chunks
from lambda_nb.engine.api.wire.http import (
    WHOLE,
    ClientGone,
    Header,
    HttpRequest,
    Receive,
    Reply,
    Scope,
    Send,
    Whole,
)
from lambda_nb.engine.databases import no_room
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.identifiers import uuid4
from lambda_nb.engine.notices import Notice

log = logging.getLogger(__name__)

_OWN = "/_lambda_nb/"
_INSIDES = ("calls", "debug", "events", "frames")
"""Pages that show a function's events and variables, or the way to them."""
_RESET = "reset"
_DOWNLOADS = "/snapshots/"
_REFUSED = 403
"""The status of wrong signatures; a call that is refused shows no right that a function needs."""
_SMALL = 65536
_BODY_LIMIT = 64 << 20  # of a signed call to a neighbour that names no payload hash

_CRASH = AWSError("ServiceException", "An error occurred and the request cannot be processed.", 500)
_DISK_FULL = AWSError(
    "ServiceException",
    "The disk is full: nothing was changed or accepted. Free some room and try again.",
    500,
)
_ENDING = AWSError("ServiceException", "The engine is shutting down; try again later.", 500)

Show = Callable[["str | None", Mapping[str, str]], Awaitable[Mapping[str, Any]]]
"""Makes one of the engine's own pages, for the Region that a request names and its query."""
WebSockets = Callable[[Scope, Receive, Send], Awaitable[None]]


class OwnApi(Protocol):
    """An API of AWS, beside Lambda's, that the engine answers itself."""

    async def answer(self, request: HttpRequest, request_id: str, send: Send) -> None:
        """Answer one request."""

    def fault(self, error: AWSError, request_id: str) -> Reply:
        """What the caller gets for an error."""


class Region(Protocol):
    """Lambda in one Region, as the front sees it."""

    name: str
    lambda_api: LambdaAPI

    @property
    def own_apis(self) -> Mapping[str, OwnApi]:
        """By the names of their services in signatures."""

    def download(self, path: str, query: Mapping[str, str]) -> Path:
        """The archive behind a download link. Raises ``AWSError`` for a link of others."""


class Regions(Protocol):
    """The Regions of an engine."""

    @property
    def home(self) -> Region:
        """The Region of requests that name none."""

    def all(self) -> Sequence[Region]:
        """Those that are open, the home Region first."""

    async def named(self, name: str) -> Region:
        """The Region of a name, opened if need be."""


class Reset(Protocol):
    """Empties the engine."""

    under_way: bool

    async def run(self) -> None:
        """Empty it. Raises ``AWSError`` if it was not started for that."""

    def check(self) -> None:
        """Refuse a request meanwhile, by an ``AWSError``."""


class Door(Protocol):
    """Answers requests that are for no API of AWS, such as those to function URLs."""

    def takes(self, request: HttpRequest) -> bool:
        """Whether a request is for this door, by its path or its Host."""

    async def answer(self, request: HttpRequest, request_id: str, send: Send) -> None:
        """Answer it."""

    def fault(self, error: AWSError, request: HttpRequest, request_id: str) -> Reply:
        """What the caller gets for an error."""


class Front:
    """The ASGI application.

    Parameters
    ----------
    gate
        Lets requests in that are for no Region's Lambda.
    regions
        Answer for Lambda.
    doors
        Asked in order whether a request is for them, before anybody else.
    own_services
        Signing names of the services that a Region's ``own_apis`` answer.
    web_sockets
        Takes WebSocket connections.
    proxy
        Passes on what is for other services.
    unsigned
        Lets in what AWS does not want signed.
    names
        The names by which requests may call the engine.
    bucket_cors
        Answers browsers that ask whether a page may call S3.
    names_read
        Waits until all names are known that distributions answer to.
    shows
        What the pages below ``/_lambda_nb/`` show, by name.
    reset
        Empties the engine.
    function_calls
        Takes note of what functions call.
    """

    def __init__(
        self,
        gate: Gate,
        regions: Regions,
        doors: Sequence[Door],
        own_services: Collection[str],
        web_sockets: WebSockets,
        proxy: Proxy,
        unsigned: Unsigned,
        names: Names,
        bucket_cors: BucketCors,
        names_read: Callable[[], Awaitable[None]],
        shows: Mapping[str, Show],
        reset: Reset,
        function_calls: FunctionCalls,
    ) -> None:
        self._gate = gate
        self._regions = regions
        self._doors = doors
        self._own_services = own_services
        self._web_sockets = web_sockets
        self._proxy = proxy
        self._unsigned = unsigned
        self._names = names
        self._bucket_cors = bucket_cors
        self._names_read = names_read
        self._shows = shows
        self._reset = reset
        self._function_calls = function_calls
        self._full_disk = Notice(
            log, "the disk is full: what needs room is refused until there is some"
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; whatever goes wrong, the caller gets an answer."""
        request = HttpRequest.of(scope, receive)
        if not self._names.has(request.headers.get("host", "")):
            await self._names_read()
        if scope["type"] == "websocket":
            try:
                self._names.check(request)
                await self._web_sockets(scope, receive, send)
            except AWSError as error:
                await lambda_fault(error, uuid4()).refuse(send)
            except Exception:
                log.exception("WebSocket %s", request.path)
                raise
            return
        request_id = uuid4()
        answer, fault = self._route(request)
        watched = _Watched(send, scope.get(WHOLE))
        note = self._function_calls.begun(request)
        try:
            self._names.check(request)
            if self._reset.under_way and not request.path.startswith(_OWN):
                self._reset.check()
            await answer(request, request_id, watched)
            if note is not None and watched.status != _REFUSED:
                note()
        except AWSError as error:
            if watched.started:
                raise
            await fault(error, request, request_id).send(send)
        except ClientGone:
            return
        except asyncio.CancelledError:  # the engine ends, and has waited long enough
            if not watched.started:
                await fault(_ENDING, request, request_id).send(send)
            raise
        except Exception as error:
            answer_500 = _DISK_FULL if no_room(error) else _CRASH
            if answer_500 is _DISK_FULL:
                self._full_disk.warn()
            else:
                log.exception("%s %s (request %s)", request.method, request.path, request_id)
            if watched.started:
                raise
            await fault(answer_500, request, request_id).send(send)

    def _route(self, request: HttpRequest) -> tuple[_Answer, _Fault]:
        path = request.path
        awaited = awaited_pages.page(request.method, path)
        if awaited is not None:
            return partial(_show, awaited), _lambda_fault
        for door in self._doors:
            if door.takes(request):
                return door.answer, door.fault
        region, service = claimed_scope(request.headers, request.query)
        if service == "lambda" and not path.startswith(_OWN):
            return partial(self._to_lambda, region), _lambda_fault
        if service is not None and service in self._own_services:
            return partial(self._to_own_api, region, service), _neighbour_fault
        if path.startswith(_OWN):
            return self._own, _lambda_fault
        if path.startswith(_DOWNLOADS):
            return self._send_archive, _download_fault
        if service is None and looks_like_lambda(path):
            return partial(self._to_lambda, region), _lambda_fault
        return self._to_neighbour, _neighbour_fault

    async def _to_lambda(
        self, region: str | None, request: HttpRequest, request_id: str, send: Send
    ) -> None:
        rooms = await self._named(region, request)
        await rooms.lambda_api.answer(request, request_id, send)

    async def _to_own_api(
        self, region: str | None, service: str, request: HttpRequest, request_id: str, send: Send
    ) -> None:
        api = (await self._named(region, request)).own_apis[service]
        try:
            await api.answer(request, request_id, send)
        except AWSError as error:
            await api.fault(error, request_id).send(send)

    async def _named(self, region: str | None, request: HttpRequest) -> Region:
        if region is None or region == self._regions.home.name:
            return self._regions.home
        self._gate.glance(request)  # a stranger opens nothing
        return await self._regions.named(region)

    def _download(self, path: str, query: Mapping[str, str]) -> Path:
        """The archive behind a download link; each Region knows its own."""
        *others, last = reversed(self._regions.all())
        for region in others:
            with contextlib.suppress(AWSError):
                return region.download(path, query)
        return last.download(path, query)

    async def _own(self, request: HttpRequest, request_id: str, send: Send) -> None:
        what = request.path[len(_OWN) :]
        if what == "health":
            await _show(b'{"status": "ok"}', request, "", send)
            return
        visitor = self._gate.glance(request)
        body = await request.body(0, lambda _: AWSError("ValidationException", "No body expected."))
        caller = visitor.admit(hashlib.sha256(body).hexdigest(), anywhere=True)
        if what in _INSIDES and self._gate.of_function(caller.access_key):
            text = f"{caller.arn} is a function, and may not look into others by {request.path}."
            raise AWSError("AccessDeniedException", text, 403)
        if what == _RESET and request.method == "POST":
            await self._empty(request, send)
            return
        show = self._shows.get(what)
        if show is None:
            text = (
                f"There is no {request.path}; there are {_OWN}{', '.join(self._shows)} and health, "
                f"and {_RESET} for POST."
            )
            raise AWSError("ResourceNotFoundException", text, 404)
        region, _ = claimed_scope(request.headers, request.query)
        try:
            told = await show(region, dict(parse_qsl(request.query)))
        except ValueError as error:
            raise AWSError("ValidationException", str(error)) from error
        await Reply(200, json.dumps(told, default=str).encode()).send(send)

    async def _empty(self, request: HttpRequest, send: Send) -> None:
        """Reset the engine, for its user and nobody else."""
        if not self._gate.open and not self._gate.is_user(request):
            text = "Only the keys that the engine itself has issued may reset it."
            raise AWSError("AccessDeniedException", text, 403)
        await self._reset.run()
        await Reply(200, b'{"reset": true}').send(send)

    async def _send_archive(self, request: HttpRequest, request_id: str, send: Send) -> None:
        archive = self._download(request.path, dict(parse_qsl(request.query)))
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [
                    (b"content-type", b"application/zip"),
                    (b"content-length", b"%d" % archive.stat().st_size),
                ],
            }
        )
        with archive.open("rb") as file:
            while chunk := file.read(1 << 18):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _to_neighbour(self, request: HttpRequest, request_id: str, send: Send) -> None:
        service = claimed_service(request.headers, request.query) or ""
        if not service and signature_v2.access_key(request.query) is not None:
            service = "s3"  # nobody else takes such signatures
        declared = declared_payload_hash(request.headers)
        if not self._gate.open and request.is_preflight:
            await (await self._bucket_cors.answer(request)).send(send)
            return
        if not self._gate.open and (call := await self._unsigned.admitted(request)):
            # As from no service: keys in an answer to somebody unknown are not to be trusted.
            await self._proxy.pass_on(*call, "", send)
            return
        if not service and (call := message_links.followed(request, self._regions.home.name)):
            await self._proxy.pass_on(*call, "", send)
            return
        if not self._gate.open and not service:
            form = await posted_forms.admitted(self._gate.find, request)
            if form is not None:
                await self._proxy.pass_on(*form, "s3", send)
                return
        visitor = self._gate.glance(request)
        if service == "sts" or (declared is None and not self._gate.open):
            body = await request.body(_BODY_LIMIT, _too_large)
            visitor.admit(hashlib.sha256(body).hexdigest(), anywhere=True)
            if service == "sts" and caller_identity.is_asked(request, body):
                credential = self._gate.own_credential(request)
                if credential is not None:
                    await caller_identity.answer(credential, request_id).send(send)
                    return
            await self._proxy.pass_on(request, body, service, send)
            return
        visitor.admit(declared or "", anywhere=True)
        chunks = verified_chunks(request, "" if self._gate.open else declared or "")
        has_body = "transfer-encoding" in request.headers or (
            request.headers.get("content-length", "0") != "0"
        )
        if has_body and _is_small(request):
            body = b"".join([chunk async for chunk in chunks])
            await self._proxy.pass_on(request, body, service, send)
            return
        await self._proxy.pass_on(request, chunks if has_body else b"", service, send)


class _Watched:
    """Sends, and knows whether anything has been sent, and with which status."""

    __slots__ = ("_send", "_whole", "started", "status")

    def __init__(self, send: Send, whole: Whole | None) -> None:
        self._send = send
        self._whole = whole
        self.started = False
        self.status = 0

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        """Send a message of ASGI."""
        if not self.started:
            self.started = True
            self.status = message.get("status", 0)
        try:
            await self._send(message)
        except RuntimeError as closed:  # uvloop, once the client has hung up
            raise ClientGone from closed

    def whole(self, status: int, headers: list[Header], body: bytes) -> bool:
        """Send a whole answer at once, if the server can."""
        if self._whole is None or self.started:
            return False
        self.status = status
        try:
            self.started = self._whole(status, headers, body)
        except RuntimeError as closed:
            raise ClientGone from closed
        return self.started


_Answer = Callable[[HttpRequest, str, Send], Awaitable[None]]
_Fault = Callable[[AWSError, HttpRequest, str], Reply]


async def _show(content: bytes, request: HttpRequest, request_id: str, send: Send) -> None:
    """Send a page that needs no signature."""
    refuse_foreign(request.headers)
    await Reply(200, content).send(send)


def _is_small(request: HttpRequest) -> bool:
    """Whether a body is as quickly read as streamed."""
    length = request.headers.get("content-length", "")
    return length.isdecimal() and int(length) <= _SMALL


def _too_large(size: int) -> AWSError:
    text = f"Request must be smaller than {_BODY_LIMIT} bytes unless it names its payload's hash."
    return AWSError("RequestEntityTooLargeException", text, 413)


def _lambda_fault(error: AWSError, request: HttpRequest, request_id: str) -> Reply:
    return lambda_fault(error, request_id)


def _download_fault(error: AWSError, request: HttpRequest, request_id: str) -> Reply:
    return neighbour_fault(error, "s3", request, request_id)


def _neighbour_fault(error: AWSError, request: HttpRequest, request_id: str) -> Reply:
    service = claimed_service(request.headers, request.query) or "s3"
    return neighbour_fault(error, service, request, request_id)
