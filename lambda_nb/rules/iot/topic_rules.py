"""What AWS IoT's rules engine decides: which actions it has, and when it tries one again."""

from __future__ import annotations

from typing import Literal

CARRIED_OUT = (
    "cloudwatchAlarm",
    "cloudwatchLogs",
    "cloudwatchMetric",
    "dynamoDB",
    "dynamoDBv2",
    "elasticsearch",
    "firehose",
    "http",
    "kinesis",
    "lambda",
    "openSearch",
    "republish",
    "s3",
    "sns",
    "sqs",
    "stepFunctions",
    "timestream",
)
"""The actions of topic rules that the engine carries out, by their names in the API. A rule with
another one is refused when it is created."""

Trouble = Literal["unreachable", "refused"]
"""Why an attempt failed that may succeed later: nobody answered, or the service said that it cannot
now (a throttle, an internal error)."""

REFUSED_TRIES = 3
"""Attempts at a service that answers with a throttle or an internal error. AWS says only that it
"might make multiple attempts to perform an action if intermittent errors occur"
(iot-rule-actions); too little throughput is one of its examples of what the error action gets."""
UNREACHABLE_S = 48 * 3600.0
"""Seconds for which a service that does not answer at all is tried."""
FIRST_DELAY_S = 0.2
MOST_DELAY_S = 60.0

HTTP_TRIES = 3
HTTP_TIMEOUT_S = 3.0
HTTP_ANSWER_BYTES = 16_384
"""The HTTP action: at most two retries, within the request timeout altogether, none after a longer
answer (https-rule-action, "HTTP action retry logic"; IoT Core quotas, "Request timeout")."""

MOST_REPUBLISHED = 16
"""Republish actions that a message may go through, one after the other. AWS has no such limit: a
rule that republishes to its own topic runs there until somebody deletes it."""

BATCH_OPEN_MS = 20
BATCH_MESSAGES = 10
BATCH_BYTES = 5120
"""Defaults of the HTTP action's batches: milliseconds, messages, bytes (http_batching)."""


def after_trouble(trouble: Trouble, attempts: int, age_s: float) -> float | None:
    """Seconds until an action is tried again; ``None`` if it has failed for good.

    Parameters
    ----------
    trouble
        What happened to the last attempt.
    attempts
        Attempts so far, at least 1.
    age_s
        Seconds since the message was accepted.

    Examples
    --------
    >>> after_trouble("refused", 1, 0.0), after_trouble("refused", 3, 1.0)
    (0.2, None)
    >>> after_trouble("unreachable", 30, 3600.0)
    60.0
    """
    if trouble == "refused" and attempts >= REFUSED_TRIES:
        return None
    delay_s = min(MOST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(attempts - 1, 30))
    if trouble == "unreachable" and age_s + delay_s > UNREACHABLE_S:
        return None
    return delay_s


def http_again(tries: int, status: int | None, answer_bytes: int, spent_s: float) -> bool:
    """Whether the HTTP action sends its request once more.

    Parameters
    ----------
    tries
        Requests so far.
    status
        Of the last answer; ``None`` if the server closed the connection without one.
    answer_bytes
        Bytes of its body.
    spent_s
        Seconds since the first request began.

    Examples
    --------
    >>> http_again(1, 503, 0, 0.1), http_again(3, 503, 0, 0.1), http_again(1, 404, 0, 0.1)
    (True, False, False)
    """
    if status is None or tries >= HTTP_TRIES or spent_s >= HTTP_TIMEOUT_S:
        return False
    return answer_bytes <= HTTP_ANSWER_BYTES and (status == 429 or 500 <= status <= 599)
