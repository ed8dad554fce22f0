"""What a value refers to: the names in ``Ref``, ``Fn::GetAtt``, ``Fn::Sub`` and ``Fn::If``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.stacks.templates import functions

PSEUDO_PREFIX = "AWS::"


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference to a parameter, a pseudo parameter, a resource or a condition.

    Attributes
    ----------
    function
        The function that refers: ``Ref``, ``Fn::GetAtt``, ``Fn::Sub``, ``Fn::If`` or
        ``Condition``.
    name
        What it refers to.
    attribute
        Of the resource; ``None`` for its physical ID. A function's value is ``""``.
    """

    function: str
    name: str
    attribute: str | None = None

    @property
    def is_condition(self) -> bool:
        """Whether ``name`` is a condition's."""
        return self.function in (functions.IF, functions.CONDITION)

    @property
    def is_pseudo(self) -> bool:
        """Whether ``name`` is a pseudo parameter's."""
        return self.name.startswith(PSEUDO_PREFIX)


def references(value: Any, holds: Callable[[str], bool] | None = None) -> Iterator[Reference]:
    """All references in a value, and the forms of its functions checked.

    Parameters
    ----------
    value
        With its intrinsic functions.
    holds
        Whether a condition holds: then only the chosen branch of each ``Fn::If`` is looked at.

    Raises
    ------
    AWSError
        ``ValidationError``: a function is unknown or its argument has not its form.
    """
    if isinstance(value, list):
        for item in value:
            yield from references(item, holds)
        return
    if not isinstance(value, dict):
        return
    name = functions.called(value)
    if name is None:
        for held in value.values():
            yield from references(held, holds)
        return
    argument = value[name]
    functions.check(name, argument)
    yield from _of_call(name, argument, holds)


def conditions_in(value: Any) -> Iterator[Reference]:
    """The references of a condition's definition, ``Condition`` among them."""
    if isinstance(value, list):
        for item in value:
            yield from conditions_in(item)
    elif isinstance(value, dict):
        if list(value) == [functions.CONDITION]:
            functions.check(functions.CONDITION, value[functions.CONDITION])
            yield Reference(functions.CONDITION, value[functions.CONDITION])
            return
        name = functions.called(value)
        if name in functions.LOGICAL:
            functions.check(name or "", value[name])
            yield from conditions_in(value[name])
        else:
            yield from references(value)


def _of_call(name: str, argument: Any, holds: Callable[[str], bool] | None) -> Iterator[Reference]:
    if name == functions.REF:
        yield Reference(name, argument)
    elif name == functions.GET_ATT:
        resource, attribute = functions.attribute_of(argument)
        yield Reference(name, resource, attribute if isinstance(attribute, str) else "")
        yield from references(attribute, holds)
    elif name == functions.SUB:
        yield from _of_substitution(argument, holds)
    elif name == functions.IF:
        yield from _of_choice(argument, holds)
    elif name in functions.LOGICAL:
        yield from conditions_in(argument)
    else:
        yield from references(argument, holds)


def _of_substitution(argument: Any, holds: Callable[[str], bool] | None) -> Iterator[Reference]:
    text, variables = functions.substitution(argument)
    for named in functions.placeholders(text):
        if named in variables:
            continue
        resource, _, attribute = named.partition(".")
        yield Reference(functions.SUB, resource, attribute or None)
    for held in variables.values():
        yield from references(held, holds)


def _of_choice(argument: list[Any], holds: Callable[[str], bool] | None) -> Iterator[Reference]:
    condition, *branches = argument
    if isinstance(condition, dict):
        yield from conditions_in(condition)
        yield from references(branches, holds)
        return
    yield Reference(functions.IF, condition)
    if holds is not None:
        branches = [branches[0] if holds(condition) else branches[1]]
    yield from references(branches, holds)


def calls(value: Any, function: str, holds: Callable[[str], bool]) -> Iterator[Any]:
    """The arguments of all calls of one function, in the chosen branches of ``Fn::If``."""
    if isinstance(value, list):
        for item in value:
            yield from calls(item, function, holds)
        return
    if not isinstance(value, dict):
        return
    name = functions.called(value)
    if name is None:
        for held in value.values():
            yield from calls(held, function, holds)
        return
    argument = value[name]
    if name == function:
        yield argument
    if name == functions.IF and isinstance(argument[0], str):
        argument = argument[1] if holds(argument[0]) else argument[2]
    yield from calls(argument, function, holds)
