"""Tells the engine which shard of a stream has new records, so that its readers need not wait.

Queues need no such message: a receiver waits in the call itself.
"""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.neighbours.to_engine.event_pipe import Outlet


def install(outlet: Outlet) -> None:
    """Report each call that puts records into a stream, after they are stored."""
    _of_kinesis(outlet)
    _of_dynamodb(outlet)


def _of_kinesis(outlet: Outlet) -> None:
    from moto.kinesis.models import KinesisBackend

    put_one, put_many = KinesisBackend.put_record, KinesisBackend.put_records

    def tell(backend: Any, stream_arn: str, stream_name: str, shards: set[str]) -> None:
        stream = backend.describe_stream(stream_arn=stream_arn, stream_name=stream_name)
        for shard in shards:
            outlet.tell_news(stream.arn, shard)

    def put_record(self: Any, stream_arn: str, stream_name: str, *rest: Any, **more: Any) -> Any:
        number, shard = put_one(self, stream_arn, stream_name, *rest, **more)
        tell(self, stream_arn, stream_name, {shard})
        return number, shard

    def put_records(self: Any, stream_arn: str, stream_name: str, records: Any) -> Any:
        answer = put_many(self, stream_arn, stream_name, records)
        tell(self, stream_arn, stream_name, {one["ShardId"] for one in answer["Records"]})
        return answer

    backend_class: Any = KinesisBackend
    backend_class.put_record = put_record
    backend_class.put_records = put_records


def _of_dynamodb(outlet: Outlet) -> None:
    from moto.dynamodb.models.table import StreamShard

    original = StreamShard.add

    def add(self: Any, old: Any, new: Any) -> None:
        original(self, old, new)
        outlet.tell_news(f"{self.table.table_arn}/stream/{self.table.latest_stream_label}", self.id)

    shard_class: Any = StreamShard
    shard_class.add = add
