"""Lines of one invocation: its beginning, its end, what it took and how it failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from lambda_nb.rules.loglines.common import (
    SUCCESS,
    failure,
    known,
    parent,
    root,
    severity,
    tracing,
)


@dataclass(frozen=True, slots=True)
class Start:
    """An invocation begins. ``trace`` (the X-Ray header) is in JSON only."""

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
        return known(
            {
                "requestId": self.request_id,
                "version": self.version,
                "tracing": tracing(self.trace),
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
        return severity(self.status, "DEBUG")

    def record(self) -> dict[str, Any]:
        """The JSON record."""
        metrics = {
            "durationMs": round(self.duration_ms, 3),
            "producedBytes": self.produced_bytes,
        }
        return known(
            {
                "requestId": self.request_id,
                "status": self.status,
                "errorType": self.error_type,
                "tracing": tracing(self.trace),
                "metrics": known(metrics),
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
        return severity(self.status, "INFO")

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
        words = failure(self.status, self.error_type)
        end = words + "\n" if words else "\t\n"
        if self.trace:
            end += f"XRAY TraceId: {root(self.trace)}\tSegmentId: {parent(self.trace)}"
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
        return known(
            {
                "requestId": self.request_id,
                "metrics": known(metrics),
                "tracing": tracing(self.trace),
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


def timed_out(timeout_s: float) -> str:
    """The message of a timeout, in the log and in the caller's error."""
    return f"Task timed out after {timeout_s:.2f} seconds"


def exit_message(status: int | None, signal: str | None) -> str:
    """The message for a process that ended, by exit status or by signal (its name in Go)."""
    if signal is not None:
        return f"Runtime exited with error: signal: {signal}"
    if status:
        return f"Runtime exited with error: exit status {status}"
    return "Runtime exited without providing a reason"
