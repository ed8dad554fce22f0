"""How SNS tries HTTP endpoints again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lambda_nb.rules.events import delivery_policies

POLICIES = st.fixed_dictionaries(
    {
        "minDelayTarget": st.integers(1, 20),
        "maxDelayTarget": st.integers(1, 40),
        "numRetries": st.integers(0, 60),
        "numNoDelayRetries": st.integers(0, 5),
        "numMinDelayRetries": st.integers(0, 5),
        "numMaxDelayRetries": st.integers(0, 5),
        "backoffFunction": st.sampled_from(sorted(delivery_policies.FUNCTIONS)),
    }
)


@given(POLICIES)
def test_delays_keep_to_their_policy(policy: dict[str, Any]) -> None:
    assume(delivery_policies.problem(policy) is None)
    waits = delivery_policies.delays(policy)
    assert len(waits) == policy["numRetries"]
    at_once = policy["numNoDelayRetries"]
    assert waits[:at_once] == [0.0] * at_once
    later = waits[at_once:]
    assert later == sorted(later)
    assert all(policy["minDelayTarget"] <= one <= policy["maxDelayTarget"] + 1e-9 for one in later)
    assert sum(waits) <= delivery_policies.LONGEST_TOTAL_S


@given(st.dictionaries(st.text(), st.integers() | st.text(), max_size=4))
def test_any_policy_is_judged(policy: dict[str, Any]) -> None:
    if delivery_policies.problem(policy) is None:
        delivery_policies.delays(policy)


@pytest.mark.parametrize(
    ("policy", "complaint"),
    [
        ({"backoffFunction": "random"}, "backoffFunction must be one of"),
        ({"color": 1}, "color is not an attribute"),
        ({"maxDelayTarget": 3600, "numRetries": 10}, "all delays together"),
        ({"maxDelayTarget": 3601}, "must not be more than 3600"),
        ({"minDelayTarget": 0}, "at least 1"),
        ({"numNoDelayRetries": 2, "numRetries": 1}, "sum of the retries"),
        ({"numRetries": -1}, "not negative"),
    ],
)
def test_bad_policies_are_named(policy: dict[str, Any], complaint: str) -> None:
    assert complaint in str(delivery_policies.problem(policy))


def test_exponential_back_off_reaches_its_end_first() -> None:
    policy = {"minDelayTarget": 5, "maxDelayTarget": 260, "numRetries": 10}
    fast = delivery_policies.delays({**policy, "backoffFunction": "exponential"})
    assert fast[:3] == [5.0, 10.0, 20.0]
    for name in ("arithmetic", "geometric", "linear"):
        other = delivery_policies.delays({**policy, "backoffFunction": name})
        assert (other[0], round(other[-1])) == (5.0, 260)
        assert fast.index(260.0) < len(other) - 1
