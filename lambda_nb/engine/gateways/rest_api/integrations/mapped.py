"""Integrations that map requests and answers: AWS (functions and services), HTTP and MOCK."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from lambda_nb.engine.api.wire.http import Reply
from lambda_nb.engine.gateways.rest_api.deployed import IntegrationResponse
from lambda_nb.engine.gateways.rest_api.event import several
from lambda_nb.engine.gateways.rest_api.exchange import Exchange
from lambda_nb.engine.gateways.rest_api.gateway_responses import configuration_error
from lambda_nb.engine.gateways.rest_api.header_values import header
from lambda_nb.engine.gateways.rest_api.integrations import functions, servers, services
from lambda_nb.engine.gateways.rest_api.integrations.backend import Backend
from lambda_nb.engine.gateways.rest_api.mapping.bodies import answer_body, request_body
from lambda_nb.engine.gateways.rest_api.mapping.parameters import (
    Request,
    request_parameters,
    response_headers,
)
from lambda_nb.engine.gateways.shared.surroundings import Surroundings


async def answer(exchange: Exchange, surroundings: Surroundings) -> Reply:
    """The reply of a method whose integration maps what passes through it.

    Raises
    ------
    Refusal
        The API answers itself.
    ValueError
        The integration is not configured rightly.
    """
    integration = exchange.method.integration
    assert integration is not None
    wanted = request_parameters(integration.parameters, exchange)
    body = request_body(exchange)
    _override(wanted, exchange)
    exchange.log.data("Endpoint request body after transformations", body)
    if integration.kind == "MOCK":
        backend = _mock(body)
        exchange.log.say(f"Received response. Status: {backend.status}, Integration latency: 0 ms")
    elif integration.kind == "HTTP":
        backend = await servers.call(exchange, surroundings, wanted, body)
    elif integration.function is not None:
        backend = await functions.call(exchange, surroundings, wanted, body)
    else:
        backend = await services.call(exchange, surroundings, wanted, body)
    return reply_of(backend, exchange)


def reply_of(backend: Backend, exchange: Exchange) -> Reply:
    """The reply that integration responses make of what a backend answered.

    Raises
    ------
    Refusal
        None of them takes it.
    """
    integration = exchange.method.integration
    assert integration is not None
    response = selected(integration.responses, backend)
    if response is None:
        exchange.log.failed(
            "Execution failed due to configuration error: No match for output mapping and no "
            "default endpoint response mapping configured. Endpoint Response Status Code: "
            f"{backend.status}"
        )
        raise configuration_error()
    answered = several((name.lower(), value) for name, value in backend.headers)
    media_type = answered.get("content-type", ["application/json"])[-1]
    body, made = answer_body(
        exchange,
        response.templates,
        backend.body,
        media_type.partition(";")[0].strip().lower(),
        response.content_handling,
    )
    content_type = made or "application/json"
    pairs = response_headers(response.parameters, exchange, answered, backend.body)
    status, pairs = _overridden(response.status, pairs, exchange)
    headers = []
    for name, value in pairs:
        if name.lower() == "content-type":
            content_type = value
        else:
            headers.append(header(name, value))
    return Reply(status, body, headers, content_type.encode("latin-1", "replace"))


def selected(
    responses: tuple[IntegrationResponse, ...], backend: Backend
) -> IntegrationResponse | None:
    """The integration response for an answer: by its pattern, else the one without."""
    text = backend.error_message if backend.is_function else str(backend.status)
    if text is not None:
        for response in responses:
            if response.pattern is not None and response.pattern.fullmatch(text):
                return response
    return next((response for response in responses if response.pattern is None), None)


def _mock(body: bytes) -> Backend:
    """What a MOCK integration answers: the status that its request template gives."""
    text = body.decode("utf-8", "replace")
    try:
        document = json.loads(text)
        status = document["statusCode"]
    except (ValueError, KeyError, TypeError, RecursionError):
        # API Gateway's reader is lenient: it takes unquoted names and commas at the end.
        found = re.search(r"[\"']?statusCode[\"']?\s*:\s*[\"']?(\d{3})", text)
        if found is None:
            raise ValueError(
                "Unable to parse statusCode. It should be an integer and must be defined in the "
                "request template of a MOCK integration"
            ) from None
        status = found[1]
    try:
        return Backend(int(status), (), b"")
    except (ValueError, TypeError):
        raise ValueError(f"Unable to parse statusCode {status!r}") from None


def _override(wanted: Request, exchange: Exchange) -> None:
    """What a template set in ``$context.requestOverride`` wins over the mappings."""
    override = exchange.request_override
    if not override:
        return
    wanted.path.update(_texts(override.get("path")))
    for place, values in (("querystring", wanted.querystring), ("header", wanted.header)):
        values.update({name: [text] for name, text in _texts(override.get(place)).items()})


def _overridden(
    status: int, pairs: list[tuple[str, str]], exchange: Exchange
) -> tuple[int, list[tuple[str, str]]]:
    override = exchange.response_override
    if not override:
        return status, pairs
    if override.get("status") is not None:
        status = int(override["status"])
        if not 200 <= status <= 599:
            raise ValueError(f"$context.responseOverride.status {status} is no HTTP status")
    headers = _texts(override.get("header"))
    replaced = {name.lower() for name in headers}
    kept = [(name, value) for name, value in pairs if name.lower() not in replaced]
    return status, [*kept, *headers.items()]


def _texts(values: Mapping[str, object] | None) -> dict[str, str]:
    return {name: str(value) for name, value in (values or {}).items()}
