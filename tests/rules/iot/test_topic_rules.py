"""When the rules engine tries an action again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.iot import topic_rules
from lambda_nb.rules.iot.topic_rules import after_trouble, http_again


def test_what_a_service_refuses_is_tried_three_times() -> None:
    assert [after_trouble("refused", tries, 0.0) for tries in (1, 2, 3)] == [0.2, 0.4, None]


def test_what_nobody_answers_is_tried_for_two_days() -> None:
    assert after_trouble("unreachable", 100, 48 * 3600 - 60.0) == 60.0
    assert after_trouble("unreachable", 100, 48 * 3600 - 59.9) is None


@given(st.integers(1, 10_000), st.floats(0, 47 * 3600))
def test_waits_grow_up_to_a_minute(attempts: int, age_s: float) -> None:
    now = after_trouble("unreachable", attempts, age_s)
    then = after_trouble("unreachable", attempts + 1, age_s)
    assert now is not None
    assert then is not None
    assert 0.2 <= now <= then <= 60.0


@given(st.integers(1, 10), st.integers(100, 599), st.integers(0, 20_000), st.floats(0, 10))
def test_http_requests_are_repeated_as_the_guide_says(
    tries: int, status: int, size: int, spent_s: float
) -> None:
    again = http_again(tries, status, size, spent_s)
    may = tries < 3 and size <= 16_384 and spent_s < 3 and (status == 429 or status >= 500)
    assert again == may


def test_a_closed_connection_is_not_tried_again() -> None:
    assert not http_again(1, None, 0, 0.0)


def test_the_actions_are_in_order() -> None:
    assert list(topic_rules.CARRIED_OUT) == sorted(topic_rules.CARRIED_OUT)
