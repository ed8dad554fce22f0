"""JSON documents in properties: policies and definitions."""

from __future__ import annotations

import json
from typing import Any


def text_of(document: Any) -> str:
    """A document as the text that APIs take; a template has it as an object or as text.

    Examples
    --------
    >>> text_of({"Version": "2012-10-17"})
    '{"Version": "2012-10-17"}'
    """
    return document if isinstance(document, str) else json.dumps(document)
