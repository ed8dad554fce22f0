"""Look into a queue, and bring dead letters back to where they failed.

A message is deleted from a dead-letter queue only after its copy has arrived. So nothing is lost;
if a deletion fails, the message may come twice, as with any queue of SQS.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lambda_nb.notebook.workbench.actions.tools import Tools
from lambda_nb.notebook.workbench.clients import Clients
from lambda_nb.notebook.workbench.faults import Refusal
from lambda_nb.notebook.workbench.hub import Push, Stopped
from lambda_nb.notebook.workbench.picture.readers import (
    functions_by_dead_letters,
    name_of_queue,
    redrive_policy,
)

MOST_PEEKED, MOST_OF_BODIES = 50, 10_000_000
"""Messages that a look shows, and characters of them in all."""
_HIDDEN_S = 30
"""How long messages are hidden from others while they are looked at, should the kernel end."""
_RECEIVED = 10
"""``ReceiveMessage`` gives at most 10 (Amazon SQS API reference)."""
_WORKED_ON_S = 120
_TASK_WITHIN_S = 900.0

_Send = Callable[[Mapping[str, Any]], None]


def peek(tools: Tools, args: Mapping[str, Any]) -> list[dict[str, Any]]:
    """``peek``: the first messages of a queue, which stay in it.

    SQS counts it as a receive.

    Raises
    ------
    Refusal
        The queue gives each message one receive, and a look would use it up.
    """
    sqs, url = tools.clients.client("sqs"), str(args["url"])
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
    if str(redrive_policy(told.get("Attributes", {})).get("maxReceiveCount")) == "1":
        raise Refusal(
            "OneReceiveOnly",
            f"{name_of_queue(url)} has maxReceiveCount 1: SQS counts a look as a receive, and then "
            "moves the message to the dead-letter queue. Look there",
        )
    found: dict[str, Mapping[str, Any]] = {}
    size = 0
    while len(found) < MOST_PEEKED and size < MOST_OF_BODIES:
        messages = _receive(sqs, url, _HIDDEN_S)
        if not messages:
            break
        found |= {message["MessageId"]: message for message in messages}
        size += sum(len(message["Body"]) for message in messages)
    _give_back(sqs, url, found.values())
    return [
        {
            "body": message["Body"],
            "attributes": {
                **message.get("Attributes", {}),
                **{
                    name: str(value.get("StringValue", "(bytes)"))
                    for name, value in message.get("MessageAttributes", {}).items()
                },
                "MessageId": message["MessageId"],
            },
        }
        for message in list(found.values())[:MOST_PEEKED]
    ]


def _receive(sqs: Any, url: str, hidden_s: int, most: int = _RECEIVED) -> list[Mapping[str, Any]]:
    told = sqs.receive_message(
        QueueUrl=url,
        MaxNumberOfMessages=most,
        VisibilityTimeout=hidden_s,
        WaitTimeSeconds=0,
        AttributeNames=["All"],
        MessageAttributeNames=["All"],
    )
    return list(told.get("Messages", ()))


def redrive(tools: Tools, args: Mapping[str, Any], push: Push, stopped: Stopped) -> dict[str, Any]:
    """``redrive``: send the messages of a dead-letter queue back to where they failed.

    On AWS it is a move task of SQS. Elsewhere the messages are sent by hand: to the queue whose
    dead letters they are, or to the function whose asynchronous events they are. Those that fail
    again meanwhile are not moved again.

    Raises
    ------
    Refusal
        Nothing has this queue for its dead letters, or several have and SQS does not tell which.
    """
    clients, url = tools.clients, str(args["url"])
    sqs = clients.client("sqs")
    told = sqs.get_queue_attributes(
        QueueUrl=url, AttributeNames=["QueueArn", "ApproximateNumberOfMessages"]
    )["Attributes"]
    sources = _source_queues(sqs, url)
    functions = functions_by_dead_letters(clients).get(told["QueueArn"], [])
    if clients.connection.is_aws and sources:
        moved = _move_task(sqs, told["QueueArn"], stopped)
        return {"moved": moved, "to": [name_of_queue(source) for source in sources]}
    send, to = _destination(clients, name_of_queue(url), sources, functions)
    moved = 0
    most = int(told["ApproximateNumberOfMessages"])
    while moved < most and not stopped.is_set():
        messages = _receive(sqs, url, _WORKED_ON_S, min(_RECEIVED, most - moved))
        if not messages:
            break
        while messages:
            try:
                send(messages[0])
                sqs.delete_message(QueueUrl=url, ReceiptHandle=messages[0]["ReceiptHandle"])
            except Exception:
                _give_back(sqs, url, messages)
                raise
            del messages[0]
            moved += 1
    return {"moved": moved, "to": to}


def _give_back(sqs: Any, url: str, messages: Iterable[Mapping[str, Any]]) -> None:
    """Let others see messages again."""
    for message in messages:
        sqs.change_message_visibility(
            QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
        )


def _source_queues(sqs: Any, url: str) -> list[str]:
    """The URLs of the queues whose dead letters come here."""
    pages = sqs.get_paginator("list_dead_letter_source_queues").paginate(QueueUrl=url)
    return sorted(one for page in pages for one in page.get("queueUrls", ()))


def _destination(
    clients: Clients, name: str, queues: list[str], functions: list[str]
) -> tuple[_Send, list[str]]:
    everybody = [*map(name_of_queue, queues), *functions]
    if not everybody:
        raise Refusal(
            "NoSource",
            f"no queue and no function has {name} for its dead letters, so there is nowhere to "
            "send the messages back to",
        )
    if len(everybody) > 1:
        raise Refusal(
            "SeveralSources",
            f"{name} has dead letters of {', '.join(everybody)}, and a message does not tell whose "
            "it is; give each source a dead-letter queue of its own",
        )
    if functions:
        client = clients.client()

        def invoke(message: Mapping[str, Any]) -> None:
            client.invoke(
                FunctionName=functions[0],
                InvocationType="Event",
                Payload=str(message["Body"]).encode(),
            )

        return invoke, everybody
    sqs, url = clients.client("sqs"), queues[0]

    def send(message: Mapping[str, Any]) -> None:
        sqs.send_message(QueueUrl=url, MessageBody=message["Body"], **_further(message))

    return send, everybody


def _further(message: Mapping[str, Any]) -> dict[str, Any]:
    """What a message has besides its body, as parameters of ``SendMessage``."""
    further: dict[str, Any] = {}
    attributes = message.get("MessageAttributes")
    if attributes:
        kept = ("DataType", "StringValue", "BinaryValue")
        further["MessageAttributes"] = {
            name: {key: value[key] for key in kept if key in value}
            for name, value in attributes.items()
        }
    group = message.get("Attributes", {}).get("MessageGroupId")
    if group:
        further["MessageGroupId"] = group
        if "SequenceNumber" in message.get("Attributes", {}):
            # A new one: SQS would drop a message whose id the queue has seen lately.
            further["MessageDeduplicationId"] = uuid.uuid4().hex
    return further


def _move_task(sqs: Any, arn: str, stopped: Stopped) -> int:
    handle = sqs.start_message_move_task(SourceArn=arn)["TaskHandle"]
    deadline = time.monotonic() + _TASK_WITHIN_S
    while time.monotonic() < deadline and not stopped.wait(1.0):
        tasks = sqs.list_message_move_tasks(SourceArn=arn, MaxResults=1)["Results"]
        if tasks and tasks[0]["Status"] == "FAILED":
            raise Refusal("TaskFailed", tasks[0].get("FailureReason", "SQS gives no reason"))
        if tasks and tasks[0]["Status"] in ("COMPLETED", "CANCELLED"):
            return int(tasks[0].get("ApproximateNumberOfMessagesMoved", 0))
    sqs.cancel_message_move_task(TaskHandle=handle)
    why = "it was stopped" if stopped.is_set() else "it took more than 15 minutes"
    raise Refusal("TaskEnded", f"the move task was ended: {why}. What it had not moved is there")
