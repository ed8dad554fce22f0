"""Follow what a function does: its environments and invocations of the last minutes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Protocol

from lambda_nb.notebook.connection.invocation_log import InvocationLog, Record
from lambda_nb.notebook.errors import UsageError
from lambda_nb.notebook.workbench.actions.tools import Tools
from lambda_nb.notebook.workbench.hub import Push, Stopped
from lambda_nb.notebook.workbench.watches import summary
from lambda_nb.notebook.workbench.watches.environments import Environments
from lambda_nb.notebook.workbench.watches.reports import ReportLog

EVERY_S, EVERY_ON_AWS_S = 0.5, 5.0
WINDOW_S, LONGEST_S = 300.0, 3600.0
MOST_ROWS = 1000
"""Invocations, and environments, that a page gets: the latest. The summary counts all."""
_CONFIG_EVERY_S = 5.0
_REST = 4.0
"""After a look that took t seconds the kernel has at least 4 t for itself."""


class _Log(Protocol):
    """Where invocations are read."""

    def read(self, now: float) -> list[Record]:
        """Read what is new."""

    @property
    def records(self) -> Any:
        """The invocations of the window, by the end of each."""


def watch(tools: Tools, args: Mapping[str, Any], push: Push, stopped: Stopped) -> None:
    """``watch_activity``: push an ``IActivity`` whenever something has changed.

    On an engine it comes from the engine's record of each attempt and from its environments. On AWS
    it is what REPORT lines tell: no throttles, no environments before their first invocation.

    Raises
    ------
    UsageError
        The window is too short or too long.
    ClientError
        There is no such function (any more).
    """
    name, window_s = str(args["name"]), float(args.get("window_s") or WINDOW_S)
    if not 1 <= window_s <= LONGEST_S:
        raise UsageError(f"window_s is {window_s:g}; give 1 to {LONGEST_S:g} seconds")
    clients = tools.clients
    client = clients.client()
    config = client.get_function_configuration(FunctionName=name)
    config_at = time.monotonic()
    on_engine = clients.engine() is not None
    logs = clients.client("logs")
    log: _Log = (
        InvocationLog(logs, window_s, name) if on_engine else ReportLog(logs, window_s, config)
    )
    environments = Environments()
    every = EVERY_S if on_engine else EVERY_ON_AWS_S
    shown: dict[str, Any] = {}
    while not stopped.is_set():
        began, now = time.monotonic(), time.time()
        log.read(now)
        status = (clients.engine() or {}) if on_engine else {}
        living = [one for one in status.get("environments", ()) if one["function"] == name]
        if time.monotonic() > config_at + _CONFIG_EVERY_S:
            config = client.get_function_configuration(FunctionName=name)
            config_at = time.monotonic()
        records = sorted(log.records, key=lambda record: record.arrival)
        rows = environments.rows(living, records, now, window_s)
        picture = {
            "window_s": window_s,
            "environments": rows[-MOST_ROWS:],
            "invocations": [summary.row(record) for record in records[-MOST_ROWS:]],
            "memory_mb": config.get("MemorySize", 128),
            "summary": summary.of(records),
        }
        if picture != shown:
            push(picture | {"now": int(now * 1000)})
            shown = picture
        stopped.wait(max(every, _REST * (time.monotonic() - began)))
