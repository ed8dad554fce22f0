"""Finds the resource of a path: a tree of dicts, compiled once for each deployment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Generic, NamedTuple, TypeVar
from urllib.parse import unquote

_M = TypeVar("_M")


class Found(NamedTuple, Generic[_M]):
    """A method, and the values of the variables in its resource's path, percent-encoded."""

    method: _M
    path_parameters: dict[str, str]


class _Node(Generic[_M]):
    """A part of paths: what may come after it, and the methods of the resource that ends here."""

    __slots__ = ("greedy", "literals", "methods", "variable")

    def __init__(self) -> None:
        self.literals: dict[str, _Node[_M]] = {}
        self.variable: tuple[str, _Node[_M]] | None = None
        self.greedy: tuple[str, _Node[_M]] | None = None
        self.methods: Mapping[str, _M] = {}


class Routes(Generic[_M]):
    """The resources of a deployment.

    Parameters
    ----------
    resources
        Paths such as ``/pets/{id}`` with the methods of their resources by HTTP method.

    Examples
    --------
    >>> routes = Routes([("/pets/{id}", {"GET": "one"}), ("/{proxy+}", {"ANY": "any"})])
    >>> routes.find("GET", "/pets/7").path_parameters
    {'id': '7'}
    >>> routes.find("GET", "/pets/7/toys").method
    'any'
    >>> routes.find("PUT", "/pets/7") is None
    True
    """

    def __init__(self, resources: Iterable[tuple[str, Mapping[str, _M]]]) -> None:
        self._root: _Node[_M] = _Node()
        for path, methods in resources:
            if methods:
                self._add(path, methods)

    def _add(self, path: str, methods: Mapping[str, _M]) -> None:
        node = self._root
        for part in filter(None, path.split("/")):
            if part.startswith("{") and part.endswith("+}"):
                node.greedy = node.greedy or (part[1:-2], _Node())
                node = node.greedy[1]
            elif part.startswith("{") and part.endswith("}"):
                node.variable = node.variable or (part[1:-1], _Node())
                node = node.variable[1]
            else:
                node = node.literals.setdefault(part, _Node())
        node.methods = methods

    def find(self, http_method: str, path: str) -> Found[_M] | None:
        """The method for a request; ``None`` if there is no such resource or method.

        The resource is found first: a literal part goes before a variable, a variable before
        ``{proxy+}``. Then its method: an own one goes before ``ANY``.

        Parameters
        ----------
        path
            Percent-encoded, without the stage.
        """
        parts = path[1:].split("/") if len(path) > 1 else []
        if parts and not parts[-1] and len(parts) > 1:
            parts.pop()  # "/pets/" is the resource /pets
        values: dict[str, str] = {}
        node = _find(self._root, parts, 0, values, path)
        if node is None:
            return None
        method = node.methods.get(http_method) or node.methods.get("ANY")
        return Found(method, values) if method is not None else None


def _find(
    node: _Node[_M], parts: list[str], at: int, values: dict[str, str], path: str
) -> _Node[_M] | None:
    if at == len(parts):
        return node if node.methods else None
    part = parts[at]
    literal = node.literals.get(unquote(part) if "%" in part else part)
    if literal is not None:
        found = _find(literal, parts, at + 1, values, path)
        if found is not None:
            return found
    if node.variable is not None and part:
        name, below = node.variable
        found = _find(below, parts, at + 1, values, path)
        if found is not None:
            values[name] = part
            return found
    if node.greedy is not None:
        name, below = node.greedy
        rest = path[1:].split("/", at)[at]
        if rest:
            values[name] = rest
            return below
    return None
