r"""The lines that Lambda itself writes to a function's log: rendering and parsing, text and JSON.

Forms (facts/executor.md sections 2 and 3; AWS Developer Guide 2026 and recordings of AWS)::

    INIT_START Runtime Version: python:3.12.v18\tRuntime Version ARN: arn:aws:lambda:...
    START RequestId: <id> Version: $LATEST
    <time> <id> Task timed out after 3.00 seconds
    RequestId: <id> Error: Runtime exited with error: signal: killed\nRuntime.ExitError
    END RequestId: <id>
    REPORT RequestId: <id>\tDuration: 46.84 ms\tBilled Duration: 47 ms\tMemory Size: 192 MB\t...

With the JSON log format each is one object, ``{"time", "type": "platform.x", "record"}``; The
END, timeout and exit lines have no JSON form: ``platform.runtimeDone`` carries the status.

Each line is a value with ``text()``, ``record()`` (the JSON record), ``event`` (its JSON type) and
``level`` (the system log level it is written at). :func:`parse` reads either form.
"""

from __future__ import annotations

from lambda_nb.rules.loglines.common import LEVELS, SUCCESS, billed_ms, passes
from lambda_nb.rules.loglines.extensions import Extension, LogsSubscription, TelemetrySubscription
from lambda_nb.rules.loglines.forms import JSONLine, Line, json_text, parse
from lambda_nb.rules.loglines.invocations import (
    End,
    Exited,
    Report,
    RuntimeDone,
    Start,
    TimedOut,
    exit_message,
    timed_out,
)
from lambda_nb.rules.loglines.phases import (
    InitReport,
    InitRuntimeDone,
    InitStart,
    RestoreReport,
    RestoreStart,
)

__all__ = [
    "LEVELS",
    "SUCCESS",
    "End",
    "Exited",
    "Extension",
    "InitReport",
    "InitRuntimeDone",
    "InitStart",
    "JSONLine",
    "Line",
    "LogsSubscription",
    "Report",
    "RestoreReport",
    "RestoreStart",
    "RuntimeDone",
    "Start",
    "TelemetrySubscription",
    "TimedOut",
    "billed_ms",
    "exit_message",
    "json_text",
    "parse",
    "passes",
    "timed_out",
]
