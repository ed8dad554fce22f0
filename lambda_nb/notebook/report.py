"""What the log tail of an invocation says: its REPORT line, read into numbers."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

_TEXT = re.compile(
    r"^REPORT RequestId: (?P<request_id>\S+)\tDuration: (?P<duration>[\d.]+) ms\t"
    r"Billed Duration: (?P<billed>\d+) ms\tMemory Size: (?P<memory>\d+) MB\t"
    r"Max Memory Used: (?P<used>\d+) MB(?:\tInit Duration: (?P<init>[\d.]+) ms)?"
    r"(?:\tRestore Duration: (?P<restore>[\d.]+) ms)?",
    re.MULTILINE,
)

_PLATFORM = ("START RequestId", "END RequestId", "REPORT RequestId", "INIT_START")


@dataclass(frozen=True)
class Report:
    """One REPORT line. Times in milliseconds, memory in MB; ``init_ms`` only of a cold start."""

    request_id: str
    duration_ms: float
    billed_ms: int
    memory_mb: int
    max_memory_mb: int
    init_ms: float | None


def read(tail: str) -> Report | None:
    """Find the report in the tail of a log, text or JSON; None if there is none."""
    match = _TEXT.search(tail)
    if match:
        init = match["init"] or match["restore"]
        return Report(
            match["request_id"],
            float(match["duration"]),
            int(match["billed"]),
            int(match["memory"]),
            int(match["used"]),
            float(init) if init else None,
        )
    for line in reversed(tail.splitlines()):
        if '"platform.report"' in line:
            return _json(line)
    return None


def _json(line: str) -> Report | None:
    try:
        record = json.loads(line)["record"]
        metrics = record["metrics"]
        return Report(
            record["requestId"],
            metrics["durationMs"],
            metrics["billedDurationMs"],
            metrics["memorySizeMB"],
            metrics["maxMemoryUsedMB"],
            metrics.get("initDurationMs", metrics.get("restoreDurationMs")),
        )
    except (ValueError, KeyError):  # cut off at the beginning of the tail
        return None


def without_platform_lines(tail: str) -> str:
    """What the function itself wrote."""
    kept = [
        line
        for line in tail.splitlines()
        if not line.startswith(
            ("START RequestId", "END RequestId", "REPORT RequestId", "INIT_START")
        )
        and '"type":"platform.' not in line.replace(" ", "")
    ]
    return "\n".join(kept).strip("\n")
