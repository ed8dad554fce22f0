"""Follow the log of a function: first the last minutes, then each line as it comes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from lambda_nb.notebook.connection.log_groups import new_events
from lambda_nb.notebook.functions.monitoring import ago
from lambda_nb.notebook.workbench.actions.tools import Tools
from lambda_nb.notebook.workbench.hub import Push, Stopped
from lambda_nb.notebook.workbench.watches.log_lines import Requests

EVERY_S, EVERY_ON_AWS_S = 0.5, 3.0
MOST_AT_FIRST = 5000
"""Lines of the last minutes; the latest."""
MOST_AT_ONCE, MOST_CHARACTERS = 500, 1_000_000
"""Lines of one push, and their characters (one line may have more)."""
_LATE_MS = 10_000
_MOST_PAGES = 100


class Follower:
    """Reads what is new in a function's log group, in order of time.

    Parameters
    ----------
    logs
        A boto3 client of CloudWatch Logs.
    config
        The function's configuration.
    since_ms
        Only lines since then (milliseconds since 1970).
    """

    def __init__(self, logs: Any, config: Mapping[str, Any], since_ms: int) -> None:
        self._logs = logs
        self._function = str(config["FunctionName"])
        self._since = since_ms
        self._requests = Requests()
        self._events = new_events(logs, config, _LATE_MS, most_pages=_MOST_PAGES)

    def read(self) -> list[dict[str, Any]]:
        """The new lines, as ``ILogLine``."""
        fresh: deque[Mapping[str, Any]] = deque(maxlen=MOST_AT_FIRST)
        try:
            fresh.extend(self._events.read(self._since))
        except self._logs.exceptions.ResourceNotFoundException:
            return []  # no line was written yet
        return [self._line(event) for event in sorted(fresh, key=lambda one: one["timestamp"])]

    def _line(self, event: Mapping[str, Any]) -> dict[str, Any]:
        # Python's runtime joins the lines of one event with carriage returns.
        message = str(event["message"]).replace("\r", "\n").rstrip("\n")
        return {
            "id": event["eventId"],
            "at": event["timestamp"],
            "function": self._function,
            "stream": event["logStreamName"],
            "request_id": self._requests.of(event["logStreamName"], message),
            "message": message,
        }


def parts(lines: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """Lines in lists that are small enough for one message."""
    part: list[dict[str, Any]] = []
    size = 0
    for line in lines:
        if part and (len(part) == MOST_AT_ONCE or size + len(line["message"]) > MOST_CHARACTERS):
            yield part
            part, size = [], 0
        part.append(line)
        size += len(line["message"])
    if part:
        yield part


def watch(tools: Tools, args: Mapping[str, Any], push: Push, stopped: Stopped) -> None:
    """``watch_logs``: push lists of ``ILogLine``, the first at once (it may be empty).

    Raises
    ------
    ClientError
        There is no such function (any more), or its log may not be read.
    UsageError
        ``last`` is no span of time.
    """
    name = str(args["name"])
    client = tools.clients.client()
    config = client.get_function_configuration(FunctionName=name)
    since = time.time() - ago(str(args.get("last") or "15min")).total_seconds()
    follower = Follower(tools.clients.client("logs"), config, int(since * 1000))
    every = EVERY_ON_AWS_S if tools.clients.connection.is_aws else EVERY_S
    first = True
    while not stopped.is_set():
        lines = follower.read()
        for part in parts(lines):
            push(part)
        if first and not lines:
            push([])
        first = False
        stopped.wait(every)
