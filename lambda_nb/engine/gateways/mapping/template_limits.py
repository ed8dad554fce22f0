"""What a template may reach, and how much it may do.

The library that renders templates gives them every attribute of Python's objects and lets them run
for ever. A compiled template is changed here: it reaches data and the methods that values offer to
templates, nothing else; and each rendering has a budget.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sized
from itertools import islice
from typing import Any

import airspeed

from lambda_nb.engine.gateways.mapping.values import List, Map, Text, Truth, wrapped

MOST_ITERATIONS = 1000
"""Of one ``#foreach`` (REST API quotas, 2026); what comes after is left out."""

_MOST_BLOCKS = 200_000
"""Bodies of loops, macros and conditions that one rendering runs."""

_MOST_CHARACTERS = 32 << 20
"""That one rendering makes, in variables and in its text."""

_OF_AN_ITEM = 8
"""Characters that an item of a list or a map counts for."""

_MOST_BITS = 64
_ARITHMETIC = ("+", "-", "*", "/", "%")


class TooMuch(ValueError):  # noqa: N818
    """A template does more than it may."""


class Budget:
    """What is left to one rendering. It takes the place of the library's loader of files."""

    def __init__(self) -> None:
        self._blocks = _MOST_BLOCKS
        self._characters = _MOST_CHARACTERS

    def run(self) -> None:
        """Another block runs."""
        self._blocks -= 1
        if self._blocks < 0:
            raise TooMuch(f"the template runs more than {_MOST_BLOCKS} blocks")

    def make(self, value: object) -> None:
        """Another value is made or written."""
        if isinstance(value, Sized):
            self._characters -= len(value) * (1 if isinstance(value, str) else _OF_AN_ITEM)
            if self._characters < 0:
                raise TooMuch(f"the template makes more than {_MOST_CHARACTERS} characters")
        elif isinstance(value, int) and value.bit_length() > _MOST_BITS:
            raise TooMuch(f"a number of the template has more than {_MOST_BITS} bits")

    def load_text(self, name: str) -> str:
        """Refuse ``#include``."""
        raise ValueError(f"a template cannot include a file: {name}")

    load_template = load_text


def confine(found: Iterable[Any], methods: Mapping[type, Collection[str]]) -> None:
    """Change a compiled template so that it keeps within its limits.

    Parameters
    ----------
    found
        All its elements.
    methods
        Names of what templates may use of other objects than values.

    Raises
    ------
    ValueError
        It has a directive that cannot be kept within limits.
    """
    offered = {**_OFFERED, **methods}
    for element in found:
        if isinstance(element, airspeed.EvaluateDirective):
            raise ValueError("lambda_nb does not support #evaluate in templates")
        if isinstance(element, airspeed.NameOrCall):
            element.calculate = _reached(element, offered)
        elif isinstance(element, airspeed.Block):
            element.evaluate = _counted(element.evaluate)
        elif isinstance(element, airspeed.SetDirective):
            element.value.calculate = _measured(element.value.calculate)
        elif isinstance(element, airspeed.ForeachDirective):
            element.value.calculate = _shortened(element.value.calculate)
        elif isinstance(element, airspeed.BinaryOperator):
            sign = element.my_text().strip()
            if sign in _ARITHMETIC:
                element.apply_to = _arithmetic(sign, element.apply_to)


def elements(root: Any) -> Iterator[Any]:
    """Everything that a compiled template is made of."""
    waiting = [root]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, (list, tuple)):
            waiting.extend(one)
        elif isinstance(one, dict):
            waiting.extend([*one.keys(), *one.values()])
        elif type(one).__module__ == airspeed.__name__:
            yield one
            waiting.extend(vars(one).values())


def offered_by(kind: type) -> frozenset[str]:
    """The names that a class of ours offers to templates: its public methods."""
    return frozenset(
        name for name, value in vars(kind).items() if callable(value) and not name.startswith("_")
    )


_OFFERED: dict[type, Collection[str]] = {
    **{kind: offered_by(kind) | {"empty"} for kind in (Text, List)},
    Truth: offered_by(Truth),
    Map: offered_by(Map) - {"as_dict"},
}


def _reached(element: Any, offered: Mapping[type, Collection[str]]) -> Callable[..., Any]:
    """What a name, or a call of a method, stands for."""
    calculate, name = element.calculate, element.name

    def value(current: Any, budget: Budget, names: Any) -> Any:
        found = _member(current, name, offered)
        if found is None:
            return None
        if element.parameters is None:
            if callable(found):
                return None
        elif callable(found):
            arguments = element.parameters.calculate(names, budget)
            for argument in arguments:
                budget.make(argument)
            budget.run()
            made = found(*arguments)
            budget.make(made)
            return made
        return calculate({name: found}, budget, names)

    return value


def _member(current: Any, name: str, offered: Mapping[type, Collection[str]]) -> Any:
    if type(current) in (str, list, bool):
        current = wrapped(current)
    if isinstance(current, (dict, Map)):
        try:
            found = current[name]
        except KeyError:
            found = None
        if found is not None:
            return found
    return getattr(current, name) if name in offered.get(type(current), ()) else None


class _Written:
    """A stream of the library that counts what is written."""

    def __init__(self, stream: Any, budget: Budget) -> None:
        self._stream = stream
        self._budget = budget

    @property
    def stop(self) -> bool:
        """Whether ``#stop`` was met: nothing more is written."""
        return bool(self._stream.stop)

    @stop.setter
    def stop(self, value: bool) -> None:
        self._stream.stop = value

    def write(self, text: str) -> None:
        """Write a text."""
        self._budget.make(text)
        self._stream.write(text)


def _counted(evaluate: Callable[..., Any]) -> Callable[..., Any]:
    def counting(stream: Any, names: Any, budget: Budget) -> Any:
        budget.run()
        written = stream if isinstance(stream, _Written) else _Written(stream, budget)
        return evaluate(written, names, budget)

    return counting


def _measured(calculate: Callable[..., Any]) -> Callable[..., Any]:
    def measuring(names: Any, budget: Budget) -> Any:
        made = calculate(names, budget)
        budget.make(made)
        return made

    return measuring


def _shortened(calculate: Callable[..., Any]) -> Callable[..., Any]:
    """What a loop goes through; as a copy, for the loop may change it."""

    def items(names: Any, budget: Budget) -> Any:
        found = calculate(names, budget)
        if not isinstance(found, Iterable):
            return found
        return List(islice(found, MOST_ITERATIONS))

    return items


def _arithmetic(sign: str, apply: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Arithmetic is for numbers, and ``+`` for texts, too: Python has more of it."""

    def applied(one: Any, other: Any) -> Any:
        if sign == "+" and (isinstance(one, str) or isinstance(other, str)):
            return Text(f"{one}{other}")
        if isinstance(one, (int, float)) and isinstance(other, (int, float)):
            return apply(one, other)
        raise ValueError(f"{sign} is for numbers, not for {one} and {other}")

    return applied
