"""Conditional requests: whether the viewer has the object already (RFC 9110, section 13)."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from lambda_nb.rules.edge.viewer import http_dates

# An unquoted word is no entity tag, but servers and browsers that use one mean the same by it.
_TAG = re.compile(r'(?:W/)?"[^"]*"|[^\s,"]+')

NOT_IN_304 = frozenset({
    "content-encoding", "content-language", "content-length", "content-range", "content-type",
    "transfer-encoding",
})  # fmt: skip
"""Headers, in lower case, of a body that a 304 does not have (RFC 9110, 15.4.5)."""


class Conditions(NamedTuple):
    """The conditional headers of a request; of each name the values as one list."""

    if_match: str | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None
    if_unmodified_since: str | None = None


def outcome(
    method: str, conditions: Conditions, etag: str | None, last_modified: str | None
) -> Literal[304, 412] | None:
    """What the conditions make of a request for an object that exists.

    Entity tags of ``If-None-Match`` are compared weakly, those of ``If-Match`` strongly. A date
    that cannot be read, or that there is nothing to compare with, is ignored.

    Returns
    -------
    int or None
        304 (the viewer has it), 412 (it is not the one that the viewer means), or ``None``: answer
        as if there were no condition.

    Examples
    --------
    >>> outcome("GET", Conditions(if_none_match='"a", W/"b"'), '"b"', None)
    304
    """
    changed = None if last_modified is None else http_dates.seconds(last_modified)
    if conditions.if_match is not None:
        if not _matches_strongly(conditions.if_match, etag):
            return 412
    elif conditions.if_unmodified_since is not None:
        limit = http_dates.seconds(conditions.if_unmodified_since)
        if limit is not None and changed is not None and changed > limit:
            return 412
    reads = method in ("GET", "HEAD")
    if conditions.if_none_match is not None:
        if _matches_weakly(conditions.if_none_match, etag):
            return 304 if reads else 412
    elif conditions.if_modified_since is not None and reads:
        limit = http_dates.seconds(conditions.if_modified_since)
        if limit is not None and changed is not None and changed <= limit:
            return 304
    return None


def _matches_strongly(header: str, etag: str | None) -> bool:
    if header.strip() == "*":
        return True
    return etag is not None and not etag.startswith("W/") and etag in _TAG.findall(header)


def _matches_weakly(header: str, etag: str | None) -> bool:
    if header.strip() == "*":
        return True
    if etag is None:
        return False
    opaque = etag.removeprefix("W/")
    return any(tag.removeprefix("W/") == opaque for tag in _TAG.findall(header))
