"""Invocations from REPORT lines, where there is no engine that records them."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping
from typing import Any

from lambda_nb.notebook.connection.invocation_log import Record
from lambda_nb.notebook.connection.log_groups import new_events
from lambda_nb.rules.loglines import Report, parse

_LATE_MS = 30_000
_REMEMBERED = 20_000
_PATTERN = '?"REPORT RequestId" ?"platform.report"'
_VERSION = re.compile(r"\[([^\]]+)\]")


class ReportLog:
    """The invocations of the last ``window_s`` seconds.

    Parameters
    ----------
    logs
        A boto3 client of CloudWatch Logs.
    window_s
        Seconds that they are kept.
    config
        The function's configuration.
    """

    def __init__(self, logs: Any, window_s: float, config: Mapping[str, Any]) -> None:
        self._logs = logs
        self._window_s = window_s
        self._name = str(config["FunctionName"])
        self._architecture = str(config.get("Architectures", ["x86_64"])[0])
        self._events = new_events(logs, config, _LATE_MS, pattern=_PATTERN)
        self.records: deque[Record] = deque(maxlen=_REMEMBERED)

    def read(self, now: float) -> list[Record]:
        """Read what is new at ``now`` (epoch seconds) and return it."""
        fresh = []
        try:
            for event in self._events.read(int((now - self._window_s) * 1000)):
                fresh += self._record(event)
        except self._logs.exceptions.ResourceNotFoundException:
            return []  # nothing was invoked yet
        self.records.extend(fresh)
        while self.records and self.records[0].finish < now - self._window_s:
            self.records.popleft()
        return fresh

    def _record(self, event: Mapping[str, Any]) -> list[Record]:
        try:
            report = parse(event["message"])
        except ValueError:  # the function printed something alike
            return []
        if not isinstance(report, Report):
            return []
        finish = event["timestamp"] / 1000
        init_ms = report.init_ms or report.restore_ms or 0.0
        version = _VERSION.search(event["logStreamName"])
        return [
            Record(
                function=self._name,
                version=version[1] if version else "",
                request_id=report.request_id,
                arrival=finish - (report.duration_ms + init_ms) / 1000,
                finish=finish,
                start="cold" if init_ms else "warm",
                status=report.status or "success",
                environment=event["logStreamName"],
                duration_ms=report.duration_ms,
                init_ms=init_ms,
                billed_ms=report.billed_ms,
                memory_mb=report.memory_mb,
                max_memory_mb=report.max_memory_mb,
                architecture=self._architecture,
                code_sha256="",
            )
        ]
