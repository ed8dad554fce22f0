"""Records of DynamoDB's streams as AWS makes them, and items that expire.

moto records a change for a put that changes nothing, numbers records by their place, keeps them for
ever, and never deletes items that have expired. Here a sweeper does that each second: AWS takes up
to some days.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
from bisect import bisect_left
from typing import Any

from lambda_nb.rules.events.item_sizes import item_size

SWEEP_S = 1.0
"""Seconds between two looks for expired items."""
OLDEST_S = 5 * 365 * 24 * 3600
"""Seconds; what expired before is no expiry time (DynamoDB Developer Guide, TTL)."""
KEPT_NS = 24 * 3600 * 10**9
"""Nanoseconds that a record stays in a stream (Developer Guide, Streams)."""
NUMBERS_A_NANOSECOND = 10**9
"""Sequence numbers of one nanosecond."""
SERVICE = {"PrincipalId": "dynamodb.amazonaws.com", "Type": "Service"}
"""Who deleted an item that expired, as stream records say it."""
_VERSION = "1.1"
_LOCK = threading.RLock()
_deleting = threading.local()


def install() -> None:
    """Mend the records of streams."""
    from moto.dynamodb.models.table import StreamRecord, StreamShard
    from moto.dynamodbstreams.models import ShardIterator

    make_record: Any = StreamRecord.__init__
    add, make_iterator = StreamShard.add, ShardIterator.__init__

    def init_record(self: Any, table: Any, *rest: Any, **named: Any) -> None:
        make_record(self, table, *rest, **named)
        change = self.record["dynamodb"]
        images = (change.get(name, {}) for name in ("Keys", "NewImage", "OldImage"))
        change["SizeBytes"] = sum(map(item_size, images))
        at = change["ApproximateCreationDateTime"]
        change["ApproximateCreationDateTime"] = at.replace(microsecond=0)
        self.record |= {"eventVersion": _VERSION, "awsRegion": table.region_name}
        if getattr(_deleting, "expired", False):
            self.record["userIdentity"] = SERVICE

    def add_change(self: Any, old: Any, new: Any) -> None:
        if old is not None and new is not None and old.to_json() == new.to_json():
            return
        with _LOCK:
            before = _number_of(self.items[-1]) if self.items else self.starting_sequence_number
            add(self, old, new)
            # With the time in front, numbers never come twice, whatever a crash has lost.
            now_ns = time.time_ns()
            number = max(before + 1, now_ns * NUMBERS_A_NANOSECOND)
            self.items[-1].record["dynamodb"]["SequenceNumber"] = str(number)
            expire(self.items, now_ns)

    def get(self: Any, start: int, quantity: int) -> list[dict[str, Any]]:
        with _LOCK:
            expire(self.items, time.time_ns())
            numbers = _Numbers(self.items)
            first = bisect_left(numbers, int(start))
            return [record.to_json() for record in self.items[first : first + quantity]]

    def init_iterator(self: Any, streams: Any, shard: Any, kind: str, at: Any = None) -> None:
        make_iterator(self, streams, shard, kind, at)
        if kind == "LATEST" and shard.items:
            self.sequence_number = _number_of(shard.items[-1]) + 1

    record_class: Any = StreamRecord
    shard_class: Any = StreamShard
    iterator_class: Any = ShardIterator
    record_class.__init__ = init_record
    shard_class.add, shard_class.get = add_change, get
    iterator_class.__init__ = init_iterator
    _let_streams_begin_anew()


def _let_streams_begin_anew() -> None:
    """A table whose stream has ended may get another: moto refuses that."""
    from moto.dynamodb.models import DynamoDBBackend

    original = DynamoDBBackend.update_table_streams

    def update(self: Any, table: Any, wanted: dict[str, Any]) -> None:
        ended = not (table.stream_specification or {}).get("StreamEnabled")
        if ended and wanted.get("StreamEnabled"):
            table.latest_stream_label = None
        original(self, table, wanted)

    backend_class: Any = DynamoDBBackend
    backend_class.update_table_streams = update


class _Numbers:
    """The sequence numbers of records, as a sequence that is not made."""

    def __init__(self, records: list[Any]) -> None:
        self._records = records

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index: int) -> int:
        return _number_of(self._records[index])


def _number_of(record: Any) -> int:
    return int(record.record["dynamodb"]["SequenceNumber"])


def expire(records: list[Any], now_ns: int) -> None:
    """Drop the records that are too old, in place."""
    oldest = (now_ns - KEPT_NS) * NUMBERS_A_NANOSECOND
    if records and _number_of(records[0]) < oldest:
        del records[: bisect_left(_Numbers(records), oldest)]


class Sweeper:
    """Deletes expired items in the background."""

    def start(self) -> None:
        """Begin."""
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            time.sleep(SWEEP_S)
            try:
                sweep(time.time())
            except Exception:  # an item that nobody can read must not end it
                traceback.print_exc(file=sys.stderr)


def sweep(now_s: float) -> int:
    """Delete the items that have expired by now; returns how many there were."""
    models = sys.modules.get("moto.dynamodb.models")
    if models is None:  # nobody has used DynamoDB
        return 0
    deleted = 0
    for account, regions in list(dict.items(models.dynamodb_backends)):
        # Not by subscript, which counts as a use: then all of it would be saved each second.
        for region, backend in list(dict.items(regions)):
            for table in list(backend.tables.values()):
                deleted += _sweep_table(table, now_s, account, region)
    return deleted


def _sweep_table(table: Any, now_s: float, account: str, region: str) -> int:
    if table.ttl.get("TimeToLiveStatus") != "ENABLED":
        return 0
    from moto.dynamodb.models import dynamodb_backends

    attribute, deleted = table.ttl["AttributeName"], 0
    for item in list(table.all_items()):
        value = item.attrs.get(attribute)
        if value is None or value.type != "N":
            continue
        if not now_s - OLDEST_S <= float(value.value) <= now_s:
            continue
        dynamodb_backends[account][region]  # it is used now, and saved
        _deleting.expired = True
        try:
            deleted += table.delete_item(item.hash_key, item.range_key) is not None
        finally:
            _deleting.expired = False
    return deleted
