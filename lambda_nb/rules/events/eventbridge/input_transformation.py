"""What a target of a rule gets: the event, a part of it, a constant, or a filled template.

Source: EventBridge User Guide, eb-transform-target-input (2026).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from lambda_nb.rules.events.eventbridge.event_json import parsed

_STEP = re.compile(r"\.(?:([A-Za-z0-9_/-]+)|(\*))|\[(?:(\d+)|(\*))\]")
_PLACEHOLDER = re.compile(r"<([A-Za-z0-9_.-]+)>")
RESERVED = (
    "aws.events.rule-arn", "aws.events.rule-name", "aws.events.event",
    "aws.events.event.ingestion-time", "aws.events.event.json",
)  # fmt: skip
"""Placeholders that need no path."""


class TransformationError(ValueError):
    """A filled template is not the JSON that its target needs."""


def is_path(text: str) -> bool:
    """Whether a text is a path that EventBridge takes: ``$.detail.list[0].name``."""
    return text.startswith("$") and _STEP.sub("", text[1:]) == ""


def at_path(path: str, event: Any, default: Any = None) -> Any:
    """The value at a path; with a wildcard, the list of all values.

    Examples
    --------
    >>> at_path("$.detail.a[1]", {"detail": {"a": [5, 6]}})
    6
    >>> at_path("$.detail.a[*].n", {"detail": {"a": [{"n": 1}, {"n": 2}]}})
    [1, 2]
    """
    found, several = [event], False
    for name, star, index, every in _STEP.findall(path):
        if star or every:
            several = True
            found = [item for value in found for item in _items(value)]
        elif name:
            found = [v[name] for v in found if isinstance(v, Mapping) and name in v]
        else:
            at = int(index)
            found = [v[at] for v in found if isinstance(v, list) and at < len(v)]
    if several:
        return found
    return found[0] if found else default


def _items(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list) else []


def resolved(value: str, event: Any) -> str:
    """A parameter's value: a path stands for a part of the event.

    Examples
    --------
    >>> resolved("$.detail.n", {"detail": {"n": 5}}), resolved("5 $", {})
    ('5', '5 $')
    """
    if not is_path(value):
        return value
    found = at_path(value, event, "")
    return found if isinstance(found, str) else compact(found)


def placeholders(template: str) -> list[str]:
    """The names in a template's angle brackets.

    Examples
    --------
    >>> placeholders('{"a": <one>, "b": "is <two>"}')
    ['one', 'two']
    """
    return _PLACEHOLDER.findall(template)


def payload(
    target: Mapping[str, Any], event: Mapping[str, Any], rule_arn: str, ingested: str
) -> str:
    """The text that a target gets for an event.

    Parameters
    ----------
    target
        The target as in PutTargets: ``Input``, ``InputPath`` and ``InputTransformer`` count.
    event
        The event's envelope.
    ingested
        When the event was received, ISO 8601.

    Raises
    ------
    TransformationError
        A template of a JSON object or array, filled, is no JSON.
    """
    if target.get("Input"):
        return str(target["Input"])
    if target.get("InputPath"):
        return compact(at_path(target["InputPath"], event))
    transformer = target.get("InputTransformer")
    if transformer:
        values = {
            name: at_path(path, event, "")
            for name, path in (transformer.get("InputPathsMap") or {}).items()
        }
        values |= {
            "aws.events.rule-arn": rule_arn,
            "aws.events.rule-name": rule_arn.rpartition("/")[2],
            "aws.events.event": {k: v for k, v in event.items() if k != "detail"},
            "aws.events.event.json": dict(event),
            "aws.events.event.ingestion-time": ingested,
        }
        return filled(transformer["InputTemplate"], values)
    return compact(event)


def compact(value: Any) -> str:
    """JSON without spaces, as AWS writes it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def filled(template: str, values: Mapping[str, Any]) -> str:
    """A template with values for its placeholders.

    Outside quotes a value is written as JSON, inside as it is: EventBridge does not escape it.

    Raises
    ------
    TransformationError
        The template is that of an object or an array, and the result is no JSON.

    Examples
    --------
    >>> filled('{"a": <n>, "b": "<s> and <n>"}', {"n": 5, "s": "x"})
    '{"a":5,"b":"x and 5"}'
    >>> filled('"<s> has happened"', {"s": "x"})
    '"x has happened"'
    """
    text = _substituted(template, values)
    try:
        return compact(parsed(text))
    except ValueError as error:
        if template.lstrip()[:1] in ("{", "["):
            raise TransformationError(f"The transformed input is not valid JSON: {error}") from None
        return text  # lines of text, for targets that take any


def _substituted(template: str, values: Mapping[str, Any]) -> str:
    parts: list[str] = []
    last, quoted = 0, False
    for found in _PLACEHOLDER.finditer(template):
        between = template[last : found.start()]
        parts.append(between)
        quoted = _is_quoted(between, quoted)
        last = found.end()
        if found[1] in values:
            value = values[found[1]]
            parts.append(value if quoted and isinstance(value, str) else compact(value))
        else:
            parts.append(found[0])
    return "".join([*parts, template[last:]])


def _is_quoted(text: str, quoted: bool) -> bool:
    """Whether the end of a text is in a JSON string; it may begin in one."""
    escaped = False
    for character in text:
        if character == '"' and not escaped:
            quoted = not quoted
        escaped = character == "\\" and not escaped
    return quoted
