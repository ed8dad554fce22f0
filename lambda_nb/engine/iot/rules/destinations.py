"""Asks the owners of HTTP destinations whether they want messages."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any
from urllib.parse import quote

from lambda_nb.engine.aws_calls.upstream import TooSlow, Unreachable
from lambda_nb.engine.iot.rules.confirmation_door import link
from lambda_nb.engine.iot.rules.surroundings import Surroundings
from lambda_nb.engine.machine.cancelling import cancelled

log = logging.getLogger(__name__)

_TIMEOUT_S = 10.0
_GATHER_S = 0.02
"""Seconds for which changes are gathered before destinations are looked at."""


class Confirmations:
    """Sends a confirmation request to each destination that waits for one.

    Parameters
    ----------
    surroundings
        The engine.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._asked: set[tuple[str, str]] = set()
        self._task: asyncio.Task[None] | None = None
        self._again = False

    def look(self) -> None:
        """Something of the service ``iot`` has changed."""
        self._again = True
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._look())

    async def close(self) -> None:
        """Stop."""
        if self._task is not None:
            await cancelled([self._task])

    async def _look(self) -> None:
        while self._again:
            self._again = False
            await asyncio.sleep(_GATHER_S)
            try:
                await self._look_at_all()
            except (Unreachable, TooSlow, ValueError) as error:
                log.warning("topic rule destinations cannot be read: %s", error)

    async def _look_at_all(self) -> None:
        page = {"nextToken": ""}
        while (token := page.get("nextToken")) is not None:
            more = f"&nextToken={quote(token, safe='')}" if token else ""
            page = await self._get(f"/destinations?maxResults=100{more}")
            for one in page.get("destinationSummaries") or ():
                if one.get("status") == "IN_PROGRESS" and one.get("httpUrlSummary"):
                    await self._ask(str(one["arn"]))

    async def _ask(self, arn: str) -> None:
        described = (await self._get(f"/destinations/{quote(arn, safe='')}")).get(
            "topicRuleDestination"
        )
        token = (described or {}).get("confirmationToken")
        if not described or not token or (arn, token) in self._asked:
            return
        self._asked.add((arn, token))
        await self._send(arn, str(token), str(described["httpUrlProperties"]["confirmationUrl"]))

    async def _send(self, arn: str, token: str, confirmation_url: str) -> None:
        """The request of "Creating HTTP action destinations" (http-action-destination)."""
        own = self._surroundings.upstream.own_url
        body = {
            "arn": arn,
            "confirmationToken": token,
            "enableUrl": link(own, token, self._surroundings.region),
            "messageType": "DestinationConfirmation",
        }
        headers = {
            "x-amz-rules-engine-message-type": "DestinationConfirmation",
            "x-amz-rules-engine-destination-arn": arn,
            "Content-Type": "application/json",
        }
        slash = "" if confirmation_url.endswith("/") else "/"
        url = f"{confirmation_url}{slash}?confirmationToken={token}"
        try:
            answer = await self._surroundings.upstream.request(
                "POST", url, headers, json.dumps(body).encode(), _TIMEOUT_S
            )
            if answer.status >= 300:
                raise Unreachable(f"{url} answered {answer.status}")
        except (Unreachable, TooSlow) as error:
            log.warning(
                "the confirmation of %s was not taken: %s. Set its status to IN_PROGRESS to have "
                "it sent again (iot update-topic-rule-destination)",
                arn,
                error,
            )

    async def _get(self, target: str) -> Any:
        answer = await self._surroundings.upstream.call_service(
            "iot", self._surroundings.region, "GET", target, {}, b"", _TIMEOUT_S
        )
        return json.loads(answer.body or b"{}") if answer.status < 300 else {}
