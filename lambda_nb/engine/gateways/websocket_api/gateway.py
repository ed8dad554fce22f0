"""WebSocket APIs: takes connections, and answers the back channel to them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit

from lambda_nb.engine.api.lambda_api.invoke import new_trace_header
from lambda_nb.engine.api.wire.http import AS_SPELT, LINE, HttpRequest, Receive, Reply, Scope, Send
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.configuration.rest.apis import RestConfiguration
from lambda_nb.engine.gateways.configuration.v2.apis import V2Configuration
from lambda_nb.engine.gateways.shared.addresses import API, Address
from lambda_nb.engine.gateways.shared.surroundings import Surroundings
from lambda_nb.engine.gateways.shared.token_bucket import TokenBucket
from lambda_nb.engine.gateways.websocket_api import back_channel
from lambda_nb.engine.gateways.websocket_api.admission import Admission, Admitted
from lambda_nb.engine.gateways.websocket_api.api_keys import ApiKeys
from lambda_nb.engine.gateways.websocket_api.back_channel import BackChannel
from lambda_nb.engine.gateways.websocket_api.connection import (
    Client,
    Connection,
    new_id,
    now_ms,
)
from lambda_nb.engine.gateways.websocket_api.conversation import Conversations
from lambda_nb.engine.gateways.websocket_api.events import Handshake, context_of, of_handshake
from lambda_nb.engine.gateways.websocket_api.integrations.asked import Asked
from lambda_nb.engine.gateways.websocket_api.integrations.outcome import Outcome
from lambda_nb.engine.gateways.websocket_api.integrations.running import Integrations
from lambda_nb.engine.gateways.websocket_api.journal import Journal
from lambda_nb.engine.gateways.websocket_api.lambda_calls import LambdaCalls
from lambda_nb.engine.gateways.websocket_api.refusals import (
    FORBIDDEN,
    TOO_MANY,
    Refused,
    reply_to,
)
from lambda_nb.engine.gateways.websocket_api.stages import CONNECT, Stage, Stages
from lambda_nb.engine.gateways.websocket_api.validation import check_parameters
from lambda_nb.rules import quotas

_NEW_A_SECOND = quotas.WEBSOCKET_CONNECTIONS_A_SECOND.value


class WebSocketApis:
    """The WebSocket APIs of one Region.

    Parameters
    ----------
    configuration
        What is configured.
    surroundings
        What gateways work with.
    keys
        Has the API keys and usage plans, which all kinds of API share.
    """

    def __init__(
        self,
        configuration: V2Configuration,
        surroundings: Surroundings,
        keys: RestConfiguration,
    ) -> None:
        self._configuration = configuration
        self._surroundings = surroundings
        self._stages = Stages(configuration)
        self._connections: dict[str, Connection] = {}
        arn = f"arn:aws:execute-api:{surroundings.region}:{surroundings.account}"
        calls = LambdaCalls(surroundings.functions)
        self._admission = Admission(surroundings.gate, calls, arn)
        self._integrations = Integrations(calls, surroundings.upstream, arn)
        self._conversations = Conversations(self._stages, self._integrations, surroundings.logs)
        self._back_channel = BackChannel(surroundings.gate, self._connections)
        self._keys = ApiKeys(keys)
        self._new = TokenBucket(_NEW_A_SECOND, _NEW_A_SECOND)

    def changed(self) -> None:
        """The configuration has changed: end the connections of what is no more."""
        clients = {(one.client.api_id, one.client.stage) for one in self._connections.values()}
        gone = {owner for owner in clients if self._stages.of(*owner) is None}
        if gone:
            for connection in self._connections.values():
                if (connection.client.api_id, connection.client.stage) in gone:
                    connection.go_away()

    async def connect(self, at: Address, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one connection, or refuse its handshake; returns when it has ended."""
        await receive()  # "websocket.connect": nothing is in it that the scope has not
        request = HttpRequest.of(scope, receive)
        identifier, request_id = new_id(), new_id()
        stage_name, below = _stage_of(at)
        stage = self._stages.of(at.identifier, stage_name)
        if stage is None or below not in ("", "/") or _is_shut(stage, at):
            refused = Refused(403, FORBIDDEN)
            await reply_to(refused, identifier, request_id).refuse(send)
            return
        client = self._client(stage, at, request)
        connection = await self._shaken_hands(
            stage, client, identifier, request_id, request, scope, send
        )
        if connection is None:
            return
        connection.line.forget_handshake()
        del request, stage
        await self._hold(connection, receive)

    async def _shaken_hands(
        self,
        stage: Stage,
        client: Client,
        identifier: str,
        request_id: str,
        request: HttpRequest,
        scope: Scope,
        send: Send,
    ) -> Connection | None:
        """The connection, once its client was told that it stands; ``None`` if it was refused."""
        trace = request.headers.get("x-amzn-trace-id") or new_trace_header()
        handshake = Handshake.of(request, scope.get(AS_SPELT) or scope["headers"], trace)
        connected = now_ms()
        context = of_handshake(_context(client, identifier, connected, request_id), None)
        journal = Journal(self._surroundings.logs, stage)
        try:
            admitted = await self._admitted(stage, request, handshake, context)
            client = replace(client, authorizer=admitted.authorizer)
            context = of_handshake(
                _context(client, identifier, connected, request_id), admitted.caller
            )
            outcome = await self._answer_to(
                stage,
                Asked(context, handshake=handshake, extra=handshake.members(), trace_header=trace),
            )
        except Refused as refused:
            journal.done(context, refused.status, refused)
            await reply_to(refused, identifier, request_id).refuse(send)
            return None
        journal.done(context, outcome.status)
        if not 200 <= outcome.status <= 299:
            await _passed_on(outcome).refuse(send)
            return None
        line = scope[LINE]
        connection = Connection(identifier, client, send, line, connected, now_ms())
        self._connections[identifier] = connection
        with contextlib.suppress(OSError):  # it may have hung up, of which hold() hears
            await send({"type": "websocket.accept", "headers": outcome.headers})
        return connection

    async def _admitted(
        self, stage: Stage, request: HttpRequest, handshake: Handshake, context: dict[str, Any]
    ) -> Admitted:
        now_s = time.monotonic()
        if not self._new.take(now_s):
            raise Refused(429, TOO_MANY)
        route = stage.routes.get(CONNECT)
        if route is None:
            return Admitted()
        if route.limit is not None and not route.limit.take(now_s):
            raise Refused(429, TOO_MANY)
        check_parameters(route, handshake)
        resets = self._configuration.authorizer_resets(stage.api_id, stage.name)
        admitted = await self._admission.admit(stage, route, request, handshake, context, resets)
        if route.record.get("ApiKeyRequired"):
            told = {**context, "authorizer": admitted.authorizer or {}}
            self._keys.check(stage, handshake, told)
        return admitted

    async def _answer_to(self, stage: Stage, asked: Asked) -> Outcome:
        route = stage.routes.get(CONNECT)
        if route is None or route.integration is None:  # AWS lets clients in without either
            return Outcome()
        return await self._integrations.run(stage, route, asked)

    async def _hold(self, connection: Connection, receive: Receive) -> None:
        surroundings = self._surroundings
        connection.limit(surroundings.websocket_idle_s, surroundings.websocket_life_s)
        client = connection.client
        if self._stages.of(client.api_id, client.stage) is None:  # deleted during the handshake
            connection.go_away()
        try:
            code, reason = await self._conversations.hold(connection, receive)
        finally:
            connection.release()
            self._connections.pop(connection.identifier, None)
        await self._conversations.part(connection, code, reason)

    def _client(self, stage: Stage, at: Address, request: HttpRequest) -> Client:
        host = request.headers.get("host", "")
        # Functions build the back channel's address with it: it must be one that they can use,
        # whatever name of this engine the client has called.
        own = urlsplit(self._surroundings.addresses.of(API, stage.api_id))
        return Client(
            api_id=stage.api_id,
            stage=stage.name,
            domain_name=host if at.stage else own.netloc + own.path,
            host=host,
            source_ip=request.peer,
            user_agent=request.headers.get("user-agent"),
        )

    async def answer(self, at: Address, request: HttpRequest, request_id: str, send: Send) -> None:
        """Answer one HTTP request: the back channel's, and no others."""
        stage_name, below = _stage_of(at)
        identifier = back_channel.asked_for(below)
        if identifier is None or self._stages.of(at.identifier, stage_name) is None:
            raise AWSError("ForbiddenException", FORBIDDEN, 403)
        reply = await self._back_channel.answer(at.identifier, stage_name, identifier, request)
        await reply.send(send)

    def fault(self, error: AWSError, at: Address, request: HttpRequest, request_id: str) -> Reply:
        """What the caller gets for an error."""
        return back_channel.fault(error, request_id)


def _is_shut(stage: Stage, at: Address) -> bool:
    """Whether only custom domain names lead to an API, and this is none."""
    return bool(stage.served.api.get("DisableExecuteApiEndpoint")) and not at.stage


def _stage_of(at: Address) -> tuple[str, str]:
    """The stage that an address means, and the path below it."""
    if at.stage:
        return at.stage, at.path
    name, slash, below = at.path[1:].partition("/")
    return unquote(name), slash + below


def _context(client: Client, identifier: str, connected: int, request_id: str) -> dict[str, Any]:
    return context_of(
        client, identifier, connected, request_id, route_key=CONNECT, event_type="CONNECT"
    )


def _passed_on(outcome: Outcome) -> Reply:
    """A ``$connect`` that says no: its answer is the handshake's."""
    named: Sequence[bytes] = [name.lower() for name, _ in outcome.headers]
    content_type = None if b"content-type" in named else b"application/json"
    status = outcome.status if outcome.status >= 300 else 500  # no 101 without a connection
    return Reply(status, (outcome.body or "").encode(), outcome.headers, content_type)
