"""Lambda proxy integrations whose response is streamed (``responseTransferMode`` STREAM)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

from lambda_nb.engine.api.wire.headers import BadHeader
from lambda_nb.engine.api.wire.http import Header, Reply, Send
from lambda_nb.engine.api.wire.prelude import BadPrelude, Prelude
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.rest_api import framing
from lambda_nb.engine.gateways.rest_api.event import proxy_event
from lambda_nb.engine.gateways.rest_api.exchange import Exchange
from lambda_nb.engine.gateways.rest_api.gateway_responses import Refusal
from lambda_nb.engine.gateways.rest_api.integrations.backend import (
    call_of,
    not_invoked,
    timed_out,
)
from lambda_nb.engine.gateways.rest_api.integrations.lambda_proxy import (
    Malformed,
    head,
    is_malformed,
    reply_of,
)
from lambda_nb.engine.gateways.shared.surroundings import Surroundings
from lambda_nb.engine.model import InvocationResult, Throttled
from lambda_nb.engine.permissions.functions import NotPermitted

_LONGEST_PRELUDE = 16 << 10
"""Bytes in which the prelude must end (REST API guide)."""


class Stream:
    """A reply that can be streamed; nothing of it is sent before the prelude is complete.

    Parameters
    ----------
    send
        Sends messages of ASGI.
    exchange
        The request.

    Attributes
    ----------
    status, sent
        The status, and how many bytes of the body were sent.
    """

    def __init__(self, send: Send, exchange: Exchange) -> None:
        self._send = send
        self._exchange = exchange
        self._prelude: Prelude | None = Prelude(_LONGEST_PRELUDE)
        self._begun = asyncio.Event()
        self._abandoned = False
        self._refusal: Refusal | None = None
        self._received = False
        self.status = 0
        self.sent = 0

    async def answer(self, surroundings: Surroundings) -> Reply | None:
        """Stream the function's answer, or give a reply where nothing was streamed.

        Raises
        ------
        Refusal
            The API answers itself.
        """
        exchange = self._exchange
        integration = exchange.method.integration
        assert integration is not None
        payload = proxy_event(exchange)
        exchange.log.say(f"Endpoint request URI: {integration.uri}")
        exchange.log.data("Endpoint request body after transformations", payload)
        call = call_of(exchange, payload)
        call.on_chunk = self._chunk
        functions = surroundings.functions(call.function)
        started = time.perf_counter()
        running = asyncio.ensure_future(functions.invoke(call))
        first = asyncio.ensure_future(self._begun.wait())
        try:
            await asyncio.wait(
                (running, first),
                timeout=integration.timeout_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
            exchange.integration_ms = round((time.perf_counter() - started) * 1000)
            if not running.done() and not self._begun.is_set():
                self._abandoned = True
                raise timed_out(exchange)
            if self._refusal is not None:
                raise self._refusal
            result = await running
        except (NotPermitted, Throttled, AWSError) as error:
            if self.status:  # the head has been sent: all that is left is to break off
                raise
            raise not_invoked(error, call, exchange) from error
        finally:
            first.cancel()
            running.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await self._complete(result)

    async def relay(self, status: int, headers: list[Header], pieces: AsyncIterator[bytes]) -> None:
        """Send a server's answer as it comes."""
        self.status = status
        headers = [*headers, *framing.own_headers(self._exchange)]
        await self._send({"type": "http.response.start", "status": status, "headers": headers})
        async for piece in pieces:
            self.sent += len(piece)
            await self._send({"type": "http.response.body", "body": piece, "more_body": True})
        await self._send({"type": "http.response.body", "body": b""})
        self._exchange.log.say(f"Method completed with status: {status}")

    async def _chunk(self, data: bytes) -> None:
        self._received = True
        if self._abandoned or self._refusal is not None:
            return
        if self._prelude is not None:
            try:
                taken = self._prelude.take(data)
                if taken is None:
                    return
                said, data = taken
                status, headers, content_type = head(said)
            except (BadPrelude, Malformed, BadHeader) as error:
                self._refuse(error)
                return
            self._prelude = None
            self.status = status
            self._exchange.integration_status = 200
            headers = [(b"content-type", content_type), *headers]
            headers += framing.own_headers(self._exchange)
            self._begun.set()
            await self._send({"type": "http.response.start", "status": status, "headers": headers})
        if data:
            self.sent += len(data)
            await self._send({"type": "http.response.body", "body": data, "more_body": True})

    def _refuse(self, error: Exception) -> None:
        self._refusal = is_malformed(error, self._exchange)
        self._begun.set()

    async def _complete(self, result: InvocationResult) -> Reply | None:
        if self._refusal is not None:
            raise self._refusal
        self._exchange.integration_status = 200
        if self._prelude is None:
            if result.function_error is not None:
                self._exchange.log.failed("The function failed while its response was streamed")
            await self._send({"type": "http.response.body", "body": b""})
            self._exchange.log.say(f"Method completed with status: {self.status}")
            return None
        if self._received and result.function_error is None:
            raise is_malformed(Malformed("the stream has no prelude"), self._exchange)
        return reply_of(result, self._exchange)
