"""Parameter mappings: where a parameter of a request or a header of an answer comes from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from lambda_nb.engine.gateways.mapping.json_path import json_path
from lambda_nb.engine.gateways.mapping.values import json_text
from lambda_nb.engine.gateways.rest_api.exchange import Exchange

Several = list[str]


class Request:
    """Parameters for an integration's request, by location and name."""

    def __init__(self) -> None:
        self.path: dict[str, str] = {}
        self.querystring: dict[str, Several] = {}
        self.header: dict[str, Several] = {}


def request_parameters(mappings: Mapping[str, str], exchange: Exchange) -> Request:
    """What an integration's ``requestParameters`` make of a request.

    A mapping whose source has no value sets nothing.
    """
    wanted = Request()
    context = exchange.context() if mappings else {}
    for target, source in mappings.items():
        _, _, location, name = target.split(".", 3)
        values = _request_values(source, exchange, context)
        if not values:
            continue
        if location == "path":
            wanted.path[name] = values[-1]
        elif location == "querystring":
            wanted.querystring[name] = values
        else:
            wanted.header[name] = values
    return wanted


def response_headers(
    mappings: Mapping[str, str],
    exchange: Exchange,
    headers: Mapping[str, Several],
    body: bytes,
) -> list[tuple[str, str]]:
    """The headers that an integration response's ``responseParameters`` make.

    Parameters
    ----------
    headers, body
        The backend's; names in lower case.
    """
    made: list[tuple[str, str]] = []
    context = exchange.context() if mappings else {}
    for target, source in mappings.items():
        name = target.removeprefix("method.response.header.")
        made += [
            (name, value) for value in _response_values(source, exchange, context, headers, body)
        ]
    return made


def source_values(source: str, exchange: Exchange) -> Several:
    """The values of a parameter of a request, such as ``method.request.querystring.page``."""
    return _request_values(source, exchange, exchange.context())


def _request_values(source: str, exchange: Exchange, context: Mapping[str, Any]) -> Several:
    common = _common(source, exchange, context)
    if common is not None:
        return common
    kind, _, name = source.removeprefix("method.request.").partition(".")
    if kind == "body":
        return _of_body(exchange.body, name)
    if kind == "multivaluequerystring":
        return [value for key, value in exchange.query_pairs if key == name]
    if kind == "multivalueheader":
        return [value for key, value in exchange.headers if key.lower() == name.lower()]
    value = exchange.parameter(kind, name)
    return [] if value is None else [value]


def _response_values(
    source: str,
    exchange: Exchange,
    context: Mapping[str, Any],
    headers: Mapping[str, Several],
    body: bytes,
) -> Several:
    common = _common(source, exchange, context)
    if common is not None:
        return common
    kind, _, name = source.removeprefix("integration.response.").partition(".")
    if kind == "body":
        return _of_body(body, name)
    values = headers.get(name.lower(), [])
    return values if kind == "multivalueheader" else values[-1:]


def _common(source: str, exchange: Exchange, context: Mapping[str, Any]) -> Several | None:
    """Values of sources that requests and answers share; ``None`` for other sources."""
    if len(source) > 1 and source[0] == source[-1] == "'":
        return [source[1:-1]]
    first, _, rest = source.partition(".")
    if first == "stageVariables":
        value = exchange.stage_variables.get(rest)
        return [] if value is None else [value]
    if first != "context":
        return None
    found: Any = context
    for part in rest.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return [] if found is None else [_text(found)]


def _of_body(body: bytes, path: str) -> Several:
    if not path:
        return [body.decode("utf-8", "replace")]
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return []
    found = json_path(_path_of(path)).find(document)
    return [] if found is None else [_text(found)]


@lru_cache(512)
def _path_of(path: str) -> str:
    return path if path.startswith("$") else f"$.{path}"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json_text(value)
