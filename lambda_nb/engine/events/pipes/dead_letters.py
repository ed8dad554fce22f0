"""Sends what a pipe gave up to its dead-letter queue."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence

from lambda_nb.engine.events.asynchronous.destinations import Destinations
from lambda_nb.engine.events.pipes.pipe import Pipe
from lambda_nb.engine.events.polled.mapping import Outcome
from lambda_nb.engine.events.polled.stream import StreamRecord
from lambda_nb.engine.events.polled.stream_failures import described

log = logging.getLogger(__name__)


class DeadLetters:
    """Reports given up records of a stream; it says which they were, not what was in them.

    Parameters
    ----------
    pipe
        The pipe.
    batch_info
        ``KinesisBatchInfo`` or ``DDBStreamBatchInfo``.
    destinations
        Delivers the messages.
    """

    def __init__(self, pipe: Pipe, batch_info: str, destinations: Destinations) -> None:
        self._pipe = pipe
        self._batch_info = batch_info
        self._destinations = destinations

    async def send(
        self,
        shard: str,
        records: Sequence[StreamRecord],
        condition: str,
        outcome: Outcome | None,
        tries: int,
    ) -> bool:
        """Send a message, if the pipe has a queue or topic; returns whether it got there."""
        if not self._pipe.dead_letters:
            return False
        context = {"partnerResourceArn": self._pipe.arn, "condition": condition}
        told = described(self._batch_info, shard, records, self._pipe.source)
        body = json.dumps({"context": context, **told})
        try:
            await self._destinations.dead_letter(self._pipe.dead_letters, body, {})
        except Exception as error:  # whatever a client library raises: the stream must go on
            log.warning("could not deliver to %s: %s", self._pipe.dead_letters, error)
            return False
        return True
