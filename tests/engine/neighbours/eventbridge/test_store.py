"""EventBridge's file: what waits, in which order, and a file that is damaged."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from lambda_nb.engine.neighbours.services.eventbridge.archives import Archives
from lambda_nb.engine.neighbours.services.eventbridge.bus import Buses
from lambda_nb.engine.neighbours.services.eventbridge.metrics import Metrics
from lambda_nb.engine.neighbours.services.eventbridge.store import (
    NAME,
    Archived,
    Delivery,
    Store,
)
from lambda_nb.engine.neighbours.services.eventbridge.targets import errors


def test_deliveries_are_taken_in_order_past_busy_targets(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add([Delivery(0, target, due, f"{target}{due}") for target, due in (
        ("a", 3.0), ("b", 1.0), ("a", 2.0), ("b", 9.0),
    )])  # fmt: skip
    assert [job for _, _, job in store.due(0, 5.0, (), (), 10)] == ["b1.0", "a2.0", "a3.0"]
    assert [job for _, _, job in store.due(0, 5.0, ["a"], (), 10)] == ["b1.0"]
    (number, _, _), *_ = store.due(0, 5.0, (), (), 1)
    assert [job for _, _, job in store.due(0, 5.0, (), [number], 10)] == ["a2.0", "a3.0"]
    assert store.next_due(0, 5.0) == 9.0
    assert store.due(1, 5.0, (), (), 10) == []
    store.postpone(number, 7.0, "later")
    store.drop(store.due(0, 5.0, (), (), 1)[0][0])
    assert [job for _, _, job in Store(tmp_path).due(0, 10.0, (), (), 10)] == [
        "a3.0",
        "later",
        "b9.0",
    ]


def test_archived_events_are_counted_paged_and_forgotten(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.add([], [Archived("x", float(at), 100.0 + at, 10, str(at)) for at in range(5)])
    store.add([], [Archived("y", 1.0, 1.0, 7, "other")])
    assert store.archive_size("x") == (5, 50)
    first = store.archived("x", 1.0, 3.0, (float("-inf"), 0), 2)
    rest = store.archived("x", 1.0, 3.0, first[-1][:2], 2)
    assert [event for _, _, event in [*first, *rest]] == ["1", "2", "3"]
    store.expire("x", 103.0)
    assert store.archive_size("x") == (2, 20)
    store.expire("x")
    assert (store.archive_size("x"), store.archive_size("y")) == ((0, 0), (1, 7))


def test_a_damaged_file_is_kept_aside(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"no database" * 1000)
    store = Store(tmp_path)
    store.add([Delivery(0, "a", 1.0, "job")])
    assert (tmp_path / f"{NAME}.damaged").exists()
    assert (tmp_path / NAME).stat().st_mode & 0o077 == 0


def test_all_or_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(sqlite3.Error):
        store.add([Delivery(0, "a", 1.0, "job"), Delivery(0, "b", 1.0, None)])  # type: ignore[arg-type]
    assert store.due(0, 5.0, (), (), 10) == []


class ThrottlingException(Exception):
    """As a service raises it."""


@pytest.mark.parametrize(
    ("error", "code", "retry"),
    [
        (LookupError("x"), errors.INTERNAL_ERROR, True),
        (ConnectionRefusedError("x"), errors.CONNECTION_FAILURE, True),
        (ThrottlingException("x"), errors.THROTTLING, True),
    ],
)
def test_errors_are_told_in_the_words_of_dead_letters(
    error: Exception, code: str, retry: bool
) -> None:
    told = errors.translated(error)
    assert (told.code, told.retry) == (code, retry)


@pytest.mark.parametrize(
    ("name", "status", "code", "retry"),
    [
        ("AWS.SimpleQueueService.NonExistentQueue", 400, errors.NO_RESOURCE, False),
        ("AccessDeniedException", 403, errors.NO_PERMISSIONS, False),
        ("InternalFailure", 500, errors.ERROR_FROM_TARGET, True),
        ("InvalidParameterValue", 400, errors.INVALID_PARAMETER, False),
        ("ProvisionedThroughputExceededException", 400, errors.THROTTLING, True),
        ("SomethingElse", 409, errors.ERROR_FROM_TARGET, False),
    ],
)
def test_errors_of_services(name: str, status: int, code: str, retry: bool) -> None:
    from botocore.exceptions import ClientError

    response = {
        "Error": {"Code": name, "Message": "m"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    told = errors.translated(ClientError(response, "Call"))  # type: ignore[arg-type]
    assert (told.code, told.message, told.retry) == (code, "m", retry)


def test_archived_events_expire_without_anybody_asking(tmp_path: Path) -> None:
    store = Store(tmp_path)
    archive = SimpleNamespace(arn="a", uuid="1", retention=2)
    days = [
        Archived("a:1", at, time.time() - day * 86_400, 1, "{}") for at, day in ((1, 3), (2, 1))
    ]
    store.add([], days)
    Archives(store, Buses(Metrics()))._expire(archive)
    assert store.archive_size("a:1") == (1, 1)
