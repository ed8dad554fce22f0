"""The functions of a connection, with what they did in the last minute."""

from __future__ import annotations

import statistics
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from lambda_nb.notebook.connection.invocation_log import InvocationLog, Record, counts
from lambda_nb.notebook.workbench.calls import Calls
from lambda_nb.notebook.workbench.clients import Clients
from lambda_nb.rules.settings.debugging import VARIABLE, asked_port

MINUTE_S = 60.0
MOST = 1000
"""Functions of a picture."""
CellOf = Callable[[str], "str | None"]
"""The text of the cell that this notebook deployed a function from."""


class Functions:
    """Reads the functions of a connection.

    Parameters
    ----------
    clients
        The workbench's clients.
    calls
        The invocations of this notebook, which are all that is known on AWS.
    cell_of
        The text of the cell that a function was deployed from, or None.
    """

    def __init__(self, clients: Clients, calls: Calls, cell_of: CellOf) -> None:
        self._clients = clients
        self._calls = calls
        self._cell_of = cell_of
        self._log: InvocationLog | None = None
        self._of: Any = None

    def rows(self, status: Mapping[str, Any] | None) -> list[dict[str, Any]]:
        """``IFunction`` of each function, by name.

        Parameters
        ----------
        status
            The engine's status; None where there is no engine.
        """
        client = self._clients.client()
        pages = client.get_paginator("list_functions").paginate()
        found = list(islice((one for page in pages for one in page["Functions"]), MOST))
        found.sort(key=lambda function: str(function["FunctionName"]))
        if status is None:
            return [self._row(one) | self._own_figures(one["FunctionName"]) for one in found]
        records = self._records()
        environments: dict[str, Counter[str]] = {}
        for one in status.get("environments", ()):
            environments.setdefault(one["function"], Counter())[one["state"]] += 1
        rows = []
        for function in found:
            name = function["FunctionName"]
            states = environments.get(name, Counter())
            rows.append(
                self._row(function)
                | figures(records.get(name, ()))
                | {
                    "environments": {
                        state: states[state] for state in ("running", "initialising", "idle")
                    }
                }
            )
        return rows

    def _records(self) -> dict[str, list[Record]]:
        """The invocations of the last minute, by function."""
        logs = self._clients.client("logs")
        if self._log is None or self._of is not logs:
            self._log, self._of = InvocationLog(logs, MINUTE_S), logs
        self._log.read(time.time())
        records: dict[str, list[Record]] = {}
        for record in self._log.records:
            records.setdefault(record.function, []).append(record)
        return records

    def _row(self, function: Mapping[str, Any]) -> dict[str, Any]:
        name = str(function["FunctionName"])
        variables = function.get("Environment", {}).get("Variables", {})
        return {
            "name": name,
            "arn": function["FunctionArn"],
            "runtime": function.get("Runtime", function.get("PackageType", "")),
            "handler": function.get("Handler", ""),
            "memory_mb": function.get("MemorySize", 128),
            "timeout_s": function.get("Timeout", 3),
            "architecture": function.get("Architectures", ["x86_64"])[0],
            "description": function.get("Description", ""),
            "code_sha256": function.get("CodeSha256", ""),
            # ListFunctions omits the state of active functions.
            "state": function.get("State", "Active"),
            "state_reason": function.get("StateReason")
            or function.get("LastUpdateStatusReason", ""),
            "update": function.get("LastUpdateStatus", "Successful"),
            "modified_at": epoch_ms(function.get("LastModified", "")),
            "last": self._calls.last(name),
            "cell": self._cell_of(name),
            "debug": asked_port(variables.get(VARIABLE, "")) is not None,
        }

    def _own_figures(self, name: str) -> dict[str, Any]:
        """The figures of this notebook's own invocations: those of others nobody tells."""
        made = self._calls.of_last_minute(name)
        durations = [duration for _, duration in made if duration is not None]
        return {
            "environments": None,
            "invocations": len(made),
            "errors": sum(status == "error" for status, _ in made),
            "throttles": sum(status == "throttled" for status, _ in made),
            "cold": None,
            "median_ms": statistics.median(durations) if durations else None,
        }


def figures(records: Sequence[Record]) -> dict[str, Any]:
    """What some invocations say: how many, errors, throttles, cold starts, median duration."""
    durations = [record.duration_ms for record in records if not record.throttled]
    median_ms = statistics.median(durations) if durations else None
    return counts(records)._asdict() | {"median_ms": median_ms}


def epoch_ms(told: str) -> int:
    """Lambda's ``LastModified`` (``2026-11-30T17:00:00.000+0000``) as milliseconds since 1970."""
    try:
        return int(datetime.strptime(told, "%Y-%m-%dT%H:%M:%S.%f%z").timestamp() * 1000)
    except ValueError:
        return 0
