"""Logging inside a function: the root logger's handler, its formats, the pipe to the engine.

The engine reads one pipe. Plain lines on it are log events; a message of the ``logging`` module is
framed (type, length, microseconds, text; AWS's telemetry framing), so that it stays one event
however many lines it has.
"""

from __future__ import annotations

import io
import json
import logging
import os
import sys
import time
import traceback
from typing import Any

TIME_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
NO_BREAK_SPACE = "\u00a0"
_JSON, _TEXT = 0, 1
_NO_LEVEL = 0
_OWN_FIELDS = frozenset(logging.makeLogRecord({}).__dict__) | {
    "message",
    "asctime",
    "aws_request_id",
    "tenant_id",
    "taskName",
}


class Unbuffered(io.TextIOWrapper):
    """A text stream that needs no flush: what is printed is out before the next statement."""

    def write(self, text: str) -> int:
        """Write and flush."""
        count = super().write(text)
        self.flush()
        return count


class StandardSink:
    """Writes log events as lines of standard output; the lines of an error are joined by CR."""

    def log(self, message: str, level: int = _NO_LEVEL, form: int = _TEXT) -> None:
        """Write one event."""
        sys.stdout.write(message)

    def log_error(self, lines: list[str], form: int = _TEXT) -> None:
        """Write an error, one event."""
        sys.stdout.write("\r".join(lines) + "\n")


class FramedSink:
    """Writes log events as frames to a pipe of the engine."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def log(self, message: str, level: int = _NO_LEVEL, form: int = _TEXT) -> None:
        """Write one event."""
        text = message.encode("utf-8", "surrogateescape")
        step = 0 if level == _NO_LEVEL else level // 10 + 1
        kind = 0xA55A0002 | step << 2 | form
        frame = kind.to_bytes(4, "big") + len(text).to_bytes(4, "big")
        frame += (time.time_ns() // 1000).to_bytes(8, "big") + text
        while frame:
            frame = frame[os.write(self.fd, frame) :]

    def log_error(self, lines: list[str], form: int = _TEXT) -> None:
        """Write an error, one event."""
        self.log("\n".join(lines), logging.ERROR, form)


class SinkHandler(logging.Handler):
    """Hands formatted records to a sink, with level and form for the engine's log filter."""

    def __init__(self, log_sink: Any, form: int) -> None:
        super().__init__()
        self.log_sink = log_sink
        self.form = form

    def emit(self, record: logging.LogRecord) -> None:
        """Pass one record on."""
        try:
            text = self.format(record)
        except Exception:
            self.handleError(record)
            return
        self.log_sink.log(text, min(50, max(0, record.levelno)) // 10 * 10, self.form)


class RequestFilter(logging.Filter):
    """Adds the request id and tenant id of the invocation under way to every record."""

    request_id: str | None = None
    tenant_id: str | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        """Pass every record."""
        record.aws_request_id = self.request_id or ""
        record.tenant_id = self.tenant_id
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object per record; keys without a value are left out."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON and a line end."""
        level = min(50, max(0, record.levelno)) // 10 * 10
        plain = isinstance(record.msg, dict) and not record.args
        fields: dict[str, Any] = {
            "timestamp": self.formatTime(record, TIME_FORMAT),
            "level": logging.getLevelName(level),
            "message": record.msg if plain else record.getMessage(),
            "logger": record.name,
        }
        if record.exc_info and record.exc_info[0]:
            kind, value, trace = record.exc_info
            fields["stackTrace"] = traceback.format_tb(trace)
            fields["errorType"] = kind.__name__
            fields["errorMessage"] = str(value)
        fields["requestId"] = getattr(record, "aws_request_id", None)
        if record.exc_info:
            fields["location"] = f"{record.pathname}:{record.funcName}:{record.lineno}"
        fields["tenantId"] = getattr(record, "tenant_id", None)
        for key, value in record.__dict__.items():
            if key not in _OWN_FIELDS and key not in fields:
                fields[key] = value
        known = {key: value for key, value in fields.items() if value is not None}
        return json.dumps(known, ensure_ascii=False, default=str) + "\n"


class FunctionLog:
    """What the runtime itself writes, and what it sets up for the function's own logging."""

    def __init__(self) -> None:
        self.json = (os.environ.get("AWS_LAMBDA_LOG_FORMAT") or "").upper() == "JSON"
        self.filter = RequestFilter()
        fd = os.environ.pop("_LAMBDA_TELEMETRY_LOG_FD", None)
        self.sink: Any = StandardSink() if fd is None else FramedSink(int(fd))

    def set_up(self) -> None:
        """Give the root logger Lambda's handler, format and level."""
        for stream in ("stdout", "stderr"):
            raw = open(1 if stream == "stdout" else 2, "wb", closefd=False)  # noqa: SIM115
            text = Unbuffered(raw, encoding="utf-8", errors="backslashreplace")
            setattr(sys, stream, text)
            setattr(sys, f"__{stream}__", text)
        logging.Formatter.converter = time.gmtime
        handler = SinkHandler(self.sink, _JSON if self.json else _TEXT)
        if self.json:
            handler.setFormatter(JsonFormatter())
        else:
            handler.setFormatter(
                logging.Formatter(
                    "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n",
                    "%Y-%m-%dT%H:%M:%S",
                )
            )
        level = (os.environ.get("AWS_LAMBDA_LOG_LEVEL") or "").upper()
        level = {"TRACE": "DEBUG"}.get(level, level)
        root = logging.getLogger()
        if level in logging._nameToLevel:
            root.setLevel(level)
        handler.addFilter(self.filter)
        root.addHandler(handler)

    def error(self, error: dict[str, Any]) -> None:
        """Write an error object as Lambda shows it."""
        if self.json:
            stamp = time.strftime(TIME_FORMAT, time.gmtime())
            fields = {"timestamp": stamp, "level": "ERROR", **error}
            self.sink.log_error([json.dumps(fields, ensure_ascii=False)], _JSON)
            return
        kind, message = error["errorType"], error["errorMessage"]
        first = "[ERROR]" + (f" {kind}" if kind else "")
        if message:
            first += (":" if kind else "") + f" {message}"
        lines = [first, "Traceback (most recent call last):"]
        for element in error["stackTrace"]:
            for line in element.splitlines() or [""]:
                bare = line.lstrip(" ")
                lines.append(NO_BREAK_SPACE * (len(line) - len(bare)) + bare)
        self.sink.log_error(lines)
