"""Variables of a failed function, as JSON can hold them.

Simple values go as they are, containers within limits, other objects as their type, ``repr`` and
attributes. Nothing of the function's code runs except ``__repr__``, and that under a time limit.
Values whose name says that they are secret stay behind, and so do copies of them in other texts,
and passwords in URLs.

What JSON does not have is a dict: ``t`` is its kind, ``v`` what it holds, ``n`` how much it held,
``i`` its number (a ``ref`` has that of another), ``r`` its ``repr``, ``a`` its attributes.
``lambda_nb/notebook/debugging/frame_values.py`` reads it.
"""

from __future__ import annotations

import base64
import collections
import contextlib
import datetime
import decimal
import fractions
import json
import os
import pathlib
import re
import signal
import time
import types
import uuid
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

MOST_CHARACTERS = 2000
"""Of a text, and of what ``repr`` returns; as many bytes."""
MOST_ITEMS = 100
"""Of a container, and attributes of an object."""
MOST_DEPTH = 6
MOST_BYTES = 256 << 10
"""Of all variables together, about."""
MOST_BYTES_OF_VARIABLE = 32 << 10
MOST_SECONDS_OF_REPR = 0.05
_MOST_BITS = 4096
_LEAST_SECRET = 6  # shorter ones would tear up other texts

_SECRET = re.compile(
    r"(?:^|[^a-z])(?:secrets?|passwo?r?d|passwd|passphrase|passcode|tokens?|credentials?|"
    r"authorization|bearer|jwts?|cookies?|apikey|"
    r"(?:api|private|secret|access|signing|encryption)[_\- ]keys?)"
    r"(?:$|[^a-z])"
)
_PASSWORD = re.compile(r"(://[^/\s:@]*:)([^/\s@]+)@")
_NO_SECRET = re.compile(r"(?:next|continuation|page|pagination|start|max|num|n|count)[_\- ]tokens?")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NO_DATA = (
    type,
    types.ModuleType,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
)
_SEQUENCES = (list, tuple, set, frozenset, collections.deque)
# Read past metaclasses, which may have ideas of their own.
_name_of = type.__dict__["__qualname__"].__get__
_module_of = type.__dict__["__module__"].__get__
_mro_of = type.__dict__["__mro__"].__get__
_dict_of = type.__dict__["__dict__"].__get__


def is_secret(name: str) -> bool:
    """Whether the name of a variable, key or attribute says that its value is secret."""
    plain = _CAMEL.sub("_", name).lower()
    return bool(_SECRET.search(_NO_SECRET.sub("", plain)))


def type_name(kind: type) -> str:
    """The name of a type with its module, ``app.Order``; of a built-in type without."""
    module, name = _module_of(kind), _name_of(kind)
    return name if module == "builtins" or type(module) is not str else f"{module}.{name}"


def message(error: BaseException) -> str:
    """What an exception says."""
    try:
        return str(error)[:MOST_CHARACTERS]
    except Exception:
        return ""


class _TooLate(BaseException):
    """The time for ``repr`` is over."""


class Values:
    """Turns values into JSON until time or room is used up.

    Parameters
    ----------
    deadline
        A reading of ``perf_counter``.

    Attributes
    ----------
    cut : str
        What was used up: ``time``, ``room``, or nothing.
    """

    def __init__(self, deadline: float) -> None:
        self.cut = ""
        self._deadline = deadline
        self._room = MOST_BYTES
        self._floor = 0
        self._seen: dict[int, tuple[int, int]] = {}  # id: its number, and how deep it was
        self._kept: list[object] = []  # an id is good only while its object lives
        self._hidden: set[str] = set()
        self._slow: set[int] = set()  # ids of types
        self._calling = self._guards = False

    def variables(self, known: dict[str, Any], names: Iterable[str]) -> list[list[Any]]:
        """Pairs of name and value."""
        pairs = []
        for name in names:
            if type(name) is str:
                self._floor = max(0, self._room - MOST_BYTES_OF_VARIABLE)
                pairs.append([name, self._named(name, known[name], 0)])
        return pairs

    @contextlib.contextmanager
    def guarded(self) -> Iterator[None]:
        """Interrupt a ``repr`` that takes too long. Without this, none is called."""
        began = time.perf_counter()
        try:
            former = signal.signal(signal.SIGALRM, self._alarm)
        except ValueError:  # not in the main thread
            yield
            return
        timer = signal.setitimer(signal.ITIMER_REAL, 0)
        self._guards = True
        try:
            yield
        finally:
            self._guards = False
            signal.setitimer(signal.ITIMER_REAL, 0)
            if former is not None:
                signal.signal(signal.SIGALRM, former)
            if timer[0]:  # the function's own
                left = max(0.001, timer[0] - (time.perf_counter() - began))
                signal.setitimer(signal.ITIMER_REAL, left, timer[1])

    def scrubbed(self, told: Any) -> Any:
        """The same without copies of hidden values in other texts."""
        if not self._hidden:
            return told
        # The longest first: one may be part of another.
        hidden = {form for text in self._hidden for form in _forms(text)}
        found = re.compile("|".join(re.escape(h) for h in sorted(hidden, key=len)[::-1]))

        def clean(value: Any) -> Any:
            if type(value) is str:
                return found.sub("<hidden>", value)
            if type(value) is list:
                return [clean(item) for item in value]
            if type(value) is dict and value.get("t") in ("bytes", "bytearray"):
                text = base64.b64decode(value["v"]).decode("latin-1")
                part = found.sub("<hidden>", text).encode("latin-1")
                return {**value, "v": base64.b64encode(part).decode()}
            if type(value) is dict:  # what kind of value it is stays as it is
                return {key: item if key == "t" else clean(item) for key, item in value.items()}
            return value

        return clean(told)

    # -- one value

    def _named(self, name: str, value: Any, depth: int) -> Any:
        if is_secret(name) and not _is_instance(value, _NO_DATA) and _says_something(value):
            self._hide(value)
            return {"t": "hidden", "type": type_name(type(value))}
        return self._value(value, depth)

    def _value(self, value: Any, depth: int) -> Any:
        kind = type(value)
        if value is None or kind is bool:
            return value
        if time.perf_counter() > self._deadline:
            self.cut = "time"
            return self._beyond(value, kind)
        if self._room <= self._floor:
            self.cut = self.cut or ("room" if self._room <= 0 else "")
            return self._beyond(value, kind)
        self._room -= 16
        if kind is int and value.bit_length() <= _MOST_BITS:
            return value
        if kind is float:
            return value if value - value == 0 else {"t": "float", "v": repr(value)}
        if kind is str:
            return self._text(value)
        if kind is bytes or kind is bytearray:
            part = base64.b64encode(value[:MOST_CHARACTERS]).decode()
            self._room -= len(part)
            return {"t": kind.__name__, "v": part, "n": len(value)}
        if type(kind) is type and kind in _KNOWN:
            return {"t": "known", "type": _KNOWN[kind], "v": _written(value)}
        if kind is types.ModuleType:
            return self._module(value, depth)
        return self._whole(value, kind, depth)

    def _text(self, text: str) -> Any:
        part = self._open(text[:MOST_CHARACTERS])
        self._room -= len(part)
        whole = len(text) <= MOST_CHARACTERS
        return part if whole else {"t": "text", "v": part, "n": len(text)}

    def _beyond(self, value: Any, kind: type) -> Any:
        size = len(value) if _is_one(kind, (*_SEQUENCES, dict, str, bytes)) else None
        return {"t": "cut", "type": type_name(kind), "n": size}

    def _whole(self, value: Any, kind: type, depth: int) -> Any:
        """A container or an object; a reference to it if it was told before, no deeper."""
        number, former = self._seen.get(id(value), (-1, MOST_DEPTH + 1))
        if former <= depth:
            return {"t": "ref", "i": number}
        if depth >= MOST_DEPTH:
            return self._beyond(value, kind)
        number = len(self._kept)
        self._kept.append(value)
        self._seen[id(value)] = (number, depth)
        if kind is dict:
            return {"t": "dict", "i": number, "v": self._pairs(value, depth), "n": len(value)}
        if _is_one(kind, _SEQUENCES):
            items = self._items(value, kind, depth)
            return {"t": kind.__name__, "i": number, "v": items, "n": len(value)}
        return self._object(value, kind, number, depth)

    def _pairs(self, value: Any, depth: int) -> list[list[Any]]:
        pairs: list[list[Any]] = []
        with contextlib.suppress(RuntimeError):  # another thread changes it
            for key, item in islice(dict.items(value), MOST_ITEMS):
                told = self._value(key, depth + 1)
                pairs.append([told, self._named(key if type(key) is str else "", item, depth + 1)])
        return pairs

    def _items(self, value: Any, kind: type, depth: int) -> list[Any]:
        items: list[Any] = []
        with contextlib.suppress(RuntimeError):
            for item in islice(kind.__iter__(value), MOST_ITEMS):  # type: ignore[attr-defined]
                items.append(self._value(item, depth + 1))
        return items

    def _object(self, value: Any, kind: type, number: int, depth: int) -> Any:
        told: dict[str, Any] = {"t": "object", "i": number, "type": type_name(kind)}
        base = next((b for b in (dict, *_SEQUENCES) if issubclass(kind, b)), None)
        if base is dict:
            told["pairs"] = self._pairs(value, depth)
        elif base is not None:
            told["items"] = self._items(value, base, depth)
        if base is not None:
            told["n"] = base.__len__(value)
        if _is_instance(value, _NO_DATA):
            told["r"] = self._repr(value, kind)
            if kind is type or kind is types.FunctionType:
                told["name"] = f"{value.__module__}.{value.__qualname__}"
            return told
        attributes = _attributes(value, kind)
        hides = any(is_secret(name) for name, _ in attributes)
        told["r"] = None if hides else self._repr(value, kind)
        told["a"] = [
            [name, self._named(name, item, depth + 2)] for name, item in attributes[:MOST_ITEMS]
        ]
        return told

    def _module(self, module: types.ModuleType, depth: int) -> Any:
        name = types.ModuleType.__getattribute__(module, "__dict__").get("__name__")
        told: dict[str, Any] = {"t": "module", "v": name if type(name) is str else "?"}
        if module is os and depth < 2:
            # A missing or wrong variable is what many functions fail of.
            told["a"] = [["environ", self._value(dict(os.environ), depth + 1)]]
        return told

    # -- what runs code of the function

    def _repr(self, value: Any, kind: type) -> str | None:
        """What ``repr`` says; ``None`` where it may not be asked."""
        if _repr_of(kind) is object.__repr__:
            return None
        left = self._deadline - time.perf_counter()
        if not self._guards or left <= 0 or id(kind) in self._slow:
            return None
        name = type_name(kind)
        try:
            signal.setitimer(signal.ITIMER_REAL, min(left, MOST_SECONDS_OF_REPR), 0.02)
            self._calling = True
            try:
                text = repr(value)
            finally:
                self._calling = False
                signal.setitimer(signal.ITIMER_REAL, 0)
        except _TooLate:
            self._slow.add(id(kind))
            return f"<{name}: its __repr__ takes too long>"
        except BaseException as error:
            return f"<{name}: its __repr__ raised {type_name(type(error))}>"
        text = str.__str__(text)
        part = self._open(text[:MOST_CHARACTERS])
        self._room -= len(part)
        whole = len(text) <= MOST_CHARACTERS
        return part if whole else f"{part}... ({len(text)} characters)"

    def _alarm(self, number: int, frame: object) -> None:
        if self._calling:
            raise _TooLate

    # -- secrets

    def _open(self, text: str) -> str:
        """A text without the passwords in its URLs."""
        if "://" not in text:
            return text
        for found in _PASSWORD.finditer(text):
            self._hide(found[2])
        return _PASSWORD.sub(r"\1<hidden>@", text)

    def _hide(self, value: Any, depth: int = 0) -> None:
        kind = type(value)
        if kind is str and len(value) >= _LEAST_SECRET:
            self._hidden.add(value[:MOST_CHARACTERS])
        elif kind is bytes and len(value) >= _LEAST_SECRET:
            self._hidden.add(value[:MOST_CHARACTERS].decode("latin-1"))
        elif depth < MOST_DEPTH and _is_one(kind, (dict, *_SEQUENCES)):
            inside = dict.values(value) if kind is dict else value
            with contextlib.suppress(RuntimeError):
                for item in islice(inside, MOST_ITEMS):
                    self._hide(item, depth + 1)


def _forms(text: str) -> Iterator[str]:
    """A text as it is, in JSON, in a ``repr``, and as UTF-8 that was read as Latin-1."""
    yield text
    yield json.dumps(text)[1:-1]
    yield repr(text)[1:-1]
    yield text.encode("utf-8", "surrogatepass").decode("latin-1")


def _is_instance(value: object, kinds: tuple[type, ...]) -> bool:
    """``isinstance`` that does not ask the object's own ``__class__``."""
    return issubclass(type(value), kinds)


def _repr_of(kind: type) -> Any:
    parts = (_dict_of(part) for part in _mro_of(kind))
    return next(part["__repr__"] for part in parts if "__repr__" in part)


def _is_one(kind: type, kinds: tuple[type, ...]) -> bool:
    """``kind in kinds`` that does not ask a metaclass."""
    return any(kind is one for one in kinds)


def _says_something(value: object) -> bool:
    """Whether there is anything to hide: that a password is missing may be the failure."""
    return value is not None and type(value) is not bool and not (type(value) is str and not value)


def _attributes(value: Any, kind: type) -> list[tuple[str, Any]]:
    """What an object keeps in ``__dict__`` and in slots; no property is asked."""
    found: dict[str, Any] = {}
    fields = kind.__dict__.get("_fields") if issubclass(kind, tuple) else None
    if type(fields) is tuple:
        found.update(zip(fields, tuple.__iter__(value)))  # noqa: B905
    for part in _mro_of(kind):
        for name, member in list(_dict_of(part).items()):
            if type(member) is types.MemberDescriptorType and not name.startswith("__"):
                with contextlib.suppress(Exception):
                    found[name] = member.__get__(value, kind)
    with contextlib.suppress(Exception):
        own = object.__getattribute__(value, "__dict__")
        if type(own) is dict:
            found.update(own)
    return [(name, item) for name, item in found.items() if type(name) is str]


_KNOWN: dict[type, str] = {
    complex: "complex",
    range: "range",
    datetime.datetime: "datetime",
    datetime.date: "date",
    datetime.time: "time",
    datetime.timedelta: "timedelta",
    decimal.Decimal: "Decimal",
    fractions.Fraction: "Fraction",
    uuid.UUID: "UUID",
    pathlib.PosixPath: "Path",
    pathlib.PurePosixPath: "Path",
}
"""Types whose values a notebook can make anew from a text."""


def _written(value: Any) -> str:
    kind = type(value)
    if kind is datetime.timedelta:
        return f"{value.days} {value.seconds} {value.microseconds}"
    if kind is range:
        return f"{value.start} {value.stop} {value.step}"
    if kind is datetime.datetime or kind is datetime.time:
        zone = type(value.tzinfo)
        is_own = value.tzinfo is not None and _module_of(zone) not in ("datetime", "zoneinfo")
        return str((value.replace(tzinfo=None) if is_own else value).isoformat())
    return str(value)
