"""The execution log of one request, line by line as API Gateway writes it."""

from __future__ import annotations

import hashlib
import time
from datetime import datetime, timezone

from lambda_nb.engine.model import LogSink

_LONGEST = 1024
"""Characters of a line's value; API Gateway cuts log events (REST API guide, "Set up logging")."""


class ExecutionLog:
    """What happens to a request, for people who look for an error.

    Parameters
    ----------
    request_id
        Of the request.
    level
        ``OFF``, ``ERROR`` or ``INFO``.
    data
        Whether headers and bodies are logged, too.

    Attributes
    ----------
    lines : list of (int, str)
        Milliseconds since 1970 and text.
    """

    __slots__ = ("_data", "_level", "_request_id", "lines")

    def __init__(self, request_id: str, level: str = "OFF", *, data: bool = False) -> None:
        self._request_id = request_id
        self._level = level
        self._data = data
        self.lines: list[tuple[int, str]] = []

    @property
    def is_on(self) -> bool:
        """Whether what goes well is logged."""
        return self._level == "INFO"

    def configure(self, level: str, *, data: bool) -> None:
        """Log from now on as a method's settings say."""
        self._level, self._data = level, data

    def say(self, text: str) -> None:
        """Log what happens."""
        if self._level == "INFO":
            self.lines.append((_now(), text))

    def data(self, what: str, value: object) -> None:
        """Log headers, parameters or a body, if they are to be logged."""
        if self._level == "INFO" and self._data:
            text = value.decode("utf-8", "replace") if isinstance(value, bytes) else _shown(value)
            cut = f"{text[:_LONGEST]} [TRUNCATED]" if len(text) > _LONGEST else text
            self.lines.append((_now(), f"{what}: {cut}"))

    def failed(self, text: str) -> None:
        """Log what goes wrong."""
        if self._level != "OFF":
            self.lines.append((_now(), text))

    def text(self) -> str:
        """All of it, as TestInvokeMethod answers it."""
        lines = [f"Execution log for request {self._request_id}"]
        for now_ms, text in self.lines:
            moment = datetime.fromtimestamp(now_ms / 1000, timezone.utc)
            lines.append(f"{moment:%a %b %d %H:%M:%S} UTC {moment:%Y} : {text}")
        return "\n".join(lines) + "\n"

    def write(self, logs: LogSink, api_id: str, stage_name: str) -> None:
        """Write the lines to the stage's log group."""
        if not self.lines:
            return
        group = f"API-Gateway-Execution-Logs_{api_id}/{stage_name}"
        stream = hashlib.md5(self._request_id.encode(), usedforsecurity=False).hexdigest()
        for now_ms, text in self.lines:
            logs.put(group, stream, now_ms, f"({self._request_id}) {text}")


def _now() -> int:
    return time.time_ns() // 1_000_000


def _shown(value: object) -> str:
    """Maps as Java prints them."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_shown(one)}" for key, one in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        if all(isinstance(one, tuple) and len(one) == 2 for one in value):
            return "{" + ", ".join(f"{key}={one}" for key, one in value) + "}"
        return "[" + ", ".join(map(str, value)) + "]"
    return str(value)
