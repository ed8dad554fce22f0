"""The waiting times of asynchronous retries."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.events import retry


def test_one_minute_then_two_then_no_more() -> None:
    assert [retry.after_error(n) for n in (1, 2, 3)] == [60.0, 120.0, None]


def test_fewer_attempts_when_configured() -> None:
    assert retry.after_error(1, 0) is None
    assert [retry.after_error(n, 1) for n in (1, 2)] == [60.0, None]


def test_all_waits_are_in_proportion_to_the_first() -> None:
    assert [retry.after_error(n, first_s=0.5) for n in (1, 2, 3)] == [0.5, 1.0, None]


def test_throttles_back_off_from_a_second_to_five_minutes() -> None:
    assert [retry.after_throttle(n) for n in (1, 2, 3)] == [1.0, 2.0, 4.0]
    assert retry.after_throttle(9) == 256.0
    assert retry.after_throttle(10) == 300.0


@given(st.integers(1, 10_000))
def test_backoff_never_shrinks(n: int) -> None:
    assert retry.after_throttle(n) <= retry.after_throttle(n + 1) <= 300.0


def test_what_becomes_of_an_event_after_an_attempt() -> None:
    def then(**more: object) -> object:
        known = {"refused": False, "failures": 1, "throttles": 0, "age_s": 0.0}
        return retry.after_attempt(**(known | more))  # type: ignore[arg-type]

    assert then() == 60.0
    assert then(failures=3) == "RetriesExhausted"
    assert then(refused=True, failures=3, throttles=4) == 8.0
    assert then(age_s=1.0, max_age_s=61.0) == 60.0
    assert then(age_s=1.1, max_age_s=61.0) == "EventAgeExceeded"
    assert then(failures=1, max_attempts=0, max_age_s=0.0) == "RetriesExhausted"
