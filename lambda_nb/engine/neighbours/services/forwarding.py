"""Forwards what embedded services send to queues, topics and streams at other addresses.

moto's services call one another inside the process. If the receiver has an address of its own,
the call goes through the engine instead, which knows that address.
"""

from __future__ import annotations

import base64
import os
from functools import cache
from typing import Any

from lambda_nb.engine.neighbours.services.door import Door

ELSEWHERE = "LAMBDA_NB_ELSEWHERE"
"""Variable of the child's environment: services elsewhere, by their names in signatures."""
elsewhere: set[str] = set()
"""These services, once :func:`install` has run."""


def install(door: Door) -> None:
    """Send what is for services elsewhere through the door."""
    elsewhere.update(filter(None, os.environ.pop(ELSEWHERE, "").split(",")))
    client = cache(lambda service, region: door.client(service_name=service, region_name=region))
    if "sqs" in elsewhere:
        _lead_messages(client)
    if "sns" in elsewhere:
        _lead_notifications(client)
    if "kinesis" in elsewhere:
        _lead_records(client)


def _lead_messages(client: Any) -> None:
    from moto.sqs.models import SQSBackend

    def send_message(
        self: Any,
        queue_name: str,
        message_body: str,
        message_attributes: dict[str, Any] | None = None,
        delay_seconds: int | None = None,
        deduplication_id: str | None = None,
        group_id: str | None = None,
        **_: Any,
    ) -> None:
        sqs = client("sqs", self.region_name)
        asked = {
            "QueueUrl": sqs.get_queue_url(QueueName=queue_name)["QueueUrl"],
            "MessageBody": message_body,
            "MessageAttributes": {
                name: _attribute(value) for name, value in (message_attributes or {}).items()
            },
            "DelaySeconds": delay_seconds,
            "MessageDeduplicationId": deduplication_id,
            "MessageGroupId": group_id,
        }
        sqs.send_message(**{name: value for name, value in asked.items() if value is not None})

    backend_class: Any = SQSBackend
    backend_class.send_message = send_message


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    content = value.get("BinaryValue")
    return {**value, "BinaryValue": base64.b64decode(content)} if content else value


def _lead_notifications(client: Any) -> None:
    from moto.sns.models import SNSBackend

    def publish(self: Any, message: str, arn: str, subject: str | None = None, **_: Any) -> str:
        asked = {"TopicArn": arn, "Message": message, **({"Subject": subject} if subject else {})}
        return str(client("sns", self.region_name).publish(**asked)["MessageId"])

    backend_class: Any = SNSBackend
    backend_class.publish = publish


def _lead_records(client: Any) -> None:
    from moto.kinesis.models import KinesisBackend

    def put_record(
        self: Any, stream_arn: str, stream_name: str, partition_key: str, *rest: Any, **named: Any
    ) -> tuple[str, str]:
        data = named["data"] if "data" in named else rest[-1]
        told = client("kinesis", self.region_name).put_record(
            StreamARN=stream_arn, Data=base64.b64decode(data), PartitionKey=partition_key
        )
        return told["SequenceNumber"], told["ShardId"]

    backend_class: Any = KinesisBackend
    backend_class.put_record = put_record
