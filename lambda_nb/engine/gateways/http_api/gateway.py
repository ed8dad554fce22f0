"""Answers requests to HTTP APIs."""

from __future__ import annotations

import logging
import time
from typing import NamedTuple
from urllib.parse import unquote

from lambda_nb.engine.api.lambda_api.invoke import new_trace_header
from lambda_nb.engine.api.wire.http import ClientGone, HttpRequest, Reply, Send
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.configuration.v2.apis import V2Configuration
from lambda_nb.engine.gateways.configuration.v2.rules import route_keys
from lambda_nb.engine.gateways.configuration.v2.served import ServedStage
from lambda_nb.engine.gateways.http_api import faults
from lambda_nb.engine.gateways.http_api.compiled_stage import Route, Stage, StageCompiler
from lambda_nb.engine.gateways.http_api.exchange import Exchange, new_request_id
from lambda_nb.engine.gateways.http_api.faults import Fault
from lambda_nb.engine.gateways.http_api.log_values import log_values
from lambda_nb.engine.gateways.shared.addresses import Address
from lambda_nb.engine.gateways.shared.surroundings import Surroundings
from lambda_nb.rules import quotas

log = logging.getLogger(__name__)

_DEFAULT_STAGE = "$default"
_METHODS = frozenset(route_keys.METHODS) - {"ANY"}
_DISCARDED_BYTES = 10 * quotas.HTTP_API_PAYLOAD_BYTES.value


class _Ready(NamedTuple):
    """A stage as it was served at a revision of the configuration."""

    revision: int
    served: ServedStage
    stage: Stage


class HttpApis:
    """The HTTP APIs of one Region.

    Parameters
    ----------
    configuration
        What is configured.
    surroundings
        What gateways work with.
    """

    def __init__(self, configuration: V2Configuration, surroundings: Surroundings) -> None:
        self._configuration = configuration
        self._logs = surroundings.logs
        self._compiler = StageCompiler(surroundings, configuration.authorizer_resets)
        self._stages: dict[tuple[str, str], _Ready] = {}

    async def answer(self, at: Address, request: HttpRequest, request_id: str, send: Send) -> None:
        """Answer one request."""
        found = self._stage_of(at)
        if found is None:
            await _numbered(faults.not_found().reply(), new_request_id()).send(send)
            return
        stage, path = found
        exchange = Exchange(
            request,
            stage.names,
            path,
            unquote(request.path if at.stage else at.path),
            _domain_prefix(at, request),
            new_request_id(),
            request_id,
            request.headers.get("x-amzn-trace-id") or new_trace_header(),
        )
        fault: Fault | None = None
        try:
            if stage.cors is not None and request.is_preflight:
                reply = stage.cors.preflight(request)
            else:
                reply = await _served(stage, exchange)
        except Fault as raised:
            fault = raised
            reply = fault.reply()
            if fault.status >= 500:
                log.warning("HTTP API %s, %s: %s", at.identifier, exchange.route_key, fault)
        if stage.cors is not None and not request.is_preflight:
            stage.cors.add_to(request, reply)
        await _numbered(reply, exchange.request_id).send(send)
        if stage.access_log is not None:
            values = log_values(exchange, reply, fault, time.time() - exchange.began)
            stage.access_log.write(self._logs, values, time.time_ns() // 1_000_000)

    def fault(self, error: AWSError, at: Address, request: HttpRequest, request_id: str) -> Reply:
        """What the caller gets for an error."""
        if error.status == 403:
            fault = faults.forbidden(error.message)
        elif error.status == 503:
            fault = faults.unavailable(error.message)
        else:
            fault = faults.internal(error.message)
        return _numbered(fault.reply(), new_request_id())

    def _stage_of(self, at: Address) -> tuple[Stage, str] | None:
        """The stage that an address means, and the path below it."""
        if at.stage:  # a custom domain name's mapping says it
            mapped = self._stage(at.identifier, at.stage)
            return None if mapped is None else (mapped, at.path)
        name, slash, rest = at.path[1:].partition("/")
        stage = self._stage(at.identifier, unquote(name)) if name else None
        path = slash + rest or "/"
        if stage is None or name == _DEFAULT_STAGE:
            stage = self._stage(at.identifier, _DEFAULT_STAGE)
            path = at.path
        return None if stage is None or not stage.default_endpoint else (stage, path)

    def _stage(self, api_id: str, name: str) -> Stage | None:
        key = (api_id, name)
        revision = self._configuration.revision
        ready = self._stages.get(key)
        if ready is not None and ready.revision == revision:
            return ready.stage
        served = self._configuration.served(api_id, name)
        if served is None:  # a name that anybody may ask for is not remembered
            self._stages.pop(key, None)
            return None
        if ready is not None and ready.served == served:  # something else has changed
            stage = ready.stage
        else:
            stage = self._compiler.compile(served, ready.stage if ready else None)
        self._stages[key] = _Ready(revision, served, stage)
        return stage


async def _served(stage: Stage, exchange: Exchange) -> Reply:
    request = exchange.request
    _check_head(request)
    match = stage.router.find(request.method, exchange.path)
    if match is None or request.method not in _METHODS:
        raise faults.not_found()
    route = match.route
    exchange.route_key, exchange.path_parameters = route.key, match.parameters
    if stage.throttling.any and not stage.throttling.lets_in(route.key):
        raise faults.too_many_requests()
    exchange.body = await _body(request)
    if route.authorizer is not None:
        await route.authorizer.admit(exchange)
    return await _integrated(route, exchange)


async def _body(request: HttpRequest) -> bytes:
    most = quotas.HTTP_API_PAYLOAD_BYTES.value
    try:
        return await request.body(most, _too_large)
    except AWSError as error:
        length = request.headers.get("content-length", "")
        if length.isdigit() and most < int(length) <= _DISCARDED_BYTES:
            await _discard(request)
        raise faults.too_large() from error


async def _discard(request: HttpRequest) -> None:
    """Read a body that nobody will have: many clients read no answer before they have sent it."""
    more = True
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        more = message.get("more_body", False)


async def _integrated(route: Route, exchange: Exchange) -> Reply:
    began = time.monotonic()
    try:
        reply = await route.integration.answer(exchange)
        exchange.notes["integrationStatus"] = reply.status
    finally:
        exchange.notes["integrationLatency"] = round((time.monotonic() - began) * 1000)
    if route.response is not None:
        route.response.apply(exchange, reply)
    return reply


def _check_head(request: HttpRequest) -> None:
    size = len(request.method) + len(request.path) + len(request.query) + 10
    for _, value in request.raw_headers:
        size += len(value)
    if size > quotas.HTTP_API_HEAD_BYTES.value:
        raise faults.headers_too_large()


def _too_large(size: int) -> AWSError:
    return AWSError("RequestEntityTooLarge", f"{size} bytes are too many", 413)


def _domain_prefix(at: Address, request: HttpRequest) -> str:
    """The first part of the host; the API's id where the host is not the API's own."""
    first = request.headers.get("host", "").partition(":")[0].partition(".")[0]
    own = at.stage or not (at.base or first.isdigit() or first == "localhost")
    return first if own else at.identifier


def _numbered(reply: Reply, request_id: str) -> Reply:
    reply.headers = [*reply.headers, (b"Apigw-Requestid", request_id.encode())]
    return reply
