"""The tumbling window of one shard, and the state that calls pass on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lambda_nb.engine.events.polled.mapping import EventSourceMapping
from lambda_nb.engine.events.polled.stream import StreamRecord
from lambda_nb.rules.events import windows

_LATE_S = 1.0
"""DynamoDB writes times in whole seconds."""


class TumblingWindow:
    """The open window of a shard, if there is one.

    Parameters
    ----------
    mapping
        With ``TumblingWindowInSeconds``.
    shard
        The shard's identifier.

    Attributes
    ----------
    start : int or None
        Epoch seconds of the open window's start.
    last : str or None
        Sequence number of the last processed record.
    """

    def __init__(self, mapping: EventSourceMapping, shard: str) -> None:
        self._length_s = mapping.tumbling_s
        self._source_arn = mapping.source_arn
        self._shard = shard
        self._state: dict[str, Any] = {}
        self.start: int | None = None
        self.last: str | None = None

    def parted(self, records: Sequence[StreamRecord]) -> list[tuple[int, list[StreamRecord]]]:
        """Records grouped by window; late ones belong to the open window."""
        parts = windows.parted(records, lambda record: record.arrived, self._length_s)
        if self.start is None:
            return parts
        late = [record for start, part in parts if start <= self.start for record in part]
        later = [(start, part) for start, part in parts if start > self.start]
        return [(self.start, late), *later] if late else later

    def open(self, start: int) -> None:
        """Open a window with an empty state, unless it is already open."""
        if self.start != start:
            self.start = start
            self._state = {}

    def close(self) -> None:
        """Close the window."""
        self.start = None
        self._state = {}

    def is_over(self, now_s: float, at_end: bool) -> bool:
        """Whether no more records can come, after a read to the shard's tip at ``now_s``.

        ``at_end`` means that the shard is closed: a window ends with its shard.
        """
        if self.start is None:
            return False
        return at_end or now_s > self.start + self._length_s + _LATE_S

    @property
    def overflows(self) -> bool:
        """Whether the state is larger than Lambda allows."""
        return windows.too_large(self._state)

    def begin_again(self) -> None:
        """Continue the same window with an empty state."""
        self._state = {}

    def event(
        self, records: Sequence[Mapping[str, Any]], *, final: bool = False, early: bool = False
    ) -> dict[str, Any]:
        """The event of one call."""
        assert self.start is not None
        edges = (self.start, self.start + self._length_s)
        return {
            "Records": list(records),
            "window": dict(zip(("start", "end"), map(windows.stamp, edges), strict=True)),
            "state": self._state,
            "shardId": self._shard,
            "eventSourceARN": self._source_arn,
            "isFinalInvokeForWindow": final,
            "isWindowTerminatedEarly": early,
        }

    def take_state(self, response: bytes) -> bool:
        """Keep the state that the function returned; ``False`` if it returned none."""
        state = windows.state_in(response)
        if state is None:
            return False
        self._state = state
        return True
