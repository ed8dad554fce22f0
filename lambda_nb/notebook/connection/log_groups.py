"""Log groups of CloudWatch: where a function writes, and what is new in a group."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

_REMEMBERED = 50_000


def log_group(config: Mapping[str, Any]) -> str:
    """The log group of a function, from its configuration."""
    return str(config.get("LoggingConfig", {}).get("LogGroup", _own_group(config)))


def _own_group(config: Mapping[str, Any]) -> str:
    return f"/aws/lambda/{config['FunctionName']}"


class NewEvents:
    """Reads the events of a log group, each once.

    Parameters
    ----------
    logs
        A boto3 client of CloudWatch Logs.
    group
        The log group.
    late_ms
        Events come in batches: so much older than the latest one may a new one be (milliseconds).
    pattern
        Only events that match this filter pattern.
    stream
        Only events of streams that have this in their names.
    most_pages
        Pages of one reading; the next goes on from there.
    """

    def __init__(
        self,
        logs: Any,
        group: str,
        late_ms: int,
        *,
        pattern: str = "",
        stream: str = "",
        most_pages: int | None = None,
    ) -> None:
        self._logs = logs
        self._asked = {"logGroupName": group} | ({"filterPattern": pattern} if pattern else {})
        self._late_ms = late_ms
        self._stream = stream
        self._most_pages = most_pages
        self._latest = 0
        self._order: deque[str] = deque(maxlen=_REMEMBERED)
        self._seen: set[str] = set()

    def read(self, since_ms: int) -> Iterator[Mapping[str, Any]]:
        """The new events, as ``FilterLogEvents`` tells them.

        Parameters
        ----------
        since_ms
            Only events since then (milliseconds since 1970).

        Raises
        ------
        ResourceNotFoundException
            There is no such group (yet); the exception of the client.
        """
        pages = self._logs.get_paginator("filter_log_events").paginate(
            **self._asked, startTime=max(since_ms, self._latest - self._late_ms)
        )
        for page in islice(pages, self._most_pages):
            yield from filter(self._is_new, page["events"])

    def _is_new(self, event: Mapping[str, Any]) -> bool:
        identifier = event["eventId"]
        if identifier in self._seen or self._stream not in event["logStreamName"]:
            return False
        if len(self._order) == self._order.maxlen:
            self._seen.discard(self._order[0])
        self._order.append(identifier)
        self._seen.add(identifier)
        self._latest = max(self._latest, event["timestamp"])
        return True


def new_events(logs: Any, config: Mapping[str, Any], late_ms: int, **options: Any) -> NewEvents:
    """The log of a function, from its configuration; options as of :class:`NewEvents`."""
    group = log_group(config)
    # Lambda's own group is of one function; another may be of several, whose streams say whose.
    stream = "" if group == _own_group(config) else f"/{config['FunctionName']}["
    return NewEvents(logs, group, late_ms, stream=stream, **options)
