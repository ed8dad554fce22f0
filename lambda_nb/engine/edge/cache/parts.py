"""Parts of objects: what a 206 has, and whether that is enough for a range."""

from __future__ import annotations

import re

from lambda_nb.engine.edge.cache.entries import Part
from lambda_nb.engine.edge.headers import Headers
from lambda_nb.rules.edge.viewer.byte_ranges import spans

_CONTENT_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19})", re.ASCII)


def part_of(headers: Headers) -> Part | None:
    """Which bytes the headers of a 206 name; ``None`` if it has several ranges, or is no use."""
    found = _CONTENT_RANGE.fullmatch((headers.get("content-range") or "").strip())
    if found is None:
        return None
    part = Part(*map(int, found.groups()))
    return part if part.first <= part.last < part.total else None


def within(asked: str, part: Part) -> bool:
    """Whether a part has all that a ``Range`` field asks for: one range, as a rule."""
    wanted = spans(asked, part.total)
    return bool(wanted) and all(
        part.first <= span.first and span.last <= part.last for span in wanted or ()
    )
