"""JSONPath as API Gateway's templates have it (the dialect of Jayway's library for Java)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

_Step = Callable[[Any], Iterator[Any]]

_TOKEN = re.compile(
    r"""
    \.\.(?P<deep>\*|[^\s.\[\]()]+)?       # ..name, ..*, .. before a bracket
    | \.(?P<name>\*|[^\s.\[\]()]+)(?P<call>\(\))?
    | \[\s*(?P<quoted>(?:'[^']*'|"[^"]*")(?:\s*,\s*(?:'[^']*'|"[^"]*"))*)\s*\]
    | \[\s*(?P<any>\*)\s*\]
    | \[\s*(?P<slice>-?\d*\s*:\s*-?\d*)\s*\]
    | \[\s*(?P<indices>-?\d+(?:\s*,\s*-?\d+)*)\s*\]
    | \[\s*\?\s*\((?P<filter>.+?)\)\s*\]
    """,
    re.VERBOSE,
)
_CONDITION = re.compile(
    r"\s*@(?P<path>[^\s=!<>&|]*)\s*(?:(?P<op>==|!=|<=|>=|<|>|=~)\s*"
    r"(?P<value>'[^']*'|\"[^\"]*\"|/.*/i?|[^\s&|]+))?\s*"
)
_LENGTHS = ("length", "size")
_MOST_FOUND = 1_000_000


class JsonPathError(ValueError):
    """A text is no JSONPath."""


class JsonPath:
    """A compiled JSONPath.

    Attributes
    ----------
    definite
        Whether it names one place; otherwise what it finds is a list.

    Examples
    --------
    >>> JsonPath("$.pets[0].name").find({"pets": [{"name": "Rex"}]})
    'Rex'
    >>> JsonPath("$.pets[?(@.age > 3)].name").find({"pets": [{"name": "Rex", "age": 7}]})
    ['Rex']
    """

    def __init__(self, text: str) -> None:
        if not text.startswith("$"):
            raise JsonPathError(f"{text!r} is no JSONPath: it must begin with $")
        self._steps: list[_Step] = []
        self.definite = True
        at = 1
        while at < len(text):
            token = _TOKEN.match(text, at)
            if token is None:
                raise JsonPathError(f"{text!r} is no JSONPath: at {text[at:]!r}")
            self._steps.append(self._step(token))
            at = token.end()

    def _step(self, token: re.Match[str]) -> _Step:
        if token[0].startswith(".."):
            self.definite = False
            return _deep(token["deep"])
        if token["name"] and token["call"]:
            return _length if token["name"] in _LENGTHS else _unknown(token["name"])
        if token["name"] and token["name"] != "*":
            return _members([token["name"]])
        if token["quoted"]:
            names = [a or b for a, b in re.findall(r"'([^']*)'|\"([^\"]*)\"", token["quoted"])]
            self.definite = self.definite and len(names) == 1
            return _members(names)
        if token["indices"]:
            indices = [int(index) for index in token["indices"].split(",")]
            self.definite = self.definite and len(indices) == 1
            return _items(indices)
        self.definite = False
        if token["slice"]:
            return _slice(*token["slice"].split(":"))
        if token["filter"]:
            return _filter(token["filter"])
        return _all

    def find(self, document: Any) -> Any:
        """The value at a definite path, ``None`` if it is missing; else the list of all found."""
        found = self.every(document)
        if self.definite:
            return found[0] if found else None
        return found

    def every(self, document: Any) -> list[Any]:
        """All values that it finds.

        Raises
        ------
        JsonPathError
            A part of it finds too many.
        """
        values = [document]
        for step in self._steps:
            found = (one for value in values for one in step(value))
            values = list(islice(found, _MOST_FOUND + 1))
            if len(values) > _MOST_FOUND:
                raise JsonPathError(f"a JSONPath finds more than {_MOST_FOUND} values")
        return values


@lru_cache(1024)
def json_path(text: str) -> JsonPath:
    """A compiled JSONPath, remembered."""
    return JsonPath(text)


def _members(names: list[str]) -> _Step:
    def step(value: Any) -> Iterator[Any]:
        if isinstance(value, dict):
            for name in names:
                if name in value:
                    yield value[name]

    return step


def _items(indices: list[int]) -> _Step:
    def step(value: Any) -> Iterator[Any]:
        if isinstance(value, list):
            for index in indices:
                if -len(value) <= index < len(value):
                    yield value[index]

    return step


def _slice(first: str, last: str) -> _Step:
    start, stop = (int(end) if end.strip() else None for end in (first, last))

    def step(value: Any) -> Iterator[Any]:
        if isinstance(value, list):
            yield from value[start:stop]

    return step


def _all(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def _deep(name: str | None) -> _Step:
    def step(value: Any) -> Iterator[Any]:
        if name is None:
            yield value
        elif name == "*":
            yield from _all(value)
        elif isinstance(value, dict) and name in value:
            yield value[name]
        for below in _all(value):
            yield from step(below)

    return step


def _length(value: Any) -> Iterator[Any]:
    if isinstance(value, (list, dict, str)):
        yield len(value)


def _unknown(name: str) -> _Step:
    raise JsonPathError(f"there is no function {name}()")


def _filter(text: str) -> _Step:
    choices = [[_condition(part) for part in choice.split("&&")] for choice in text.split("||")]

    def step(value: Any) -> Iterator[Any]:
        candidates = value if isinstance(value, list) else [value]
        for candidate in candidates:
            if any(all(holds(candidate) for holds in choice) for choice in choices):
                yield candidate

    return step


def _condition(text: str) -> Callable[[Any], bool]:
    found = _CONDITION.fullmatch(text)
    if found is None:
        raise JsonPathError(f"{text!r} is no condition of a JSONPath")
    path, operator, literal = JsonPath("$" + found["path"]), found["op"], found["value"]
    if operator is None:
        return lambda candidate: bool(path.every(candidate))
    wanted = _literal(literal)

    def holds(candidate: Any) -> bool:
        for value in path.every(candidate):
            try:
                return _OPERATORS[operator](value, wanted)
            except TypeError:
                return False
        return bool(operator == "!=")

    return holds


def _literal(text: str) -> Any:
    if text[0] in "'\"":
        return text[1:-1]
    if text[0] == "/":
        pattern, _, flags = text[1:].rpartition("/")
        return re.compile(pattern, re.IGNORECASE if "i" in flags else 0)
    if text in ("true", "false", "null"):
        return {"true": True, "false": False, "null": None}[text]
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError as error:
        raise JsonPathError(f"{text!r} is no value of a JSONPath") from error


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: bool(a == b and isinstance(a, bool) == isinstance(b, bool)),
    "!=": lambda a, b: bool(a != b),
    "<": lambda a, b: bool(a < b),
    "<=": lambda a, b: bool(a <= b),
    ">": lambda a, b: bool(a > b),
    ">=": lambda a, b: bool(a >= b),
    "=~": lambda a, b: b.fullmatch(a) is not None,
}
