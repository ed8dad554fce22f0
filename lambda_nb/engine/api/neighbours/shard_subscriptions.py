"""SubscribeToShard of Kinesis: a subscription is an answer that goes on for up to five minutes.

Source: Kinesis Data Streams API reference, SubscribeToShard (2026). The embedded Kinesis does not
have it, and is asked for the records here. AWS sends them by HTTP/2; HTTP/1.1 carries the same
event stream.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from lambda_nb.engine.api.wire import event_stream
from lambda_nb.engine.api.wire.http import HttpRequest, Send
from lambda_nb.engine.errors import AWSError

LASTS_S = 300.0
"""Seconds after which a subscription ends."""
AGAIN_AFTER_S = 5.0
"""Seconds in which the same consumer cannot subscribe to the same shard again."""
_QUIET_S = 5.0
"""Seconds without records after which an event without records says that it is still there."""
_LOOK_S = 0.1
_TARGET = "Kinesis_20131202"
_JSON = "application/x-amz-json-1.1"

Ask = Callable[[str, Mapping[str, Any]], Awaitable["dict[str, Any]"]]
"""Calls an operation of Kinesis. Raises ``AWSError`` with its error."""


def is_one(request: HttpRequest) -> bool:
    """Whether a request subscribes to a shard."""
    return request.headers.get("x-amz-target") == f"{_TARGET}.SubscribeToShard"


def target(operation: str) -> str:
    """The header that names an operation of Kinesis."""
    return f"{_TARGET}.{operation}"


class Subscriptions:
    """The subscriptions of all consumers: each has one to a shard."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], tuple[float, asyncio.Event]] = {}

    async def answer(self, told: Mapping[str, Any], ask: Ask, send: Send) -> None:
        """Answer one request until its subscription ends.

        Parameters
        ----------
        told
            The request's parameters.
        ask
            Calls Kinesis in the request's Region.

        Raises
        ------
        AWSError
            Kinesis refuses; or the consumer has subscribed a moment ago.
        """
        consumer, shard = str(told["ConsumerARN"]), str(told["ShardId"])
        await ask("DescribeStreamConsumer", {"ConsumerARN": consumer})
        stream = consumer.partition("/consumer/")[0]
        start = dict(told["StartingPosition"])
        asked = {"StreamARN": stream, "ShardId": shard, "ShardIteratorType": start["Type"]}
        if "SequenceNumber" in start:
            asked["StartingSequenceNumber"] = start["SequenceNumber"]
        if "Timestamp" in start:
            asked["Timestamp"] = start["Timestamp"]
        iterator = (await ask("GetShardIterator", asked))["ShardIterator"]
        ended = self._begin(consumer, shard)
        headers = [(b"content-type", event_stream.CONTENT_TYPE)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await _send(send, event_stream.event("initial-response", b"{}", _JSON))
        try:
            await _follow(stream, iterator, start, ask, send, ended)
        finally:
            if self._open.get((consumer, shard), (0.0, None))[1] is ended:
                del self._open[consumer, shard]
        await send({"type": "http.response.body", "body": b""})

    def _begin(self, consumer: str, shard: str) -> asyncio.Event:
        """End the consumer's earlier subscription, unless it began a moment ago."""
        before = self._open.get((consumer, shard))
        if before is not None:
            began, ended = before
            if time.monotonic() - began < AGAIN_AFTER_S:
                text = (
                    f"Another active subscription exists for this consumer: {consumer} and shard: "
                    f"{shard}"
                )
                raise AWSError("ResourceInUseException", text, 400)
            ended.set()
        ended = asyncio.Event()
        self._open[consumer, shard] = (time.monotonic(), ended)
        return ended


async def _follow(
    stream: str,
    iterator: str | None,
    start: Mapping[str, Any],
    ask: Ask,
    send: Send,
    ended: asyncio.Event,
) -> None:
    """Send the records of a shard as they come."""
    ends = time.monotonic() + LASTS_S
    said = time.monotonic()
    last = str(start.get("SequenceNumber") or "0")
    while iterator is not None and time.monotonic() < ends and not ended.is_set():
        try:
            got = await ask("GetRecords", {"StreamARN": stream, "ShardIterator": iterator})
        except AWSError as error:
            await _send(send, _exception(error))
            return
        iterator = got.get("NextShardIterator")
        records = got["Records"]
        last = records[-1]["SequenceNumber"] if records else last
        if records or iterator is None or time.monotonic() - said >= _QUIET_S:
            told: dict[str, Any] = {
                "Records": records,
                "MillisBehindLatest": got.get("MillisBehindLatest", 0),
            }
            if iterator is not None:
                told["ContinuationSequenceNumber"] = last
            else:
                told["ChildShards"] = got.get("ChildShards", [])
            payload = json.dumps(told).encode()
            await _send(send, event_stream.event("SubscribeToShardEvent", payload, _JSON))
            said = time.monotonic()
        if not records:
            await asyncio.sleep(_LOOK_S)


def _exception(error: AWSError) -> bytes:
    headers = {
        ":message-type": "exception",
        ":exception-type": error.code,
        ":content-type": _JSON,
    }
    return event_stream.frame(headers, json.dumps({"message": error.message}).encode())


async def _send(send: Send, content: bytes) -> None:
    await send({"type": "http.response.body", "body": content, "more_body": True})
