"""A template's parameters: their declarations, and the checks of the values given for them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import regex

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.templates import quotas
from lambda_nb.engine.stacks.templates.texts import as_text

_MEMBERS = frozenset(
    (
        "AllowedPattern",
        "AllowedValues",
        "ConstraintDescription",
        "Default",
        "Description",
        "MaxLength",
        "MaxValue",
        "MinLength",
        "MinValue",
        "NoEcho",
        "Type",
    )
)
_LONGEST_MATCH_S = 2.0
"""Seconds that an ``AllowedPattern`` may take for one value."""
_SSM_VALUE = "AWS::SSM::Parameter::Value<"
_OF_ONE = (
    "AWS::EC2::AvailabilityZone::Name",
    "AWS::EC2::Image::Id",
    "AWS::EC2::Instance::Id",
    "AWS::EC2::KeyPair::KeyName",
    "AWS::EC2::SecurityGroup::GroupName",
    "AWS::EC2::SecurityGroup::Id",
    "AWS::EC2::Subnet::Id",
    "AWS::EC2::Volume::Id",
    "AWS::EC2::VPC::Id",
    "AWS::Route53::HostedZone::Id",
)
_VALUES = (
    "String",
    *_OF_ONE,
    "CommaDelimitedList",
    "List<String>",
    *(f"List<{t}>" for t in _OF_ONE),
)
TYPES = frozenset(
    (
        *_VALUES,
        "Number",
        "List<Number>",
        "AWS::SSM::Parameter::Name",
        *(f"{_SSM_VALUE}{inner}>" for inner in _VALUES),
    )
)
"""The types a parameter may have (User Guide, "Supported parameter types")."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a template.

    Attributes
    ----------
    name, type, description, no_echo, constraint_description
        As the template says.
    default
        ``None`` if there is none.
    allowed_values, allowed_pattern
        What each value must be; empty and ``None`` if anything may.
    min_length, max_length
        Characters of a text.
    min_value, max_value
        Of a number.
    """

    name: str
    type: str
    default: str | None = None
    description: str | None = None
    no_echo: bool = False
    constraint_description: str | None = None
    allowed_values: tuple[str, ...] = ()
    allowed_pattern: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    min_value: float | None = None
    max_value: float | None = None

    @property
    def is_list(self) -> bool:
        """Whether a reference to it gives a list."""
        inner = self.ssm_type or self.type
        return inner == "CommaDelimitedList" or inner.startswith("List<")

    @property
    def ssm_type(self) -> str | None:
        """The type of the value that Systems Manager keeps under the parameter's value, if any."""
        if not self.type.startswith(_SSM_VALUE):
            return None
        return self.type.removeprefix(_SSM_VALUE)[:-1]

    def check(self, text: str) -> None:
        """Check a value given for the parameter.

        Raises
        ------
        AWSError
            ``ValidationError``: it breaks a constraint.
        """
        if len(text.encode()) > quotas.MOST_PARAMETER_BYTES:
            raise validation_error(
                f"Parameter '{self.name}' must not be longer than "
                f"{quotas.MOST_PARAMETER_BYTES} bytes"
            )
        for item in self.items(text) if self.is_list and not self.ssm_type else [text]:
            self._check_item(item)

    def items(self, text: str) -> list[str]:
        """The items of a list's text; an empty text is a list of one empty item, as on AWS."""
        return [item.strip() for item in text.split(",")]

    def _check_item(self, text: str) -> None:
        if self.type in ("Number", "List<Number>"):
            self._check_number(text)
        if self.allowed_values and text not in self.allowed_values:
            raise self._unsatisfied("must be one of AllowedValues")
        if self.min_length is not None and len(text) < self.min_length:
            raise self._unsatisfied(f"must contain at least {self.min_length} characters")
        if self.max_length is not None and len(text) > self.max_length:
            raise self._unsatisfied(f"must contain at most {self.max_length} characters")
        if self.allowed_pattern is not None and not self._matches(self.allowed_pattern, text):
            raise self._unsatisfied(f"must match pattern {self.allowed_pattern}")

    def _matches(self, pattern: str, text: str) -> bool:
        try:
            return regex.fullmatch(pattern, text, timeout=_LONGEST_MATCH_S) is not None
        except TimeoutError:
            raise validation_error(
                f"Parameter '{self.name}': its AllowedPattern {pattern} takes longer than "
                f"{_LONGEST_MATCH_S:g} s for the value given. Write a pattern without repetitions "
                "inside of repetitions."
            ) from None

    def _check_number(self, text: str) -> None:
        number = _number(text)
        if number is None:
            raise validation_error(f"Parameter '{self.name}' must be a number.")
        if self.min_value is not None and number < self.min_value:
            raise self._unsatisfied(f"must be a number not less than {as_text(self.min_value)}")
        if self.max_value is not None and number > self.max_value:
            raise self._unsatisfied(f"must be a number not greater than {as_text(self.max_value)}")

    def _unsatisfied(self, what: str) -> AWSError:
        if self.constraint_description:
            what = f"failed to satisfy constraint: {self.constraint_description}"
        return validation_error(f"Parameter '{self.name}' {what}")


def parameter(name: str, written: Any) -> Parameter:
    """A parameter as the ``Parameters`` section writes it.

    Raises
    ------
    AWSError
        ``ValidationError``: it is written wrong.
    """
    if not isinstance(written, dict):
        raise _wrong(f"[/Parameters/{name}] Every Parameters member must be an object.")
    for member in written:
        if member not in _MEMBERS:
            raise validation_error(f"Invalid template parameter property '{member}'")
    kind = written.get("Type")
    if not isinstance(kind, str):
        raise _wrong("Every Parameters object must contain a Type member.")
    if kind not in TYPES:
        raise _wrong(f"Unrecognized parameter type: {kind}")
    default = written.get("Default")
    if isinstance(default, (dict, list)):
        raise _wrong("Every Default member must be a string.")
    allowed = written.get("AllowedValues", [])
    if not isinstance(allowed, list) or any(isinstance(item, (dict, list)) for item in allowed):
        raise _wrong("Every AllowedValues member must be a list of strings.")
    pattern = written.get("AllowedPattern")
    if pattern is not None:
        _check_pattern(name, pattern)
    return Parameter(
        name=name,
        type=kind,
        default=None if default is None else as_text(default),
        description=_optional_text(written, "Description"),
        no_echo=as_text(written.get("NoEcho", False)).lower() == "true",
        constraint_description=_optional_text(written, "ConstraintDescription"),
        allowed_values=tuple(as_text(item) for item in allowed),
        allowed_pattern=pattern,
        min_length=_whole(written, "MinLength"),
        max_length=_whole(written, "MaxLength"),
        min_value=_limit(written, "MinValue"),
        max_value=_limit(written, "MaxValue"),
    )


def _optional_text(written: Mapping[str, Any], member: str) -> str | None:
    value = written.get(member)
    if value is None:
        return None
    if isinstance(value, (dict, list)):
        raise _wrong(f"Every {member} member must be a string.")
    return as_text(value)


def _limit(written: Mapping[str, Any], member: str) -> float | None:
    if member not in written:
        return None
    number = _number(as_text(written[member]))
    if number is None:
        raise _wrong(f"Every {member} member must be a number.")
    return int(number) if number == int(number) else number


def _whole(written: Mapping[str, Any], member: str) -> int | None:
    number = _limit(written, member)
    return None if number is None else int(number)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _check_pattern(name: str, pattern: Any) -> None:
    try:
        regex.compile(pattern)
    except (regex.error, TypeError) as error:
        raise _wrong(
            f"The AllowedPattern of parameter {name} is no regular expression: {error}"
        ) from None


def _wrong(message: str) -> AWSError:
    return validation_error(f"Template format error: {message}")
