"""Queues events that services push (S3, SNS, EventBridge, Logs) as asynchronous invocations."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Awaitable, Callable

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.model import Invocation

log = logging.getLogger(__name__)

Submit = Callable[[str, "str | None", Invocation], Awaitable[None]]


class Pushes:
    """Puts pushed events into the asynchronous queue.

    Parameters
    ----------
    submit
        :meth:`~lambda_nb.engine.events.asynchronous.queue.AsyncQueue.submit`.
    """

    def __init__(self, submit: Submit) -> None:
        self._submit = submit

    async def __call__(self, source: str, function_arn: str, payload: bytes) -> None:
        """Queue one event for a function, by its ARN, with or without a qualifier."""
        invocation = Invocation(
            request_id=str(uuid.uuid4()), payload=payload, invoked_arn=function_arn, source=source
        )
        try:
            await self._submit(function_arn, None, invocation)
        except AWSError as error:
            log.warning("an event of %s for %s is lost: %s", source, function_arn, error)
