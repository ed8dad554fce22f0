"""Which records of a batch of Kafka come again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.events.polled.kafka.batch import KafkaRecord, left_over, what_fits
from lambda_nb.rules.events import batches


def record(partition: int, offset: int, size: int = 0) -> KafkaRecord:
    told = {"topic": "t", "partition": partition, "offset": offset, "value": "x" * size}
    return KafkaRecord(told, ("t", partition), offset, 0.0, True, None)


BATCH = [record(partition, offset) for partition in (0, 1) for offset in range(5, 9)]


def answer(*failed: tuple[str, int]) -> bytes:
    items = [{"itemIdentifier": {"partition": at, "offset": offset}} for at, offset in failed]
    return json.dumps({"batchItemFailures": items}).encode()


@given(st.sets(st.tuples(st.sampled_from(["t-0", "t-1"]), st.integers(5, 8))))
def test_each_partition_comes_again_from_its_first_failed_record(
    failed: set[tuple[str, int]],
) -> None:
    again = left_over(answer(*failed), BATCH)
    for partition in (0, 1):
        first = min((offset for at, offset in failed if at == f"t-{partition}"), default=9)
        got = [one.offset for one in again if one.position == ("t", partition)]
        assert got == list(range(first, 9))


@pytest.mark.parametrize("response", [b"", b"null", b'""', b"{}", b'{"batchItemFailures": null}'])
def test_these_answers_say_that_all_is_well(response: bytes) -> None:
    assert left_over(response, BATCH) == []


@pytest.mark.parametrize(
    "response",
    [
        b"{",
        b"7",
        answer(("t-0", 99)),
        answer(("t-7", 5)),
        b'{"batchItemFailures": [{"itemIdentifier": "5"}]}',
        b'{"batchItemFailures": [{"wrong": 1}]}',
    ],
)
def test_these_answers_fail_the_whole_batch(response: bytes) -> None:
    assert left_over(response, BATCH) == BATCH


def test_an_event_is_sent_before_it_is_too_large() -> None:
    large: list[Any] = [record(0, offset, batches.PAYLOAD_LIMIT // 3) for offset in range(5)]
    pieces = what_fits(large)
    assert [one.offset for piece in pieces for one in piece] == list(range(5))
    assert all(len(json.dumps([one.told for one in p])) <= batches.PAYLOAD_LIMIT for p in pieces)
    assert len(pieces) == 3
