"""A log event as a record of fields: the system's, those of Lambda's lines, those of JSON.

Source: CloudWatch Logs User Guide, "Supported logs and discovered fields" (2026). Fields are looked
for only when a query names them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from lambda_nb.rules.alarms.reasons import java

_DECODER = json.JSONDecoder()
_LINE = re.compile(r"(START|END|REPORT) RequestId: (\S+)")
_REQUEST = re.compile(r"\t([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?:\t|$)")
_FIGURE = re.compile(
    r"(Duration|Billed Duration|Init Duration|Memory Size|Max Memory Used): ([\d.]+)"
)
_TRACE = re.compile(r"XRAY TraceId: (\S+)(?:\s+SegmentId: (\S+))?")
_FIGURES = {
    "Duration": ("@duration", 1.0),
    "Billed Duration": ("@billedDuration", 1.0),
    "Init Duration": ("@initDuration", 1.0),
    "Memory Size": ("@memorySize", 1e6),
    "Max Memory Used": ("@maxMemoryUsed", 1e6),
}
"""Durations in milliseconds; memory in bytes, a megabyte is a million bytes."""


class Moment(int):
    """A time in milliseconds since 1970, shown as a date."""

    __slots__ = ()


class Figure(float):
    """A figure of a REPORT line, shown as Java writes a double: ``160.0``, ``1.28E8``."""

    __slots__ = ()


class Record(dict[str, Any]):
    """Fields by name; one that is not there is ``None``.

    Fields that are found late are kept. A record that a query made itself has no event.
    """

    __slots__ = ("_json", "_line_read")

    def __init__(self, fields: Mapping[str, Any]) -> None:
        super().__init__(fields)
        self._json: Any = _UNREAD
        self._line_read = False

    def __missing__(self, name: str) -> Any:
        message = self.get("@message")
        if not isinstance(message, str):
            return None
        if name[:1] == "@":
            if self._line_read:
                return None
            self._line_read = True
            for found, value in line_fields(message).items():
                self.setdefault(found, value)
            return self.get(name)
        if self._json is _UNREAD:
            self._json = embedded(message)
        value = self[name] = at_path(self._json, name)
        return value


_UNREAD = object()


def line_fields(message: str) -> dict[str, Any]:
    """The fields of a line of Lambda."""
    line = _LINE.match(message)
    if line is None:
        request = _REQUEST.search(message[:200])
        return {} if request is None else {"@requestId": request[1]}
    found: dict[str, Any] = {"@type": line[1], "@requestId": line[2]}
    if line[1] == "REPORT":
        for what, number in _FIGURE.findall(message):
            name, unit = _FIGURES[what]
            found[name] = Figure(float(number) * unit)
        trace = _TRACE.search(message)
        if trace is not None:
            found["@xrayTraceId"] = trace[1]
            found["@xraySegmentId"] = trace[2]
    return found


def embedded(message: str) -> Any:
    """The first JSON object in a message; ``None`` if there is none."""
    start = message.find("{")
    if start < 0:
        return None
    try:
        found, _ = _DECODER.raw_decode(message, start)
    except ValueError:
        return None
    return found


def at_path(document: Any, path: str) -> Any:
    """The value at ``a.b.0`` of a document; objects and lists as JSON text."""
    value = document
    if isinstance(value, dict) and path in value:
        value = value[path]
    else:
        for part in path.split("."):
            if isinstance(value, dict) and part in value:
                value = value[part]
            elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
                value = value[int(part)]
            else:
                return None
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, (dict, list)):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return value


def shown(value: Any) -> str:
    """A value as a result shows it."""
    if isinstance(value, Moment):
        at = datetime.fromtimestamp(value / 1000, timezone.utc)
        return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03d}"
    if isinstance(value, Figure):
        return java(value)
    if isinstance(value, float):
        return number_text(value)
    return str(value)


def number_text(value: float) -> str:
    """A number without needless digits; large ones as AWS writes them: ``1.28E8``."""
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    if abs(value) < 1e7:
        return str(int(value)) if value.is_integer() else repr(value)
    return java(value)
