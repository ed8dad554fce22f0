"""Executions of jobs: states, timers, order, retries, aborts and rollouts."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.iot import job_executions as executions
from lambda_nb.rules.iot import job_rollout
from lambda_nb.rules.iot.job_executions import Execution, JobError

NOW = 1_700_000_000_000
MINUTE = 60_000


def queued(job: str = "job", number: int = 1, at: int = NOW) -> Execution:
    return Execution(job, "lamp", number, at, at)


def test_starting_counts_the_version_and_starts_the_timers() -> None:
    started = executions.update(
        queued(), "IN_PROGRESS", NOW + 5, details={"step": "1"}, step_minutes=7, timeout_minutes=20
    )
    assert (started.version, started.started_ms, started.updated_ms) == (2, NOW + 5, NOW + 5)
    assert started.details == {"step": "1"}
    assert started.timeout_ms == NOW + 5 + 7 * MINUTE
    assert started.seconds_left(NOW + 5 + MINUTE) == 6 * 60


def test_step_timers_replace_each_other_and_end_before_the_jobs_timer() -> None:
    """The guide's example of 20 minutes with steps of 7, 5 and 9."""
    one = executions.update(queued(), "IN_PROGRESS", NOW, timeout_minutes=20)
    assert one.timeout_ms == NOW + 20 * MINUTE
    one = executions.update(one, "IN_PROGRESS", NOW + 5 * MINUTE, step_minutes=7)
    assert one.timeout_ms == NOW + 12 * MINUTE
    one = executions.update(one, "IN_PROGRESS", NOW + 10 * MINUTE, step_minutes=5)
    assert one.timeout_ms == NOW + 15 * MINUTE
    one = executions.update(one, "IN_PROGRESS", NOW + 13 * MINUTE, step_minutes=9)
    assert one.timeout_ms == NOW + 20 * MINUTE
    one = executions.update(one, "IN_PROGRESS", NOW + 14 * MINUTE, step_minutes=-1)
    assert (one.step_end_ms, one.end_ms) == (None, NOW + 20 * MINUTE)
    assert one.started_ms == NOW


@pytest.mark.parametrize("status", ["FAILED", "REJECTED", "SUCCEEDED"])
def test_what_has_ended_stays_as_it_is(status: str) -> None:
    ended = executions.update(queued(), status, NOW)
    assert (ended.timeout_ms, ended.is_pending) == (None, False)
    with pytest.raises(JobError) as caught:
        executions.update(ended, "IN_PROGRESS", NOW)
    assert caught.value.code == "InvalidStateTransition"
    assert caught.value.execution == ended


def test_the_expected_version_must_be_the_current_one() -> None:
    with pytest.raises(JobError) as caught:
        executions.update(queued(), "SUCCEEDED", NOW, expected_version=2)
    assert (caught.value.code, caught.value.execution) == ("VersionMismatch", queued())
    assert executions.update(queued(), "SUCCEEDED", NOW, expected_version=1).version == 2


@pytest.mark.parametrize("status", ["CANCELED", "QUEUED", "REMOVED", "TIMED_OUT", "nonsense"])
def test_a_device_sets_only_its_own_statuses(status: str) -> None:
    with pytest.raises(JobError) as caught:
        executions.update(queued(), status, NOW)
    assert caught.value.code == "InvalidRequest"


@pytest.mark.parametrize(
    "details",
    [
        {"a b": "x"},
        {"key": ""},
        {"key": 5},
        {"key": "x" * 1025},
        {str(number): "x" for number in range(11)},
        ["a"],
    ],
)
def test_details_that_are_not_valid(details: Any) -> None:
    with pytest.raises(JobError, match="statusDetails") as caught:
        executions.update(queued(), "IN_PROGRESS", NOW, details=details)
    assert caught.value.code == "InvalidRequest"


@pytest.mark.parametrize("minutes", [0, 10_081, -2, "5", True])
def test_step_timers_that_are_not_valid(minutes: Any) -> None:
    with pytest.raises(JobError, match="stepTimeoutInMinutes"):
        executions.update(queued(), "IN_PROGRESS", NOW, step_minutes=minutes)


def test_details_stay_unless_they_are_given() -> None:
    one = executions.update(queued(), "IN_PROGRESS", NOW, details={"a": "1"})
    assert executions.update(one, "IN_PROGRESS", NOW).details == {"a": "1"}
    assert executions.update(one, "IN_PROGRESS", NOW, details={"b": "2"}).details == {"b": "2"}


def test_those_in_progress_are_first_and_then_the_oldest() -> None:
    first, second, third = (queued(name, at=NOW + n) for n, name in enumerate(("a", "b", "c")))
    running = executions.update(third, "IN_PROGRESS", NOW + 9)
    done = executions.update(queued("d"), "SUCCEEDED", NOW)
    assert executions.in_order([done, second, running, first]) == [running, first, second]


RETRY_FAILED = {"failureType": "FAILED", "numberOfRetries": 2}
RETRY_ALL = {"failureType": "ALL", "numberOfRetries": 1}


def failed(number: int, status: str = "FAILED") -> Execution:
    return executions.end(queued(number=number), status, NOW)


def test_failures_are_retried_as_often_as_the_job_says() -> None:
    assert executions.retried([RETRY_FAILED], failed(1), [])
    assert executions.retried([RETRY_FAILED], failed(2), [failed(1)])
    assert not executions.retried([RETRY_FAILED], failed(3), [failed(1), failed(2)])
    assert not executions.retried([RETRY_FAILED], failed(1, "TIMED_OUT"), [])
    assert not executions.retried([RETRY_FAILED], failed(1, "REJECTED"), [])
    assert executions.retried([RETRY_ALL], failed(1, "TIMED_OUT"), [])
    assert not executions.retried([RETRY_ALL], failed(2, "TIMED_OUT"), [failed(1)])
    assert not executions.retried([], failed(1), [])


def test_a_job_is_aborted_when_enough_things_failed() -> None:
    criterion = {
        "failureType": "FAILED",
        "action": "CANCEL",
        "thresholdPercentage": 50.0,
        "minNumberOfExecutedThings": 4,
    }
    one_each = Counter(["FAILED", "REJECTED", "TIMED_OUT", "SUCCEEDED"])
    assert not executions.to_be_aborted([criterion], {"FAILED": 3, "QUEUED": 5})
    assert executions.to_be_aborted([criterion], {"FAILED": 2, "SUCCEEDED": 1, "REJECTED": 1})
    assert not executions.to_be_aborted([criterion], one_each)
    of_all = {**criterion, "failureType": "ALL"}
    assert executions.to_be_aborted([of_all], one_each)
    assert not executions.to_be_aborted([of_all], {"SUCCEEDED": 4, "CANCELED": 4})


def test_a_rollout_grows_as_the_guide_says() -> None:
    config = {
        "maximumPerMinute": 1000,
        "exponentialRate": {
            "baseRatePerMinute": 50,
            "incrementFactor": 2,
            "rateIncreaseCriteria": {"numberOfNotifiedThings": 1000},
        },
    }
    rates = [job_rollout.rate(config, notified, 0) for notified in (0, 999, 1000, 2000, 3000)]
    assert rates == [50, 50, 100, 200, 400]
    assert job_rollout.rate(config, 100_000, 0) == 1000
    config["exponentialRate"]["rateIncreaseCriteria"] = {"numberOfSucceededThings": 10}  # type: ignore[index]
    assert job_rollout.rate(config, 0, 25) == 200


def test_what_is_due_of_a_rollout() -> None:
    assert job_rollout.due({}, 0, 0, 0) == 1000
    assert job_rollout.due({"maximumPerMinute": 5}, 0, 0, 0) == 5
    assert job_rollout.due({"maximumPerMinute": 5}, 3, 3, 0) == 2
    assert job_rollout.due({"maximumPerMinute": 5}, 9, 9, 0) == 0


@given(
    st.lists(
        st.tuples(
            st.sampled_from(executions.BY_DEVICE),
            st.none() | st.integers(1, 5),
            st.none() | st.integers(1, 20),
            st.integers(0, 10 * MINUTE),
        ),
        max_size=8,
    )
)
def test_versions_grow_by_one_and_ends_are_final(steps: list[Any]) -> None:
    one, now, changes = queued(), NOW, 0
    for status, expected, minutes, later in steps:
        now += later
        told = {"expected_version": expected, "step_minutes": minutes, "timeout_minutes": 9}
        wrong = expected not in (None, one.version)
        if wrong or not one.is_pending:
            with pytest.raises(JobError) as caught:
                executions.update(one, status, now, **told)
            code = "VersionMismatch" if wrong else "InvalidStateTransition"
            assert caught.value.code == code
            continue
        after = executions.update(one, status, now, **told)
        changes += 1
        assert after.version == 1 + changes
        assert after.queued_ms <= (after.started_ms or NOW) <= after.updated_ms == now
        if after.timeout_ms is not None and after.started_ms is not None:
            assert after.timeout_ms <= after.started_ms + 9 * MINUTE
        one = after
