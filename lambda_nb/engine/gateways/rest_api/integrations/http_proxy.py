"""HTTP proxy integrations: the request passes as it is, and so does the answer."""

from __future__ import annotations

from collections.abc import Sequence

from lambda_nb.engine.api.wire.http import Header, Reply
from lambda_nb.engine.gateways.rest_api.exchange import Exchange
from lambda_nb.engine.gateways.rest_api.header_values import header, passed_on
from lambda_nb.engine.gateways.rest_api.integrations.servers import ask, opened, url_of
from lambda_nb.engine.gateways.rest_api.integrations.streaming import Stream
from lambda_nb.engine.gateways.rest_api.mapping.parameters import request_parameters
from lambda_nb.engine.gateways.shared.surroundings import Surroundings

_OWN = frozenset(
    ("host", "content-length", "connection", "transfer-encoding", "te", "upgrade", "keep-alive",
     "expect", "proxy-authorization", "x-amzn-apigateway-api-id")
)  # fmt: skip


async def answer(exchange: Exchange, surroundings: Surroundings, stream: Stream) -> Reply | None:
    """The reply of a method with an HTTP proxy integration; ``None`` if it was streamed.

    Raises
    ------
    Refusal
        The server does not answer, or not in time.
    """
    integration = exchange.method.integration
    assert integration is not None
    wanted = request_parameters(integration.parameters, exchange)
    replaced = {name.lower() for name in wanted.header}
    headers = [
        (name, value)
        for name, value in exchange.headers
        if name.lower() not in _OWN and name.lower() not in replaced
    ]
    headers += [(name, value) for name, values in wanted.header.items() for value in values]
    headers.append(("x-amzn-apigateway-api-id", exchange.deployed.api_id))
    query = [pair for pair in exchange.query_pairs if pair[0] not in wanted.querystring]
    query += [(name, value) for name, values in wanted.querystring.items() for value in values]
    method = integration.http_method
    if method in ("", "ANY"):
        method = exchange.http_method
    url = url_of(integration.uri, wanted.path, query)
    if integration.streams:
        async with opened(exchange, surroundings, method, url, headers, exchange.body) as answering:
            shown, content_type = _shown(answering.headers)
            if content_type is not None:
                shown = [(b"content-type", content_type), *shown]
            await stream.relay(answering.status, shown, answering.pieces)
        return None
    answered = await ask(exchange, surroundings, method, url, headers, exchange.body)
    return Reply(answered.status, answered.body, *_shown(answered.headers))


def _shown(headers: Sequence[tuple[str, str]]) -> tuple[list[Header], bytes | None]:
    """A server's headers as the caller gets them, and the content type."""
    shown: list[Header] = []
    content_type: bytes | None = None
    for name, value in headers:
        if name.lower() == "content-type":
            content_type = value.encode("utf-8", "surrogateescape")
        elif (under := passed_on(name)) is not None and name.lower() != "content-length":
            shown.append(header(under, value))
    return shown, content_type
