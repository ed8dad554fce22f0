"""Receives events through queues from services elsewhere that cannot reach this engine.

With ``--neighbours URL`` or ``--neighbour s3=URL``, the services there do not know our functions.
But S3, SNS and EventBridge can all deliver to SQS. The bridge takes each message from a queue named
``lambda-nb-push-FUNCTION`` and passes it to that function, in the form that the service would use
to invoke it.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from lambda_nb.engine.aws_calls.json_calls import CallError, Calls
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.machine.cancelling import cancelled
from lambda_nb.rules.events import batches

log = logging.getLogger(__name__)

PREFIX = "lambda-nb-push-"
_LOOK_EVERY_S = 5.0
_LONG_POLL_S = 10

Push = Callable[[str, str, bytes], Awaitable[None]]
"""Receives an event: the service, the function, the payload."""


class Bridge:
    """Reads the push queues of an endpoint.

    Parameters
    ----------
    calls
        Makes the calls to SQS.
    region
        The queues' Region.
    push
        Receives the events; they are stored when it returns.
    """

    def __init__(self, calls: Calls, region: str, push: Push) -> None:
        self._calls = calls
        self._region = region
        self._push = push
        self._readers: dict[str, asyncio.Task[None]] = {}
        self._looking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look for queues at regular intervals."""
        self._looking = asyncio.get_running_loop().create_task(self._look())

    async def close(self) -> None:
        """Stop reading; the queue delivers messages again that were not yet passed on."""
        await cancelled([*self._readers.values(), *([self._looking] if self._looking else [])])

    async def _look(self) -> None:
        failures = 0
        while True:
            try:
                answer = await self._sqs("ListQueues", {"QueueNamePrefix": PREFIX})
                failures = 0
            except (CallError, AWSError) as error:
                failures += 1
                log.warning("no push queues can be looked for: %s", error)
                await asyncio.sleep(batches.backoff(failures))
                continue
            for url in answer.get("QueueUrls") or []:
                if url not in self._readers or self._readers[url].done():
                    reader = asyncio.get_running_loop().create_task(self._read(url))
                    self._readers[url] = reader
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _read(self, url: str) -> None:
        """Pass on the messages of one queue until the queue is gone."""
        function = url.rpartition("/")[2].removeprefix(PREFIX)
        request = {"QueueUrl": url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": _LONG_POLL_S}
        while True:
            try:
                received = await self._sqs("ReceiveMessage", request)
                for message in received.get("Messages") or []:
                    event = event_in(message["Body"])
                    if event is not None:
                        await self._push(event[0], function, event[1])
                    handle = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
                    await self._sqs("DeleteMessage", handle)
            except (CallError, AWSError) as error:  # the next look finds the queue if it exists
                log.warning("the push queue %s is not read: %s", url, error)
                return

    async def _sqs(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        return await self._calls("sqs", self._region, operation, request)


def event_in(body: str) -> tuple[str, bytes] | None:
    """The service that sent a message, and the event with which it invokes functions.

    ``None`` for the test message of S3, which functions never see.

    Examples
    --------
    >>> event_in('{"source": "my.app", "detail-type": "t", "detail": {}}')[0]
    'events'
    >>> event_in('{"Service": "Amazon S3", "Event": "s3:TestEvent"}')
    >>> event_in('{"Records": [{"eventSource": "aws:s3"}]}')
    ('s3', b'{"Records": [{"eventSource": "aws:s3"}]}')
    >>> event_in("any text")
    ('push', b'"any text"')
    """
    try:
        document = json.loads(body)
    except ValueError:
        return "push", json.dumps(body).encode()
    if not isinstance(document, dict):
        return "push", body.encode()
    if document.get("Event") == "s3:TestEvent":
        return None
    if document.get("Type") == "Notification" and "TopicArn" in document:
        return "sns", json.dumps({"Records": [_sns_record(document)]}).encode()
    if "detail-type" in document:
        return "events", body.encode()
    records = document.get("Records")
    first = records[0] if isinstance(records, list) and records else None
    is_s3 = isinstance(first, dict) and first.get("eventSource") == "aws:s3"
    return "s3" if is_s3 else "push", body.encode()


def _sns_record(notification: Mapping[str, Any]) -> dict[str, Any]:
    """A notification as a function gets it (facts/events.md section 1): ``Url``, not ``URL``."""
    unsubscribe = str(notification.get("UnsubscribeURL", ""))
    subscription = parse_qs(urlsplit(unsubscribe).query).get("SubscriptionArn", [""])[0]
    renamed = {"SigningCertURL": "SigningCertUrl", "UnsubscribeURL": "UnsubscribeUrl"}
    told = {renamed.get(name, name): value for name, value in notification.items()}
    return {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription,
        "Sns": {"Subject": None, "MessageAttributes": {}, **told},
    }
