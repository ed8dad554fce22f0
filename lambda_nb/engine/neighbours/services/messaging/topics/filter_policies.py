"""Filter policies of subscriptions (SNS Developer Guide, "Subscription filter policies").

The operators are those of EventBridge's patterns; moto lacks some of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lambda_nb.rules.events import patterns

BODY, ATTRIBUTES = "MessageBody", "MessageAttributes"
_AS_TEXT = ("wildcard", "cidr")
"""Operators that moto's check does not know; they are checked as a prefix is."""


def lets_through(
    policy: Mapping[str, Any], scope: str | None, message: str, attributes: Mapping[str, Any]
) -> bool:
    """Whether a subscription's policy lets a message through.

    Parameters
    ----------
    scope
        :data:`BODY`, or (the default) :data:`ATTRIBUTES`.
    attributes
        Message attributes as moto has them: ``Type`` and ``Value``.
    """
    if scope != BODY:
        return patterns.matches(
            policy, {n: _value(a) for n, a in attributes.items() if _is_told(a)}
        )
    try:
        body = json.loads(message)
    except ValueError:
        return False
    return isinstance(body, dict) and patterns.matches(policy, body)


def _is_told(attribute: Mapping[str, Any]) -> bool:
    return not attribute["Type"].startswith("Binary")


def _value(attribute: Mapping[str, Any]) -> Any:
    kind, value = attribute["Type"], attribute["Value"]
    if kind.startswith("Number"):
        number = float(value)
        return int(number) if number.is_integer() else number
    if kind == "String.Array":
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def for_check(policy: Any) -> Any:
    """A policy with only the operators that moto's check knows."""
    if isinstance(policy, list):
        return [_known(one) for one in policy]
    if not isinstance(policy, dict):
        return policy
    checked: dict[str, Any] = {}
    for name, value in policy.items():
        if name == "$or" and isinstance(value, list):
            for alternative in value:
                checked.update(for_check(alternative))
        else:
            checked[name] = for_check(value)
    return checked


def _known(rule: Any) -> Any:
    if isinstance(rule, dict) and len(rule) == 1:
        ((operator, value),) = rule.items()
        if operator in _AS_TEXT:
            return {"prefix": value}
    return rule
