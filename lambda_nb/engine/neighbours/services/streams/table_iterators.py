"""Iterators of DynamoDB's streams that say themselves where they are.

moto remembers each iterator it ever gave, and with it the whole table: a reader asks for one at
every read. They would be written to disk each second, too.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any


def install() -> None:
    """Put the position into the iterator, and let reads of streams change nothing."""
    from moto.dynamodb.models import dynamodb_backends
    from moto.dynamodbstreams.models import DynamoDBStreamsBackend, ShardIterator

    def tables(self: Any) -> Any:
        # Not by subscript, which counts as a use: then all tables would be saved each second.
        regions: Any = dict.get(dynamodb_backends, self.account_id) or {}
        found = dict.get(regions, self.region_name)
        return found if found is not None else dynamodb_backends[self.account_id][self.region_name]

    def arn(self: Any) -> str:
        table = self.stream_shard.table
        place = base64.b64encode(json.dumps({"at": str(self.sequence_number)}).encode()).decode()
        return f"{table.table_arn}/stream/{table.latest_stream_label}|1|{place}"

    def get(self: Any, limit: int = 1000) -> dict[str, Any]:
        records = self.stream_shard.get(self.sequence_number, limit)
        if records:
            self.sequence_number = int(records[-1]["dynamodb"]["SequenceNumber"]) + 1
        return {"NextShardIterator": self.arn, "Records": records}

    def get_shard_iterator(
        self: Any, arn: str, shard_id: str, kind: str, number: int | None = None
    ) -> Any:
        shard = self._get_table_from_arn(arn).stream_shard
        if shard is None or shard.id != shard_id:
            raise _missing(f"Requested resource not found: Shard: {shard_id} in Stream: {arn}")
        return ShardIterator(self, shard, kind, number)

    def get_records(self: Any, iterator: str, limit: int) -> dict[str, Any]:
        self.shard_iterators.clear()  # an earlier version kept them
        stream, _, place = iterator.partition("|1|")
        try:
            at = int(json.loads(base64.b64decode(place, validate=True))["at"])
        except (binascii.Error, ValueError, KeyError, TypeError):
            raise _invalid("Invalid ShardIterator") from None
        table = self._get_table_from_arn(stream)
        label = stream.rpartition("/")[2]
        if table.stream_shard is None or table.latest_stream_label != label:
            raise _missing(f"Requested resource not found: Stream: {stream} not found")
        answer: dict[str, Any] = get(
            ShardIterator(self, table.stream_shard, "AT_SEQUENCE_NUMBER", at), limit
        )
        return answer

    backend_class: Any = DynamoDBStreamsBackend
    iterator_class: Any = ShardIterator
    backend_class.dynamodb = property(tables)
    backend_class.get_shard_iterator = get_shard_iterator
    backend_class.get_records = get_records
    iterator_class.arn, iterator_class.get = property(arn), get


def _missing(text: str) -> Exception:
    from moto.core.exceptions import JsonRESTError

    return JsonRESTError("ResourceNotFoundException", text)


def _invalid(text: str) -> Exception:
    from moto.core.exceptions import JsonRESTError

    return JsonRESTError("ValidationException", text)
