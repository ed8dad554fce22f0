"""AWS IoT Core policies, compiled for one connection: pure, without clock and I/O.

``*`` and ``?`` are wildcards; MQTT's ``+`` and ``#`` are themselves. A policy variable without a
value leaves its resource without a match. An explicit denial wins (AWS IoT developer guide, "AWS
IoT Core policies" and "Policy variables").
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.permissions.policy_conditions import condition

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_WILDCARD = re.compile(r"[*?]")
_SPECIAL = {"*": "*", "?": "?", "$": "$"}
_REMEMBERED = 2048
"""Decisions that a connection remembers; topics may be without number."""

Decide = Callable[[str, str], bool]
"""Whether an action (``iot:Publish``) is allowed on a resource (an ARN)."""


class MalformedPolicy(ValueError):  # noqa: N818
    """A document is no policy of IoT; says why."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the policies say of one action on one resource.

    ``allowed`` is true if a statement allows it and none denies it. ``allowing`` and ``denying``
    are the positions of the documents that do either.
    """

    allowed: bool
    allowing: tuple[int, ...] = ()
    denying: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Statement:
    document: int
    denies: bool
    actions: re.Pattern[str]
    not_actions: bool
    resources: re.Pattern[str]
    not_resources: bool

    def applies(self, action: str, resource: str) -> bool:
        if (self.actions.fullmatch(action) is not None) == self.not_actions:
            return False
        return (self.resources.fullmatch(resource) is not None) != self.not_resources


class Policies:
    """The policies of one connection.

    Parameters
    ----------
    documents
        Policy documents, as JSON text or parsed.
    variables
        The values of policy variables, by their names (``iot:ClientId``); names without a value
        are left out. They are the keys of conditions as well.

    Raises
    ------
    MalformedPolicy
        A document is none.

    Examples
    --------
    >>> document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow",
    ...     "Action": "iot:Publish", "Resource": "arn:aws:iot:r:0:topic/${iot:ClientId}/*"}}
    >>> policies = Policies([document], {"iot:ClientId": "sensor"})
    >>> policies.allows("iot:Publish", "arn:aws:iot:r:0:topic/sensor/temperature")
    True
    >>> policies.allows("iot:Publish", "arn:aws:iot:r:0:topic/other/temperature")
    False
    """

    def __init__(
        self, documents: Sequence[str | Mapping[str, Any]], variables: Mapping[str, str]
    ) -> None:
        told = {name.lower(): value for name, value in variables.items()}
        self._statements = [
            compiled
            for position, document in enumerate(documents)
            for statement in statements_of(document)
            if (compiled := _compiled(position, statement, told)) is not None
        ]
        self._remembered: dict[tuple[str, str], bool] = {}

    def allows(self, action: str, resource: str) -> bool:
        """Whether an action is allowed on a resource."""
        asked = (action, resource)
        known = self._remembered.get(asked)
        if known is None:
            if len(self._remembered) >= _REMEMBERED:
                self._remembered.clear()
            known = self._remembered[asked] = self.verdict(action, resource).allowed
        return known

    def verdict(self, action: str, resource: str) -> Verdict:
        """What the policies say, and which of them."""
        applying = [s for s in self._statements if s.applies(action, resource)]
        allowing = tuple(dict.fromkeys(s.document for s in applying if not s.denies))
        denying = tuple(dict.fromkeys(s.document for s in applying if s.denies))
        return Verdict(bool(allowing) and not denying, allowing, denying)


def statements_of(document: str | Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The statements of a policy document.

    Raises
    ------
    MalformedPolicy
        It is no JSON object, or a statement lacks what it needs.
    """
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError as error:
            raise MalformedPolicy(f"the policy document is not JSON: {error}") from error
    if not isinstance(document, Mapping):
        raise MalformedPolicy("the policy document is not a JSON object")
    given = document.get("Statement")
    statements = [given] if isinstance(given, Mapping) else given
    if not isinstance(statements, list) or not statements:
        raise MalformedPolicy("the policy document has no Statement")
    for statement in statements:
        _check(statement)
    return statements


def _check(statement: Any) -> None:
    if not isinstance(statement, Mapping):
        raise MalformedPolicy("a statement is not a JSON object")
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise MalformedPolicy(f"Effect is Allow or Deny, not {statement.get('Effect')!r}")
    for positive, negative in (("Action", "NotAction"), ("Resource", "NotResource")):
        if (positive in statement) == (negative in statement):
            raise MalformedPolicy(f"a statement has either {positive} or {negative}")
        for value in _several(statement.get(positive, statement.get(negative))):
            if not isinstance(value, str):
                raise MalformedPolicy(f"{positive} has texts, not {value!r}")
    if not isinstance(statement.get("Condition", {}), Mapping):
        raise MalformedPolicy("Condition is not a JSON object")


def _compiled(
    position: int, statement: Mapping[str, Any], told: Mapping[str, str]
) -> _Statement | None:
    """A statement for one connection; ``None`` if its conditions do not hold there."""
    denies = statement["Effect"] == "Deny"
    if not _holds(statement.get("Condition", {}), told, denies):
        return None
    not_actions = "NotAction" in statement
    not_resources = "NotResource" in statement
    actions = _several(statement["NotAction" if not_actions else "Action"])
    resources = _several(statement["NotResource" if not_resources else "Resource"])
    patterns = [filled for one in resources if (filled := _filled(one, told)) is not None]
    if not_resources and not denies and len(patterns) < len(resources):
        return None  # nobody can say what is left out of the permission
    return _Statement(
        position,
        denies,
        re.compile("|".join(map(_plain, actions)), re.DOTALL | re.IGNORECASE),
        not_actions,
        _any_of(patterns),
        not_resources,
    )


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    joined = "|".join(patterns)
    return re.compile(joined or r"(?!)", re.DOTALL)


def _plain(text: str) -> str:
    return re.escape(text).replace(r"\*", ".*").replace(r"\?", ".")


def _filled(text: str, told: Mapping[str, str]) -> str | None:
    """A resource's pattern with its variables replaced; ``None`` if one has no value."""
    made, end = "", 0
    for found in _VARIABLE.finditer(text):
        value = value_of(found[1], told)
        if value is None:
            return None
        made += _plain(text[end : found.start()]) + re.escape(value)
        end = found.end()
    return made + _plain(text[end:])


def value_of(name: str, told: Mapping[str, str]) -> str | None:
    """The value of a policy variable, by its name in lower case or as a special character."""
    name = name.strip()
    return _SPECIAL.get(name, told.get(name.lower()))


def _holds(conditions: Mapping[str, Any], told: Mapping[str, str], denies: bool) -> bool:
    """Whether all conditions hold. One that is none keeps a permission out and a denial in."""
    try:
        for operator, wanted in conditions.items():
            filled = {key: _values(values, told) for key, values in wanted.items()}
            missing = any(len(_several(wanted[key])) > len(filled[key]) for key in filled)
            if missing and not denies and "Not" in operator:
                return False  # what is excepted from a permission is not known
            if not condition(operator, filled)(told):
                return False
    except (ValueError, AttributeError):
        return denies
    return True


def _values(values: Any, told: Mapping[str, str]) -> list[Any]:
    """A condition's values with their variables replaced; those without a value are left out.

    A variable with a wildcard in its value counts as one without: a client could name itself ``*``.
    """
    filled = (
        _known(value, told) if isinstance(value, str) else value for value in _several(values)
    )
    return [value for value in filled if value is not None]


def _known(text: str, told: Mapping[str, str]) -> str | None:
    """A condition's value with its variables replaced; ``None`` if one has no value."""
    found = {name: value_of(name, told) for name in _VARIABLE.findall(text)}
    for name, value in found.items():
        if value is None or (name.strip() not in _SPECIAL and _WILDCARD.search(value)):
            return None
    return _VARIABLE.sub(lambda match: found[match[1]] or "", text)


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
