"""Where access logs go: to log groups and to Firehose streams."""

from __future__ import annotations

import asyncio
import base64
import logging
import re
from collections.abc import Callable, Mapping

from lambda_nb.engine.gateways.shared.access_log import AccessLog, access_log
from lambda_nb.engine.gateways.shared.services import Services
from lambda_nb.engine.gateways.shared.surroundings import Surroundings
from lambda_nb.engine.gateways.shared.upstream import TooSlow, Unreachable

log = logging.getLogger(__name__)

_STREAM = re.compile(r"arn:aws[a-z-]*:firehose:([a-z0-9-]+):\d{12}:deliverystream/(.+)")
_TIMEOUT_S = 30.0


class AccessLogs:
    """Delivers lines to log groups and to Firehose streams.

    Parameters
    ----------
    surroundings
        What the gateways of the Region work with.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        self._logs = surroundings.logs
        self._services = Services(surroundings.upstream, surroundings.region)
        self._running: set[asyncio.Task[None]] = set()

    def write(self, to: AccessLog, look_up: Callable[[str], object], now_ms: int) -> None:
        """Write the line of a request that ended at ``now_ms``, without waiting for it."""
        stream = _STREAM.fullmatch(to.group)
        if stream is None:
            to.write(self._logs, look_up, now_ms)
            return
        task = asyncio.ensure_future(self._send(stream[1], stream[2], to.line(look_up)))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _send(self, region: str, stream: str, line: str) -> None:
        record = {"Data": base64.b64encode(line.encode() + b"\n").decode()}
        parameters = {"DeliveryStreamName": stream, "Record": record}
        try:
            answer = await self._services.json(
                "firehose", "PutRecord", parameters, _TIMEOUT_S, region
            )
        except (Unreachable, TooSlow) as error:
            log.warning("access log: %s", error)
            return
        if answer.status != 200:
            log.warning("access log: stream %s: %s", stream, answer.body.decode("utf-8", "replace"))


def access_log_of(settings: Mapping[str, str]) -> AccessLog | None:
    """The access log of a stage's ``accessLogSettings``; ``None`` for none."""
    destination, form = settings.get("destinationArn") or "", settings.get("format") or ""
    if form and _STREAM.fullmatch(destination):
        return AccessLog(destination, form)
    return access_log(destination, form)
