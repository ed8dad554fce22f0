"""Shards of Kinesis that are split and merged as on AWS, and consumers of streams.

moto moves the records of a closed shard to its children and goes on to put records into it. On AWS
they stay where they are, and a reader that comes to the end of a closed shard is told so.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from typing import Any

from lambda_nb.engine.neighbours.services.streams.sequence_numbers import ONE_STEP, expire


def install() -> None:
    """Mend resharding, the end of shards, and consumers."""
    from moto.kinesis.models import KinesisBackend, Stream
    from moto.kinesis.responses import KinesisResponse

    _keep_records(Stream)
    _put_into_open_shards(Stream)
    _tell_the_end(KinesisBackend, KinesisResponse)
    _tell_of_streams(Stream)
    _mend_consumers(KinesisBackend)


def _keep_records(stream_class: Any) -> None:
    split, merge = stream_class.split_shard, stream_class.merge_shards

    def set_aside(stream: Any, names: list[str]) -> dict[str, Any]:
        kept = {name: stream.shards[name].records for name in names if name in stream.shards}
        for name in kept:
            stream.shards[name].records = OrderedDict()
        return kept

    def put_back(stream: Any, kept: dict[str, Any]) -> None:
        for name, records in kept.items():
            stream.shards[name].records = records

    def split_shard(self: Any, name: str, new_starting_hash_key: str) -> None:
        with ONE_STEP:
            kept = set_aside(self, [name])
            try:
                split(self, name, new_starting_hash_key)
            finally:
                put_back(self, kept)

    def merge_shards(self: Any, name: str, adjacent: str) -> None:
        from moto.kinesis.exceptions import InvalidArgumentError

        with ONE_STEP:
            lower, upper = sorted(
                (self.shards[one] for one in (name, adjacent)), key=lambda one: one.starting_hash
            )
            closed = next((one for one in (lower, upper) if not one.is_open), None)
            if closed is not None:
                raise InvalidArgumentError(
                    f"Shard {closed.shard_id} in stream {self.stream_name} under account "
                    f"{self.account_id} has already been merged or split, and thus is not "
                    "eligible for merging or splitting."
                )
            if lower.ending_hash + 1 != upper.starting_hash:
                raise InvalidArgumentError(
                    f"Shards {name} and {adjacent} in stream {self.stream_name} under account "
                    f"{self.account_id} are not an adjacent pair of shards eligible for merging"
                )
            kept = set_aside(self, [name, adjacent])
            try:
                merge(self, lower.shard_id, upper.shard_id)
                child = next(reversed(self.shards.values()))
                child.parent, child.adjacent_parent = name, adjacent
            finally:
                put_back(self, kept)

    stream_class.split_shard, stream_class.merge_shards = split_shard, merge_shards


def _put_into_open_shards(stream_class: Any) -> None:
    find, put = stream_class.get_shard_for_key, stream_class.put_record

    def get_shard_for_key(self: Any, partition_key: str, explicit_hash_key: str) -> Any:
        from moto.utilities.utils import md5_hash

        find(self, partition_key, explicit_hash_key)  # it refuses wrong keys
        told = explicit_hash_key or int(md5_hash(partition_key.encode()).hexdigest(), 16)
        at = int(told)
        found = next(
            shard
            for shard in self.shards.values()
            if shard.is_open and shard.starting_hash <= at <= shard.ending_hash
        )
        expire(found, self.retention_period_hours)
        return found

    def put_record(self: Any, *arguments: Any, **named: Any) -> Any:
        with ONE_STEP:  # the shard that is found must not be closed before the record is in it
            return put(self, *arguments, **named)

    stream_class.get_shard_for_key, stream_class.put_record = get_shard_for_key, put_record


def _tell_the_end(backend_class: Any, response_class: Any) -> None:
    answer = response_class.get_records

    def get_records(self: Any) -> Any:
        from moto.core.responses import ActionResult
        from moto.kinesis.utils import decompose_shard_iterator

        with ONE_STEP:
            told = answer(self).result
            iterator = decompose_shard_iterator(self._get_param("ShardIterator"))
            name, shard_id, _ = iterator
            arn = self._get_param("StreamARN")
            stream = self.kinesis_backend.describe_stream(
                stream_arn=arn, stream_name=None if name == "None" else name
            )
            shard = stream.get_shard(shard_id)
            reached = int(decompose_shard_iterator(told["NextShardIterator"])[2])
            at_end = not shard.records or reached >= next(reversed(shard.records))
            if at_end and not shard.is_open:
                children = _children(stream, shard_id)
                told = {name: value for name, value in told.items() if name != "NextShardIterator"}
                told["ChildShards"] = children
        return ActionResult(told)

    response_class.get_records = get_records


def _children(stream: Any, shard_id: str) -> list[dict[str, Any]]:
    """The shards that follow a closed one."""
    found = []
    for shard in stream.shards.values():
        parents = [one for one in (shard.parent, shard.adjacent_parent) if one]
        if shard_id in parents:
            told = shard.to_json()
            hashes = told["HashKeyRange"]
            found.append(
                {"ShardId": shard.shard_id, "ParentShards": parents, "HashKeyRange": hashes}
            )
    return found


def _tell_of_streams(stream_class: Any) -> None:
    summary, whole = stream_class.to_json_summary, stream_class.to_json

    def to_json_summary(self: Any) -> dict[str, Any]:
        told: dict[str, Any] = summary(self)
        told["StreamDescriptionSummary"] |= {
            "OpenShardCount": sum(shard.is_open for shard in self.shards.values()),
            "ConsumerCount": len(self.consumers),
        }
        return told

    def to_json(self: Any, *arguments: Any, **named: Any) -> dict[str, Any]:
        told: dict[str, Any] = whole(self, *arguments, **named)
        told["StreamDescription"]["StreamModeDetails"] = self.stream_mode
        return told

    stream_class.to_json_summary, stream_class.to_json = to_json_summary, to_json


def _mend_consumers(backend_class: Any) -> None:
    from moto.kinesis.exceptions import ResourceInUseError

    register = backend_class.register_stream_consumer

    def register_stream_consumer(self: Any, stream_arn: str, consumer_name: str) -> Any:
        stream = self._find_stream_by_arn(stream_arn)
        if any(one.consumer_name == consumer_name for one in stream.consumers):
            raise ResourceInUseError(f"Consumer {consumer_name} under stream {stream.stream_name}")
        consumer = register(self, stream_arn, consumer_name)
        consumer.consumer_arn += f":{int(time.time())}"
        return consumer

    def deregister_stream_consumer(
        self: Any, stream_arn: str, consumer_name: str, consumer_arn: str
    ) -> None:
        consumer = self.describe_stream_consumer(stream_arn, consumer_name, consumer_arn)
        for stream in self.streams.values():
            stream.delete_consumer(consumer.consumer_arn)

    backend_class.register_stream_consumer = register_stream_consumer
    backend_class.deregister_stream_consumer = deregister_stream_consumer
