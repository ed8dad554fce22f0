"""Requests to HTTP servers behind a method."""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from urllib.parse import quote

from lambda_nb.engine.aws_calls.upstream import Answer, Opened, TooSlow, Unreachable
from lambda_nb.engine.gateways.rest_api.exchange import Exchange, Pairs
from lambda_nb.engine.gateways.rest_api.gateway_responses import Refusal
from lambda_nb.engine.gateways.rest_api.integrations.backend import Backend, timed_out
from lambda_nb.engine.gateways.rest_api.integrations.tls import tls
from lambda_nb.engine.gateways.rest_api.mapping.parameters import Request
from lambda_nb.engine.gateways.shared.surroundings import Surroundings

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_IN_PATHS = "/%:@!$&'()*+,;=~{}"
_FAILED = "Network error communicating with endpoint"


async def call(
    exchange: Exchange, surroundings: Surroundings, wanted: Request, body: bytes
) -> Backend:
    """Call the server of an HTTP integration with what is mapped, and nothing else.

    Raises
    ------
    Refusal
        It does not answer, or not in time.
    """
    integration = exchange.method.integration
    assert integration is not None
    query = [(name, value) for name, values in wanted.querystring.items() for value in values]
    headers = [(name, value) for name, values in wanted.header.items() for value in values]
    given = {name.lower() for name, _ in headers}
    for name, value in (
        ("User-Agent", f"AmazonAPIGateway_{exchange.deployed.api_id}"),
        ("x-amzn-apigateway-api-id", exchange.deployed.api_id),
        ("Accept", "application/json"),
        ("X-Amzn-Trace-Id", exchange.trace_header.partition(";")[0]),
        *((("Content-Type", "application/json"),) if body else ()),
    ):
        if name.lower() not in given:
            headers.append((name, value))
    url = url_of(integration.uri, wanted.path, query)
    method = integration.http_method or exchange.http_method
    if method == "ANY":
        method = exchange.http_method
    answered = await ask(exchange, surroundings, method, url, headers, body)
    return Backend(answered.status, answered.headers, answered.body)


def url_of(uri: str, path: dict[str, str], query: Pairs) -> str:
    """A URI with its variables filled in, and a query.

    Examples
    --------
    >>> url_of("http://h/{proxy}", {"proxy": "a/b"}, [("q", "x y")])
    'http://h/a/b?q=x%20y'
    """
    url = _PLACEHOLDER.sub(lambda found: quote(path.get(found[1], found[0]), _IN_PATHS), uri)
    text = query_text(query)
    if not text:
        return url
    return f"{url}{'&' if '?' in url else '?'}{text}"


def query_text(query: Pairs) -> str:
    """Parameters as a query string."""
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in query)


async def ask(
    exchange: Exchange,
    surroundings: Surroundings,
    method: str,
    url: str,
    headers: Iterable[tuple[str, str]],
    body: bytes,
) -> Answer:
    """Make one request to a server.

    Raises
    ------
    Refusal
        It does not answer, or not in time.
    """
    integration = exchange.method.integration
    assert integration is not None
    pairs = list(headers)
    exchange.log.say(f"Endpoint request URI: {url}")
    exchange.log.data("Endpoint request headers", pairs)
    exchange.log.say(f"Sending request to {url}")
    return await answered(
        exchange,
        surroundings.upstream.request(
            method,
            url,
            pairs,
            body,
            integration.timeout_s,
            tls=_tls(exchange),
        ),
    )


async def answered(exchange: Exchange, request: Awaitable[Answer]) -> Answer:
    """Wait for a server's answer.

    Raises
    ------
    Refusal
        It does not answer, or not in time.
    """
    with _watched(exchange):
        answer = await request
    exchange.integration_status = answer.status
    exchange.log.say(
        f"Received response. Status: {answer.status}, "
        f"Integration latency: {exchange.integration_ms} ms"
    )
    exchange.log.data("Endpoint response headers", list(answer.headers))
    exchange.log.data("Endpoint response body before transformations", answer.body)
    return answer


@asynccontextmanager
async def opened(
    exchange: Exchange,
    surroundings: Surroundings,
    method: str,
    url: str,
    headers: Iterable[tuple[str, str]],
    body: bytes,
) -> AsyncIterator[Opened]:
    """Make one request to a server, and give its answer as it comes.

    Raises
    ------
    Refusal
        It does not answer, or not in time. When it breaks off later, what breaks off is raised.
    """
    integration = exchange.method.integration
    assert integration is not None
    exchange.log.say(f"Endpoint request URI: {url}")
    answering = surroundings.upstream.opened(
        method, url, list(headers), body, integration.timeout_s, tls=_tls(exchange)
    )
    async with AsyncExitStack() as stack:
        with _watched(exchange):
            answer = await stack.enter_async_context(answering)
        exchange.integration_status = answer.status
        yield answer


@contextmanager
def _watched(exchange: Exchange) -> Iterator[None]:
    """Measures how long a server takes, and says what callers get when it does not answer."""
    started = time.perf_counter()
    try:
        yield
    except TooSlow as error:
        exchange.integration_error = str(error)
        raise timed_out(exchange) from error
    except Unreachable as error:
        exchange.integration_error = str(error)
        exchange.log.failed(f"Execution failed due to configuration error: {error}")
        raise Refusal("INTEGRATION_FAILURE", _FAILED) from error
    finally:
        exchange.integration_ms = round((time.perf_counter() - started) * 1000)


def _tls(exchange: Exchange) -> ssl.SSLContext | bool:
    integration = exchange.method.integration
    assert integration is not None
    return tls(exchange.deployed.client_certificate, verifies=integration.verifies_tls)
