"""Values of JSON as templates see them: they print, and can be asked, as in Java."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

HYPHEN = "_hyphen_"
"""Stands for a hyphen in the names of a template's references."""

_MOST_VALUES = 250_000
"""In one value that is written: a list may have another one many times, which has others..."""

_LONGEST_TEXT = 32 << 20
"""Characters that replacing may make."""

_OF_REPLACEMENT = re.compile(r"([^\\$]+|\$(?!\d))|\\(.?)|\$(\d)", re.DOTALL)
"""Text, a quoted character, or the number of a group, as Java has them in replacements."""


class Truth(int):
    """A boolean that prints as ``true`` or ``false``."""

    def __str__(self) -> str:
        return "true" if self else "false"


class Text(str):
    """A text, with methods of Java's strings."""

    __slots__ = ()

    def __bool__(self) -> bool:
        """A text is true, also an empty one: in Velocity 1.7 only null and false are not."""
        return True

    def length(self) -> int:
        """How many characters it has."""
        return len(self)

    def isEmpty(self) -> Truth:  # noqa: N802
        """Whether it has none."""
        return Truth(len(self) == 0)

    @property
    def empty(self) -> Truth:
        """The same, as Velocity asks for ``$text.empty``."""
        return self.isEmpty()

    def substring(self, first: int, end: int | None = None) -> Text:
        """A part of it."""
        return Text(self[first:end])

    def indexOf(self, part: str) -> int:  # noqa: N802
        """Where a part begins; -1 if it is not in it."""
        return self.find(part)

    def lastIndexOf(self, part: str) -> int:  # noqa: N802
        """Where a part begins for the last time."""
        return self.rfind(part)

    def contains(self, part: str) -> Truth:
        """Whether a part is in it."""
        return Truth(part in self)

    def startsWith(self, part: str) -> Truth:  # noqa: N802
        """Whether it begins so."""
        return Truth(self.startswith(part))

    def endsWith(self, part: str) -> Truth:  # noqa: N802
        """Whether it ends so."""
        return Truth(self.endswith(part))

    def equals(self, other: object) -> Truth:
        """Whether it is another text."""
        return Truth(self == other)

    def equalsIgnoreCase(self, other: str) -> Truth:  # noqa: N802
        """Whether it is another text, but for case."""
        return Truth(self.casefold() == other.casefold())

    def matches(self, pattern: str) -> Truth:
        """Whether a regular expression describes all of it."""
        return Truth(re.fullmatch(pattern, self) is not None)

    def replaceAll(self, pattern: str, by: str) -> Text:  # noqa: N802
        """It with all matches of a regular expression replaced."""
        parts = [found.groups() for found in _OF_REPLACEMENT.finditer(by)]
        made = 0

        def replaced(found: re.Match[str]) -> str:
            nonlocal made
            by_this = "".join(
                (found[int(group)] or "") if group else text or quoted or ""
                for text, quoted, group in parts
            )
            made += len(by_this)
            if made > _LONGEST_TEXT:
                raise ValueError(f"replaceAll makes more than {_LONGEST_TEXT} characters")
            return by_this

        return Text(re.sub(pattern, replaced, self))

    def replace(self, part: str, by: str) -> Text:  # type: ignore[override]
        """It with a part replaced wherever it stands."""
        if self.count(part) * len(by) > _LONGEST_TEXT:
            raise ValueError(f"replace makes more than {_LONGEST_TEXT} characters")
        return Text(super().replace(part, by))

    def toLowerCase(self) -> Text:  # noqa: N802
        """It in lower case."""
        return Text(self.lower())

    def toUpperCase(self) -> Text:  # noqa: N802
        """It in upper case."""
        return Text(self.upper())

    def trim(self) -> Text:
        """It without spaces around it."""
        return Text(self.strip())

    def concat(self, more: str) -> Text:
        """It with more at its end."""
        return Text(self + more)

    def split(self, pattern: str) -> List:  # type: ignore[override]
        """Its parts between matches of a regular expression."""
        parts = re.split(pattern, self)
        while len(parts) > 1 and not parts[-1]:
            parts.pop()
        return List(map(Text, parts))

    def toString(self) -> Text:  # noqa: N802
        """It."""
        return self


class Map:
    """A map: prints as ``{a=1, b=2}``. It is no dict, whose methods would hide missing keys."""

    __slots__ = ("_of",)

    def __init__(self, values: Mapping[str, Any] | None = None) -> None:
        self._of: dict[str, Any] = dict(values or {})

    def __getitem__(self, key: str) -> Any:
        """A value, by a key as a template names it."""
        return self._of[key.replace(HYPHEN, "-")]

    def __setitem__(self, key: str, value: Any) -> None:
        """Set a value."""
        self._of[Text(key.replace(HYPHEN, "-"))] = value

    def __iter__(self) -> Iterator[Any]:
        """Its values, as ``#foreach`` takes them."""
        return iter(self._of.values())

    def __len__(self) -> int:
        """How many keys it has."""
        return len(self._of)

    def __bool__(self) -> bool:
        """A map is true, also an empty one."""
        return True

    def __eq__(self, other: object) -> bool:
        """Whether it has the same keys and values as another."""
        return isinstance(other, Map) and self._of == other._of

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        """It as Java prints it."""
        return _java(self, [_MOST_VALUES])

    def as_dict(self) -> dict[str, Any]:
        """Keys and values."""
        return self._of

    def get(self, key: str) -> Any:
        """A value."""
        return self._of.get(key)

    def values(self) -> List:
        """The values."""
        return List(self._of.values())

    def keySet(self) -> List:  # noqa: N802
        """The keys."""
        return List(self._of)

    def entrySet(self) -> List:  # noqa: N802
        """Keys and values."""
        return List(Map({"key": key, "value": value}) for key, value in self._of.items())

    def isEmpty(self) -> Truth:  # noqa: N802
        """Whether there is nothing in it."""
        return Truth(not self._of)

    def size(self) -> int:
        """How many keys it has."""
        return len(self._of)

    def containsKey(self, key: object) -> Truth:  # noqa: N802
        """Whether it has a key."""
        return Truth(key in self._of)

    def put(self, key: str, value: Any) -> str:
        """Set a value; what was there before is not shown."""
        self._of[Text(key)] = value
        return ""

    def putAll(self, values: Map) -> str:  # noqa: N802
        """Set several values."""
        self._of.update(values.as_dict())
        return ""

    def remove(self, key: str) -> str:
        """Remove a key."""
        self._of.pop(key, None)
        return ""

    def toString(self) -> str:  # noqa: N802
        """It as text."""
        return str(self)


class List(list[Any]):
    """A list: prints as JSON."""

    def __bool__(self) -> bool:
        """A list is true, also an empty one."""
        return True

    def __init__(self, values: Iterable[Any] = ()) -> None:
        super().__init__(values)

    def __str__(self) -> str:
        return json_text(plain(self))

    def size(self) -> int:
        """How many items it has."""
        return len(self)

    def isEmpty(self) -> Truth:  # noqa: N802
        """Whether there is nothing in it."""
        return Truth(len(self) == 0)

    @property
    def empty(self) -> Truth:
        """The same, as Velocity asks for ``$list.empty``."""
        return self.isEmpty()

    def get(self, index: int) -> Any:
        """An item."""
        return self[index]

    def contains(self, value: object) -> Truth:
        """Whether it has an item."""
        return Truth(value in self)

    def remove(self, index: int) -> Any:
        """Take an item away, and give it."""
        return self.pop(index)

    def add(self, value: Any) -> str:
        """Append an item."""
        self.append(value)
        return ""

    def addAll(self, values: Iterable[Any]) -> str:  # noqa: N802
        """Append several items."""
        self.extend(values)
        return ""

    def set(self, index: int, value: Any) -> str:
        """Replace an item."""
        self[index] = value
        return ""

    def toString(self) -> str:  # noqa: N802
        """It as text."""
        return str(self)


def wrapped(value: Any) -> Any:
    """A value of JSON for templates."""
    if isinstance(value, str):
        return value if isinstance(value, Text) else Text(value)
    if isinstance(value, bool):
        return Truth(value)
    if isinstance(value, dict):
        return Map({Text(key): wrapped(one) for key, one in value.items()})
    if isinstance(value, List):
        return value
    if isinstance(value, (list, tuple)):
        return List(wrapped(one) for one in value)
    return value


def plain(value: Any) -> Any:
    """A value of a template as JSON has it.

    Raises
    ------
    ValueError
        It has too many values in it.
    """
    return _plain(value, [_MOST_VALUES])


def _plain(value: Any, left: list[int]) -> Any:
    _count(left)
    if isinstance(value, Truth):
        return bool(value)
    if isinstance(value, Text):
        return str(value)
    if isinstance(value, Map):
        return {str(key): _plain(one, left) for key, one in value.as_dict().items()}
    if isinstance(value, list):
        return [_plain(one, left) for one in value]
    return value


def json_text(value: Any) -> str:
    """JSON without spaces, of a value as JSON has it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _java(value: Any, left: list[int]) -> str:
    _count(left)
    if isinstance(value, Map):
        pairs = (f"{key}={_java(one, left)}" for key, one in value.as_dict().items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return json_text(_plain(value, left))
    return "null" if value is None else str(value)


def _count(left: list[int]) -> None:
    left[0] -= 1
    if left[0] < 0:
        raise ValueError(f"a value has more than {_MOST_VALUES} values in it")
