"""Finds the operation for a method and path, by the URI templates of the service model."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from lambda_nb.engine import service_model

_DATED = re.compile(r"/20\d\d-\d\d-\d\d/")


@dataclass(frozen=True, slots=True)
class _Route:
    operation: str
    segments: tuple[str | None, ...]  # None stands for a label
    labels: tuple[str, ...]
    query: frozenset[tuple[str, str]]


class Router:
    """Finds operations. Built once, from every operation in the model of a service."""

    def __init__(self, service: str = "lambda") -> None:
        self._routes: dict[tuple[str, int], list[_Route]] = {}
        for operation in service_model.operations(service):
            path, _, query = operation.http["requestUri"].partition("?")
            parts = path.strip("/").split("/")
            route = _Route(
                operation.name,
                tuple(None if part.startswith("{") else part for part in parts),
                tuple(part[1:-1].rstrip("+") for part in parts if part.startswith("{")),
                frozenset(parse_qsl(query)),
            )
            self._routes.setdefault((operation.http["method"], len(parts)), []).append(route)
        for routes in self._routes.values():
            # More specific routes (a fixed query, a literal segment) are tried first.
            routes.sort(key=lambda route: (-len(route.query), len(route.labels)))

    def find(self, method: str, path: str, query: str) -> tuple[str, dict[str, str]] | None:
        """The operation's name and the values of its URI labels, decoded.

        ``path`` and ``query`` are percent-encoded. ``None`` if no operation is meant.
        """
        parts = path.removesuffix("/")[1:].split("/")
        given: set[tuple[str, str]] | None = None
        for route in self._routes.get((method, len(parts)), ()):
            if not _matches(route, parts):
                continue
            if route.query:
                given = set(parse_qsl(query)) if given is None else given
                if not route.query <= given:
                    continue
            values = (unquote(p) for p, s in zip(parts, route.segments, strict=True) if s is None)
            return route.operation, dict(zip(route.labels, values, strict=True))
        return None


def _matches(route: _Route, parts: list[str]) -> bool:
    return all(
        part == segment if segment is not None else part != ""
        for part, segment in zip(parts, route.segments, strict=True)
    )


def looks_like_lambda(path: str) -> bool:
    """Whether an unsigned request means the Lambda API: all its paths begin with a date."""
    return _DATED.match(path) is not None
