"""Wait for what arrives in a queue, a bucket or a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lambda_nb.testing.waiting import until

_MOST_MESSAGES = 10
"""In one answer (AWS, "ReceiveMessage")."""

Told = Callable[[], str]
"""What functions did, for the message where too little has arrived."""


def messages(client: Any, queue: str, count: int, timeout: float, told: Told) -> list[str]:
    """Take messages from a queue; their bodies."""
    bodies: list[str] = []
    url = queue if "/" in queue else client.get_queue_url(QueueName=queue)["QueueUrl"]

    def look() -> list[str]:
        while got := client.receive_message(
            QueueUrl=url, MaxNumberOfMessages=_MOST_MESSAGES, WaitTimeSeconds=0
        ).get("Messages"):
            for one in got:
                bodies.append(one["Body"])
                client.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
        return bodies

    def missing(found: int) -> str:
        text = f"{queue} got {found} messages within {timeout:g} s, not {count}: {bodies}"
        return f"{text}\n{told()}".rstrip()

    return until(look, count, timeout, missing)


def objects(client: Any, bucket: str, count: int, timeout: float, told: Told) -> dict[str, bytes]:
    """The objects of a bucket: contents by key."""

    def look() -> list[str]:
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return [one["Key"] for page in pages for one in page.get("Contents", ())]

    def missing(found: int) -> str:
        text = f"{bucket} has {found} objects after {timeout:g} s, not {count}: {look()}"
        return f"{text}\n{told()}".rstrip()

    keys = until(look, count, timeout, missing)
    return {key: client.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def items(client: Any, table: str, count: int, timeout: float, told: Told) -> list[dict[str, Any]]:
    """The items of a table, as Python values."""
    from boto3.dynamodb.types import TypeDeserializer  # late: most tests have no table

    value_of = TypeDeserializer().deserialize

    def look() -> list[dict[str, Any]]:
        pages = client.get_paginator("scan").paginate(TableName=table)
        found = (item for page in pages for item in page["Items"])
        return [{name: value_of(value) for name, value in item.items()} for item in found]

    def missing(found: int) -> str:
        text = f"{table} has {found} items after {timeout:g} s, not {count}: {look()}"
        return f"{text}\n{told()}".rstrip()

    return until(look, count, timeout, missing)
