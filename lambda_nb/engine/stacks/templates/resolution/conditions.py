"""Conditions at work: whether the definition of one holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.templates import functions
from lambda_nb.engine.stacks.templates.resolution.marks import NO_VALUE
from lambda_nb.engine.stacks.templates.texts import as_text


def condition(value: Any, resolve: Callable[[Any], Any], holds: Callable[[str], bool]) -> bool:
    """Whether a condition's definition holds.

    Parameters
    ----------
    value
        The definition.
    resolve
        A value without functions.
    holds
        Whether another condition holds, by its name.

    Raises
    ------
    AWSError
        ``ValidationError``: it is no condition. What ``resolve`` and ``holds`` raise.
    """
    if isinstance(value, bool):
        return value
    if not isinstance(value, dict) or len(value) != 1:
        raise _not_boolean()
    name, argument = next(iter(value.items()))
    functions.check(name, argument)
    match name:
        case functions.CONDITION:
            return holds(argument)
        case "Fn::And":
            return all(condition(item, resolve, holds) for item in argument)
        case "Fn::Or":
            return any(condition(item, resolve, holds) for item in argument)
        case "Fn::Not":
            return not condition(argument[0], resolve, holds)
        case "Fn::Equals":
            left, right = (_comparable(resolve(item)) for item in argument)
            return bool(left == right)
    raise _not_boolean()


def _comparable(value: Any) -> Any:
    if isinstance(value, list):
        return [_comparable(item) for item in value]
    if isinstance(value, dict):
        return {key: _comparable(item) for key, item in value.items()}
    return value if value is NO_VALUE else as_text(value)


def _not_boolean() -> AWSError:
    return validation_error(
        "Template format error: Conditions can only be boolean operations on parameters and "
        "other conditions"
    )
