"""What an execution of a pipe tells its poller, whatever the target does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from lambda_nb.engine.events.pipes.execution import Executions
from lambda_nb.engine.events.pipes.pipe import Pipe
from lambda_nb.engine.events.pipes.surroundings import StageError
from lambda_nb.engine.events.pipes.targets import text_of
from lambda_nb.engine.events.polled.mapping import Outcome

OF_SQS = [{"messageId": "m1"}, {"messageId": "m2"}]
OF_KAFKA = [{"eventSource": "SelfManagedKafka", "value": "YQ=="}]


class Journal:
    """Writes nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *arguments, **named: None


class Target:
    """Ends as a test wants it."""

    def __init__(self, end: Any) -> None:
        self._end = end

    async def deliver(self, delivery: Any) -> Any:
        if isinstance(self._end, Exception):
            raise self._end
        return self._end


def run(records: list[dict[str, Any]], end: Any) -> Outcome:
    arn = "arn:aws:sqs:us-east-1:000000000000:q"
    pipe = Pipe({"Arn": "arn:p", "Name": "p", "Source": arn, "Target": arn})
    executions: Any = Executions(pipe, None, Journal())  # type: ignore[arg-type]
    executions._target = Target(end)
    return asyncio.run(executions("arn:p", {"Records": records}, "sqs"))


def failed(outcome: Outcome) -> list[str]:
    assert outcome.result is not None
    return [
        one["itemIdentifier"] for one in json.loads(outcome.result.payload)["batchItemFailures"]
    ]


@pytest.mark.parametrize(
    ("records", "end", "again"),
    [
        (OF_SQS, [], []),
        (OF_SQS, [1], ["m2"]),
        (OF_SQS, ["m1"], ["m1"]),
        (OF_SQS, ["unknown"], ["m1", "m2"]),
        (OF_KAFKA, ["0"], []),  # pipes know no partial failures of Kafka's records
    ],
)
def test_failed_records_are_named(
    records: list[dict[str, Any]], end: Any, again: list[str]
) -> None:
    assert failed(run(records, end)) == again


@pytest.mark.parametrize(
    ("end", "throttled", "says"),
    [
        (StageError("gone", status=404), False, "gone"),
        (StageError("busy", internal=True, status=429), True, "busy"),
        (KeyError("password"), False, "password"),  # nobody foresaw it: the source goes on
        ([0], False, "the target did not take 1 of 1 events"),
    ],
)
def test_a_failed_execution_is_tried_again(end: Any, throttled: bool, says: str) -> None:
    outcome = run(OF_KAFKA, end)
    assert not outcome.ok
    assert outcome.throttled is throttled
    assert says in outcome.problem


def test_text_stays_as_it_is() -> None:
    assert (text_of({"a": "é"}), text_of("é")) == ('{"a": "é"}', "é")
