"""The target stage of a pipe: a batch of events is delivered by the target's own batch call."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from lambda_nb.engine.events.pipes import callees
from lambda_nb.engine.events.pipes.callees import call_client
from lambda_nb.engine.events.pipes.http_calls import HttpCaller
from lambda_nb.engine.events.pipes.pipe import Pipe
from lambda_nb.engine.events.pipes.surroundings import StageError, Surroundings
from lambda_nb.rules.events.pipes import connections, paths


@dataclass(frozen=True, slots=True)
class Delivery:
    """One batch: ``inputs`` as they are delivered, ``events`` as parameters' paths see them."""

    inputs: Sequence[Any]
    events: Sequence[Any]
    request_id: str
    trace: str | None = None


_LATEST_MS = 253_402_300_800_000
"""The end of the year 9999."""
_Send = Callable[[Delivery], Awaitable["list[str] | list[int]"]]


class Target:
    """Delivers batches to a pipe's target.

    Parameters
    ----------
    pipe
        The pipe.
    around
        What pipes need.
    """

    def __init__(self, pipe: Pipe, around: Surroundings) -> None:
        self._pipe = pipe
        self._around = around
        self._http = HttpCaller(around)
        self._senders: dict[str, _Send] = {
            "lambda": self._to_function,
            "states": self._to_state_machine,
            "sqs": self._to_queue,
            "sns": self._to_topic,
            "kinesis": self._to_stream,
            "firehose": self._to_firehose,
            "event-bus": self._to_bus,
            "logs": self._to_log_group,
            "api-destination": self._to_http,
            "execute-api": self._to_http,
        }
        self._kind = connections.kind_of(pipe.target)

    async def deliver(self, delivery: Delivery) -> list[str] | list[int]:
        """Deliver a batch; returns the positions of events that failed, or their identifiers.

        Raises
        ------
        StageError
            All of it failed; or there are more events than one call takes.
        """
        most = connections.TARGETS[self._kind]
        if len(delivery.inputs) > most:
            text = f"the enrichment made {len(delivery.inputs)} events: the target takes {most}"
            raise StageError(text)
        return await self._senders[self._kind](delivery)

    def _of(self, name: str) -> dict[str, Any]:
        """The parameters of this kind of target."""
        return dict(self._pipe.target_parameters.get(name) or {})

    async def _to_function(self, delivery: Delivery) -> list[str]:
        payload = json.dumps(list(delivery.inputs)).encode()
        call = callees.function_call(
            self._pipe, self._pipe.target, payload, delivery.request_id, delivery.trace
        )
        if self._of("LambdaFunctionParameters").get("InvocationType") == "FIRE_AND_FORGET":
            await callees.queue_function(self._around, call)
            return []
        return failed_in(await callees.run_function(self._around, call))

    async def _to_state_machine(self, delivery: Delivery) -> list[str]:
        batch, arn = json.dumps(list(delivery.inputs)), self._pipe.target
        kind = self._of("StepFunctionStateMachineParameters").get("InvocationType")
        if kind == "REQUEST_RESPONSE":
            return failed_in((await callees.run_execution(self._around, arn, batch)).encode())
        await callees.start_execution(self._around, arn, batch)
        return []

    async def _to_queue(self, delivery: Delivery) -> list[int]:
        told = self._of("SqsQueueParameters")
        *_, account, name = self._pipe.target.split(":")
        asked = {"QueueName": name, "QueueOwnerAWSAccountId": account}
        queue = await call_client(self._around, "sqs", "get_queue_url", asked)
        entries = []
        for i, (value, event) in enumerate(zip(delivery.inputs, delivery.events, strict=True)):
            entry = {"Id": str(i), "MessageBody": text_of(value)}
            for member in ("MessageGroupId", "MessageDeduplicationId"):
                if told.get(member):
                    entry[member] = paths.dynamic(told[member], event)
            entries.append(entry)
        call = {"QueueUrl": queue["QueueUrl"], "Entries": entries}
        answer = await call_client(self._around, "sqs", "send_message_batch", call)
        return [int(failed["Id"]) for failed in answer.get("Failed") or ()]

    async def _to_topic(self, delivery: Delivery) -> list[int]:
        entries = [
            {"Id": str(i), "Message": text_of(value)} for i, value in enumerate(delivery.inputs)
        ]
        call = {"TopicArn": self._pipe.target, "PublishBatchRequestEntries": entries}
        answer = await call_client(self._around, "sns", "publish_batch", call)
        return [int(failed["Id"]) for failed in answer.get("Failed") or ()]

    async def _to_stream(self, delivery: Delivery) -> list[int]:
        key = self._of("KinesisStreamParameters")["PartitionKey"]
        records = [
            {"Data": text_of(value).encode(), "PartitionKey": paths.dynamic(key, event) or "none"}
            for value, event in zip(delivery.inputs, delivery.events, strict=True)
        ]
        call = {"StreamARN": self._pipe.target, "Records": records}
        answer = await call_client(self._around, "kinesis", "put_records", call)
        return [i for i, one in enumerate(answer["Records"]) if one.get("ErrorCode")]

    async def _to_firehose(self, delivery: Delivery) -> list[int]:
        records = [{"Data": text_of(value).encode()} for value in delivery.inputs]
        call = {"DeliveryStreamName": self._pipe.target.rpartition("/")[2], "Records": records}
        answer = await call_client(self._around, "firehose", "put_record_batch", call)
        return [i for i, one in enumerate(answer["RequestResponses"]) if one.get("ErrorCode")]

    async def _to_bus(self, delivery: Delivery) -> list[int]:
        told = self._of("EventBridgeEventBusParameters")
        entries = []
        for value, event in zip(delivery.inputs, delivery.events, strict=True):
            if not isinstance(value, dict):
                raise StageError("an event for a bus must be a JSON object")
            kind = told.get("DetailType") or f"Event from {_source_of(event)}"
            entry: dict[str, Any] = {
                "EventBusName": self._pipe.target,
                "Source": paths.dynamic(told.get("Source") or f"Pipe {self._pipe.name}", event),
                "DetailType": paths.dynamic(kind, event),
                "Detail": json.dumps(value, ensure_ascii=False),
                "Resources": [paths.dynamic(one, event) for one in told.get("Resources") or ()],
            }
            if told.get("Time"):
                entry["Time"] = _time(paths.dynamic(told["Time"], event))
            entries.append(entry)
        answer = await call_client(self._around, "events", "put_events", {"Entries": entries})
        return [i for i, one in enumerate(answer["Entries"]) if one.get("ErrorCode")]

    async def _to_log_group(self, delivery: Delivery) -> list[int]:
        told = self._of("CloudWatchLogsParameters")
        group = self._pipe.target.split(":")[6]
        streams: dict[str, list[dict[str, Any]]] = {}
        for value, event in zip(delivery.inputs, delivery.events, strict=True):
            stream = paths.dynamic(told.get("LogStreamName") or self._pipe.name, event)
            at = paths.dynamic(told["Timestamp"], event) if told.get("Timestamp") else ""
            line = {"timestamp": _time_ms(at), "message": text_of(value)}
            streams.setdefault(stream, []).append(line)
        for stream, lines in streams.items():
            where = {"logGroupName": group, "logStreamName": stream}
            lines.sort(key=lambda line: int(line["timestamp"]))
            try:
                await call_client(self._around, "logs", "create_log_stream", where)
            except StageError as error:
                if "ResourceAlreadyExists" not in str(error):
                    raise
            await call_client(self._around, "logs", "put_log_events", {**where, "logEvents": lines})
        return []

    async def _to_http(self, delivery: Delivery) -> list[int]:
        parameters = self._of("HttpParameters")
        call = self._http.destination if self._kind == "api-destination" else self._http.api
        body = text_of(delivery.inputs[0]).encode()
        await call(self._pipe.target, parameters, delivery.events[0], body)
        return []


def failed_in(response: bytes) -> list[str]:
    """The identifiers of failed events in a response; other responses say nothing of failures.

    Examples
    --------
    >>> failed_in(b'{"batchItemFailures": [{"itemIdentifier": "m1"}]}'), failed_in(b'"done"')
    (['m1'], [])
    """
    try:
        answer = json.loads(response or b"null")
    except ValueError:
        return []
    entries = answer.get("batchItemFailures") if isinstance(answer, dict) else None
    if not isinstance(entries, list):
        return []
    return [
        str(entry.get("itemIdentifier") or "") if isinstance(entry, dict) else ""
        for entry in entries
    ]


def text_of(value: Any) -> str:
    """An event as a message's text: JSON, or the text that a template made."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _source_of(event: Any) -> str:
    return str(event.get("eventSource", "")) if isinstance(event, dict) else ""


def _time(text: str) -> datetime:
    """A time as parameters give it: ISO 8601, or seconds or milliseconds since 1970."""
    return datetime.fromtimestamp(_time_ms(text) / 1000, timezone.utc)


def _time_ms(text: str) -> int:
    if not text:
        return int(time.time() * 1000)
    try:
        number = float(text)
    except ValueError:
        try:
            return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)
        except ValueError as error:
            raise StageError(f"{text!r} is no time") from error
    if not 0 <= number < _LATEST_MS:
        raise StageError(f"{text!r} is no time")
    return int(number if number > 1e11 else number * 1000)
