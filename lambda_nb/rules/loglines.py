r"""The lines that Lambda itself writes to a function's log: rendering and parsing, text and JSON.

Forms (facts/executor.md sections 2 and 3; AWS Developer Guide 2026 and recordings of AWS)::

    INIT_START Runtime Version: python:3.12.v18\tRuntime Version ARN: arn:aws:lambda:...
    START RequestId: <id> Version: $LATEST
    <time> <id> Task timed out after 3.00 seconds
    RequestId: <id> Error: Runtime exited with error: signal: killed\nRuntime.ExitError
    END RequestId: <id>
    REPORT RequestId: <id>\tDuration: 46.84 ms\tBilled Duration: 47 ms\tMemory Size: 192 MB\t...

With the JSON log format each is one object, ``{"time", "type": "platform.x", "record"}``; END, the
line of a timeout and that of an exit have no counterpart there (``platform.runtimeDone`` carries
the status).

Each line is a value with ``text()``, ``record()`` (the JSON record), ``event`` (its JSON type) and
``level`` (the system log level it is written at). :func:`parse` reads either form.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from typing import Any, ClassVar

LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
"""Log levels, least severe first. System logs use the middle three of the first four."""

SUCCESS = "success"


def passes(level: str, threshold: str) -> bool:
    """Whether a line of ``level`` is written when the function's log level is ``threshold``.

    An unknown level passes.
    """
    level, threshold = level.upper(), threshold.upper()
    if level == "WARNING":
        level = "WARN"
    if level == "CRITICAL":
        level = "FATAL"
    if level not in LEVELS or threshold not in LEVELS:
        return True
    return LEVELS.index(level) >= LEVELS.index(threshold)


def billed_ms(duration_ms: float, init_ms: float = 0.0) -> int:
    """Milliseconds billed: duration and init as the REPORT line shows them, added, rounded up.

    Init is billed for every package type since 1 August 2025 (133.61 + 80.00 -> 214).
    """
    hundredths = round(duration_ms * 100) + round(init_ms * 100)
    return math.ceil(hundredths / 100)


def _failure(status: str | None, error_type: str) -> str:
    if status in (None, SUCCESS):
        return ""
    return f"\tStatus: {status}" + (f"\tError Type: {error_type}" if error_type else "")


def _known(record: dict[str, Any]) -> dict[str, Any]:
    """The record without what is not known: AWS leaves such keys out."""
    return {key: value for key, value in record.items() if value is not None and value != ""}


def _severity(status: str | None, otherwise: str) -> str:
    return otherwise if status in (None, SUCCESS) else "WARN"


@dataclass(frozen=True, slots=True)
class InitStart:
    """The init phase begins. ``initialization_type`` and what follows stand in JSON only."""

    event: ClassVar[str] = "platform.initStart"
    runtime_version: str
    runtime_version_arn: str
    initialization_type: str = "on-demand"
    phase: str = "init"
    function_name: str = ""
    function_version: str = ""

    @property
    def level(self) -> str:
        """INFO."""
        return "INFO"

    def text(self) -> str:
        """The line, with its line end."""
        return (
            f"INIT_START Runtime Version: {self.runtime_version}"
            f"\tRuntime Version ARN: {self.runtime_version_arn}\n"
        )

    def record(self) -> dict[str, Any]:
        """The JSON record."""
        return _known(
            {
                "initializationType": self.initialization_type,
                "phase": self.phase,
                "runtimeVersion": self.runtime_version,
                "runtimeVersionArn": self.runtime_version_arn,
                "functionName": self.function_name,
                "functionVersion": self.function_version,
            }
        )

    @classmethod
    def read(cls, record: dict[str, Any]) -> InitStart:
        """The line that a JSON record stands for."""
        return cls(
            record.get("runtimeVersion", ""),
            record.get("runtimeVersionArn", ""),
            record.get("initializationType", "on-demand"),
            record.get("phase", "init"),
            record.get("functionName", ""),
            record.get("functionVersion", ""),
        )


@dataclass(frozen=True, slots=True)
class InitReport:
    """How the init phase went. In text on failure only, but always if not on demand."""

    event: ClassVar[str] = "platform.initReport"
    duration_ms: float
    phase: str = "init"
    status: str | None = None
    error_type: str = ""
    initialization_type: str = "on-demand"

    @property
    def level(self) -> str:
        """WARN on failure; DEBUG on demand, else INFO."""
        usual = "DEBUG" if self.initialization_type == "on-demand" else "INFO"
        return _severity(self.status, usual)

    def text(self) -> str:
        """The line, with its line end."""
        return (
            f"INIT_REPORT Init Duration: {self.duration_ms:.2f} ms\tPhase: {self.phase}"
            f"{_failure(self.status, self.error_type)}\n"
        )

    def record(self) -> dict[str, Any]:
        """The JSON record."""
        return _known(
            {
                "initializationType": self.initialization_type,
                "phase": self.phase,
                "status": self.status or SUCCESS,
                "errorType": self.error_type,
                "metrics": {"durationMs": round(self.duration_ms, 3)},
            }
        )

    @classmethod
    def read(cls, record: dict[str, Any]) -> InitReport:
        """The line that a JSON record stands for."""
        return cls(
            float(record["metrics"]["durationMs"]),
            record.get("phase", "init"),
            record.get("status"),
            record.get("errorType", ""),
            record.get("initializationType", "on-demand"),
        )


@dataclass(frozen=True, slots=True)
class RestoreStart:
    """A SnapStart restore begins."""

    event: ClassVar[str] = "platform.restoreStart"
    runtime_version: str
    runtime_version_arn: str
    function_name: str = ""
    function_version: str = ""

    @property
    def level(self) -> str:
        """INFO."""
        return "INFO"

    def text(self) -> str:
        """The line, with its line end."""
        return (
            f"RESTORE_START Runtime Version: {self.runtime_version}"
            f"\tRuntime Version ARN: {self.runtime_version_arn}\n"
        )

    def record(self) -> dict[str, Any]:
        """The JSON record."""
        return _known(
            {
                "runtimeVersion": self.runtime_version,
                "runtimeVersionArn": self.runtime_version_arn,
                "functionName": self.function_name,
                "functionVersion": self.function_version,
            }
        )

    @classmethod
    def read(cls, record: dict[str, Any]) -> RestoreStart:
        """The line that a JSON record stands for."""
        return cls(
            record.get("runtimeVersion", ""),
            record.get("runtimeVersionArn", ""),
            record.get("functionName", ""),
            record.get("functionVersion", ""),
        )


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """How a SnapStart restore went."""

    event: ClassVar[str] = "platform.restoreReport"
    duration_ms: float
    status: str | None = None
    error_type: str = ""

    @property
    def level(self) -> str:
        """WARN on failure, else INFO."""
        return _severity(self.status, "INFO")

    def text(self) -> str:
        """The line, with its line end."""
        failure = _failure(self.status, self.error_type)
        return f"RESTORE_REPORT Restore Duration: {self.duration_ms:.2f} ms{failure}\n"

    def record(self) -> dict[str, Any]:
        """The JSON record."""
        return _known(
            {
                "status": self.status or SUCCESS,
                "errorType": self.error_type,
                "metrics": {"durationMs": round(self.duration_ms, 3)},
            }
        )

    @classmethod
    def read(cls, record: dict[str, Any]) -> RestoreReport:
        """The line that a JSON record stands for."""
        metrics = record["metrics"]
        return cls(float(metrics["durationMs"]), record.get("status"), record.get("errorType", ""))


@dataclass(frozen=True, slots=True)
class Start:
    """An invocation begins. ``trace`` (the X-Ray header) stands in JSON only."""

    event: ClassVar[str] = "platform.start"
    request_id: str
    version: str
    trace: str = ""

    @property
    def level(self) -> str:
        """INFO."""
        return "INFO"

    def text(self) -> str:
        """The line, with its line end."""
        return f"START RequestId: {self.request_id} Version: {self.version}\n"

    def record(self) -> dict[str, Any]:
        """The JSON record."""
        return _known(
            {
                "requestId": self.request_id,
                "version": self.version,
                "tracing": _tracing(self.trace),
            }
        )

    @classmethod
    def read(cls, record: dict[str, Any]) -> Start:
        """The line that a JSON record stands for."""
        trace = (record.get("tracing") or {}).get("value", "")
        return cls(record["requestId"], record.get("version", ""), trace)


@dataclass(frozen=True, slots=True)
class End:
    """An invocation is over. Text only."""

    request_id: str

    def text(self) -> str:
        """The line, with its line end."""
        return f"END RequestId: {self.request_id}\n"


@dataclass(frozen=True, slots=True)
class RuntimeDone:
    """The runtime has answered, or failed to. JSON only."""

    event: ClassVar[str] = "platform.runtimeDone"
    request_id: str
    duration_ms: float
    status: str = SUCCESS
    error_type: str = ""
    produced_bytes: int | None = None
    trace: str = ""

    @property
    def level(self) -> str:
        """WARN on failure, else DEBUG."""
        return _severity(self.status, "DEBUG")

    def record(self) -> dict[str, Any]:
        """The JSON record."""
        metrics = {
            "durationMs": round(self.duration_ms, 3),
            "producedBytes": self.produced_bytes,
        }
        return _known(
            {
                "requestId": self.request_id,
                "status": self.status,
                "errorType": self.error_type,
                "tracing": _tracing(self.trace),
                "metrics": _known(metrics),
            }
        )

    @classmethod
    def read(cls, record: dict[str, Any]) -> RuntimeDone:
        """The line that a JSON record stands for."""
        metrics = record.get("metrics") or {}
        return cls(
            record["requestId"],
            float(metrics.get("durationMs", 0.0)),
            record.get("status", SUCCESS),
            record.get("errorType", ""),
            metrics.get("producedBytes"),
            (record.get("tracing") or {}).get("value", ""),
        )


@dataclass(frozen=True, slots=True)
class Report:
    """What an invocation took and what is billed. Milliseconds and megabytes.

    ``status`` is ``None`` where a text line says nothing (success, or an older failure).
    """

    event: ClassVar[str] = "platform.report"
    request_id: str
    duration_ms: float
    billed_ms: int
    memory_mb: int
    max_memory_mb: int
    init_ms: float | None = None
    restore_ms: float | None = None
    billed_restore_ms: int | None = None
    status: str | None = None
    error_type: str = ""
    trace: str = ""

    @property
    def level(self) -> str:
        """WARN on failure, else INFO."""
        return _severity(self.status, "INFO")

    def text(self) -> str:
        """The line, with its line end (and AWS's tab before it)."""
        parts = [
            f"REPORT RequestId: {self.request_id}",
            f"Duration: {self.duration_ms:.2f} ms",
            f"Billed Duration: {self.billed_ms} ms",
            f"Memory Size: {self.memory_mb} MB",
            f"Max Memory Used: {self.max_memory_mb} MB",
        ]
        if self.init_ms is not None:
            parts.append(f"Init Duration: {self.init_ms:.2f} ms")
        if self.restore_ms is not None:
            parts.append(f"Restore Duration: {self.restore_ms:.2f} ms")
        if self.billed_restore_ms is not None:
            parts.append(f"Billed Restore Duration: {self.billed_restore_ms} ms")
        failure = _failure(self.status, self.error_type)
        end = failure + "\n" if failure else "\t\n"
        if self.trace:
            end += f"XRAY TraceId: {_root(self.trace)}\tSegmentId: {_parent(self.trace)}"
            end += f"\tSampled: {'true' if 'Sampled=1' in self.trace else 'false'}\t\n"
        return "\t".join(parts) + end

    def record(self) -> dict[str, Any]:
        """The JSON record."""
        metrics = {
            "durationMs": round(self.duration_ms, 3),
            "billedDurationMs": self.billed_ms,
            "memorySizeMB": self.memory_mb,
            "maxMemoryUsedMB": self.max_memory_mb,
            "initDurationMs": None if self.init_ms is None else round(self.init_ms, 3),
            "restoreDurationMs": None if self.restore_ms is None else round(self.restore_ms, 3),
            "billedRestoreDurationMs": self.billed_restore_ms,
        }
        return _known(
            {
                "requestId": self.request_id,
                "metrics": _known(metrics),
                "tracing": _tracing(self.trace),
                "status": self.status or SUCCESS,
                "errorType": self.error_type,
            }
        )

    @classmethod
    def read(cls, record: dict[str, Any]) -> Report:
        """The line that a JSON record stands for."""
        metrics = record["metrics"]
        return cls(
            record["requestId"],
            float(metrics["durationMs"]),
            int(metrics["billedDurationMs"]),
            int(metrics["memorySizeMB"]),
            int(metrics["maxMemoryUsedMB"]),
            metrics.get("initDurationMs"),
            metrics.get("restoreDurationMs"),
            metrics.get("billedRestoreDurationMs"),
            record.get("status"),
            record.get("errorType", ""),
            (record.get("tracing") or {}).get("value", ""),
        )


@dataclass(frozen=True, slots=True)
class _Joined:
    """What extension lines have in common: a name, a state, a list of words."""

    head: ClassVar[str]
    words_name: ClassVar[str]
    words_key: ClassVar[str]
    name: str
    state: str
    words: tuple[str, ...] = ()

    @property
    def level(self) -> str:
        """INFO."""
        return "INFO"

    def text(self) -> str:
        """The line, with its line end."""
        words = ", ".join(self.words)
        return (
            f"{self.head}\tName: {self.name}\tState: {self.state}\t{self.words_name}: [{words}]\n"
        )

    def record(self) -> dict[str, Any]:
        """The JSON record."""
        return {"name": self.name, "state": self.state, self.words_key: list(self.words)}

    @classmethod
    def read(cls, record: dict[str, Any]) -> Any:
        """The line that a JSON record stands for."""
        return cls(record["name"], record["state"], tuple(record.get(cls.words_key, ())))


@dataclass(frozen=True, slots=True)
class Extension(_Joined):
    """An extension is ready; ``words`` are the events it asked for."""

    event: ClassVar[str] = "platform.extension"
    head: ClassVar[str] = "EXTENSION"
    words_name: ClassVar[str] = "Events"
    words_key: ClassVar[str] = "events"


@dataclass(frozen=True, slots=True)
class TelemetrySubscription(_Joined):
    """An extension subscribed to the Telemetry API; ``words`` are the types of events."""

    event: ClassVar[str] = "platform.telemetrySubscription"
    head: ClassVar[str] = "TELEMETRY"
    words_name: ClassVar[str] = "Types"
    words_key: ClassVar[str] = "types"


@dataclass(frozen=True, slots=True)
class LogsSubscription(_Joined):
    """An extension subscribed to the Logs API; ``words`` are the types of events."""

    event: ClassVar[str] = "platform.logsSubscription"
    head: ClassVar[str] = "LOGS"
    words_name: ClassVar[str] = "Types"
    words_key: ClassVar[str] = "types"


@dataclass(frozen=True, slots=True)
class InitRuntimeDone:
    """The runtime is through with its init phase. JSON only."""

    event: ClassVar[str] = "platform.initRuntimeDone"
    initialization_type: str = "on-demand"
    phase: str = "init"
    status: str = SUCCESS
    error_type: str = ""

    @property
    def level(self) -> str:
        """WARN on failure, else DEBUG."""
        return _severity(self.status, "DEBUG")

    def record(self) -> dict[str, Any]:
        """The JSON record."""
        return _known(
            {
                "initializationType": self.initialization_type,
                "phase": self.phase,
                "status": self.status,
                "errorType": self.error_type,
            }
        )

    @classmethod
    def read(cls, record: dict[str, Any]) -> InitRuntimeDone:
        """The line that a JSON record stands for."""
        return cls(
            record.get("initializationType", "on-demand"),
            record.get("phase", "init"),
            record.get("status", SUCCESS),
            record.get("errorType", ""),
        )


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The function ran into its timeout. Text only."""

    time: str
    request_id: str
    timeout_s: float

    def text(self) -> str:
        """The line, with AWS's empty line after it."""
        return f"{self.time} {self.request_id} {timed_out(self.timeout_s)}\n\n"


@dataclass(frozen=True, slots=True)
class Exited:
    """The runtime's process ended during an invocation. Text only."""

    request_id: str
    message: str
    error_type: str = "Runtime.ExitError"

    def text(self) -> str:
        """The line, with its line end."""
        return f"RequestId: {self.request_id} Error: {self.message}\n{self.error_type}\n"


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


def timed_out(timeout_s: float) -> str:
    """The words of a timeout, as the log and the caller's error have them."""
    return f"Task timed out after {timeout_s:.2f} seconds"


def exit_message(status: int | None, signal: str | None) -> str:
    """The words of a process that ended: by an exit status or a signal (its name in Go)."""
    if signal is not None:
        return f"Runtime exited with error: signal: {signal}"
    if status:
        return f"Runtime exited with error: exit status {status}"
    return "Runtime exited without providing a reason"


def _tracing(trace: str) -> dict[str, str] | None:
    if not trace:
        return None
    return _known(
        {"spanId": _parent(trace), "type": "X-Amzn-Trace-Id", "value": trace},
    )


def _part(trace: str, key: str) -> str:
    for part in trace.split(";"):
        name, _, value = part.strip().partition("=")
        if name == key:
            return value
    return ""


def _root(trace: str) -> str:
    return _part(trace, "Root")


def _parent(trace: str) -> str:
    return _part(trace, "Parent")


# --- reading ---

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
        When it is one of them but lacks a figure that it must have.
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
