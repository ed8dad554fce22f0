"""What goes to an integration, and the values that mapping expressions find in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lambda_nb.engine.gateways.websocket_api.admission import identified
from lambda_nb.engine.gateways.websocket_api.events import Handshake
from lambda_nb.engine.gateways.websocket_api.refusals import SERVER_ERROR, Refused
from lambda_nb.engine.gateways.websocket_api.stages import Integration, Stage

NOTHING = Handshake({}, {})


@dataclass(frozen=True, slots=True)
class Asked:
    """What goes to an integration: ``requestContext``, a message's text, a handshake's maps.

    ``extra`` has the other members of an event.
    """

    context: Mapping[str, Any]
    body: str | None = None
    handshake: Handshake = NOTHING
    extra: Mapping[str, Any] = field(default_factory=dict)
    trace_header: str | None = None


@dataclass(slots=True)
class Parameters:
    """Parameters for a request, by location and name."""

    header: dict[str, list[str]] = field(default_factory=dict)
    querystring: dict[str, list[str]] = field(default_factory=dict)
    path: dict[str, str] = field(default_factory=dict)

    def set_header(self, name: str, *values: str) -> None:
        """Set a header, in the place of others of its name."""
        self.header = {n: v for n, v in self.header.items() if n.lower() != name.lower()}
        self.header[name] = list(values)

    def has_header(self, name: str) -> bool:
        """Whether there is a header of a name, in lower case."""
        return any(known.lower() == name for known in self.header)


def mapped(integration: Integration, stage: Stage, asked: Asked, begin: Parameters) -> Parameters:
    """The parameters of an integration's request: to begin with, and those that are mapped."""
    for target, source in (integration.record.get("RequestParameters") or {}).items():
        values = mapping_values(source, stage, asked)
        _, _, where = target.partition("integration.request.")
        part, _, name = where.partition(".")
        if not values or not name:
            continue
        if part == "header":
            begin.set_header(name, *values)
        elif part == "querystring":
            begin.querystring[name] = values
        elif part == "path":
            begin.path[name] = values[-1]
    return begin


def mapping_values(source: str, stage: Stage, asked: Asked) -> list[str]:
    """The values of a mapping expression; none if what it names is not there.

    A text in single quotes stands for itself. The expressions are those of the WebSocket API
    guide, "Set up data mapping".
    """
    if len(source) > 1 and source[0] == source[-1] == "'":
        return [source[1:-1]]
    kind, _, name = source.removeprefix("route.request.").partition(".")
    if kind == "body":
        return _of_body(asked.body, name)
    if kind == "multivaluequerystring":
        return list(asked.handshake.query.get(name, ()))
    if kind == "multivalueheader":
        lowered = name.lower()
        found = [v for n, v in asked.handshake.headers.items() if n.lower() == lowered]
        return [value for values in found for value in values]
    value = identified(source, stage, asked.handshake, asked.context)
    return [] if value is None else [value]


def _of_body(body: str | None, path: str) -> list[str]:
    if body is None or not path:
        return [] if body is None else [body]
    # Imported late: few integrations map parts of messages.
    from lambda_nb.engine.gateways.mapping.json_path import JsonPathError, json_path

    try:
        found = json_path(path if path.startswith("$") else f"$.{path}").find(json.loads(body))
    except JsonPathError as error:
        raise Refused(500, SERVER_ERROR, str(error)) from error
    except (ValueError, RecursionError):
        return []
    return [] if found is None else [found if isinstance(found, str) else json.dumps(found)]
