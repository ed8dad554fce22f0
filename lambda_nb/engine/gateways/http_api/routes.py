"""Which route of an HTTP API a request takes: a tree of path segments, built once.

A route whose path matches as a whole goes before one with a greedy variable, and ``$default`` comes
last. Among several, segments are compared from the left: a fixed one goes before a variable, and a
variable before a greedy one. A method of its own goes before ``ANY`` (API Gateway's guide, "Create
routes for HTTP APIs", Routing API requests).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import unquote

DEFAULT = "$default"
_ANY = "ANY"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Match(Generic[_T]):
    """A route, and the values of its path variables, percent-decoded."""

    route: _T
    parameters: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Target(Generic[_T]):
    route: _T
    names: tuple[str, ...]


class _Node(Generic[_T]):
    __slots__ = ("ends", "fixed", "greedy", "variable")

    def __init__(self) -> None:
        self.fixed: dict[str, _Node[_T]] = {}
        self.variable: _Node[_T] | None = None
        self.ends: dict[str, _Target[_T]] = {}  # by method
        self.greedy: dict[str, _Target[_T]] = {}


class Router(Generic[_T]):
    """Finds routes.

    Parameters
    ----------
    routes
        Route keys (``GET /pets/{id}``, ``ANY /{proxy+}``, ``$default``) and what they lead to.

    Examples
    --------
    >>> router = Router([("GET /pets/{id}", 1), ("ANY /pets/{proxy+}", 2), ("$default", 3)])
    >>> router.find("GET", "/pets/a%2Fb")
    Match(route=1, parameters={'id': 'a/b'})
    >>> router.find("GET", "/pets/7/toys"), router.find("GET", "/")
    (Match(route=2, parameters={'proxy': '7/toys'}), Match(route=3, parameters={}))
    """

    def __init__(self, routes: Iterable[tuple[str, _T]]) -> None:
        self._root: _Node[_T] = _Node()
        self._plain: dict[str, dict[str, _T]] = {}  # of paths without variables
        self._default: _T | None = None
        for key, route in routes:
            if key == DEFAULT:
                self._default = route
            else:
                self._add(key, route)

    def _add(self, key: str, route: _T) -> None:
        method, _, path = key.partition(" ")
        node = self._root
        names: list[str] = []
        segments = path.split("/")[1:]
        for segment in segments:
            if not segment.startswith("{"):
                node = node.fixed.setdefault(unquote(segment), _Node())
                continue
            names.append(segment[1:-1].rstrip("+"))
            if segment.endswith("+}"):
                node.greedy[method] = _Target(route, tuple(names))
                return
            if node.variable is None:
                node.variable = _Node()
            node = node.variable
        node.ends[method] = _Target(route, tuple(names))
        if not names:
            self._plain.setdefault(path, {})[method] = route

    def find(self, method: str, path: str) -> Match[_T] | None:
        """The route for a request; ``None`` if there is none.

        Parameters
        ----------
        path
            Below the stage, percent-encoded.
        """
        plain = self._plain.get(path)
        if plain is not None:
            route = plain.get(method)
            if route is None:
                route = plain.get(_ANY)
            if route is not None:
                return Match(route, {})
        segments = [unquote(s) if "%" in s else s for s in path.split("/")[1:]]
        found = _full(self._root, segments, 0, method)
        if found is None:
            found = _greedy(self._root, segments, 0, method)
        if found is None:
            return None if self._default is None else Match(self._default, {})
        target, places = found
        return Match(
            target.route,
            {
                name: segments[place] if place >= 0 else "/".join(segments[~place:])
                for name, place in zip(target.names, places, strict=True)
            },
        )


_Found = tuple[_Target[_T], tuple[int, ...]]
"""A target, and for each of its variables the segment that it is; the inverse (``~``) of the first
one for a greedy variable."""


def _full(node: _Node[_T], segments: list[str], at: int, method: str) -> _Found[_T] | None:
    if at == len(segments):
        target = node.ends.get(method) or node.ends.get(_ANY)
        return None if target is None else (target, ())
    segment = segments[at]
    fixed = node.fixed.get(segment)
    if fixed is not None:
        found = _full(fixed, segments, at + 1, method)
        if found is not None:
            return found
    if node.variable is not None and segment:
        found = _full(node.variable, segments, at + 1, method)
        if found is not None:
            return found[0], (at, *found[1])
    return None


def _greedy(node: _Node[_T], segments: list[str], at: int, method: str) -> _Found[_T] | None:
    if at == len(segments):
        return None
    segment = segments[at]
    fixed = node.fixed.get(segment)
    if fixed is not None:
        found = _greedy(fixed, segments, at + 1, method)
        if found is not None:
            return found
    if node.variable is not None and segment:
        found = _greedy(node.variable, segments, at + 1, method)
        if found is not None:
            return found[0], (at, *found[1])
    target = node.greedy.get(method) or node.greedy.get(_ANY)
    return None if target is None else (target, (~at,))
