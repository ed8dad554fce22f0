"""The keys of routes: a method and a path for HTTP APIs, a word for WebSocket APIs."""

from __future__ import annotations

import re

from lambda_nb.engine.gateways.configuration.v2.rules.faults import bad_request

METHODS = ("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
DEFAULT = "$default"

_PARAMETER = re.compile(r"\{([a-zA-Z0-9._:-]+)(\+?)\}")
_LITERAL = re.compile(r"[^{}\s?#]*")
_FORM = (
    "The provided route key is not formatted properly for HTTP protocol. "
    'Format should be "<HTTP METHOD> /<RESOURCE PATH>" or "$default"'
)


def check(route_key: str, protocol: str) -> None:
    """Refuse a key that no route can have.

    Parameters
    ----------
    route_key
        Such as ``GET /p/{id}``, ``$default`` or ``$connect``.
    protocol
        ``HTTP`` or ``WEBSOCKET``.

    Raises
    ------
    AWSError
        ``BadRequestException``.
    """
    if not route_key.strip():
        raise bad_request("Route key is required")
    if protocol == "HTTP" and route_key != DEFAULT:
        method, space, path = route_key.partition(" ")
        if not space or method not in METHODS or not path.startswith("/"):
            raise bad_request(_FORM)
        check_path(path)


def check_path(path: str) -> None:
    """Refuse a path whose parameters do not work.

    Raises
    ------
    AWSError
        ``BadRequestException``.
    """
    segments = path[1:].split("/")
    names: set[str] = set()
    for position, segment in enumerate(segments):
        parameter = _PARAMETER.fullmatch(segment)
        if parameter is None:
            if not _LITERAL.fullmatch(segment):
                raise bad_request(_FORM)
            continue
        name, greedy = parameter.groups()
        if greedy and position != len(segments) - 1:
            raise bad_request(
                f"Greedy path parameters are only allowed at the end of the path: {path}"
            )
        if name in names:
            raise bad_request(f"Path parameter names must be unique within a route: {name}")
        names.add(name)
