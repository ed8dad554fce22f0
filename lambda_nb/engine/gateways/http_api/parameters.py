"""Parameter mappings: what they change of a request before its integration, and of its answer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from lambda_nb.engine.api.wire.headers import NO_VALUE, BadHeader, header
from lambda_nb.engine.api.wire.http import Header, Reply
from lambda_nb.engine.gateways.http_api.events import Message
from lambda_nb.engine.gateways.http_api.exchange import Exchange
from lambda_nb.engine.gateways.http_api.mapping import BadMapping, Response, Value, compiled

_STATUS = re.compile(r"[2-5][0-9][0-9]")


@dataclass(frozen=True, slots=True)
class _Change:
    action: str  # append, overwrite or remove
    place: str  # header, querystring, path or statuscode
    name: str
    value: Value

    @classmethod
    def of(cls, key: str, text: str) -> _Change:
        action, _, where = key.partition(":")
        place, _, name = where.partition(".")
        if action not in ("append", "overwrite", "remove"):
            raise BadMapping(f"{key!r} does not begin with append, overwrite or remove")
        if place not in ("header", "querystring", "path", "statuscode"):
            raise BadMapping(f"{key!r} names neither a header nor a query string nor the path")
        if place == "header":
            name = _header_name(name)
        return cls(action, place, name, compiled("" if action == "remove" else text))


def _header_name(name: str) -> str:
    try:
        return header(name, "")[0].decode()
    except BadHeader as bad:
        raise BadMapping(str(bad)) from bad


class RequestMapping:
    """``RequestParameters`` of an integration.

    Parameters
    ----------
    parameters
        As the integration has them: ``{"append:header.x": "$context.requestId"}``.

    Raises
    ------
    BadMapping
        One of them cannot be understood.
    """

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._changes = [_Change.of(key, text) for key, text in parameters.items()]

    def apply(self, exchange: Exchange, message: Message) -> None:
        """Change what the integration will get."""
        headers = dict(message.headers)
        query = list(message.query)
        for change in self._changes:
            value = change.value(exchange, None)
            if value is None:
                continue
            if change.place == "header":
                _change_header(headers, change, value)
            elif change.place == "querystring":
                query = _changed_query(query, change, value)
            else:
                message.path = value
        message.headers = headers
        if query != list(message.query):
            message.query = query
            message.raw_query = urlencode(query, quote_via=quote)


def _change_header(headers: dict[str, str], change: _Change, value: str) -> None:
    if change.action == "remove":
        headers.pop(change.name, None)
    elif change.action == "append" and change.name in headers:
        headers[change.name] += f",{value}"
    else:
        headers[change.name] = value


def _changed_query(
    query: Sequence[tuple[str, str]], change: _Change, value: str
) -> list[tuple[str, str]]:
    if change.action == "append":
        return [*query, (change.name, value)]
    others = [(name, given) for name, given in query if name != change.name]
    return others if change.action == "remove" else [*others, (change.name, value)]


class ResponseMapping:
    """``ResponseParameters`` of an integration: changes by the integration's status code.

    Parameters
    ----------
    parameters
        As the integration has them: ``{"500": {"overwrite:statuscode": "403"}}``.

    Raises
    ------
    BadMapping
        One of them cannot be understood.
    """

    def __init__(self, parameters: Mapping[str, Mapping[str, str]]) -> None:
        self._changes = {
            status: [_Change.of(key, text) for key, text in changes.items()]
            for status, changes in parameters.items()
        }

    def apply(self, exchange: Exchange, reply: Reply) -> None:
        """Change an answer."""
        changes = self._changes.get(str(reply.status))
        if changes is None:
            return
        names = list(reply.headers)
        if reply.content_type is not None:
            names.append((b"content-type", reply.content_type))
        given: dict[str, str] = {}
        for raw_name, raw_value in names:
            name, value = raw_name.decode().lower(), raw_value.decode("utf-8", "replace")
            given[name] = f"{given[name]},{value}" if name in given else value
        response = Response(given, reply.body)
        for change in changes:
            text = change.value(exchange, response)
            if text is None:
                continue
            if change.place == "statuscode":
                if _STATUS.fullmatch(text):
                    reply.status = int(text)
            elif change.place == "header":
                line = NO_VALUE.sub(b"", text.encode("utf-8", "replace"))
                _change_reply(reply, change, line)


def _change_reply(reply: Reply, change: _Change, value: bytes) -> None:
    name = change.name.encode()
    if name == b"content-type":
        reply.content_type = None if change.action == "remove" else value
        return
    changed: Header = (name, value)
    if change.action == "append":
        reply.headers = [*reply.headers, changed]
        return
    others = [h for h in reply.headers if h[0].lower() != name]
    reply.headers = others if change.action == "remove" else [*others, changed]


class ServiceParameters:
    """``RequestParameters`` of a first-class integration: an operation's parameters by name.

    Raises
    ------
    BadMapping
        One of them cannot be understood.
    """

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._values = {name: compiled(text) for name, text in parameters.items()}

    def of(self, exchange: Exchange) -> dict[str, str]:
        """The parameters for one request; those without a value are left out."""
        found = {name: value(exchange, None) for name, value in self._values.items()}
        return {name: text for name, text in found.items() if text is not None}


def parsed(text: str, what: str) -> object:
    """A parameter that is JSON.

    Raises
    ------
    BadMapping
        It is none.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadMapping(f"{what} is no JSON: {error}") from error
