"""Sequence numbers like AWS's: as many digits, and always rising.

A number is given and its message stored in one step, however many clients send at once. Otherwise
a reader past the higher of two numbers would miss the lower, if that is stored later. A shard is
not read while it changes.

The numbers begin with the time. So records sent after a crash have higher numbers than those lost
in it, and a reader that remembers its position misses nothing.
"""

from __future__ import annotations

import re
import threading
import time
from bisect import bisect_left, bisect_right
from typing import Any
from weakref import WeakKeyDictionary

ONE_STEP = threading.RLock()
"""Held while a stream's or queue's records are numbered, and while shards change."""
_READS = ("GetRecords", "GetShardIterator", "ListShards")
_HOUR_S = 3600
_NOT_ALLOWED = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that SQS takes in no message (API reference, SendMessage)."""
_numbers: WeakKeyDictionary[Any, list[int]] = WeakKeyDictionary()
"""The numbers of each shard's records, in order: moto can only count from the first one on."""


def install() -> None:
    """Give Kinesis and SQS such numbers, and let Kinesis read and forget by them."""
    _number_records()
    _let_records_expire()
    _read_without_use()
    _number_messages()


def kinesis_number(at_ns: int, shard: int) -> int:
    """A number of 56 digits for a time, in nanoseconds, and a shard number."""
    return int(f"49{at_ns:019d}{shard:012d}{0:023d}")


def _number_records() -> None:
    from moto.kinesis.models import Record, Shard

    make = Shard.__init__

    def init(self: Any, *arguments: Any, **named: Any) -> None:
        make(self, *arguments, **named)
        self.first_number = kinesis_number(time.time_ns(), self._shard_id)

    def put_record(self: Any, partition_key: str, data: str, explicit_hash_key: str) -> str:
        with ONE_STEP:
            now = kinesis_number(time.time_ns(), self._shard_id)
            number: int = max(now, self.get_max_sequence_number() + 1)
            numbers = _numbers_of(self)
            self.records[number] = Record(partition_key, data, number, explicit_hash_key)
            numbers.append(number)
        return str(number)

    def get_records(self: Any, after: str, limit: int | None) -> tuple[list[Any], int, int]:
        with ONE_STEP:
            numbers = _numbers_of(self)
            begin = bisect_right(numbers, int(after))
            found = numbers[begin : None if limit is None else begin + limit]
            records = [self.records[number] for number in found]
            if not records:
                return [], int(after), 0
            behind_s = self.records[numbers[-1]].created_at - records[-1].created_at
        return records, found[-1], int(behind_s * 1000)

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


def _numbers_of(shard: Any) -> list[int]:
    numbers = _numbers.setdefault(shard, [])
    ends = [next(iter(shard.records), 0), next(reversed(shard.records), 0)]
    if len(numbers) != len(shard.records) or (numbers and [numbers[0], numbers[-1]] != ends):
        numbers[:] = shard.records
    return numbers


def _let_records_expire() -> None:
    """Records are gone after the stream's retention period; moto keeps them for ever."""
    from moto.kinesis.models import Stream

    find = Stream.get_shard

    def get_shard(self: Any, shard_id: str) -> Any:
        shard = find(self, shard_id)
        expire(shard, self.retention_period_hours)
        return shard

    stream_class: Any = Stream
    stream_class.get_shard = get_shard


def expire(shard: Any, hours: int) -> None:
    """Drop the records of a shard that are older than a stream's retention period."""
    with ONE_STEP:
        oldest = kinesis_number(time.time_ns() - hours * _HOUR_S * 10**9, 0)
        first = next(iter(shard.records), None)
        if first is None or first >= oldest:
            return
        numbers = _numbers_of(shard)
        for number in numbers[: bisect_left(numbers, oldest)]:
            del shard.records[number]


def _read_without_use() -> None:
    """A read changes nothing: it must not have all streams saved again."""
    from moto.kinesis.models import kinesis_backends
    from moto.kinesis.responses import KinesisResponse

    def backend(self: Any) -> Any:
        if self._get_action() in _READS:
            regions: Any = dict.get(kinesis_backends, self.current_account) or {}
            found = dict.get(regions, self.region)
            if found is not None:
                return found
        return kinesis_backends[self.current_account][self.region]

    response_class: Any = KinesisResponse
    response_class.kinesis_backend = property(backend)


def _check_text(body: str) -> None:
    """Refuse what no receiver could be told: the queue would answer nobody any more."""
    from moto.sqs.exceptions import SQSException

    found = _NOT_ALLOWED.search(body)
    if found is not None:
        raise SQSException(
            "InvalidMessageContents",
            f"Invalid binary character '#x{ord(found[0]):X}' was found in the message body, the "
            "set of allowed characters is #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | "
            "#x10000 to #x10FFFF",
        )


def _number_messages() -> None:
    from moto.sqs.models import Queue

    original = Queue.add_message

    def add_message(self: Any, message: Any) -> None:
        _check_text(message.body)
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
