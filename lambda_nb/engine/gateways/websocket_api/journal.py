"""What WebSocket APIs write: access logs, and why something failed."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from lambda_nb.engine.gateways.shared.access_log import STREAM, found_in
from lambda_nb.engine.gateways.websocket_api.connection import now_ms
from lambda_nb.engine.gateways.websocket_api.refusals import Refused
from lambda_nb.engine.gateways.websocket_api.stages import Stage
from lambda_nb.engine.model import LogSink

log = logging.getLogger(__name__)


class Journal:
    """Writes the lines of one event; from its making on, time counts as the integration's.

    Parameters
    ----------
    logs
        Where log lines go.
    stage
        Whose event it is.
    """

    __slots__ = ("_began", "_logs", "_stage")

    def __init__(self, logs: LogSink, stage: Stage) -> None:
        self._logs = logs
        self._stage = stage
        self._began = time.monotonic()

    def done(self, context: Mapping[str, Any], status: int, refused: Refused | None = None) -> None:
        """An event is dealt with.

        Parameters
        ----------
        context
            Its ``requestContext``.
        status
            The status that the integration or the API gave.
        refused
            Why it failed, if it did.
        """
        stage = self._stage
        if refused is not None and refused.reason:
            self._failed(context, refused)
        if stage.access_log is None:
            return
        latency = round((time.monotonic() - self._began) * 1000)
        error = None if refused is None else refused.message
        known = {
            **context,
            "status": status,
            "integrationLatency": latency,
            "integration": {"latency": latency, "status": status, "error": error},
            "integrationErrorMessage": None if refused is None else refused.reason,
            "error": {"message": error, "messageString": error and f'"{error}"'},
        }
        stage.access_log.write(self._logs, partial(found_in, known), now_ms())

    def _failed(self, context: Mapping[str, Any], refused: Refused) -> None:
        stage = self._stage
        log.warning(
            "WebSocket API %s, stage %s, route %s: %s",
            stage.api_id,
            stage.name,
            context["routeKey"],
            refused.reason,
        )
        if stage.logs_errors:
            group = f"/aws/apigateway/{stage.api_id}/{stage.name}"
            line = f"({context['requestId']}) {refused.reason}"
            self._logs.put(group, STREAM, now_ms(), line)
