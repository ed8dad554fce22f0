"""Asks what is behind a method, by the kind of its integration."""

from __future__ import annotations

from lambda_nb.engine.api.wire.http import Reply
from lambda_nb.engine.gateways.rest_api.exchange import Exchange
from lambda_nb.engine.gateways.rest_api.gateway_responses import configuration_error
from lambda_nb.engine.gateways.rest_api.integrations import (
    http_proxy,
    lambda_proxy,
    mapped,
    services,
)
from lambda_nb.engine.gateways.rest_api.integrations.streaming import Stream
from lambda_nb.engine.gateways.shared.surroundings import Surroundings


async def integrate(exchange: Exchange, surroundings: Surroundings, stream: Stream) -> Reply | None:
    """The reply of a method's integration; ``None`` if it was streamed.

    Raises
    ------
    Refusal
        The API answers itself.
    ValueError
        The method is not configured so that it could answer; the message says why.
    """
    integration = exchange.method.integration
    if integration is None:
        exchange.log.failed("Execution failed due to configuration error: no integration")
        raise configuration_error()
    if integration.kind == "AWS_PROXY":
        if integration.streams:
            return await stream.answer(surroundings)
        if integration.function is None:
            return await services.answer(exchange, surroundings)
        return await lambda_proxy.answer(exchange, surroundings)
    if integration.kind == "HTTP_PROXY":
        return await http_proxy.answer(exchange, surroundings, stream)
    return await mapped.answer(exchange, surroundings)
