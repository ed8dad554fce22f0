"""One environment's log stream: Lambda's own lines and the function's, filtered, with a tail."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from lambda_nb.engine.execution.clock import epoch_ms, iso
from lambda_nb.engine.model import FunctionVersion, LogSink
from lambda_nb.rules import loglines

TAIL_BYTES = 4096
"""How much of an invocation's log ``LogType=Tail`` returns (AWS Developer Guide)."""

_ALWAYS = (loglines.Start, loglines.End, loglines.Report)
"""Lines of the text format that every invocation writes."""

Listener = Callable[[str, int, Any], None]
"""Called for every event with ``(type, epoch milliseconds, record)``: the Telemetry API."""


def stream_name(function: FunctionVersion, identifier: str) -> str:
    """Name of an environment's log stream: ``2026/11/23/[$LATEST]`` (today), its 32 hex digits.

    In a log group that the function was given, its name stands before the version (AWS Developer
    Guide, "Configuring CloudWatch log groups").
    """
    own = function.log_group in ("", f"/aws/lambda/{function.name}")
    name = "" if own else function.name
    return f"{datetime.now(timezone.utc):%Y/%m/%d}/{name}[{function.version}]{identifier}"


class FunctionLog:
    """Writes the log of one environment in the function's format, at the function's levels."""

    def __init__(self, function: FunctionVersion, sink: LogSink) -> None:
        self.group = function.log_group or f"/aws/lambda/{function.name}"
        self.environment = uuid.uuid4().hex
        self.stream = stream_name(function, self.environment)
        self._function = function
        self._json = function.log_format == "JSON"
        self._system_level = function.system_log_level or "INFO"
        self._application_level = function.application_log_level or "INFO"
        self._sink = sink
        self._tail: list[str] = []
        self._tail_length = 0
        self.listeners: list[Listener] = []
        self._early: list[tuple[str, int, Any]] | None = []

    def open(self) -> None:
        """The environment starts: its stream gets today's date."""
        self.stream = stream_name(self._function, self.environment)

    def begin(self) -> None:
        """A new invocation: its tail starts empty."""
        self._tail.clear()
        self._tail_length = 0
        self._early = None

    @property
    def wants_details(self) -> bool:
        """Whether anybody reads the events that the text format leaves out."""
        return self._json or bool(self.listeners)

    def subscribe(self, listener: Listener) -> None:
        """Send ``listener`` every event from the init phase on."""
        for event in self._early or ():
            listener(*event)
        self.listeners.append(listener)

    def tail(self) -> bytes:
        """The last 4 KB since :meth:`begin`."""
        return "".join(self._tail).encode("utf-8")[-TAIL_BYTES:]

    def platform(self, line: loglines.Line) -> None:
        """Write one of Lambda's own lines, in the function's log format."""
        now = epoch_ms()
        if isinstance(line, _ALWAYS) and not self.wants_details and self._early is None:
            self._put(now, line.text())
            return
        if isinstance(line, (loglines.End, loglines.TimedOut, loglines.Exited)):
            if not self._json:
                self._put(now, line.text())
            return
        if self.listeners or self._early is not None:
            self._tell(line.event, now, line.record())
        if self._json:
            if loglines.passes(line.level, self._system_level):
                self._put(now, loglines.json_text(line, iso(now)))
        elif not isinstance(line, (loglines.RuntimeDone, loglines.InitRuntimeDone)):
            expected = isinstance(line, loglines.InitReport) and line.level == "DEBUG"
            if not expected:
                self._put(now, line.text())

    def function(self, message: str, timestamp_ms: int | None, level: str | None) -> None:
        """Write what the runtime or the function wrote."""
        self._write("function", message, timestamp_ms, level)

    def extension(self, message: str, timestamp_ms: int | None, level: str | None) -> None:
        """Write what an external extension wrote."""
        self._write("extension", message, timestamp_ms, level)

    def notice(self, text: str) -> None:
        """Write a message from the engine to the function's author, whatever the log levels."""
        now = epoch_ms()
        fields = {"timestamp": iso(now), "level": "WARN", "message": text}
        self._put(now, (json.dumps(fields) if self._json else f"[lambda_nb] {text}") + "\n")

    def _write(self, kind: str, message: str, timestamp_ms: int | None, level: str | None) -> None:
        at = timestamp_ms or epoch_ms()
        if self.listeners or self._early is not None:
            self._tell(kind, at, message)
        if self._json:
            level = level or _level_of(message)
            if level is not None and not loglines.passes(level, self._application_level):
                return
        self._put(at, message if message.endswith("\n") else message + "\n")

    def _tell(self, kind: str, at: int, record: Any) -> None:
        if self._early is not None:
            self._early.append((kind, at, record))
        for listener in self.listeners:
            listener(kind, at, record)

    def _put(self, at: int, message: str) -> None:
        self._tail.append(message)
        self._tail_length += len(message)
        if self._tail_length > 16 * TAIL_BYTES:
            self._tail = ["".join(self._tail)[-TAIL_BYTES:]]
            self._tail_length = TAIL_BYTES
        self._sink.put(self.group, self.stream, at, message)


def _level_of(message: str) -> str | None:
    """The level of a line that is a JSON object with one; ``None`` for any other line."""
    if not message.startswith("{"):
        return None
    try:
        fields = json.loads(message)
    except ValueError:
        return None
    level = fields.get("level")
    return level if isinstance(level, str) else None
