"""Variables of a failed function, made anew from what its runtime sent.

The module of this name in the engine's Python runtime writes what is read here, and says its form.
What comes is data of the function, and may be anything: nothing of it is executed, unpickled or
imported, except that names of a few modules which only compute become those modules.
"""

from __future__ import annotations

import base64
import datetime
import decimal
import fractions
import importlib
import inspect
import pathlib
import uuid
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from lambda_nb.notebook.debugging.stand_ins import StandIn, StandInContainer, part

_MOST_DEPTH = 40
_SAME_EVERYWHERE = frozenset({
    "base64", "binascii", "bisect", "calendar", "cmath", "collections", "copy", "dataclasses",
    "datetime", "decimal", "difflib", "enum", "fractions", "functools", "hashlib", "heapq",
    "html", "itertools", "json", "math", "numbers", "operator", "pprint", "re", "statistics",
    "string", "struct", "textwrap", "typing", "urllib.parse", "uuid", "zlib",
})  # fmt: skip
"""Modules of the standard library that answer here what they would answer in the function."""

_SEQUENCES: dict[str, type] = {
    "list": list,
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "deque": deque,
}


class Values:
    """Makes the values of one failure. An object that was in two places is in two places again."""

    def __init__(self) -> None:
        self._made: dict[int, Any] = {}

    def variables(self, told: Any, depth: int = 0) -> dict[str, Any]:
        """Names and values, from pairs."""
        pairs = [pair for pair in _sequence(told) if _is_pair(pair) and isinstance(pair[0], str)]
        return {name: self.value(value, depth) for name, value in pairs}

    def value(self, told: Any, depth: int = 0) -> Any:
        """One value; a stand-in for what cannot be made here."""
        if told is None or isinstance(told, (bool, int, float, str)):
            return told
        if not isinstance(told, Mapping) or depth > _MOST_DEPTH:
            return StandIn("object", "<unreadable>")
        make = _MAKERS.get(str(told.get("t")))
        try:
            return StandIn("object", "<unreadable>") if make is None else make(self, told, depth)
        except (ValueError, TypeError, KeyError, ArithmeticError):
            return StandIn("object", "<unreadable>")

    def _keep(self, told: Mapping[str, Any], made: Any) -> Any:
        number = told.get("i")
        if isinstance(number, int):
            self._made[number] = made
        return made

    def _reference(self, told: Mapping[str, Any], depth: int) -> Any:
        # A tuple that holds itself is still being made when it is met again.
        return self._made.get(told["i"], StandIn("object", "<the object around this>"))

    def _items(self, told: Any, depth: int) -> list[Any]:
        return [self.value(item, depth + 1) for item in _sequence(told)]

    def _pairs(self, told: Any, depth: int) -> dict[Any, Any]:
        made = {}
        for pair in _sequence(told):
            if _is_pair(pair):
                key, value = (self.value(one, depth + 1) for one in pair)
                try:
                    made[key] = value
                except TypeError:  # a part of a key that was cut
                    made[StandIn("key", repr(key))] = value
        return made

    def _collection(self, told: Mapping[str, Any], depth: int) -> Any:
        kind = _SEQUENCES[told["t"]]
        if kind in (list, deque) and told["n"] == len(told["v"]):
            made = self._keep(told, kind())
            made.extend(self._items(told["v"], depth))
            return made
        items = self._items(told["v"], depth)
        if kind in (set, frozenset):
            items = [_hashable(item) for item in items]
        whole = told["n"] == len(items)
        return self._keep(told, kind(items) if whole else part(kind, items, told["n"]))

    def _dict(self, told: Mapping[str, Any], depth: int) -> Any:
        if told["n"] == len(told["v"]):
            made = self._keep(told, {})
            made.update(self._pairs(told["v"], depth))
            return made
        return self._keep(told, part(dict, self._pairs(told["v"], depth), told["n"]))

    def _object(self, told: Mapping[str, Any], depth: int) -> Any:
        kind = str(told["type"])
        if kind in ("type", "function") and (found := _found(str(told.get("name", "")))):
            return self._keep(told, found)
        shown = told.get("r")
        shown = shown if isinstance(shown, str) else f"<{kind} object>"
        attributes: dict[str, Any] = {}
        if "pairs" in told or "items" in told:
            held: Any = {} if "pairs" in told else []
            made: StandIn = StandInContainer(kind, shown, attributes, held, int(told["n"]))
            self._keep(told, made)
            if "pairs" in told:
                held.update(self._pairs(told["pairs"], depth))
            else:
                held.extend(self._items(told["items"], depth))
        else:
            made = self._keep(told, StandIn(kind, shown))
        for name, value in self.variables(told.get("a"), depth + 1).items():
            made.__dict__.setdefault(name, value)
        return made

    def _module(self, told: Mapping[str, Any], depth: int) -> Any:
        name = str(told["v"])
        if name in _SAME_EVERYWHERE:
            return importlib.import_module(name)
        attributes = self.variables(told.get("a"), depth + 1)
        return StandIn("module", f"<module {name!r} of the function>", attributes)

    def _text(self, told: Mapping[str, Any], depth: int) -> Any:
        return part(str, told["v"], told["n"])

    def _bytes(self, told: Mapping[str, Any], depth: int) -> Any:
        held = base64.b64decode(told["v"])
        if len(held) < told["n"]:
            return part(bytes, held, told["n"])
        return bytearray(held) if told["t"] == "bytearray" else held

    def _float(self, told: Mapping[str, Any], depth: int) -> float:
        return float(told["v"])

    def _known(self, told: Mapping[str, Any], depth: int) -> Any:
        return _KNOWN[told["type"]](told["v"])

    def _hidden(self, told: Mapping[str, Any], depth: int) -> Any:
        kind = str(told.get("type"))
        return StandIn(kind, f"<hidden {kind}: its name says that it is secret>")

    def _cut(self, told: Mapping[str, Any], depth: int) -> Any:
        kind, total = str(told["type"]), told.get("n")
        size = f" of {total}" if isinstance(total, int) else ""
        return StandIn(kind, f"<{kind}{size}: beyond what travels>")


def _sequence(told: Any) -> Sequence[Any]:
    return told if isinstance(told, list) else ()


def _is_pair(told: Any) -> bool:
    return isinstance(told, list) and len(told) == 2


def _hashable(item: Any) -> Any:
    try:
        hash(item)
    except TypeError:
        return StandIn("object", repr(item))
    return item


def _found(name: str) -> Any:
    """A class or function of a module that is the same everywhere, or a built-in class."""
    module, _, own = name.rpartition(".")
    if module not in _SAME_EVERYWHERE and module != "builtins":
        return None
    found = getattr(importlib.import_module(module), own, None)
    return found if inspect.isclass(found) or inspect.isfunction(found) else None


def _range(text: str) -> range:
    return range(*(int(number) for number in text.split()))


def _timedelta(text: str) -> datetime.timedelta:
    return datetime.timedelta(*(int(number) for number in text.split()))


_KNOWN: dict[str, Any] = {
    "complex": complex,
    "range": _range,
    "datetime": datetime.datetime.fromisoformat,
    "date": datetime.date.fromisoformat,
    "time": datetime.time.fromisoformat,
    "timedelta": _timedelta,
    "Decimal": decimal.Decimal,
    "Fraction": fractions.Fraction,
    "UUID": uuid.UUID,
    "Path": pathlib.PurePosixPath,
}

_MAKERS: dict[str, Any] = {
    **dict.fromkeys(_SEQUENCES, Values._collection),
    "dict": Values._dict,
    "ref": Values._reference,
    "object": Values._object,
    "module": Values._module,
    "text": Values._text,
    "bytes": Values._bytes,
    "bytearray": Values._bytes,
    "float": Values._float,
    "known": Values._known,
    "hidden": Values._hidden,
    "cut": Values._cut,
}
