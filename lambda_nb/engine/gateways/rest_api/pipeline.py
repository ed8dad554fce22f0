"""What happens to one request, phase by phase; read it from top to bottom.

Each phase lets the request through or raises :class:`Refusal`, for which the API answers itself.
"""

from __future__ import annotations

from lambda_nb.engine.api.wire.headers import BadHeader
from lambda_nb.engine.api.wire.http import HttpRequest, Reply
from lambda_nb.engine.gateways.mapping.json_path import JsonPathError
from lambda_nb.engine.gateways.mapping.templates import TemplateError
from lambda_nb.engine.gateways.rest_api.admission.authorizers import Authorizers
from lambda_nb.engine.gateways.rest_api.admission.callers import Callers
from lambda_nb.engine.gateways.rest_api.admission.usage import Usage
from lambda_nb.engine.gateways.rest_api.admission.validators import validate
from lambda_nb.engine.gateways.rest_api.exchange import Exchange
from lambda_nb.engine.gateways.rest_api.gateway_responses import (
    Refusal,
    configuration_error,
    render,
)
from lambda_nb.engine.gateways.rest_api.integrations.answering import integrate
from lambda_nb.engine.gateways.rest_api.integrations.streaming import Stream
from lambda_nb.engine.gateways.rest_api.response_cache import ResponseCache
from lambda_nb.engine.gateways.shared.surroundings import Surroundings


class Pipeline:
    """The phases of a request.

    Parameters
    ----------
    surroundings
        What the gateways of the Region work with.
    callers, authorizers, usage
        Who may call, and how often.
    cache
        Keeps answers.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        callers: Callers,
        authorizers: Authorizers,
        usage: Usage,
        cache: ResponseCache,
    ) -> None:
        self._surroundings = surroundings
        self._callers = callers
        self._authorizers = authorizers
        self._usage = usage
        self._cache = cache

    async def answer(
        self, exchange: Exchange, request: HttpRequest, stream: Stream
    ) -> Reply | None:
        """The reply for a request; ``None`` if it was streamed."""
        try:
            self._route(exchange)
            await self._admit(exchange, request)
            self._usage.check(exchange)
            return await self.execute(exchange, stream)
        except Refusal as refusal:
            return self.refuse(refusal, exchange)

    async def _admit(self, exchange: Exchange, request: HttpRequest) -> None:
        """Let the caller in, or not: the API's resource policy counts for each kind of
        authorization in its own way (REST API guide, "How resource policies affect authorization
        workflow")."""
        kind = exchange.method.authorization
        if kind == "AWS_IAM":
            self._callers.check_signature(exchange, request)
            self._callers.check_policy(exchange, must_allow=False)
        elif kind == "CUSTOM":
            allowed = self._callers.check_policy(exchange, must_allow=False)
            await self._authorizers.authorize(exchange, allowed=allowed)
        else:
            if kind == "COGNITO_USER_POOLS":
                await self._authorizers.authorize(exchange)
            self._callers.check_policy(exchange)

    async def execute(self, exchange: Exchange, stream: Stream) -> Reply | None:
        """The reply of a method to somebody who may call it; ``None`` if it was streamed."""
        log = exchange.log
        try:
            if log.is_on:
                _log_request(exchange)
            await validate(exchange)
            reply = await self._integrate(exchange, stream)
        except Refusal as refusal:
            return self.refuse(refusal, exchange)
        except (TemplateError, JsonPathError, BadHeader, ValueError) as error:
            log.failed(f"Execution failed due to configuration error: {error}")
            return self.refuse(configuration_error(), exchange)
        if reply is not None and log.is_on:
            _log_reply(reply, exchange)
        return reply

    async def _integrate(self, exchange: Exchange, stream: Stream) -> Reply | None:
        """The reply of what is behind a method, or of the stage's cache."""
        key = self._cache.key(exchange)
        if key is None:
            return await integrate(exchange, self._surroundings, stream)
        reply, headers = self._cache.find(key, exchange)
        if reply is None:
            reply = await integrate(exchange, self._surroundings, stream)
            if reply is not None:
                self._cache.keep(key, reply, exchange)
        if reply is not None:
            reply.headers = [*reply.headers, *headers]
        return reply

    def refuse(self, refusal: Refusal, exchange: Exchange) -> Reply:
        """The API's own reply."""
        reply = render(refusal, exchange)
        exchange.log.failed(f"Method completed with status: {reply.status}")
        return reply

    def _route(self, exchange: Exchange) -> None:
        found = exchange.deployed.routes.find(exchange.http_method, exchange.path)
        if found is None:
            raise Refusal("MISSING_AUTHENTICATION_TOKEN", "Missing Authentication Token")
        exchange.resource, exchange.path_parameters = found
        settings = exchange.method.settings
        exchange.log.configure(settings.log_level, data=settings.logs_data)
        exchange.log.say(f"Extended Request Id: {exchange.extended_request_id}")


def _log_request(exchange: Exchange) -> None:
    log = exchange.log
    log.say(f"Starting execution for request: {exchange.request_id}")
    log.say(f"HTTP Method: {exchange.http_method}, Resource Path: {exchange.path}")
    log.data("Method request path", exchange.path_parameters)
    log.data("Method request query string", exchange.query_pairs)
    log.data("Method request headers", exchange.headers)
    log.data("Method request body before transformations", exchange.body)


def _log_reply(reply: Reply, exchange: Exchange) -> None:
    log = exchange.log
    headers = [(name.decode(), value.decode("utf-8", "replace")) for name, value in reply.headers]
    log.data("Method response body after transformations", reply.body)
    log.data("Method response headers", headers)
    log.say("Successfully completed execution")
    log.say(f"Method completed with status: {reply.status}")
