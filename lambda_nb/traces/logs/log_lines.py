"""Read text logs with a time on each line, in blocks: exports to S3, `aws logs tail`.

Most lines of a log come from the functions. The reader splits a block of bytes into lines without
copying, finds Lambda's own few lines with one pass of a regular expression, and parses only those.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lambda_nb.traces import times
from lambda_nb.traces.logs import plain_lines
from lambda_nb.traces.logs.plain_lines import Plain
from lambda_nb.traces.schema import TraceError

BLOCK = 32 << 20
"""Bytes read at a time."""

_TIME = r"(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)"
_STREAM = r"(?:(?P<stream>\d{4}/\d\d/\d\d/\S*\[[^\]]+\]\S*) )?"
_LINE = rf"^{_TIME}[ \t,]+{_STREAM}(?P<message>.*)"
_TIMED = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d"
_OWN = (
    r"(?:START|REPORT) RequestId: | Task timed out after |RequestId: \S+ Error: "
    r'|"platform\.|"LambdaInsights"|"arrival_ns":'
)


class Source(Protocol):
    """A source of bytes."""

    def read(self, size: int, /) -> bytes:
        """Return at most ``size`` bytes; none at the end."""


@dataclass(frozen=True, slots=True)
class Events:
    """Log events as columns, with the line (from 1) where each event began."""

    lines: npt.NDArray[np.int64]
    streams: Any
    timestamps_ms: Any
    messages: Any


Found = Plain | Events


def events(source: Source, usual_stream: str = "") -> Iterator[Found]:
    """Find Lambda's own lines in a text where each line begins with a time.

    Lines that can be read by position come as :class:`~lambda_nb.traces.logs.plain_lines.Plain`.

    Parameters
    ----------
    usual_stream : str
        The log stream for lines that name none.

    Raises
    ------
    TraceError
        A time cannot be read; the message gives the line.
    """
    before = 0
    for block in _blocks(source):
        text, offsets = _lines(block)
        plain = plain_lines.read(block, offsets)
        yield plain
        rest = plain.rest
        closer = text.take(pa.array(rest))
        own = rest[_matches(closer, _OWN) & _matches(closer, _TIMED)]
        if len(own):
            yield _events(text, own, before, usual_stream)
        before += len(text)


def _events(text: Any, own: npt.NDArray[np.int64], before: int, usual_stream: str) -> Events:
    found = pc.extract_regex(_text(text.take(pa.array(own)).cast(pa.binary())), _LINE)
    stream, message = (pc.struct_field(found, name) for name in ("stream", "message"))
    at = own + before + 1
    return Events(
        lines=at,
        streams=pc.if_else(pc.equal(stream, ""), usual_stream, stream),
        timestamps_ms=_milliseconds(pc.struct_field(found, "time"), at),
        messages=_continued(message, text, own),
    )


def _continued(messages: Any, text: Any, own: npt.NDArray[np.int64]) -> Any:
    """Add the second line to a runtime exit message; that line has the error type."""
    exits = np.flatnonzero(_matches(messages, r"^RequestId: \S+ Error: "))
    if not len(exits):
        return messages
    whole = messages.to_pylist()
    for at in exits:
        following = int(own[at]) + 1
        if following < len(text):
            whole[at] += "\n" + text[following].as_py().decode(errors="replace")
    return pa.array(whole)


def _milliseconds(time: Any, lines: npt.NDArray[np.int64]) -> Any:
    """Milliseconds since the epoch; a time without a zone is UTC."""
    zoned = pc.match_substring_regex(time, r"(Z|[+-]\d\d:?\d\d)$")
    full = pc.binary_join_element_wise(time, pc.if_else(zoned, "", "Z"), "")
    try:
        clock = full.cast(pa.timestamp("ns", "UTC"))
    except pa.ArrowInvalid:
        for line, value in zip(lines, full.to_pylist(), strict=True):
            try:
                times.to_ns(value)
            except TraceError as error:
                raise TraceError(f"line {line}: {error}") from None
        raise
    return pc.divide(clock.cast(pa.int64()), 1_000_000)


def _blocks(source: Source) -> Iterator[bytes]:
    """Blocks of whole lines."""
    rest = b""
    while block := source.read(BLOCK):
        cut = block.rfind(b"\n") + 1
        if not cut:
            rest += block
            continue
        yield rest + block[:cut]
        rest = block[cut:]
    if rest:
        yield rest


def _lines(block: bytes) -> tuple[Any, npt.NDArray[np.int64]]:
    """The lines of a block with their line ends, as an array over the block's bytes, and the offset
    of each line."""
    ends = np.flatnonzero(np.frombuffer(block, dtype=np.uint8) == ord("\n"))
    if not block.endswith(b"\n"):
        ends = np.append(ends, len(block) - 1)
    offsets = np.concatenate([[0], ends + 1]).astype(np.int64)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(block)]
    return pa.Array.from_buffers(pa.large_binary(), len(ends), buffers), offsets


def _text(binary: Any) -> Any:
    """Decode bytes as UTF-8; invalid bytes become the replacement character."""
    try:
        return binary.cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array([value.decode(errors="replace") for value in binary.to_pylist()])


def _matches(values: Any, pattern: str) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = pc.match_substring_regex(values, pattern).to_numpy(
        zero_copy_only=False
    )
    return found
