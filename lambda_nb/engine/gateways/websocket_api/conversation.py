"""A connection's life after its handshake: messages to routes, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any

from lambda_nb.engine.api.wire.http import Receive
from lambda_nb.engine.gateways.websocket_api.connection import (
    BINARY,
    BufferFull,
    Connection,
    Gone,
    new_id,
    now_ms,
)
from lambda_nb.engine.gateways.websocket_api.events import context_of, goodbye_headers
from lambda_nb.engine.gateways.websocket_api.integrations.asked import Asked
from lambda_nb.engine.gateways.websocket_api.integrations.running import Integrations
from lambda_nb.engine.gateways.websocket_api.journal import Journal
from lambda_nb.engine.gateways.websocket_api.refusals import (
    FORBIDDEN,
    SERVER_ERROR,
    TOO_MANY,
    Refused,
    told,
)
from lambda_nb.engine.gateways.websocket_api.stages import DISCONNECT, Route, Stage, Stages
from lambda_nb.engine.gateways.websocket_api.validation import check_body
from lambda_nb.engine.model import LogSink

log = logging.getLogger(__name__)

_AT_ONCE = 64  # messages of one client that are dealt with at the same time
_NO_STATUS = "Client-side close frame status not set"


class Conversations:
    """Deals with the messages of connections that stand.

    Parameters
    ----------
    stages
        What is deployed.
    integrations
        Runs what stands behind routes.
    logs
        Where log lines go.
    """

    def __init__(self, stages: Stages, integrations: Integrations, logs: LogSink) -> None:
        self._stages = stages
        self._integrations = integrations
        self._logs = logs

    async def hold(self, connection: Connection, receive: Receive) -> tuple[int, str]:
        """Deal with messages until the connection ends; returns its close code and reason."""
        loop = asyncio.get_running_loop()
        tasks = connection.tasks
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return connection.ending or _end(message)
            if connection.ending is not None:  # what came before the client heard of the end
                continue
            text = message.get("text")
            if text is None:
                await connection.close(*BINARY, shown=BINARY[1])
                continue
            connection.active_ms = now_ms()
            if len(tasks) >= _AT_ONCE:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            task = loop.create_task(self._message(connection, text))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    async def part(self, connection: Connection, code: int, reason: str) -> None:
        """The connection has ended: run ``$disconnect``, if there is such a route."""
        client = connection.client
        stage = self._stages.of(client.api_id, client.stage)
        if stage is None:
            return
        context = self._context(connection, new_id(), DISCONNECT, "DISCONNECT")
        context |= {"disconnectStatusCode": code, "disconnectReason": reason}
        journal = Journal(self._logs, stage)
        route = stage.routes.get(DISCONNECT)
        if route is None:
            journal.done(context, 200)
            return
        asked = Asked(context, extra=goodbye_headers(client.host))
        try:
            outcome = await self._integrations.run(stage, route, asked)
        except Refused as refused:
            journal.done(context, refused.status, refused)
        else:
            journal.done(context, outcome.status)

    async def _message(self, connection: Connection, text: str) -> None:
        client = connection.client
        stage = self._stages.of(client.api_id, client.stage)
        if stage is None:  # deleted meanwhile: the connection ends, too
            return
        request_id = new_id()
        journal = Journal(self._logs, stage)
        route = stage.route_of(text)
        context = self._context(connection, request_id, route.key if route else "", "MESSAGE")
        context["messageId"] = new_id()
        try:
            status, answer = await self._dealt_with(stage, route, context, text)
            journal.done(context, status)
        except Refused as refused:
            answer = told(refused.message, connection.identifier, request_id)
            journal.done(context, refused.status, refused)
        except Exception:
            log.exception("WebSocket API %s, stage %s", client.api_id, client.stage)
            answer = told(SERVER_ERROR, connection.identifier, request_id)
        if answer:
            with contextlib.suppress(Gone, BufferFull):
                await connection.post(answer)

    async def _dealt_with(
        self, stage: Stage, route: Route | None, context: dict[str, Any], text: str
    ) -> tuple[int, str | None]:
        if route is None:
            raise Refused(403, FORBIDDEN)
        if route.limit is not None and not route.limit.take(asyncio.get_running_loop().time()):
            raise Refused(429, TOO_MANY)
        await check_body(stage, route, text)
        outcome = await self._integrations.run(stage, route, Asked(context, text))
        return outcome.status, outcome.body if route.responds else None

    @staticmethod
    def _context(
        connection: Connection, request_id: str, route_key: str, event_type: str
    ) -> dict[str, Any]:
        return context_of(
            connection.client,
            connection.identifier,
            connection.connected_ms,
            request_id,
            route_key=route_key,
            event_type=event_type,
        )


def _end(message: Any) -> tuple[int, str]:
    """Code and reason of a connection that its client, or the network, has ended."""
    code = message.get("code", 1005)
    return code, message.get("reason") or (_NO_STATUS if code == 1005 else "")
