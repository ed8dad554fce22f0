"""Destinations and dead-letter queues of asynchronous invocations."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from lambda_nb.engine.machine.call_threads import in_call_thread

Connect = Callable[[str], Awaitable[Any]]
"""Returns a boto3 client for a service, with the URL of the neighbours or the engine."""


class Destinations:
    """Implements :class:`~lambda_nb.engine.events.asynchronous.queue.Delivery` over boto3.

    Parameters
    ----------
    connect
        Returns clients by service name.
    """

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    async def record(self, target: str, record: Mapping[str, Any], key: str | None = None) -> None:
        """Send the record of an invocation to a queue, topic, bus, bucket or function.

        ``key`` is the object's key in a bucket; the default is that of asynchronous events.
        """
        service = target.split(":")[2]
        if service == "s3":
            name = key or _async_key(record)
            await in_call_thread(_s3, await self._connect("s3"), target, record, name)
            return
        send = _SENDERS.get(service)
        if send is None:
            raise ValueError(f"{target} is no destination: give a queue, topic, bus or function")
        await in_call_thread(send, await self._connect(service), target, record)

    async def dead_letter(self, target: str, body: str, attributes: Mapping[str, str]) -> None:
        """Send an event that was given up to a queue or topic."""
        service = target.split(":")[2]
        client = await self._connect(service)
        typed = {
            name: {"DataType": "Number" if name == "ErrorCode" else "String", "StringValue": value}
            for name, value in attributes.items()
            if value
        }
        if service == "sqs":
            await in_call_thread(_to_queue, client, target, body, typed)
        else:
            await in_call_thread(
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


def _s3(client: Any, arn: str, record: Mapping[str, Any], key: str) -> None:
    client.put_object(Bucket=arn.rpartition(":")[2], Key=key, Body=json.dumps(record).encode())


def _async_key(record: Mapping[str, Any]) -> str:
    name = record["requestContext"]["functionArn"].split(":")[6]
    day, second = time.strftime("%Y/%m/%d %Y-%m-%dT%H.%M.%S", time.gmtime()).split(" ")
    return f"aws/lambda/async/{name}/{day}/{second}-{uuid.uuid4()}"


def _lambda(client: Any, arn: str, record: Mapping[str, Any]) -> None:
    payload = json.dumps(record).encode()
    client.invoke(FunctionName=arn, InvocationType="Event", Payload=payload)


_SENDERS = {"sqs": _sqs, "sns": _sns, "events": _events, "lambda": _lambda}
