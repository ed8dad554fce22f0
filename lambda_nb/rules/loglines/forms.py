"""Writing log lines as JSON, and parsing both forms (text and JSON)."""

from __future__ import annotations

import json
import re
from typing import Any

from lambda_nb.rules.loglines.extensions import Extension, LogsSubscription, TelemetrySubscription
from lambda_nb.rules.loglines.invocations import (
    End,
    Exited,
    Report,
    RuntimeDone,
    Start,
    TimedOut,
)
from lambda_nb.rules.loglines.phases import (
    InitReport,
    InitRuntimeDone,
    InitStart,
    RestoreReport,
    RestoreStart,
)

JSONLine = (
    InitStart
    | InitRuntimeDone
    | InitReport
    | RestoreStart
    | RestoreReport
    | Start
    | RuntimeDone
    | Report
    | Extension
    | TelemetrySubscription
    | LogsSubscription
)
Line = JSONLine | End | TimedOut | Exited

_JSON_LINES: dict[str, Any] = {
    line.event: line
    for line in (
        InitStart,
        InitRuntimeDone,
        InitReport,
        RestoreStart,
        RestoreReport,
        Start,
        RuntimeDone,
        Report,
        Extension,
        TelemetrySubscription,
        LogsSubscription,
    )
}


def json_text(line: JSONLine, time: str) -> str:
    """A line in the JSON log format; ``time`` is ISO 8601 with milliseconds and ``Z``."""
    event = {"time": time, "type": line.event, "record": line.record()}
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False) + "\n"


_START = re.compile(r"START RequestId: (\S+)(?: Version: (\S+))?\s*\Z")
_END = re.compile(r"END RequestId: (\S+)\s*\Z")
_INIT_START = re.compile(
    r"(INIT|RESTORE)_START Runtime Version: ([^\t]*)(?:\tRuntime Version ARN: (\S*))?\s*\Z"
)
_JOINED = re.compile(
    r"(EXTENSION|TELEMETRY|LOGS)\tName: ([^\t]*)\tState: ([^\t]*)\t(?:Events|Types): \[(.*)\]\s*\Z"
)
_JOINED_LINES: dict[str, Any] = {
    line.head: line for line in (Extension, TelemetrySubscription, LogsSubscription)
}
_TIMED_OUT = re.compile(r"(\S+) (\S+) Task timed out after ([\d.]+) seconds\s*\Z")
_EXITED = re.compile(r"RequestId: (\S+) Error: ([^\n]*)\n(\S+)\s*\Z")
_REPORT = re.compile(r"REPORT RequestId: (\S+)\s+(.*)", re.DOTALL)
# A tab or spaces stand before a key, so that "Billed Duration" is not taken for "Duration".
_PAIRS = re.compile(
    r"(?:^|\s)(Billed Restore Duration|Restore Duration|Billed Duration|Init Duration|Duration|"
    r"Memory Size|Max Memory Used|Status|Error Type|Phase|TraceId|SegmentId|Sampled): (\S+)"
)


def parse(message: str) -> Line | None:
    """Read one log event; ``None`` when it is not one of Lambda's own lines.

    Raises
    ------
    ValueError
        When it is one of them but lacks a required figure.
    """
    if message.startswith("{"):
        return _parse_json(message) if '"platform.' in message else None
    try:
        return _parse_text(message)
    except KeyError as error:
        raise ValueError(f"log line without a {error.args[0]!r}: {message[:300]!r}") from None


def _parse_json(message: str) -> Line | None:
    try:
        event = json.loads(message)
    except ValueError:
        return None
    kind = _JSON_LINES.get(event.get("type", ""))
    record = event.get("record")
    if kind is None or not isinstance(record, dict):
        return None
    try:
        line: Line = kind.read(record)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{event['type']} without a proper {error}: {message[:300]!r}") from None
    return line


def _parse_text(message: str) -> Line | None:
    if found := _START.match(message):
        return Start(found[1], found[2] or "")
    if found := _END.match(message):
        return End(found[1])
    if found := _REPORT.match(message):
        return _parse_report(found[1], dict(_PAIRS.findall(found[2])))
    if found := _INIT_START.match(message):
        kind = InitStart if found[1] == "INIT" else RestoreStart
        return kind(found[2], found[3] or "")
    if message.startswith("INIT_REPORT "):
        pairs = dict(_PAIRS.findall(message))
        return InitReport(
            float(pairs["Init Duration"]),
            pairs.get("Phase", "init"),
            pairs.get("Status"),
            pairs.get("Error Type", ""),
        )
    if message.startswith("RESTORE_REPORT "):
        pairs = dict(_PAIRS.findall(message))
        return RestoreReport(
            float(pairs["Restore Duration"]), pairs.get("Status"), pairs.get("Error Type", "")
        )
    if found := _JOINED.match(message):
        words = tuple(found[4].split(", ")) if found[4] else ()
        joined: Line = _JOINED_LINES[found[1]](found[2], found[3], words)
        return joined
    if found := _TIMED_OUT.match(message):
        return TimedOut(found[1], found[2], float(found[3]))
    if found := _EXITED.match(message):
        return Exited(found[1], found[2], found[3])
    return None


def _parse_report(request_id: str, pairs: dict[str, str]) -> Report:
    init, restore = pairs.get("Init Duration"), pairs.get("Restore Duration")
    billed_restore = pairs.get("Billed Restore Duration")
    trace = ""
    if "TraceId" in pairs:
        sampled = int(pairs.get("Sampled") == "true")
        trace = f"Root={pairs['TraceId']};Parent={pairs.get('SegmentId', '')};Sampled={sampled}"
    return Report(
        request_id,
        float(pairs["Duration"]),
        int(pairs["Billed Duration"]),
        int(pairs["Memory Size"]),
        int(pairs["Max Memory Used"]),
        None if init is None else float(init),
        None if restore is None else float(restore),
        None if billed_restore is None else int(billed_restore),
        pairs.get("Status"),
        pairs.get("Error Type", ""),
        trace,
    )
