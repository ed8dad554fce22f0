"""Polls queues as event sources: receive, gather, run, delete."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from typing import Any

from lambda_nb.engine.aws_calls.json_calls import CallError, Calls
from lambda_nb.engine.events.polled.mapping import EventSourceMapping, Run, let_through
from lambda_nb.engine.events.polled.mapping_metrics import Tally
from lambda_nb.engine.machine.cancelling import cancelled
from lambda_nb.rules.events import batches

_PER_CALL = 10
"""Maximum messages per ReceiveMessage or DeleteMessageBatch."""
_LONG_POLL_S = 1
"""Short, so that a disabled mapping soon stops reading."""
_OTHER_BYTES = 1024
"""Of a record, beside its content."""
_Message = dict[str, Any]


class QueuePoller:
    """Feeds one function from one queue.

    The poller deletes a batch that succeeds. It leaves a failed batch in the queue, which does the
    retries: it delivers it again after the visibility timeout, or to its dead-letter queue.

    Parameters
    ----------
    mapping
        The source and the function.
    calls
        Makes the calls to SQS.
    run
        Runs the function.
    counts
        Receives the mapping's metrics.
    processed
        Called with the result of each batch: ``"OK"`` or a problem.

    Attributes
    ----------
    begun, ended : asyncio.Event
        Set when reading begins, and when it has stopped.
    """

    def __init__(
        self,
        mapping: EventSourceMapping,
        calls: Calls,
        run: Run,
        counts: Tally,
        processed: Callable[[str], None],
    ) -> None:
        self._mapping = mapping
        self._calls = calls
        self._run = run
        self._counts = counts
        self._processed = processed
        self._filters = mapping.patterns
        self._running: set[asyncio.Task[None]] = set()
        self._left: list[_Message] = []
        self._backlog_since: float | None = None
        self._stopping = False
        self.begun, self.ended = asyncio.Event(), asyncio.Event()
        scaling = mapping.config.get("ScalingConfig") or {}
        self._maximum: int | None = scaling.get("MaximumConcurrency")

    async def run(self) -> None:
        """Read until :meth:`stop`, then wait for running batches."""
        self.begun.set()
        url = ""
        failures = 0
        while not self._stopping:
            try:
                url = url or await self._queue_url()
                batch = await self._gather(url)
                failures = 0
            except CallError as error:
                failures += 1
                self._processed(f"PROBLEM: {error}")
                await asyncio.sleep(batches.backoff(failures))
                continue
            if batch:
                task = asyncio.create_task(self._process(url, batch))
                self._running.add(task)
                task.add_done_callback(self._running.discard)
            await self._room()
        self.ended.set()
        if self._running:
            await asyncio.wait(self._running)

    def stop(self) -> None:
        """Stop reading."""
        self._stopping = True

    async def close(self) -> None:
        """Cancel running batches: the queue will deliver them again."""
        await cancelled(self._running)

    async def _queue_url(self) -> str:
        *_, account, name = self._mapping.source_arn.split(":")
        request = {"QueueName": name, "QueueOwnerAWSAccountId": account}
        answer = await self._sqs("GetQueueUrl", request)
        return str(answer["QueueUrl"])

    async def _room(self) -> None:
        """Wait until another batch may run."""
        while self._running:
            since = self._backlog_since
            backlog_s = 0.0 if since is None else time.monotonic() - since
            if len(self._running) < batches.queue_concurrency(backlog_s, self._maximum):
                return
            await asyncio.wait(self._running, timeout=1, return_when=asyncio.FIRST_COMPLETED)

    async def _gather(self, url: str) -> list[_Message]:
        """One batch: full, or what came within the window; may be empty."""
        mapping = self._mapping
        batch, self._left = self._left, []
        ends = time.monotonic() + mapping.window_s if batch else None
        size = sum(map(_size, batch))
        while len(batch) < mapping.batch_size and not self._stopping:
            if size > batches.PAYLOAD_LIMIT:
                break
            patience = _LONG_POLL_S if ends is None else ends - time.monotonic()
            if patience <= 0:
                break
            received = await self._receive(url, mapping.batch_size - len(batch), patience)
            batch += received
            size += sum(map(_size, received))
            self._note_backlog(len(received))
            if not mapping.window_s or not batch:
                break
            if ends is None:
                ends = time.monotonic() + mapping.window_s
            elif not received:
                await asyncio.sleep(min(0.1, max(0.0, ends - time.monotonic())))
        return self._what_fits(batch)

    def _note_backlog(self, received: int) -> None:
        if received == 0:
            self._backlog_since = None
        elif self._backlog_since is None:
            self._backlog_since = time.monotonic()

    async def _receive(self, url: str, most: int, patience_s: float) -> list[_Message]:
        request = {
            "QueueUrl": url,
            "MaxNumberOfMessages": min(_PER_CALL, most),
            "WaitTimeSeconds": int(min(patience_s, _LONG_POLL_S)),
            "AttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        }
        messages = (await self._sqs("ReceiveMessage", request)).get("Messages", [])
        wanted = [message for message in messages if self._wanted(message)]
        unwanted = [message for message in messages if message not in wanted]
        self._counts.polled(len(messages), len(wanted))
        if unwanted:
            await self._delete(url, unwanted)
        return wanted

    def _wanted(self, message: _Message) -> bool:
        record = _record(message, self._mapping)
        return let_through(self._filters, record, {"body": message["Body"]})

    def _what_fits(self, batch: list[_Message]) -> list[_Message]:
        """As many messages as one event may hold; the others wait for the next."""
        size = 0
        for i, message in enumerate(batch):
            size += _size(message)
            if i and size > batches.PAYLOAD_LIMIT:
                self._left = batch[i:]
                return batch[:i]
        return batch

    async def _process(self, url: str, batch: list[_Message]) -> None:
        mapping = self._mapping
        event = {"Records": [_record(message, mapping) for message in batch]}
        trace = batch[0].get("Attributes", {}).get("AWSTraceHeader")
        outcome = await self._run(mapping.function_arn, event, "sqs", trace)
        ran = outcome.result is not None
        if not outcome.ok:
            self._counts.invoked(len(batch), len(batch), ran=ran)
            self._processed(f"PROBLEM: {outcome.problem}")
            return
        failed: set[str] = set()
        if mapping.reports_failures and outcome.result is not None:
            identifiers = [message["MessageId"] for message in batch]
            failed = set(batches.failed_items(outcome.result.payload, identifiers))
        self._counts.invoked(len(batch), len(failed), ran=ran)
        done = [message for message in batch if message["MessageId"] not in failed]
        try:
            await self._delete(url, done)
            self._counts.add("DeletedEventCount", len(done))
        except CallError as error:
            self._processed(f"PROBLEM: {error}")
        else:
            self._processed("OK")

    async def _delete(self, url: str, messages: Sequence[_Message]) -> None:
        for i in range(0, len(messages), _PER_CALL):
            entries = [
                {"Id": str(j), "ReceiptHandle": message["ReceiptHandle"]}
                for j, message in enumerate(messages[i : i + _PER_CALL])
            ]
            await self._sqs("DeleteMessageBatch", {"QueueUrl": url, "Entries": entries})

    async def _sqs(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        return await self._calls("sqs", self._mapping.region, operation, request)


_ATTRIBUTES = (
    "ApproximateReceiveCount",
    "AWSTraceHeader",
    "SentTimestamp",
    "SequenceNumber",
    "MessageGroupId",
    "SenderId",
    "MessageDeduplicationId",
    "ApproximateFirstReceiveTimestamp",
    "DeadLetterQueueSourceArn",
)


def _record(message: _Message, mapping: EventSourceMapping) -> dict[str, Any]:
    """A message as a record of the event (facts/events.md section 1)."""
    told = message.get("Attributes", {})
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": {name: told[name] for name in _ATTRIBUTES if name in told},
        "messageAttributes": {
            name: _attribute(value) for name, value in message.get("MessageAttributes", {}).items()
        },
    }
    if "MD5OfMessageAttributes" in message:
        record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    return {
        **record,
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": mapping.source_arn,
        "awsRegion": mapping.region,
    }


def _size(message: _Message) -> int:
    """Bytes of a message in an event, about."""
    content = message["Body"], message.get("MessageAttributes")
    return len(json.dumps(content)) + _OTHER_BYTES


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    attribute = {
        f"{name[0].lower()}{name[1:]}": value[name]
        for name in ("StringValue", "BinaryValue")
        if name in value
    }
    return {
        **attribute,
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": value["DataType"],
    }
