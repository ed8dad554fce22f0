"""Input templates of pipes: text with paths into the event and variables of the pipe.

Source: EventBridge User Guide, eb-pipes-input-transformation (2026). ``<$.body.id>`` is what the
path names; ``<aws.pipes.pipe-name>`` is a variable. Between quotes a value is put in as text,
elsewhere as JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from lambda_nb.rules.events.pipes import paths

VARIABLES = (
    "aws.pipes.pipe-arn",
    "aws.pipes.pipe-name",
    "aws.pipes.source-arn",
    "aws.pipes.enrichment-arn",
    "aws.pipes.target-arn",
    "aws.pipes.event.ingestion-time",
    "aws.pipes.event",
    "aws.pipes.event.json",
)
MOST_CHARACTERS = 8192
"""Length of a template (PipeTargetParameters, InputTemplate)."""
_PLACE = re.compile(r"<(?P<place>\$[^<>]*|aws\.pipes\.[^<>]*)>")
_PIECE = re.compile(r'\\.|(?P<quote>")|' + _PLACE.pattern)


def check(template: str) -> str | None:
    """What is wrong with a template; ``None`` for nothing.

    Examples
    --------
    >>> check('{"id": <$.body.id>}') is None, check("<aws.pipes.nothing>")
    (True, 'Invalid InputTemplate: <aws.pipes.nothing> is no variable of pipes.')
    """
    if len(template) > MOST_CHARACTERS:
        return f"Invalid InputTemplate: it is longer than {MOST_CHARACTERS} characters."
    for found in _PLACE.finditer(template):
        place = found["place"]
        if place.startswith("$"):
            if paths.steps(place) is None:
                return f"Invalid InputTemplate: {place} is no JSON path that pipes support."
        elif place not in VARIABLES:
            return f"Invalid InputTemplate: <{place}> is no variable of pipes."
    return None


def render(template: str, event: Any, variables: Mapping[str, Any]) -> Any:
    """What a template makes of one event: a JSON value, or text if it is no JSON.

    Parameters
    ----------
    template
        The input template.
    event
        One event, as it came.
    variables
        Values of variables by name. Those of the event itself are known without.

    Examples
    --------
    >>> event = {"eventSource": "aws:sqs", "body": '{"id": 7, "who": "Ann"}'}
    >>> render('{"n": <$.body.id>, "text": "Hello <$.body.who>"}', event, {})
    {'n': 7, 'text': 'Hello Ann'}
    >>> render("<$.body>", event, {})
    {'id': 7, 'who': 'Ann'}
    """
    open_event = paths.parsed(event)
    known = {**variables, "aws.pipes.event": event, "aws.pipes.event.json": event}

    def value_of(place: str) -> Any:
        return paths.find(place, open_event) if place.startswith("$") else known.get(place, "")

    whole = _PLACE.fullmatch(template.strip())
    if whole is not None:
        value = value_of(whole["place"])
        return "" if value is paths.ABSENT else value
    text = _filled(template, value_of)
    try:
        return json.loads(text)
    except ValueError:
        return text


def _filled(template: str, value_of: Any) -> str:
    """The text of a template with its values; those between quotes are text inside a string."""
    # Text that is no JSON has values as text everywhere, as a sentence has.
    is_json = template.lstrip()[:1] in ("{", "[", '"')
    written: list[str] = []
    inside = False
    at = 0
    for piece in _PIECE.finditer(template):
        written.append(template[at : piece.start()])
        at = piece.end()
        if piece["quote"]:
            inside = not inside
        if not piece["place"]:
            written.append(piece[0])
            continue
        value = value_of(piece["place"])
        if inside or not is_json:
            text = _as_text(value)
            written.append(json.dumps(text, ensure_ascii=False)[1:-1] if is_json else text)
        else:
            written.append('""' if value is paths.ABSENT else json.dumps(value, ensure_ascii=False))
    written.append(template[at:])
    return "".join(written)


def _as_text(value: Any) -> str:
    if value is paths.ABSENT:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
