"""Intrinsic functions: what is one, and which form its argument must have."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.templates import quotas
from lambda_nb.engine.stacks.templates.texts import PLACEHOLDER, PLACEHOLDER_NAME

PREFIX = "Fn::"
REF = "Ref"
CONDITION = "Condition"
GET_ATT = "Fn::GetAtt"
SUB = "Fn::Sub"
IF = "Fn::If"
IMPORT_VALUE = "Fn::ImportValue"
TRANSFORM = "Fn::Transform"

LOGICAL = frozenset(("Fn::And", "Fn::Equals", "Fn::Not", "Fn::Or", CONDITION))
"""Functions whose value is a condition."""

IN_RULES = frozenset(
    (
        "Fn::Contains",
        "Fn::EachMemberEquals",
        "Fn::EachMemberIn",
        "Fn::Implies",
        "Fn::RefAll",
        "Fn::ValueOf",
        "Fn::ValueOfAll",
    )
)
"""Functions that only the ``Rules`` section takes."""

_IN_VALUES = (
    "Fn::Base64",
    "Fn::Cidr",
    "Fn::FindInMap",
    GET_ATT,
    "Fn::GetAZs",
    "Fn::GetStackOutput",
    IF,
    IMPORT_VALUE,
    "Fn::Join",
    "Fn::Length",
    REF,
    "Fn::Select",
    "Fn::Split",
    SUB,
    "Fn::ToJsonString",
)
KNOWN = frozenset((*_IN_VALUES, *LOGICAL, *IN_RULES))
"""All functions that are left when transforms are done."""


def called(value: Mapping[str, Any]) -> str | None:
    """The name of the function that a value calls; ``None`` if it is a plain object.

    Raises
    ------
    AWSError
        ``ValidationError``: there is no such function.
    """
    named = [key for key in value if key.startswith(PREFIX) or key == REF]
    if not named:
        return None
    name = named[0]
    if name == REF and len(value) > 1:
        return None  # a property may have this name
    if name not in KNOWN or len(value) > 1:
        supported = ", ".join(sorted(KNOWN))
        raise validation_error(
            f"Template error: Encountered unsupported function: {name} "
            f"Supported functions are: [{supported}]"
        )
    return name


def attribute_of(argument: Any) -> tuple[str, Any]:
    """The logical ID and the attribute that a ``Fn::GetAtt`` asks for.

    Raises
    ------
    AWSError
        ``ValidationError``: the argument has not the form it must have.
    """
    if isinstance(argument, str) and "." in argument:
        name, _, attribute = argument.partition(".")
        argument = [name, attribute]
    if (
        not isinstance(argument, list)
        or len(argument) != 2
        or not all(argument)
        or not isinstance(argument[0], str)
        or not isinstance(argument[1], (str, dict))
    ):
        raise validation_error(
            "Template error: every Fn::GetAtt object requires two non-empty parameters, "
            "the resource name and the resource attribute"
        )
    return argument[0], argument[1]


def substitution(argument: Any) -> tuple[str, Mapping[str, Any]]:
    """The text of a ``Fn::Sub`` and its own variables; raises as :func:`attribute_of`."""
    text, variables = argument, {}
    if isinstance(argument, list) and len(argument) == 2:
        text, variables = argument
    elif isinstance(argument, list) and len(argument) == 1:
        text = argument[0]
    if not isinstance(text, str) or not isinstance(variables, dict):
        raise validation_error(
            "Template error: One or more Fn::Sub intrinsic functions don't specify expected "
            "arguments. Specify a string as first argument, and an optional second argument to "
            "specify a mapping of values to replace in the string"
        )
    return text, variables


def placeholders(text: str) -> Iterator[str]:
    """The names between ``${`` and ``}``, but not those that stay literally."""
    for match in PLACEHOLDER.finditer(text):
        if match[1].startswith("!"):
            continue
        if not PLACEHOLDER_NAME.fullmatch(match[1]):
            raise validation_error(
                "Template error: variable names in Fn::Sub syntax must contain only alphanumeric "
                f"characters, underscores, periods, and colons: ${{{match[1]}}}"
            )
        yield match[1].strip()


def check(name: str, argument: Any) -> None:
    """Check the form of a function's argument, before anything is known of values.

    Raises
    ------
    AWSError
        ``ValidationError``, with the text that AWS has for the function.
    """
    if name == GET_ATT:
        attribute_of(argument)
    elif name == SUB:
        list(placeholders(substitution(argument)[0]))
    elif name in _FORMS:
        holds, message = _FORMS[name]
        if not holds(argument):
            raise validation_error(f"Template error: {message}")


def _texty(value: Any) -> bool:
    return not isinstance(value, list)


def _listy(value: Any) -> bool:
    return isinstance(value, (list, dict))


def _list_of(argument: Any, fewest: int, most: int) -> bool:
    return isinstance(argument, list) and fewest <= len(argument) <= most


def _operands(argument: Any) -> bool:
    return _list_of(argument, 2, quotas.MOST_OPERANDS)


_BOOLEANS = "object requires a list of at least 2 and at most 10 boolean parameters."
_FORMS: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    REF: (
        lambda it: isinstance(it, str) and bool(it),
        "every Ref object must have a single String value.",
    ),
    CONDITION: (lambda it: isinstance(it, str), "every Condition member must be a string."),
    "Fn::And": (_operands, f"every Fn::And {_BOOLEANS}"),
    "Fn::Or": (_operands, f"every Fn::Or {_BOOLEANS}"),
    "Fn::Not": (
        lambda it: _list_of(it, 1, 1),
        "every Fn::Not object requires one boolean parameter.",
    ),
    "Fn::Equals": (
        lambda it: _list_of(it, 2, 2),
        "every Fn::Equals object requires a list of 2 string parameters.",
    ),
    IF: (
        lambda it: _list_of(it, 3, 3) and isinstance(it[0], (str, dict)),
        "Fn::If requires a list argument with three elements",
    ),
    "Fn::Base64": (_texty, "every Fn::Base64 object must have a String-typed value."),
    "Fn::GetAZs": (_texty, "every Fn::GetAZs object must have a String-typed value."),
    IMPORT_VALUE: (_texty, "every Fn::ImportValue object must have a String-typed value."),
    "Fn::Join": (
        lambda it: _list_of(it, 2, 2) and isinstance(it[0], str) and _listy(it[1]),
        "every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of "
        "strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) "
        "to be joined.",
    ),
    "Fn::Split": (
        lambda it: _list_of(it, 2, 2) and isinstance(it[0], str) and bool(it[0]) and _texty(it[1]),
        "every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string "
        "to be split or a function that returns a string to be split.",
    ),
    "Fn::Select": (
        lambda it: _list_of(it, 2, 2) and _texty(it[0]) and _listy(it[1]),
        "Fn::Select requires a list argument with two elements: an integer index and a list",
    ),
    "Fn::FindInMap": (
        lambda it: (
            _list_of(it, 3, 3)
            or (_list_of(it, 4, 4) and isinstance(it[3], dict) and list(it[3]) == ["DefaultValue"])
        ),
        "every Fn::FindInMap object requires three parameters, the map name, map key and the "
        "attribute for return value",
    ),
    "Fn::Cidr": (
        lambda it: _list_of(it, 2, 3),
        "every Fn::Cidr object requires two or three parameters, the address block, the count "
        "and the number of subnet bits",
    ),
    "Fn::Length": (
        _listy,
        "every Fn::Length object must have a list or a function that returns one.",
    ),
    "Fn::ToJsonString": (_listy, "every Fn::ToJsonString object must have an object or a list."),
    "Fn::GetStackOutput": (
        lambda it: isinstance(it, dict) and {"StackName", "OutputName"} <= set(it),
        "every Fn::GetStackOutput object requires StackName and OutputName.",
    ),
}
