"""Records that were read and wait until their batch is complete."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Generic, Protocol, TypeVar

from lambda_nb.rules.events import batches


class Sized(Protocol):
    """A record as a batch sees it."""

    @property
    def size(self) -> int:
        """Bytes in an event."""

    @property
    def wanted(self) -> bool:
        """Whether the filters let it through."""


Record = TypeVar("Record", bound=Sized)


class Pending(Generic[Record]):
    """What was read since the last batch.

    A batch is complete when it has ``batch_size`` records, when its window is over, or when its
    event cannot grow (Lambda Developer Guide, invocation-eventsourcemapping, 2026).

    Parameters
    ----------
    batch_size
        Records of a batch.
    window_s
        Seconds to gather one, from its first record on.
    clock
        Seconds on a clock that is never set.

    Attributes
    ----------
    records : list
        In the order in which they were read.
    """

    def __init__(self, batch_size: int, window_s: float, clock: Callable[[], float]) -> None:
        self._batch_size = batch_size
        self._window_s = window_s
        self._clock = clock
        self._began = 0.0
        self._bytes = 0
        self.records: list[Record] = []

    @property
    def room(self) -> int:
        """Records to read; at least one."""
        return max(1, self._batch_size - len(self.records))

    @property
    def is_due(self) -> bool:
        """Whether the batch is complete."""
        return bool(self.records) and (
            len(self.records) >= self._batch_size
            or self._clock() - self._began >= self._window_s
            or self._bytes >= batches.PAYLOAD_LIMIT
        )

    def add(self, records: Collection[Record]) -> None:
        """Add what was read."""
        if records and not self.records:
            self._began = self._clock()
        self.records += records
        if self._window_s:
            self._bytes += sum(record.size for record in records if record.wanted)

    def take(self) -> list[Record]:
        """All records; none are left."""
        taken, self.records, self._bytes = self.records, [], 0
        return taken

    def drop(self, unwanted: Callable[[Record], bool]) -> None:
        """Forget some records."""
        kept = [record for record in self.records if not unwanted(record)]
        self.records, self._bytes = kept, sum(one.size for one in kept if one.wanted)
