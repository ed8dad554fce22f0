"""Which route a message takes: an API's route selection expression, compiled once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

Select = Callable[[str], "str | None"]
"""The route key that a message asks for; ``None`` if it asks for none."""

_BRACED = re.compile(r"\$\{([^}]*)\}")
_BODY = "request.body"
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\['([^']*)'\]")


def selector(expression: str) -> Select:
    """Compile a route selection expression.

    ``$request.body.action`` and ``${request.body.action}`` mean the same; with braces, several
    values and texts between them may be joined: ``${request.body.service}/${request.body.action}``.

    Examples
    --------
    >>> selector("$request.body.action")('{"action": "join"}')
    'join'
    >>> selector("${request.body.a}/${request.body.b.c}")('{"a": 1, "b": {"c": true}}')
    '1/true'
    >>> selector("$request.body.action")("no JSON") is None
    True
    """
    pieces = _BRACED.split(expression)
    if len(pieces) == 1:
        pieces = ["", expression.removeprefix("$"), ""]
    # Every second piece is a path.
    paths = [_path(piece) for piece in pieces[1::2]]
    if None in paths:
        return lambda message: None
    texts = pieces[::2]

    def select(message: str) -> str | None:
        try:
            document = json.loads(message)
        except (ValueError, RecursionError):
            return None
        key = texts[0]
        for path, text in zip(paths, texts[1:], strict=True):
            value = _at(document, path or ())
            if value is None:
                return None
            key += value + text
        return key

    return select


def _path(expression: str) -> tuple[str | int, ...] | None:
    """The steps of ``request.body.a[0].b``; ``None`` if the expression is another one."""
    expression = expression.strip()
    if not expression.startswith(_BODY):
        return None
    rest = expression[len(_BODY) :]
    steps: list[str | int] = []
    at = 0
    for step in _STEP.finditer(rest):
        if step.start() != at:
            return None
        at = step.end()
        steps.append(int(step[2]) if step[2] is not None else step[1] or step[3])
    return tuple(steps) if at == len(rest) and steps else None


def _at(document: Any, path: tuple[str | int, ...]) -> str | None:
    for step in path:
        if isinstance(step, int):
            if not isinstance(document, list) or step >= len(document):
                return None
        elif not isinstance(document, dict) or step not in document:
            return None
        document = document[step]
    if isinstance(document, str):
        return document
    if document is None or isinstance(document, (dict, list)):
        return None
    return json.dumps(document)
