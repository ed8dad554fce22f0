"""What a metric filter takes from a log event that it matches.

Source: CloudWatch Logs User Guide, "Configuring metric values for a metric filter"; API reference,
``TestMetricFilter`` (2026).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from lambda_nb.rules.events.log_patterns import columns_of, values_at, words_of

_PATH = re.compile(r"\$(?:\[[^\]]*\]|\.[\w-]+)+")
_NAME = re.compile(r"[A-Za-z_]\w*")


def extracted(pattern: str, message: str) -> dict[str, str]:
    """The values that a pattern names, in a message that it matches.

    Examples
    --------
    >>> extracted("[ip, ..., size]", '10.0.0.1 - "GET /" 1534')
    {'$ip': '10.0.0.1', '$2': '-', '$3': 'GET /', '$size': '1534'}
    >>> extracted("{ $.n > 3 }", '{"n": 4}')
    {'$.n': '4'}
    """
    text = pattern.strip()
    if text.startswith("["):
        return dict(_named_words(text, message))
    if text.startswith("{"):
        document = _document(message)
        found = ((path, _first(document, path)) for path in dict.fromkeys(_PATH.findall(text)))
        return {path: _text(value) for path, value in found if value is not None}
    return {}


def value(pattern: str, message: str, selector: str) -> str | None:
    """The value of a selector (``$.latency``, ``$size``); ``None`` if the event has none."""
    text = pattern.strip()
    if text.startswith("["):
        return dict(_named_words(text, message)).get(selector)
    if selector.startswith("$"):
        found = _first(_document(message), selector)
        return None if found is None else _text(found)
    return None


def number(pattern: str, message: str, selector: str) -> float | None:
    """A metric's value: a number, or the number that a selector finds."""
    told = value(pattern, message, selector) if selector.startswith("$") else selector
    try:
        found = None if told is None else float(told)
    except ValueError:
        return None
    return found if found is None or math.isfinite(found) else None


def _named_words(pattern: str, message: str) -> Iterator[tuple[str, str]]:
    words, columns = words_of(message), columns_of(pattern)
    names: list[str | None] = [_name(column) for column in columns]
    if "..." in columns:
        at = columns.index("...")
        names[at : at + 1] = [None] * (len(words) - len(columns) + 1)
    names += [None] * (len(words) - len(names))
    for position, (name, word) in enumerate(zip(names, words, strict=False), 1):
        yield f"${name or position}", word


def _name(column: str) -> str | None:
    found = _NAME.match(column.lstrip("( "))
    return None if found is None else found[0]


def _document(message: str) -> Any:
    try:
        return json.loads(message)
    except ValueError:
        return None


def _first(document: Any, path: str) -> Any:
    return next(islice(values_at(document, path), 1), None)


def _text(found: Any) -> str:
    return found if isinstance(found, str) else json.dumps(found, separators=(",", ":"))
