"""Values of a template, which may be texts where others are meant, and the other way round."""

from __future__ import annotations

import json
from typing import Any

from lambda_nb.engine.stacks.model import Properties


def text_of(value: Any) -> str:
    """A value as the text that APIs take: documents as JSON, booleans in lower case.

    Examples
    --------
    >>> text_of({"Version": "2012-10-17"}), text_of("{}"), text_of(True), text_of(3)
    ('{"Version": "2012-10-17"}', '{}', 'true', '3')
    """
    if isinstance(value, (dict, list)):
        return json.dumps(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def with_text(properties: Properties, name: str) -> dict[str, Any]:
    """The properties with one of them, if it is there, as a text."""
    told = dict(properties)
    if told.get(name) is not None:
        told[name] = text_of(told[name])
    return told


def is_true(value: Any, default: bool = False) -> bool:
    """Whether a boolean is true that may be a text; ``default`` if it is not given.

    Examples
    --------
    >>> is_true("True"), is_true(None), is_true(None, True), is_true("false", True)
    (True, False, True, False)
    """
    return default if value is None else str(value).lower() == "true"
