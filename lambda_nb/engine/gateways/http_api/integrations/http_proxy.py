"""HTTP_PROXY integrations: requests passed on to any HTTP server."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from lambda_nb.engine.api.wire.headers import HOP_BY_HOP
from lambda_nb.engine.api.wire.http import Header, Reply
from lambda_nb.engine.aws_calls.upstream import Answer, TooSlow, Unreachable, Upstream
from lambda_nb.engine.gateways.http_api.events import Message
from lambda_nb.engine.gateways.http_api.exchange import Exchange
from lambda_nb.engine.gateways.http_api.faults import unavailable
from lambda_nb.engine.gateways.http_api.parameters import RequestMapping

_VARIABLE = re.compile(r"\{([^{}+]+)\+?\}")
_SEGMENT = "-._~!$&'()*+,;=:@"
_PATH = f"/{_SEGMENT}"
"""What stands in a path as it is (RFC 3986), beside letters and digits."""
_OWN_OF_ANSWER = frozenset({"content-length", "date"})
_GATEWAYS = frozenset({"x-forwarded-for", "x-forwarded-port", "x-forwarded-proto"})


Locate = Callable[[], Awaitable[str]]


class HttpProxy:
    """A server behind a route.

    Parameters
    ----------
    upstream
        Makes the requests.
    uri
        With path variables in braces; or what finds a private server, which gets the whole path.
    method
        ``ANY`` for the request's own.
    timeout_s
        Seconds that it may take.
    mapping
        What changes of the request.
    """

    def __init__(
        self,
        upstream: Upstream,
        uri: str | Locate,
        method: str,
        timeout_s: float,
        mapping: RequestMapping | None,
    ) -> None:
        self._upstream = upstream
        self._uri = uri
        self._method = method
        self._timeout_s = timeout_s
        self._mapping = mapping

    async def answer(self, exchange: Exchange) -> Reply:
        """The server's answer.

        Raises
        ------
        Fault
            It cannot be reached, or not in time.
        """
        message = Message.of(exchange)
        uri = self._uri
        if isinstance(uri, str):
            message.path = ""  # the URI's own, unless a mapping overwrites it
        if self._mapping is not None:
            self._mapping.apply(exchange, message)
        method = exchange.request.method if self._method == "ANY" else self._method
        try:
            target = (
                _target(uri, exchange, message)
                if isinstance(uri, str)
                else _below(await uri(), message)
            )
            answer = await self._upstream.request(
                method,
                target,
                self._headers(exchange, message),
                exchange.body,
                self._timeout_s,
            )
        except (Unreachable, TooSlow) as error:
            raise unavailable(str(error)) from error
        except ValueError as error:
            raise unavailable(f"{uri} makes no URL: {error}") from error
        return _reply(answer, without_body=method == "HEAD")

    @staticmethod
    def _headers(exchange: Exchange, message: Message) -> dict[str, str]:
        given = exchange.request.headers
        headers = {
            name: value
            for name, value in message.headers.items()
            if name not in ("host", "content-length") and (name not in _GATEWAYS or name in given)
        }
        for name in _GATEWAYS & given.keys():
            headers[name] = given[name]
        host, peer = exchange.domain, exchange.request.peer
        headers["forwarded"] = f"by=127.0.0.1;for={peer};host={host};proto=http"
        headers["via"] = (
            f"{given['via']}, HTTP/1.1 AmazonAPIGateway"
            if "via" in given
            else ("HTTP/1.1 AmazonAPIGateway")
        )
        return headers


def _target(uri: str, exchange: Exchange, message: Message) -> str:
    """The URL to call: the request's query is added to that of the URI."""
    parameters = exchange.path_parameters
    greedy = _greedy(exchange)

    def value(found: re.Match[str]) -> str:
        if found[1] in greedy:
            return greedy[found[1]]
        return quote(parameters.get(found[1], ""), safe=_SEGMENT)

    uri = _VARIABLE.sub(value, uri)
    parts = urlsplit(uri)
    path = quote(message.path, safe=_PATH) if message.path else parts.path
    if not path.startswith("/"):
        path = f"/{path}"
    query = "&".join(filter(None, (parts.query, message.raw_query)))
    return urlunsplit((parts.scheme, parts.netloc, path, query, ""))


def _greedy(exchange: Exchange) -> dict[str, str]:
    """The greedy variable of a route, if it has one: segments stay those that the client sent.

    A slash inside of one (``%2F``) would lead out of the path that the URI has before it.
    """
    _, slash, last = exchange.route_key.rpartition("/")
    if not slash or not last.endswith("+}"):
        return {}
    segments = exchange.path.split("/")[exchange.route_key.count("/") :]
    return {last[1:-2]: "/".join(quote(unquote(each), safe=_SEGMENT) for each in segments)}


def _below(base: str, message: Message) -> str:
    """The URL of a request's own path and query at a private server."""
    path = message.path if message.path.startswith("/") else f"/{message.path}"
    query = f"?{message.raw_query}" if message.raw_query else ""
    return f"{base}{quote(path, safe=_PATH)}{query}"


def _reply(answer: Answer, *, without_body: bool) -> Reply:
    content_type: bytes | None = None
    headers: list[Header] = []
    for name, value in answer.headers:
        lower = name.lower()
        if lower == "content-type":
            content_type = value.encode("utf-8", "surrogateescape")
        elif (lower not in HOP_BY_HOP and lower not in _OWN_OF_ANSWER) or (
            without_body and lower == "content-length"
        ):
            headers.append((lower.encode(), value.encode("utf-8", "surrogateescape")))
    return Reply(answer.status, answer.body, headers, content_type)
