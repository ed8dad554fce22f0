"""Sequence numbers like AWS's: as many digits, and always rising.

A number is given and its message stored in one step, however many clients send at once. Otherwise
a reader past the higher of two numbers would miss the lower, if that is stored later. A shard is
not read while it changes.

The numbers begin with the time. So records sent after a crash have higher numbers than those lost
in it, and a reader that remembers its position misses nothing.
"""

from __future__ import annotations

import threading
import time
from itertools import islice, takewhile
from typing import Any

ONE_STEP = threading.RLock()
"""Held while a stream's or queue's records are numbered, and while shards change."""
_NEAR = 1000
"""A reader at most this many records behind is served from the newest record backwards."""


def install() -> None:
    """Give Kinesis and SQS such numbers."""
    _number_records()
    _number_messages()


def kinesis_number(at_ns: int, shard: int) -> int:
    """A number of 56 digits for a time, in nanoseconds, and a shard number."""
    return int(f"49{at_ns:019d}{shard:012d}{0:023d}")


def _number_records() -> None:
    from moto.kinesis.models import Record, Shard

    make, read = Shard.__init__, Shard.get_records

    def init(self: Any, *arguments: Any, **named: Any) -> None:
        make(self, *arguments, **named)
        self.first_number = kinesis_number(time.time_ns(), self._shard_id)

    def put_record(self: Any, partition_key: str, data: str, explicit_hash_key: str) -> str:
        with ONE_STEP:
            now = kinesis_number(time.time_ns(), self._shard_id)
            number: int = max(now, self.get_max_sequence_number() + 1)
            self.records[number] = Record(partition_key, data, number, explicit_hash_key)
        return str(number)

    def get_records(self: Any, after: str, limit: int | None) -> tuple[list[Any], int, int]:
        with ONE_STEP:
            newer = takewhile(lambda number: number > int(after), reversed(self.records))
            found = list(islice(newer, (limit or _NEAR) + 1))
            if len(found) > (limit or _NEAR):  # far behind: moto reads from the first record on
                return read(self, after, limit)
            records = [self.records[number] for number in reversed(found)]
        return records, found[0] if found else int(after), 0

    def first(self: Any) -> int:
        return int(self.first_number)

    def last(self: Any) -> int:
        return next(reversed(self.records), int(self.first_number))

    shard_class: Any = Shard
    shard_class.__init__ = init
    shard_class.put_record = put_record
    shard_class.get_records = get_records
    shard_class.get_min_sequence_number = first
    shard_class.get_max_sequence_number = last


def _number_messages() -> None:
    from moto.sqs.models import Queue

    original = Queue.add_message

    def add_message(self: Any, message: Any) -> None:
        if not self.fifo_queue:
            original(self, message)
            return
        with ONE_STEP:
            last: int = self.__dict__.get("_last_number", 0)
            # 18.8... quintillion in 2026, as AWS's are, and 256 of them in a microsecond.
            self._last_number = max(last + 1, 18 * 10**18 + time.time_ns() // 1000 * 256)
            message.sequence_number = f"{self._last_number:020d}"
            original(self, message)

    queue_class: Any = Queue
    queue_class.add_message = add_message
