"""Sample events with records: S3, SQS, SNS, DynamoDB, Kinesis, Firehose, Kafka, MQ, SES."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import quote_plus

from lambda_nb.notebook.events.common import (
    ACCOUNT,
    REGION,
    arn,
    base64_of,
    iso,
    md5_of,
    new_id,
    now_ms,
    several,
    text_of,
)

_KINESIS = 49_590_338_271_490_256_608_559_692_538_361_571_095_921_575_989_136_588_898
_FIREHOSE = 49_546_986_683_135_544_286_507_457_936_321_625_675_700_192_471_156_785_154
"""First numbers of records: as long as AWS's are."""


def s3(
    *,
    bucket: str = "my-bucket",
    key: Any = "cat.jpg",
    size: int = 1024,
    name: str = "ObjectCreated:Put",
    version: str | None = None,
) -> dict[str, Any]:
    """An object was put into a bucket; a list of keys makes one record for each."""

    def record(key: str) -> dict[str, Any]:
        thing: dict[str, Any] = {
            "key": quote_plus(key, safe="/"),
            "sequencer": f"{time.time_ns():018X}",
        }
        if not name.startswith("ObjectRemoved"):
            digest = hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()
            thing |= {"size": size, "eTag": digest}
        if version:
            thing["versionId"] = version
        return {
            "eventVersion": "2.1",
            "eventSource": "aws:s3",
            "awsRegion": REGION,
            "eventTime": iso(),
            "eventName": name,
            "userIdentity": {"principalId": f"AWS:{ACCOUNT}"},
            "requestParameters": {"sourceIPAddress": "127.0.0.1"},
            "responseElements": {"x-amz-request-id": new_id(), "x-amz-id-2": base64_of(key)},
            "s3": {
                "s3SchemaVersion": "1.0",
                "configurationId": "sample",
                "bucket": {
                    "name": bucket,
                    "ownerIdentity": {"principalId": ACCOUNT},
                    "arn": f"arn:aws:s3:::{bucket}",
                },
                "object": thing,
            },
        }

    return {"Records": [record(str(one)) for one in several(key)]}


def sqs(
    *,
    body: Any = "hello",
    queue: str = "my-queue",
    attributes: Mapping[str, str] | None = None,
    group: str | None = None,
) -> dict[str, Any]:
    """Messages of a queue; a list of bodies makes one message for each.

    ``attributes`` are message attributes; ``group`` is the message group of a FIFO queue.
    """

    def record(number: int, body: Any) -> dict[str, Any]:
        text, moment = text_of(body), str(now_ms())
        system = {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": moment,
            "SenderId": ACCOUNT,
            "ApproximateFirstReceiveTimestamp": moment,
        }
        if group is not None:
            system |= {
                "SequenceNumber": f"{18_850_000_000_000_000_000 + number}",
                "MessageGroupId": group,
                "MessageDeduplicationId": hashlib.sha256(text.encode()).hexdigest(),
            }
        return {
            "messageId": new_id(),
            "receiptHandle": base64_of(new_id()),
            "body": text,
            "attributes": system,
            "messageAttributes": {
                name: {
                    "stringValue": value,
                    "stringListValues": [],
                    "binaryListValues": [],
                    "dataType": "String",
                }
                for name, value in (attributes or {}).items()
            },
            "md5OfBody": md5_of(text),
            "eventSource": "aws:sqs",
            "eventSourceARN": arn("sqs", queue),
            "awsRegion": REGION,
        }

    return {"Records": [record(number, one) for number, one in enumerate(several(body))]}


def sns(
    *,
    message: Any = "hello",
    topic: str = "my-topic",
    subject: str | None = None,
    attributes: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A message of a topic. ``attributes`` are message attributes."""
    topic_arn = arn("sns", topic)
    subscription = f"{topic_arn}:{new_id()}"
    address = f"https://sns.{REGION}.amazonaws.com/"
    notification = {
        "Type": "Notification",
        "MessageId": new_id(),
        "TopicArn": topic_arn,
        "Subject": subject,
        "Message": text_of(message),
        "Timestamp": iso(),
        "SignatureVersion": "1",
        "Signature": base64_of("sample"),
        "SigningCertUrl": f"{address}SimpleNotificationService-sample.pem",
        "UnsubscribeUrl": f"{address}?Action=Unsubscribe&SubscriptionArn={subscription}",
        "MessageAttributes": {
            name: {"Type": "String", "Value": value} for name, value in (attributes or {}).items()
        },
    }
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription,
        "Sns": notification,
    }
    return {"Records": [record]}


def dynamodb(
    *,
    new: Any = None,
    old: Mapping[str, Any] | None = None,
    table: str = "my-table",
    keys: tuple[str, ...] = ("id",),
    expired: bool = False,
) -> dict[str, Any]:
    """A change of a table, from items with ordinary Python values.

    With ``new`` and ``old`` it is MODIFY, with only ``old`` REMOVE, else INSERT; a list of ``new``
    makes one record for each. ``expired``: the item was deleted by its time to live.
    """
    from boto3.dynamodb.types import TypeSerializer

    serialize = TypeSerializer().serialize

    def image(item: Mapping[str, Any]) -> dict[str, Any]:
        return {name: serialize(_exact(value)) for name, value in item.items()}

    stream = arn("dynamodb", f"table/{table}/stream/{iso()[:-1]}")

    def record(number: int, new: Mapping[str, Any] | None) -> dict[str, Any]:
        after, before = image(new) if new else None, image(old) if old else None
        some = after or before or {}
        change = {
            "ApproximateCreationDateTime": float(int(time.time())),
            "Keys": {name: some[name] for name in keys if name in some},
            **({"NewImage": after} if after else {}),
            **({"OldImage": before} if before else {}),
            "SequenceNumber": f"{100_000_000_000_000_000_000 + number}",
            "SizeBytes": len(text_of(some)),
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        }
        made: dict[str, Any] = {
            "eventID": new_id().replace("-", ""),
            "eventName": "MODIFY" if after and before else "REMOVE" if before else "INSERT",
            "eventVersion": "1.1",
            "eventSource": "aws:dynamodb",
            "awsRegion": REGION,
            "dynamodb": change,
            "eventSourceARN": stream,
        }
        if expired:
            made["userIdentity"] = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
        return made

    items = several(new) if new is not None or old else [{keys[0]: "1"}]
    return {"Records": [record(number, item) for number, item in enumerate(items)]}


def _exact(value: Any) -> Any:
    """Floats as decimals, which DynamoDB's serializer wants."""
    from decimal import Decimal

    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, Mapping):
        return {key: _exact(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_exact(inner) for inner in value]
    return value


def kinesis(
    *, data: Any = "hello", stream: str = "my-stream", partition_key: str = "key"
) -> dict[str, Any]:
    """Records of a stream; a list of data makes one record for each."""

    def record(number: int, data: Any) -> dict[str, Any]:
        sequence = str(_KINESIS + number)
        return {
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": partition_key,
                "sequenceNumber": sequence,
                "data": base64_of(data),
                "approximateArrivalTimestamp": round(time.time(), 3),
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"shardId-000000000000:{sequence}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": f"arn:aws:iam::{ACCOUNT}:role/lambda-role",
            "awsRegion": REGION,
            "eventSourceARN": arn("kinesis", f"stream/{stream}"),
        }

    return {"Records": [record(number, one) for number, one in enumerate(several(data))]}


def firehose(*, data: Any = "hello", stream: str = "my-delivery-stream") -> dict[str, Any]:
    """Records of Firehose for a transformation; a list of data makes one record for each."""
    return {
        "invocationId": new_id(),
        "deliveryStreamArn": arn("firehose", f"deliverystream/{stream}"),
        "region": REGION,
        "records": [
            {
                "recordId": str(_FIREHOSE + n),
                "approximateArrivalTimestamp": now_ms(),
                "data": base64_of(one),
            }
            for n, one in enumerate(several(data))
        ],
    }


def kafka(
    *,
    value: Any = "hello",
    topic: str = "my-topic",
    key: Any = None,
    partition: int = 0,
    cluster: str | None = None,
) -> dict[str, Any]:
    """Records of a Kafka topic; a list of values makes one record for each.

    ``cluster`` is the name of an MSK cluster; without it the brokers are self-managed.
    """
    records = [
        {
            "topic": topic,
            "partition": partition,
            "offset": offset,
            "timestamp": now_ms(),
            "timestampType": "CREATE_TIME",
            **({} if key is None else {"key": base64_of(key)}),
            "value": base64_of(one),
            "headers": [],
        }
        for offset, one in enumerate(several(value))
    ]
    told: dict[str, Any] = {"eventSource": "SelfManagedKafka", "bootstrapServers": "localhost:9092"}
    if cluster is not None:
        told["eventSource"] = "aws:kafka"
        told["eventSourceArn"] = arn("kafka", f"cluster/{cluster}/{new_id()}-1")
    return {**told, "records": {f"{topic}-{partition}": records}}


def activemq(*, data: Any = "hello", queue: str = "my-queue") -> dict[str, Any]:
    """Messages of an ActiveMQ broker; a list of data makes one message for each."""
    return {
        "eventSource": "aws:mq",
        "eventSourceArn": arn("mq", f"broker:my-broker:b-{new_id()}"),
        "messages": [
            {
                "messageID": f"ID:{new_id()}",
                "messageType": "jms/text-message",
                "deliveryMode": 1,
                "replyTo": None,
                "type": None,
                "expiration": "60000",
                "priority": 1,
                "correlationId": "",
                "redelivered": False,
                "destination": {"physicalName": queue},
                "data": base64_of(one),
                "timestamp": now_ms(),
                "brokerInTime": now_ms(),
                "brokerOutTime": now_ms(),
                "properties": {},
            }
            for one in several(data)
        ],
    }


def rabbitmq(*, data: Any = "hello", queue: str = "my-queue") -> dict[str, Any]:
    """Messages of a RabbitMQ broker; a list of data makes one message for each."""
    messages = [
        {
            "basicProperties": {
                "contentType": "text/plain",
                "contentEncoding": None,
                "headers": {},
                "deliveryMode": 1,
                "priority": 0,
                "correlationId": None,
                "replyTo": None,
                "expiration": "60000",
                "messageId": None,
                "timestamp": f"{date.today():%b %d, %Y}, 12:00:00 AM",
                "type": None,
                "userId": "user",
                "appId": None,
                "clusterId": None,
                "bodySize": len(text_of(one)),
            },
            "redelivered": False,
            "data": base64_of(one),
        }
        for one in several(data)
    ]
    return {
        "eventSource": "aws:rmq",
        "eventSourceArn": arn("mq", f"broker:my-broker:b-{new_id()}"),
        "rmqMessagesByQueue": {f"{queue}::/": messages},
    }


def ses(
    *,
    sender: str = "ada@example.com",
    recipient: Any = "inbox@example.com",
    subject: str = "Hello",
    function: str = "my-function",
) -> dict[str, Any]:
    """A mail that SES received. ``recipient`` may be a list of addresses."""
    to, number = [str(one) for one in several(recipient)], new_id().replace("-", "")
    sent = f"{date.today():%a, %d %b %Y} 00:00:00 +0000"
    mail = {
        "timestamp": iso(),
        "source": sender,
        "messageId": number,
        "destination": to,
        "headersTruncated": False,
        "headers": [
            {"name": "Return-Path", "value": f"<{sender}>"},
            {"name": "From", "value": sender},
            {"name": "To", "value": ", ".join(to)},
            {"name": "Subject", "value": subject},
            {"name": "Date", "value": sent},
        ],
        "commonHeaders": {
            "returnPath": sender,
            "from": [sender],
            "date": sent,
            "to": to,
            "messageId": f"<{number}@example.com>",
            "subject": subject,
        },
    }
    passed = {"status": "PASS"}
    receipt = {
        "timestamp": iso(),
        "processingTimeMillis": 574,
        "recipients": to,
        "spamVerdict": passed,
        "virusVerdict": passed,
        "spfVerdict": passed,
        "dkimVerdict": passed,
        "dmarcVerdict": passed,
        "action": {
            "type": "Lambda",
            "functionArn": arn("lambda", f"function:{function}"),
            "invocationType": "Event",
        },
    }
    record = {
        "eventSource": "aws:ses",
        "eventVersion": "1.0",
        "ses": {"mail": mail, "receipt": receipt},
    }
    return {"Records": [record]}
