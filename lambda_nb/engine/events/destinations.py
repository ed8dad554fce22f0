"""Destinations and dead-letter queues of asynchronous invocations."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Connect = Callable[[str], Awaitable[Any]]
"""Gives a boto3 client of a service, with the neighbours' URL or the engine's own."""


class Destinations:
    """Implements :class:`~lambda_nb.engine.events.asynchronous.Delivery` over boto3.

    Parameters
    ----------
    connect
        Gives clients, by service name.
    """

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    async def record(self, target: str, record: Mapping[str, Any]) -> None:
        """Send the record of an invocation to a queue, topic, bus, bucket or function."""
        service = target.split(":")[2]
        send = _SENDERS.get(service)
        if send is None:
            raise ValueError(f"{target} is no destination: give a queue, topic, bus or function")
        client = await self._connect(service)
        await asyncio.to_thread(send, client, target, record)

    async def dead_letter(self, target: str, body: str, attributes: Mapping[str, str]) -> None:
        """Send a given-up event to a queue or topic."""
        service = target.split(":")[2]
        client = await self._connect(service)
        typed = {
            name: {"DataType": "Number" if name == "ErrorCode" else "String", "StringValue": value}
            for name, value in attributes.items()
            if value
        }
        if service == "sqs":
            await asyncio.to_thread(_to_queue, client, target, body, typed)
        else:
            await asyncio.to_thread(
                client.publish, TopicArn=target, Message=body, MessageAttributes=typed
            )


def _to_queue(client: Any, arn: str, body: str, attributes: Mapping[str, Any]) -> None:
    *_, account, name = arn.split(":")
    url = client.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=account)["QueueUrl"]
    client.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=dict(attributes))


def _sqs(client: Any, arn: str, record: Mapping[str, Any]) -> None:
    _to_queue(client, arn, json.dumps(record), {})


def _sns(client: Any, arn: str, record: Mapping[str, Any]) -> None:
    client.publish(TopicArn=arn, Message=json.dumps(record))


def _events(client: Any, arn: str, record: Mapping[str, Any]) -> None:
    outcome = "Success" if record["requestContext"]["condition"] == "Success" else "Failure"
    entry = {
        "Source": "lambda",
        "DetailType": f"Lambda Function Invocation Result - {outcome}",
        "Resources": [arn, record["requestContext"]["functionArn"]],
        "Detail": json.dumps(record),
        "EventBusName": arn.rpartition("/")[2],
    }
    answer = client.put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        raise RuntimeError(answer["Entries"][0].get("ErrorMessage", "the bus took no event"))


def _s3(client: Any, arn: str, record: Mapping[str, Any]) -> None:
    name = record["requestContext"]["functionArn"].split(":")[6]
    day, second = time.strftime("%Y/%m/%d %Y-%m-%dT%H.%M.%S", time.gmtime()).split(" ")
    key = f"aws/lambda/async/{name}/{day}/{second}-{uuid.uuid4()}"
    client.put_object(Bucket=arn.rpartition(":")[2], Key=key, Body=json.dumps(record).encode())


def _lambda(client: Any, arn: str, record: Mapping[str, Any]) -> None:
    payload = json.dumps(record).encode()
    client.invoke(FunctionName=arn, InvocationType="Event", Payload=payload)


_SENDERS = {"sqs": _sqs, "sns": _sns, "events": _events, "s3": _s3, "lambda": _lambda}
