"""What one invocation brought back: result, log, duration, bill."""

from __future__ import annotations

import base64
import html
import json
import re
from dataclasses import dataclass, field
from typing import Any

from lambda_nb.notebook import display
from lambda_nb.rules.loglines import Report, parse
from lambda_nb.rules.pricing import MB_PER_GB, book_for

_OWN_LINES = re.compile(r"(INIT_START|START|END|REPORT|INIT_REPORT) ")


@dataclass(frozen=True)
class Answer:
    """The answer to one synchronous invocation.

    Attributes
    ----------
    result
        What the handler returned, decoded from JSON; the error object if it failed.
    payload
        The bytes as they came.
    log
        The last 4 KB of the invocation's log.
    function_error, error_type, error_message
        Empty unless the function failed.
    start
        ``cold`` or ``warm``.
    duration_ms, billed_ms, init_ms, max_memory_mb, memory_mb
        From the REPORT line; ``None`` where there is none.
    """

    function: str
    payload: bytes
    log: str
    request_id: str
    version: str
    function_error: str = ""
    report: Report | None = None
    result: Any = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "result", _decoded(self.payload))

    @classmethod
    def of(cls, function: str, response: dict[str, Any]) -> Answer:
        """Read boto3's response to Invoke."""
        log = base64.b64decode(response.get("LogResult", "")).decode("utf-8", "replace")
        return cls(
            function=function,
            payload=response["Payload"].read(),
            log=log,
            request_id=response["ResponseMetadata"].get("RequestId", ""),
            version=response.get("ExecutedVersion", ""),
            function_error=response.get("FunctionError", ""),
            report=_report(log),
        )

    @property
    def start(self) -> str:
        """``cold`` when the invocation had to initialise an environment, else ``warm``."""
        return "cold" if self.report is not None and self.report.init_ms is not None else "warm"

    @property
    def duration_ms(self) -> float | None:
        """Milliseconds that the handler ran."""
        return self.report.duration_ms if self.report else None

    @property
    def billed_ms(self) -> int | None:
        """Milliseconds that Lambda would bill."""
        return self.report.billed_ms if self.report else None

    @property
    def init_ms(self) -> float | None:
        """Milliseconds of the init phase, if there was one."""
        return self.report.init_ms if self.report else None

    @property
    def max_memory_mb(self) -> int | None:
        """Most memory that the environment had used so far."""
        return self.report.max_memory_mb if self.report else None

    @property
    def memory_mb(self) -> int | None:
        """Memory that the function is configured with."""
        return self.report.memory_mb if self.report else None

    @property
    def cost(self) -> float | None:
        """Dollars for this invocation: duration and request, x86, first tier, no free tier."""
        if self.report is None:
            return None
        book = book_for(None)
        gb_s = self.report.billed_ms / 1e3 * self.report.memory_mb / MB_PER_GB
        return gb_s * book.duration["x86_64"][0][1] + book.request

    @property
    def printed(self) -> str:
        """What the function itself wrote to its log."""
        lines = self.log.splitlines(keepends=True)
        return "".join(line for line in lines if not _OWN_LINES.match(line)).replace("\r", "\n")

    @property
    def error_type(self) -> str:
        """Of a failed invocation: what it raised, or Lambda's name for what happened."""
        return str(self._error("errorType")) if self.function_error else ""

    @property
    def error_message(self) -> str:
        """Of a failed invocation."""
        return str(self._error("errorMessage")) if self.function_error else ""

    def _error(self, key: str) -> Any:
        return self.result.get(key, "") if isinstance(self.result, dict) else self.result

    def _figures(self) -> list[tuple[str, str]]:
        figures = [("start", self.start)]
        if self.report is not None:
            figures.append(("duration", f"{self.report.duration_ms:,.2f} ms"))
            if self.report.init_ms is not None:
                figures.append(("init", f"{self.report.init_ms:,.2f} ms"))
            figures.append(("billed", f"{self.report.billed_ms:,} ms"))
            memory = f"{self.report.max_memory_mb} of {self.report.memory_mb} MB"
            figures.append(("memory", memory))
            figures.append(("cost", f"${self.cost:.10f}".rstrip("0")))
        return figures

    def __repr__(self) -> str:
        told = ", ".join(f"{name} {value}" for name, value in self._figures())
        return f"{_shown(self.result)}\n[{self.function}: {told}]"

    def _repr_html_(self) -> str:
        pills = "".join(
            display.pill(name, value, value if name == "start" else "")
            for name, value in self._figures()
        )
        if self.function_error:
            pills = display.pill("error", self.error_type, "error") + pills
        printed = self.printed.strip()
        log = (
            f"<details><summary>log</summary><pre>{html.escape(self.log.strip())}</pre></details>"
            if printed
            else ""
        )
        body = f"<pre>{html.escape(_shown(self.result))}</pre>"
        return display.card(self.function, body + f"<div class='lnb-row'>{pills}</div>" + log)


def _decoded(payload: bytes) -> Any:
    try:
        return json.loads(payload) if payload else None
    except ValueError:
        return payload


def _shown(value: Any) -> str:
    try:
        return json.dumps(value, indent=2, ensure_ascii=False)
    except (TypeError, ValueError):
        return repr(value)


def _report(log: str) -> Report | None:
    for line in reversed(log.splitlines(keepends=True)):
        if "REPORT" in line or "platform.report" in line:
            try:
                found = parse(line)
            except ValueError:
                return None
            return found if isinstance(found, Report) else None
    return None
