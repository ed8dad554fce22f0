"""Results of batches: partial failures, backoff, concurrency of queues."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.events import batches

ITEMS = ["a", "b", "c"]


@pytest.mark.parametrize(
    "response",
    [
        b"",
        b"null",
        b'""',
        b"{}",
        b"[]",
        b'{"batchItemFailures": []}',
        b'{"batchItemFailures": null}',
    ],
)
def test_answers_that_mean_success(response: bytes) -> None:
    assert batches.failed_items(response, ITEMS) == []


@pytest.mark.parametrize(
    "response",
    [
        b"{",
        b'"text"',
        b"[1]",
        b'{"batchItemFailures": [{"itemIdentifier": ""}]}',
        b'{"batchItemFailures": [{"itemIdentifier": null}]}',
        b'{"batchItemFailures": [{"itemIdentifier": "unknown"}]}',
        b'{"batchItemFailures": [{"ItemIdentifier": "a"}]}',
        b'{"batchItemFailures": ["a"]}',
        b'{"batchItemFailures": "a"}',
    ],
)
def test_answers_that_fail_the_batch(response: bytes) -> None:
    assert batches.failed_items(response, ITEMS) == ITEMS


@given(st.lists(st.sampled_from(ITEMS), unique=True))
def test_named_items_fail(failed: list[str]) -> None:
    answer = {"batchItemFailures": [{"itemIdentifier": item} for item in failed]}
    assert batches.failed_items(json.dumps(answer).encode(), ITEMS) == failed


@given(st.integers(1, 10_000))
def test_backoff_grows_to_a_limit(failures: int) -> None:
    wait = batches.backoff(failures)
    assert batches.FIRST_BACKOFF_S <= wait <= batches.backoff(failures + 1)
    assert wait <= batches.MOST_BACKOFF_S


def test_a_queue_scales_with_its_backlog() -> None:
    assert batches.queue_concurrency(0, None) == 5
    assert batches.queue_concurrency(60, None) == 305
    assert batches.queue_concurrency(3600, None) == 1250
    assert batches.queue_concurrency(3600, 10) == 10
    assert batches.queue_concurrency(0, 2) == 2
