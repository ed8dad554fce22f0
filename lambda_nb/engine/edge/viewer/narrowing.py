"""Answers with no more of an object than the viewer needs: nothing (304), or parts of it (206)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence

from lambda_nb.engine.edge.model import Request, Response
from lambda_nb.engine.edge.viewer.error_pages import reason
from lambda_nb.rules.edge.viewer import byte_ranges, conditional
from lambda_nb.rules.edge.viewer.byte_ranges import Span
from lambda_nb.rules.edge.viewer.conditional import Conditions

_NARROWING = frozenset(
    {"if-match", "if-modified-since", "if-none-match", "if-unmodified-since", "range"}
)

Reader = Callable[[int, int], AsyncIterator[bytes]]
"""Gives an object's bytes from the first to the last, both included, without reading others."""


async def narrowed(
    request: Request,
    response: Response,
    boundary: str,
    read: Reader | None = None,
    *,
    stored: bool = True,
    part: tuple[Span, int] | None = None,
) -> Response:
    """The response that a viewer gets of an object, by its ``If-*`` and ``Range`` headers.

    Narrowed are a 200 to a GET or HEAD, and a stored part (206). Parts are given only of an object
    whose length is known: one that comes chunked is sent whole, and so is one that comes from an
    origin that was asked for a part (CloudFront Developer Guide, "How CloudFront processes partial
    requests for an object", 2026). A body in pieces is read no further than the last byte that is
    wanted.

    Parameters
    ----------
    boundary
        Stands between the parts of an answer that has several: a word that no object contains.
    read
        Reads parts; without it the whole body is read, and what is not wanted is dropped.
    stored
        Whether the response was in the cache.
    part
        Of a stored 206: the bytes that it has, and the size of the whole object.
    """
    if (response.status != 200 and part is None) or request.method not in ("GET", "HEAD"):
        return response
    if not any(name.lower() in _NARROWING for name, _ in request.headers):
        return response  # as most are
    etag, last_modified = response.headers.get("etag"), response.headers.get("last-modified")
    found = conditional.outcome(request.method, _conditions(request), etag, last_modified)
    if found is not None:
        await response.leave()
        headers = response.headers.copy()
        if found == 304:
            headers.keep(lambda name: name not in conditional.NOT_IN_304)
        else:
            headers.keep(lambda name: not name.startswith(("content-", "transfer-")))
            headers.add("Content-Length", "0")
        return Response(found, headers, b"", reason(found))
    wanted = request.headers.joined("range")
    size = _size(response) if part is None else part[1]
    if wanted is None or size is None or request.method != "GET" or not stored:
        return response
    named = request.headers.get("if-range")
    if named is not None and not byte_ranges.if_range_holds(named, etag, last_modified):
        return response
    spans = byte_ranges.spans(wanted, size)
    if spans is None:
        return response
    if not spans:
        await response.leave()
        headers = response.headers.copy()
        headers.keep(lambda name: not name.startswith(("content-", "transfer-")))
        headers.add("Content-Range", byte_ranges.unsatisfied(size))
        headers.add("Content-Length", "0")
        return Response(416, headers, b"", reason(416))
    if part is None:
        return await _partial(response, spans, size, boundary, read, 0)
    held = part[0]
    if spans[0].first < held.first or spans[-1].last > held.last:
        return response
    return await _partial(response, spans, size, boundary, read, held.first)


async def _partial(
    response: Response,
    spans: Sequence[Span],
    size: int,
    boundary: str,
    read: Reader | None,
    begins: int,
) -> Response:
    """A 206 of a response whose body has the bytes from ``begins`` on of an object."""
    headers = response.headers.copy()
    content_type = headers.get("content-type")
    close = response.close
    if read is not None:
        # The body itself is not read.
        await response.leave()
        close = None
    inside = [Span(span.first - begins, span.last - begins) for span in spans]
    pieces = _cut(response.body, inside) if read is None else _read(read, inside)
    if len(spans) == 1:
        span = spans[0]
        headers.set("Content-Length", str(span.length))
        headers.set("Content-Range", byte_ranges.content_range(span, size))
        body: bytes | AsyncIterator[bytes] = _bytes_only(pieces)
        if read is None and isinstance(response.body, bytes):
            body = response.body[inside[0].first : inside[0].last + 1]
        return Response(206, headers, body, reason(206), close)
    headers.remove("Content-Range")
    headers.set("Content-Type", f"multipart/byteranges; boundary={boundary}")
    length = byte_ranges.parts_length(boundary, content_type, spans, size)
    headers.set("Content-Length", str(length))
    parts = _with_heads(pieces, spans, size, boundary, content_type)
    return Response(206, headers, parts, reason(206), close)


async def _bytes_only(pieces: AsyncIterator[tuple[int, bytes]]) -> AsyncIterator[bytes]:
    async for _, piece in pieces:
        yield piece


async def _with_heads(
    pieces: AsyncIterator[tuple[int, bytes]],
    spans: Sequence[Span],
    size: int,
    boundary: str,
    content_type: str | None,
) -> AsyncIterator[bytes]:
    """Pieces of parts, with what stands before, between and after the parts."""
    begun = -1
    async for part, piece in pieces:
        if part != begun:
            begun = part
            yield byte_ranges.part_head(boundary, content_type, spans[part], size)
        yield piece
    yield byte_ranges.parts_end(boundary)


async def _read(read: Reader, spans: Sequence[Span]) -> AsyncIterator[tuple[int, bytes]]:
    for part, span in enumerate(spans):
        async for piece in read(span.first, span.last):
            yield part, piece


async def _cut(
    body: bytes | AsyncIterator[bytes], spans: Sequence[Span]
) -> AsyncIterator[tuple[int, bytes]]:
    """The bytes of parts out of a body that is read from its beginning, with each part's number."""
    if isinstance(body, bytes):
        for part, span in enumerate(spans):
            yield part, body[span.first : span.last + 1]
        return
    at = 0
    part = 0
    async for piece in body:
        end = at + len(piece)
        while part < len(spans) and spans[part].first < end:
            span = spans[part]
            wanted = piece[max(0, span.first - at) : span.last + 1 - at]
            if wanted:
                yield part, wanted
            if span.last >= end:
                break
            part += 1
        at = end
        if part == len(spans):
            return


def _conditions(request: Request) -> Conditions:
    joined: Callable[[str], str | None] = request.headers.joined
    return Conditions(
        joined("if-match"),
        joined("if-none-match"),
        joined("if-modified-since"),
        joined("if-unmodified-since"),
    )


def _size(response: Response) -> int | None:
    """An object's length in bytes, if it is known."""
    if isinstance(response.body, bytes):
        return len(response.body)
    told = response.headers.get("content-length") or ""
    return int(told) if told.isascii() and told.isdigit() else None
