"""JSON paths into the events of a pipe, and the fields that pipes parse on their own.

Source: EventBridge User Guide, eb-pipes-input-transformation ("Implicit body data parsing") and
eb-pipes-event-target ("Dynamic path parameters"), 2026.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any

ABSENT: Any = object()
"""What a path finds where there is nothing."""

_CONTENT = {
    "aws:sqs": ("body",),
    "aws:kinesis": ("data",),
    "aws:kafka": ("key", "value"),
    "SelfManagedKafka": ("key", "value"),
}
"""The fields that hold what the sender sent, by the event's ``eventSource``."""
_IN_BASE64 = ("data", "key", "value")
_STEP = re.compile(r"\.([A-Za-z0-9_\-*$:]+)|\[(\d+|\*)\]|\['([^']*)'\]|\[\"([^\"]*)\"\]")


def steps(path: str) -> list[str | int] | None:
    """The steps of a path after ``$``; ``None`` if it is no path that pipes know.

    Examples
    --------
    >>> steps("$.body.items[2]"), steps("$"), steps("body")
    (['body', 'items', 2], [], None)
    """
    if not path.startswith("$"):
        return None
    found: list[str | int] = []
    at = 1
    while at < len(path):
        step = _STEP.match(path, at)
        if step is None:
            return None
        index = step[2]
        if index is not None:
            found.append("*" if index == "*" else int(index))
        else:
            found.append(next(name for name in (step[1], step[3], step[4]) if name is not None))
        at = step.end()
    return found


def find(path: str, event: Any) -> Any:
    """What a path names in an event; :data:`ABSENT` if there is nothing.

    Examples
    --------
    >>> find("$.a[*].b", {"a": [{"b": 1}, {"b": 2}]}), find("$.c", {}) is ABSENT
    ([1, 2], True)
    """
    taken = steps(path)
    return ABSENT if taken is None else _walk(event, taken)


def _walk(value: Any, taken: list[str | int]) -> Any:
    for i, step in enumerate(taken):
        if step == "*":
            inner = value.values() if isinstance(value, dict) else value
            if not isinstance(value, (dict, list)):
                return ABSENT
            found = [_walk(item, taken[i + 1 :]) for item in inner]
            return [item for item in found if item is not ABSENT]
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return ABSENT
            value = value[step]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            return ABSENT
    return value


def parsed(event: Any) -> Any:
    """An event whose content is parsed: base64 as text, and JSON text as JSON.

    Examples
    --------
    >>> parsed({"eventSource": "aws:sqs", "body": '{"n": 1}'})["body"]
    {'n': 1}
    >>> parsed({"eventSource": "aws:sqs", "body": "text"})["body"]
    'text'
    """
    if not isinstance(event, Mapping):
        return event
    fields = _CONTENT.get(str(event.get("eventSource")), ())
    return {**event, **{name: _content(name, event[name]) for name in fields if name in event}}


def _content(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if name in _IN_BASE64:
        try:
            value = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def dynamic(value: str, event: Any) -> str:
    """A parameter of a target: what it says, or what its path names in an event (as text).

    The whole of a parameter is a path or none of it is. A path that names nothing gives "".

    Examples
    --------
    >>> dynamic("$.body.id", {"eventSource": "aws:sqs", "body": '{"id": 7}'})
    '7'
    >>> dynamic("fixed", {})
    'fixed'
    """
    if steps(value) is None:
        return value
    found = find(value, parsed(event))
    if found is ABSENT or found is None:
        return ""
    if isinstance(found, str):
        return found
    return json.dumps(found, separators=(",", ":"), ensure_ascii=False)
