"""``AWS::Kinesis::*``: streams, their consumers and policies."""

from __future__ import annotations

import json
from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types.absence import absence_is_fine, is_absent
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType, changed, refuse_unknown
from lambda_nb.engine.stacks.types.tagging import MAPPED
from lambda_nb.engine.stacks.types.values import text_of

_ON_DEMAND = "ON_DEMAND"
_RETENTION_H = 24
"""Hours that records are kept if nothing else is said (Kinesis' API reference, 2026)."""
_WORKS = frozenset(
    {"DesiredShardLevelMetrics", "Name", "RetentionPeriodHours", "ShardCount"}
    | {"StreamEncryption", "StreamModeDetails", "Tags"}
)


class Stream(ResourceType):
    """A stream, made when it is active."""

    name = "AWS::Kinesis::Stream"

    def create(self, context: Context, properties: Properties) -> Made:
        refuse_unknown(self.name, properties, _WORKS)
        client = context.client("kinesis")
        name = properties.get("Name") or context.name(128)
        given: dict[str, Any] = {"StreamModeDetails": {"StreamMode": _mode(properties)}}
        if _mode(properties) != _ON_DEMAND:
            given["ShardCount"] = int(properties.get("ShardCount") or 1)
        tags = MAPPED.wanted(context, properties)
        client.create_stream(StreamName=name, **given, **({"Tags": tags} if tags else {}))
        context.made(name)
        arn = self._active(context, name)
        self._settle(context, name, {}, properties)
        return Made(name, {"Arn": arn})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        refuse_unknown(self.name, new, _WORKS)
        client = context.client("kinesis")
        name, arn = made.physical_id, made.attributes["Arn"]
        if _mode(old) != _mode(new):
            client.update_stream_mode(StreamARN=arn, StreamModeDetails={"StreamMode": _mode(new)})
            self._active(context, name)
        shards = int(new.get("ShardCount") or 1)
        if _mode(new) != _ON_DEMAND and int(old.get("ShardCount") or 1) != shards:
            client.update_shard_count(
                StreamName=name, TargetShardCount=shards, ScalingType="UNIFORM_SCALING"
            )
            self._active(context, name)
        self._settle(context, name, old, new)
        MAPPED.change(
            context,
            old,
            new,
            lambda tags: client.add_tags_to_stream(StreamName=name, Tags=tags),
            lambda gone: client.remove_tags_from_stream(StreamName=name, TagKeys=gone),
        )
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        client = context.client("kinesis")
        with absence_is_fine():
            client.delete_stream(StreamName=made.physical_id, EnforceConsumerDeletion=True)

        def gone() -> bool | None:
            return (
                is_absent(lambda: client.describe_stream_summary(StreamName=made.physical_id))
                or None
            )

        context.wait(gone, f"the end of the stream {made.physical_id}")

    @staticmethod
    def _active(context: Context, name: str) -> str:
        client = context.client("kinesis")

        def look() -> str | None:
            found = client.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
            return str(found["StreamARN"]) if found["StreamStatus"] == "ACTIVE" else None

        return context.wait(look, f"the stream {name} to be ACTIVE")

    def _settle(self, context: Context, name: str, old: Properties, new: Properties) -> None:
        """Do what ``CreateStream`` does not."""
        client = context.client("kinesis")
        was = int(old.get("RetentionPeriodHours") or _RETENTION_H)
        hours = int(new.get("RetentionPeriodHours") or _RETENTION_H)
        if hours > was:
            client.increase_stream_retention_period(StreamName=name, RetentionPeriodHours=hours)
        elif hours < was:
            client.decrease_stream_retention_period(StreamName=name, RetentionPeriodHours=hours)
        if changed(old, new, "StreamEncryption"):
            before, wanted = old.get("StreamEncryption"), new.get("StreamEncryption")
            if before:
                client.stop_stream_encryption(StreamName=name, **before)
                self._active(context, name)
            if wanted:
                client.start_stream_encryption(StreamName=name, **wanted)
                self._active(context, name)
        before = set(old.get("DesiredShardLevelMetrics") or ())
        wanted = set(new.get("DesiredShardLevelMetrics") or ())
        if before - wanted:
            client.disable_enhanced_monitoring(
                StreamName=name, ShardLevelMetrics=sorted(before - wanted)
            )
        if wanted - before:
            client.enable_enhanced_monitoring(
                StreamName=name, ShardLevelMetrics=sorted(wanted - before)
            )


class StreamConsumer(ResourceType):
    """A consumer with throughput of its own."""

    name = "AWS::Kinesis::StreamConsumer"

    def create(self, context: Context, properties: Properties) -> Made:
        refuse_unknown(self.name, properties, frozenset({"ConsumerName", "StreamARN"}))
        client = context.client("kinesis")
        name = properties["ConsumerName"]
        consumer = client.register_stream_consumer(
            StreamARN=properties["StreamARN"], ConsumerName=name
        )["Consumer"]
        arn = consumer["ConsumerARN"]
        context.made(arn)

        def look() -> Any:
            found = client.describe_stream_consumer(ConsumerARN=arn)["ConsumerDescription"]
            return found if found["ConsumerStatus"] == "ACTIVE" else None

        found = context.wait(look, f"the consumer {name} to be ACTIVE")
        attributes = {
            "ConsumerARN": arn,
            "ConsumerName": name,
            "ConsumerStatus": found["ConsumerStatus"],
            "ConsumerCreationTimestamp": str(found["ConsumerCreationTimestamp"].timestamp()),
            "StreamARN": properties["StreamARN"],
        }
        return Made(arn, attributes)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        raise Refused("A stream's consumer cannot be changed.", "NotUpdatable")

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        with absence_is_fine():
            context.client("kinesis").deregister_stream_consumer(ConsumerARN=made.physical_id)


class ResourcePolicy(ResourceType):
    """The policy of a stream or a consumer."""

    name = "AWS::Kinesis::ResourcePolicy"
    overwrites = True

    def create(self, context: Context, properties: Properties) -> Made:
        self._put(context, properties)
        return Made(properties["ResourceArn"])

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        self._put(context, new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        with absence_is_fine():
            context.client("kinesis").delete_resource_policy(ResourceARN=made.physical_id)

    def taken(self, context: Context, properties: Properties) -> str | None:
        arn = str(properties["ResourceArn"])
        answer: dict[str, Any] = {}
        with absence_is_fine():
            answer = context.client("kinesis").get_resource_policy(ResourceARN=arn)
        return arn if json.loads(answer.get("Policy") or "{}") else None

    @staticmethod
    def _put(context: Context, properties: Properties) -> None:
        context.client("kinesis").put_resource_policy(
            ResourceARN=properties["ResourceArn"],
            Policy=text_of(properties["ResourcePolicy"]),
        )


def _mode(properties: Properties) -> str:
    details = properties.get("StreamModeDetails") or {}
    return str(details.get("StreamMode") or "PROVISIONED")


TYPES: tuple[ResourceType, ...] = (Stream(), StreamConsumer(), ResourcePolicy())
