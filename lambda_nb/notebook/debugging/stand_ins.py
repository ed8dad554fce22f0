"""What stands in a debugger for objects of a function that failed elsewhere.

A stand-in looks like the object: it has its ``repr``, and the attributes and items that travelled.
It runs none of the object's code. Whatever else is asked of it is answered by a sentence.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn

_MOST_SHOWN = 80
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class StandInError(AttributeError, TypeError):
    """A stand-in was asked for what only the object itself could do."""


def plain(text: str) -> str:
    """A text of a function as it may be printed: no escape codes, no halves of a character."""
    return _CONTROL.sub(lambda found: repr(found[0])[1:-1], text)


class StandIn:
    """Stands for an object of the function.

    Parameters
    ----------
    kind
        The type of the object, ``app.Order``.
    shown
        Its ``repr``.
    attributes
        Those of its attributes that travelled.
    """

    def __init__(self, kind: str, shown: str, attributes: Mapping[str, Any] | None = None) -> None:
        self.__dict__.update(attributes or {})
        self.__dict__["_stand_in"] = (plain(kind), plain(shown))

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return str(self._stand_in[1])

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)  # displays and debuggers look for these
        there = ", ".join(key for key in vars(self) if not key.startswith("_"))
        _refuse(self, f"its attribute {name!r} did not travel" + (f"; {there} did" * bool(there)))

    def __dir__(self) -> list[str]:
        return [name for name in vars(self) if name != "_stand_in"]


class StandInContainer(StandIn):
    """Stands for an object that is a list, a tuple, a set or a dict as well.

    Parameters
    ----------
    held
        What travelled of its items.
    total
        How many it had.
    """

    def __init__(
        self, kind: str, shown: str, attributes: Mapping[str, Any], held: Any, total: int
    ) -> None:
        super().__init__(kind, shown, attributes)
        self.__dict__["_held"], self.__dict__["_total"] = held, total

    def __len__(self) -> int:
        return int(self._total)

    def __bool__(self) -> bool:
        return bool(self._total)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._held)

    def __contains__(self, item: object) -> bool:
        return item in self._held

    def __getitem__(self, key: Any) -> Any:
        return self._held[key]

    def __getattr__(self, name: str) -> Any:
        if name in ("keys", "values", "items", "get") and isinstance(self._held, dict):
            return getattr(self._held, name)
        return super().__getattr__(name)


def _refuse(stand_in: StandIn, why: str) -> NoReturn:
    shown = stand_in._stand_in[1]
    short = shown if len(shown) <= _MOST_SHOWN else f"<{stand_in._stand_in[0]}>"
    raise StandInError(f"{short} is a picture of what the function had in its own process: {why}")


def _refusing(name: str) -> Any:
    def refuse(self: StandIn, *arguments: Any, **named: Any) -> NoReturn:
        _refuse(self, "none of its code can run here")

    refuse.__name__ = name
    return refuse


_OPERATIONS = (
    "call", "add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv", "floordiv",
    "rfloordiv", "mod", "rmod", "pow", "rpow", "and", "rand", "or", "ror", "lt", "le", "gt", "ge",
    "neg", "pos", "abs", "invert", "int", "float", "index", "enter", "exit", "next", "await",
    "len", "iter", "contains", "getitem", "setitem", "delitem",
)  # fmt: skip
for _name in _OPERATIONS:
    setattr(StandIn, f"__{_name}__", _refusing(f"__{_name}__"))


# -- values that are there in part


class _Part:
    """A value of which the beginning travelled; ``len`` is that of the whole."""

    total: int

    def __len__(self) -> int:
        return self.total

    def __getitem__(self, key: Any) -> Any:
        there = super().__len__()  # type: ignore[misc]
        if not isinstance(key, (int, slice)):
            return super().__getitem__(key)  # type: ignore[misc]
        if isinstance(key, slice):
            ends = (key.start or 0, -1 if key.stop is None else key.stop)
            inside = all(0 <= end <= there for end in ends)
        else:
            inside = 0 <= key < there
        if not inside:
            raise IndexError(f"only the first {there} of {self.total} travelled")
        return super().__getitem__(key)  # type: ignore[misc]

    def __repr__(self) -> str:
        there = super().__len__()  # type: ignore[misc]
        return f"{_base(self).__repr__(self)}... (the first {there} of {self.total})"


def _base(value: object) -> Any:
    return type(value).__mro__[2]


class TextPart(_Part, str):
    """The beginning of a text."""


class BytesPart(_Part, bytes):
    """The beginning of bytes."""


class ListPart(_Part, list[Any]):
    """The beginning of a list."""


class TuplePart(_Part, tuple[Any, ...]):
    """The beginning of a tuple."""


class DequePart(_Part, deque[Any]):
    """The beginning of a deque."""


class DictPart(dict[Any, Any]):
    """Some items of a dict; ``len`` is that of the whole."""

    total = 0

    def __len__(self) -> int:
        return self.total

    def __missing__(self, key: Any) -> Any:
        raise KeyError(
            f"{key!r} is not among the {super().__len__()} of {self.total} that travelled"
        )

    def __repr__(self) -> str:
        there = super().__len__()
        return f"{super().__repr__()}... ({there} of {self.total})"


class SetPart(set[Any]):
    """Some items of a set; ``len`` is that of the whole."""

    total = 0

    def __len__(self) -> int:
        return self.total

    def __repr__(self) -> str:
        there = super().__len__()
        return f"{set(self)!r}... ({there} of {self.total})"


def part(base: type, held: Sequence[Any] | Mapping[Any, Any] | str | bytes, total: int) -> Any:
    """A value of which only ``held`` travelled, of ``total``."""
    made = _PARTS[base](held)
    made.total = total
    return made


_PARTS: dict[type, Any] = {
    str: TextPart,
    bytes: BytesPart,
    bytearray: BytesPart,
    list: ListPart,
    tuple: TuplePart,
    deque: DequePart,
    dict: DictPart,
    set: SetPart,
    frozenset: SetPart,
}
