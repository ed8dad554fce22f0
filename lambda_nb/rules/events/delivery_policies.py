"""How SNS tries HTTP endpoints again: delivery policies.

Source: Amazon SNS Developer Guide, "Amazon SNS message delivery retries" (2026). The guide names
four back-off functions and their ends; the steps between, but for the linear one, are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DEFAULT: Mapping[str, Any] = {
    "minDelayTarget": 20,
    "maxDelayTarget": 20,
    "numRetries": 3,
    "numMaxDelayRetries": 0,
    "numNoDelayRetries": 0,
    "numMinDelayRetries": 0,
    "backoffFunction": "linear",
}
"""The healthy retry policy of an endpoint without one of its own; delays in seconds."""

FUNCTIONS = ("arithmetic", "exponential", "geometric", "linear")
MOST_RETRIES = 100
LONGEST_DELAY_S = 3600
LONGEST_TOTAL_S = 3600
"""Limit of all delays of a policy together."""


def delays(policy: Mapping[str, Any]) -> list[float]:
    """The delay before each retry, in seconds.

    Parameters
    ----------
    policy
        A healthy retry policy; what it leaves out is as in :data:`DEFAULT`.

    Examples
    --------
    >>> delays({})
    [20.0, 20.0, 20.0]
    >>> delays({"numRetries": 5, "numNoDelayRetries": 1, "minDelayTarget": 1, "maxDelayTarget": 4})
    [0.0, 1.0, 2.0, 3.0, 4.0]
    """
    told = {**DEFAULT, **policy}
    low, high = float(told["minDelayTarget"]), float(told["maxDelayTarget"])
    at_once, early, late = (
        int(told[name])
        for name in ("numNoDelayRetries", "numMinDelayRetries", "numMaxDelayRetries")
    )
    between = int(told["numRetries"]) - at_once - early - late
    steps = [
        _step(told["backoffFunction"], number, between, low, high) for number in range(between)
    ]
    return [0.0] * at_once + [low] * early + steps + [high] * late


def _step(function: str, number: int, count: int, low: float, high: float) -> float:
    if count == 1:
        return low
    if function == "exponential":
        return min(low * 2.0**number, high)
    part = number / (count - 1)
    if function == "geometric":
        return float(low * (high / low) ** part)
    if function == "arithmetic":
        part = number * (number + 1) / (count * (count - 1))
    return low + (high - low) * part


def problem(policy: Mapping[str, Any]) -> str | None:
    """What is wrong with a healthy retry policy; ``None`` if nothing.

    Examples
    --------
    >>> problem({"numRetries": 101})
    'numRetries must be between 0 and 100'
    >>> problem({"minDelayTarget": 30})
    'maxDelayTarget must be at least minDelayTarget'
    """
    told = {**DEFAULT, **policy}
    unknown = sorted(set(policy) - set(DEFAULT))
    if unknown:
        return f"{unknown[0]} is not an attribute of a retry policy"
    for name, value in told.items():
        if name != "backoffFunction" and (not isinstance(value, int) or value < 0):
            return f"{name} must be a number that is not negative"
    if told["backoffFunction"] not in FUNCTIONS:
        return f"backoffFunction must be one of {', '.join(FUNCTIONS)}"
    if told["numRetries"] > MOST_RETRIES:
        return f"numRetries must be between 0 and {MOST_RETRIES}"
    if told["minDelayTarget"] < 1:
        return "minDelayTarget must be at least 1"
    if told["maxDelayTarget"] < told["minDelayTarget"]:
        return "maxDelayTarget must be at least minDelayTarget"
    if told["maxDelayTarget"] > LONGEST_DELAY_S:
        return f"maxDelayTarget must not be more than {LONGEST_DELAY_S}"
    parts = ("numNoDelayRetries", "numMinDelayRetries", "numMaxDelayRetries")
    if sum(told[name] for name in parts) > told["numRetries"]:
        return "numRetries must be at least the sum of the retries of all phases"
    if sum(delays(policy)) > LONGEST_TOTAL_S:
        return f"all delays together must not be more than {LONGEST_TOTAL_S} seconds"
    return None


def policy_problem(told: Any, *, of_topic: bool) -> str | None:
    """What is wrong with a whole delivery policy; ``None`` if nothing.

    Parameters
    ----------
    told
        The policy, read from JSON.
    of_topic
        Whether it is a topic's, not a subscription's.

    Examples
    --------
    >>> policy_problem({"throttlePolicy": {"maxReceivesPerSecond": 0}}, of_topic=False)
    'throttlePolicy: maxReceivesPerSecond must be a number of at least 1'
    >>> policy_problem({"http": {"defaultThrottlePolicy": {}}}, of_topic=True)
    """
    if not isinstance(told, dict) or not isinstance(told.get("http", {}), dict):
        return "it is no JSON object"
    inner = told.get("http") or {} if of_topic else told
    names = (
        ("defaultHealthyRetryPolicy", "defaultThrottlePolicy", "defaultRequestPolicy")
        if of_topic
        else ("healthyRetryPolicy", "throttlePolicy", "requestPolicy")
    )
    parts = [inner.get(name) or {} for name in names]
    for name, part in zip(names, parts, strict=True):
        if not isinstance(part, dict):
            return f"{name} must be an object"
    retry, throttle, _ = parts
    wrong = problem(retry)
    if wrong is not None:
        return f"{names[0]}: {wrong}"
    rate = throttle.get("maxReceivesPerSecond")
    if rate is not None and (isinstance(rate, bool) or not isinstance(rate, int) or rate < 1):
        return f"{names[1]}: maxReceivesPerSecond must be a number of at least 1"
    return None


def is_worth_retrying(status: int | None) -> bool:
    """Whether an endpoint's answer (``None``: no answer) lets SNS try again.

    Examples
    --------
    >>> [is_worth_retrying(status) for status in (None, 500, 429, 404)]
    [True, True, True, False]
    """
    return status is None or status >= 500 or status == 429
