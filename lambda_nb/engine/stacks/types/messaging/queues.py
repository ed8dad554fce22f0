"""``AWS::SQS::*``: queues and their policies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types.absence import absence_is_fine, is_absent
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.reading import now
from lambda_nb.engine.stacks.types.resource_type import ResourceType, refuse_unknown
from lambda_nb.engine.stacks.types.tagging import MAPPED
from lambda_nb.engine.stacks.types.values import is_true, text_of

_NO_QUEUE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
_ATTRIBUTES: Mapping[str, str] = {
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "queue",
    "DelaySeconds": "0",
    "FifoThroughputLimit": "perQueue",
    "KmsDataKeyReusePeriodSeconds": "300",
    "KmsMasterKeyId": "",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "RedriveAllowPolicy": "",
    "RedrivePolicy": "",
    "SqsManagedSseEnabled": "true",
    "VisibilityTimeout": "30",
}
"""A queue's attributes and the values it has when a template leaves them out (SQS's reference of
``SetQueueAttributes``, 2026)."""


class Queue(ResourceType):
    """A queue; its physical ID is its URL."""

    name = "AWS::SQS::Queue"

    def create(self, context: Context, properties: Properties) -> Made:
        refuse_unknown(self.name, properties, _WORKS)
        client = context.client("sqs")
        fifo = is_true(properties.get("FifoQueue"))
        ending = ".fifo" if fifo else ""
        name = properties.get("QueueName") or context.name(80, suffix=ending)
        # CreateQueue gives one that exists as if it were new.
        if properties.get("QueueName") and not is_absent(
            lambda: client.get_queue_url(QueueName=name), *_NO_QUEUE
        ):
            raise Refused(f"{name} already exists", "AlreadyExists")
        attributes = _attributes(properties)
        if fifo:
            attributes["FifoQueue"] = "true"
        tags = MAPPED.wanted(context, properties)
        url = client.create_queue(QueueName=name, Attributes=attributes, tags=tags)["QueueUrl"]
        context.made(url)
        return _made(client, url)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        refuse_unknown(self.name, new, _WORKS)
        client = context.client("sqs")
        url = made.physical_id
        before = _attributes(old)
        wanted = _attributes(new)
        wanted |= {name: _ATTRIBUTES[name] for name in before if name not in wanted}
        changed = {name: value for name, value in wanted.items() if before.get(name) != value}
        if changed:
            client.set_queue_attributes(QueueUrl=url, Attributes=changed)
        MAPPED.change(
            context,
            old,
            new,
            lambda tags: client.tag_queue(QueueUrl=url, Tags=tags),
            lambda gone: client.untag_queue(QueueUrl=url, TagKeys=gone),
        )
        return _made(client, url)

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        with absence_is_fine(*_NO_QUEUE):
            context.client("sqs").delete_queue(QueueUrl=made.physical_id)

    def read(self, context: Context, made: Made, properties: Properties) -> Properties | None:
        found: dict[str, Any] = {}
        with absence_is_fine(*_NO_QUEUE):
            found = context.client("sqs").get_queue_attributes(
                QueueUrl=made.physical_id, AttributeNames=["All"]
            )["Attributes"]
        if not found:
            return None
        return now(properties, found)


class QueuePolicy(ResourceType):
    """One policy for some queues."""

    name = "AWS::SQS::QueuePolicy"

    def create(self, context: Context, properties: Properties) -> Made:
        made = Made(context.name(80), {"Id": context.name(80)})
        _put(context, properties["Queues"], properties["PolicyDocument"])
        return made

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        _put(context, new["Queues"], new["PolicyDocument"])
        _put(context, [one for one in old["Queues"] if one not in new["Queues"]], None)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        _put(context, properties["Queues"], None)


class QueueInlinePolicy(ResourceType):
    """The policy of one queue."""

    name = "AWS::SQS::QueueInlinePolicy"
    overwrites = True

    def create(self, context: Context, properties: Properties) -> Made:
        _put(context, [properties["Queue"]], properties["PolicyDocument"])
        return Made(properties["Queue"])

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        _put(context, [new["Queue"]], new["PolicyDocument"])
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        _put(context, [properties["Queue"]], None)

    def taken(self, context: Context, properties: Properties) -> str | None:
        url = str(properties["Queue"])
        told = context.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
        return url if told.get("Attributes", {}).get("Policy") else None


def _put(context: Context, queues: list[str], policy: Any) -> None:
    text = "" if policy is None else text_of(policy)
    for url in queues:
        attributes = {"Policy": text}
        if policy is None:
            with absence_is_fine(*_NO_QUEUE):
                context.client("sqs").set_queue_attributes(QueueUrl=url, Attributes=attributes)
        else:
            context.client("sqs").set_queue_attributes(QueueUrl=url, Attributes=attributes)


def _attributes(properties: Properties) -> dict[str, str]:
    return {
        name: text_of(properties[name]) for name in _ATTRIBUTES if properties.get(name) is not None
    }


def _made(client: Any, url: str) -> Made:
    arn = client.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    name = url.rpartition("/")[2]
    return Made(url, {"Arn": arn["QueueArn"], "QueueName": name, "QueueUrl": url})


_WORKS = frozenset({*_ATTRIBUTES, "FifoQueue", "QueueName", "Tags"})

TYPES: tuple[ResourceType, ...] = (Queue(), QueuePolicy(), QueueInlinePolicy())
