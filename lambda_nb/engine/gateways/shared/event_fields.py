"""Fields of events that function URLs and HTTP APIs make alike (payload format 2.0)."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable

_TEXT = re.compile(
    r"text/.*|application/(json|xml|javascript|graphql)|application/[^;]*\+(json|xml)"
)


def told_body(body: bytes, content_type: str) -> tuple[str, bool]:
    """A body as an event tells it, and whether that is base64.

    Parameters
    ----------
    content_type
        What the request says; a body of no type is text.

    Examples
    --------
    >>> told_body(b"{}", "application/json; charset=utf-8"), told_body(b"a=1", "image/png")
    (('{}', False), ('YT0x', True))
    """
    if _TEXT.fullmatch(content_type.partition(";")[0].strip().lower() or "text/plain"):
        try:
            return body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(body).decode(), True


def joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Values by name; repeated ones joined by commas.

    Examples
    --------
    >>> joined([("a", "1"), ("b", ""), ("a", "2")])
    {'a': '1,2', 'b': ''}
    """
    values: dict[str, str] = {}
    for name, value in pairs:
        values[name] = f"{values[name]},{value}" if name in values else value
    return values
