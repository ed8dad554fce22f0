"""``lambda_nb.event``: a test event of any source, as AWS would send it."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from typing import Any

from lambda_nb.notebook.errors import UsageError
from lambda_nb.notebook.events import records, services, web

_MAKERS: dict[str, Callable[..., Any]] = {
    "s3": records.s3,
    "sqs": records.sqs,
    "sns": records.sns,
    "dynamodb": records.dynamodb,
    "kinesis": records.kinesis,
    "firehose": records.firehose,
    "kafka": records.kafka,
    "activemq": records.activemq,
    "rabbitmq": records.rabbitmq,
    "ses": records.ses,
    "http": web.http,
    "url": web.url,
    "rest": web.rest,
    "alb": web.alb,
    "websocket": web.websocket,
    "authorizer": web.authorizer,
    "edge": web.edge,
    "eventbridge": services.eventbridge,
    "schedule": services.schedule,
    "logs": services.logs,
    "iot": services.iot,
    "cognito": services.cognito,
    "alarm": services.alarm,
    "s3batch": services.batch,
    "config": services.config,
}
_ALSO = {
    "events": "eventbridge",
    "cloudwatch": "alarm",
    "apigateway": "rest",
    "api": "http",
    "function-url": "url",
    "cloudfront": "edge",
    "mq": "activemq",
    "cron": "schedule",
    "email": "ses",
    "elb": "alb",
}
SOURCES = tuple(_MAKERS)
"""The sources that there are."""


def event(source: str, **details: Any) -> Any:
    """A test event of a source, as AWS would send it: with new ids, and the time now.

    Parameters
    ----------
    source
        ``s3``, ``sqs``, ``sns``, ``dynamodb``, ``kinesis``, ``firehose``, ``kafka``, ``activemq``,
        ``rabbitmq``, ``ses``, ``http`` (HTTP API), ``url`` (function URL), ``rest`` (REST API),
        ``alb``, ``websocket``, ``authorizer``, ``edge``, ``eventbridge``, ``schedule``, ``logs``,
        ``iot``, ``cognito``, ``alarm``, ``s3batch`` or ``config``.
    **details
        What is in it; each source has its own: ``bucket`` and ``key`` of S3, ``body`` of SQS, ...
        A list of keys, bodies or data makes one record for each. A wrong name lists the right ones.

    Returns
    -------
    dict
        The event (of ``iot`` any value); change it as you like.

    Raises
    ------
    UsageError
        There is no such source, or it has no such detail.

    Examples
    --------
    >>> uploaded = event("s3", bucket="photos", key="my cat.jpg")
    >>> uploaded["Records"][0]["s3"]["object"]["key"]
    'my+cat.jpg'
    >>> [record["body"] for record in event("sqs", body=["a", {"n": 1}])["Records"]]
    ['a', '{"n": 1}']
    """
    name = str(source).lower()
    make = _MAKERS.get(_ALSO.get(name, name))
    if make is None:
        near = difflib.get_close_matches(name, [*_MAKERS, *_ALSO], 1)
        hint = f"did you mean {_ALSO.get(near[0], near[0])}? " if near else ""
        raise UsageError(f"{source!r} is no event source; {hint}There are {', '.join(_MAKERS)}.")
    known = _details(make)
    wrong = sorted(details.keys() - known.keys())
    if wrong:
        listed = ", ".join(f"{one}={default!r}" for one, default in known.items())
        raise UsageError(f"an event of {name} has no {', '.join(wrong)}; it has {listed}")
    return make(**details)


def _details(make: Callable[..., Any]) -> dict[str, Any]:
    """What a source's event can have, with the defaults."""
    if make is web.url:
        make = web.http
    return {name: given.default for name, given in inspect.signature(make).parameters.items()}
