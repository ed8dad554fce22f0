"""Requests for parts of an object: which bytes are meant, and how the answer tells them.

RFC 9110, section 14, with what CloudFront asks beyond it (CloudFront Developer Guide, "How
CloudFront processes partial requests for an object (range GETs)", 2026): the ranges must be in
ascending order and must not overlap, or the whole object is sent with status 200. That also
bounds the answer: no byte is sent twice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from lambda_nb.rules.edge.viewer import http_dates

_SPEC = re.compile(r"(\d+)-(\d*)|-(\d+)", re.ASCII)
_DIGITS = 19
"""More digits than an object's size can have; Python refuses to read thousands of them."""


class Span(NamedTuple):
    """Bytes of an object, from ``first`` to ``last``, both included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """How many bytes."""
        return self.last - self.first + 1


def spans(header: str, size: int) -> tuple[Span, ...] | None:
    """The bytes that a ``Range`` header asks of an object.

    Parameters
    ----------
    size
        Of the object, in bytes. Of a compressed one it is the compressed size.

    Returns
    -------
    tuple of Span or None
        ``None`` if the header is to be ignored: the whole object is sent with 200. Empty if no
        range can be satisfied: 416.

    Examples
    --------
    >>> spans("bytes=0-1, 5-", 8)
    (Span(first=0, last=1), Span(first=5, last=7))
    >>> spans("bytes=300-400,100-200", 1000) is None
    True
    >>> spans("bytes=8-", 8)
    ()
    """
    unit, equals, listed = header.partition("=")
    if not equals or unit.strip().lower() != "bytes":
        return None
    found: list[Span] = []
    reached = -1
    for spec in listed.split(","):
        read = _SPEC.fullmatch(spec.strip(" \t"))
        if read is None or len(read[0]) > 2 * _DIGITS:
            return None
        if read[3] is not None:
            first, last = max(0, size - int(read[3])), size - 1
            if not int(read[3]):
                continue
            if not size:
                return None
        else:
            first = int(read[1])
            last = min(int(read[2]), size - 1) if read[2] else size - 1
            if read[2] and int(read[2]) < first:
                return None
        if first <= reached:
            return None
        if first < size:
            found.append(Span(first, last))
        reached = max(first, last)
    return tuple(found)


def if_range_holds(header: str, etag: str | None, last_modified: str | None) -> bool:
    """Whether the object is still the one that an ``If-Range`` header names.

    If not, the whole object is sent. A weak entity tag never holds, and a date must be the very
    one of ``Last-Modified`` (RFC 9110, 13.1.5).
    """
    value = header.strip()
    if value.startswith('"'):
        return value == etag
    if value.startswith("W/") or last_modified is None:
        return False
    named = http_dates.seconds(value)
    return named is not None and named == http_dates.seconds(last_modified)


def content_range(span: Span, size: int) -> str:
    """The ``Content-Range`` of a part."""
    return f"bytes {span.first}-{span.last}/{size}"


def unsatisfied(size: int) -> str:
    """The ``Content-Range`` of a 416."""
    return f"bytes */{size}"


def part_head(boundary: str, content_type: str | None, span: Span, size: int) -> bytes:
    """What stands before the bytes of one part among several (``multipart/byteranges``)."""
    typed = f"Content-Type: {content_type}\r\n" if content_type else ""
    told = f"\r\n--{boundary}\r\n{typed}Content-Range: {content_range(span, size)}\r\n\r\n"
    return told.encode("latin-1", "replace")


def parts_end(boundary: str) -> bytes:
    """What stands after the last part."""
    return f"\r\n--{boundary}--\r\n".encode()


def parts_length(boundary: str, content_type: str | None, wanted: Sequence[Span], size: int) -> int:
    """The ``Content-Length`` of an answer with several parts."""
    heads = sum(len(part_head(boundary, content_type, span, size)) for span in wanted)
    return heads + sum(span.length for span in wanted) + len(parts_end(boundary))
