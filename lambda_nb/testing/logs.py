"""The log lines that functions have written in a test."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from lambda_nb.testing.waiting import until


class Logs:
    """The log groups of functions, from one moment on.

    Parameters
    ----------
    client
        Of CloudWatch Logs.
    began
        The moment, seconds since the epoch.
    """

    def __init__(self, client: Any, began: float) -> None:
        self._client = client
        self._from_ms = int(began * 1000) - 1

    def lines(self, function: str, request_id: str = "") -> list[str]:
        """The lines of a function, or of one request to it."""
        pages = self._client.get_paginator("filter_log_events").paginate(
            logGroupName=f"/aws/lambda/{function}", startTime=self._from_ms
        )
        try:
            events = [one for page in pages for one in page["events"]]
        except self._client.exceptions.ResourceNotFoundException:
            return []
        if not request_id:
            return [one["message"].rstrip("\n") for one in events]
        # Of each environment alone: others may have worked at the same time.
        streams: defaultdict[str, list[str]] = defaultdict(list)
        for one in events:
            streams[one["logStreamName"]].append(one["message"].rstrip("\n"))
        return [line for lines in streams.values() for line in _of_request(lines, request_id)]

    def whole(self, functions: Sequence[str], request_id: str, timeout: float) -> list[str]:
        """The lines of a request once its last one (REPORT) is there.

        Raises
        ------
        NotHappened
            None of the functions has logged it in time.
        """

        def look() -> list[list[str]]:
            of_all = (self.lines(name, request_id) for name in functions)
            return [lines for lines in of_all if any(_is_last(line) for line in lines)]

        text = f"no function has logged the end of request {request_id} within {timeout:g} s"
        found = until(look, 1, timeout, lambda _: text)
        return [line for lines in found for line in lines]


def _of_request(lines: list[str], request_id: str) -> list[str]:
    """The lines of a log stream from the first to the last that name a request."""
    named = [place for place, line in enumerate(lines) if request_id in line]
    return lines[named[0] : named[-1] + 1] if named else []


def _is_last(line: str) -> bool:
    return line.startswith("REPORT ") or '"platform.report"' in line
