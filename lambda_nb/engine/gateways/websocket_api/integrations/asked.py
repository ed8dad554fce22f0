"""What goes to an integration, and the values that mapping expressions find in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lambda_nb.engine.gateways.websocket_api.admission import identified
from lambda_nb.engine.gateways.websocket_api.events import Handshake
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

    def set_header(self, name: str, value: str) -> None:
        """Set a header, in the place of others of its name."""
        self.header = {n: v for n, v in self.header.items() if n.lower() != name.lower()}
        self.header[name] = [value]

    def has_header(self, name: str) -> bool:
        """Whether there is a header of a name, in lower case."""
        return any(known.lower() == name for known in self.header)


def mapped(integration: Integration, stage: Stage, asked: Asked, begin: Parameters) -> Parameters:
    """The parameters of an integration's request: to begin with, and those that are mapped."""
    for target, source in (integration.record.get("RequestParameters") or {}).items():
        value = parameter(source, stage, asked)
        _, _, where = target.partition("integration.request.")
        part, _, name = where.partition(".")
        if value is None or not name:
            continue
        if part == "header":
            begin.set_header(name, value)
        elif part == "querystring":
            begin.querystring[name] = [value]
        elif part == "path":
            begin.path[name] = value
    return begin


def parameter(source: str, stage: Stage, asked: Asked) -> str | None:
    """The value of a mapping expression; ``None`` if there is none.

    A text in single quotes stands for itself.
    """
    if len(source) > 1 and source[0] == source[-1] == "'":
        return source[1:-1]
    if source == "route.request.body":
        return asked.body
    return identified(source, stage, asked.handshake, asked.context)
