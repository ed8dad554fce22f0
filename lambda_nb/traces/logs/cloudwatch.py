"""Read traces through the CloudWatch Logs API; the same calls work on the engine and on AWS."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from lambda_nb.traces import times
from lambda_nb.traces.logs import invocation_log, report_lines
from lambda_nb.traces.schema import TraceError
from lambda_nb.traces.trace import Trace, reader

_PREFIX = "/aws/lambda/"
_LONGEST_MS = 910_000
"""An invocation runs at most 15 minutes; its REPORT comes a little later."""
_PAUSE_S = 0.25


@reader("logs")
def from_logs(
    functions: str | Sequence[str] | None = None,
    *,
    client: Any = None,
    session: Any = None,
    start: datetime | str | None = None,
    end: datetime | str | None = None,
    expect: int | None = None,
    timeout: float = 30.0,
) -> Trace:
    """Read recorded invocations from CloudWatch Logs.

    If the endpoint has the log group ``/lambda-nb/invocations`` (the engine writes it), this reads
    its events: exact times in nanoseconds, with throttles. Otherwise, as on AWS, it reads START
    and REPORT lines (text or JSON) of ``/aws/lambda/NAME``: times in milliseconds, without
    throttles, because a throttle writes no line.

    Parameters
    ----------
    functions : str or sequence of str, optional
        Names or ARNs of functions, or names of log groups (they begin with ``/``). None: all.
    client : boto3 client of ``logs``, optional
    session : boto3 session, optional
        Makes the client if none is given. Without both, this uses the notebook's connection (see
        :func:`use_client`), or boto3's defaults.
    start, end : datetime or str, optional
        Arrivals with ``start <= arrival < end``: a time with a zone, or text such as ``"2h"`` for
        two hours ago.
    expect : int, optional
        Wait until the logs have this many invocations. Logs arrive a little after responses.
    timeout : float
        Seconds to wait for them.

    Raises
    ------
    TraceError
        A function has no log, a line of it is wrong, or fewer invocations than expected came in
        time.
    """
    client = _client(session) if client is None else client
    wanted = [functions] if isinstance(functions, str) else functions
    window = (_moment(start), _moment(end))
    deadline = time.monotonic() + timeout
    while True:
        late = time.monotonic() >= deadline
        try:
            trace = _read(client, wanted, window)
        except _NoLogError:
            if expect is None or late:
                raise
        else:
            if expect is None or len(trace) >= expect:
                return trace
            if late:
                raise TraceError(
                    f"the logs had {len(trace)} invocations after {timeout:g} s, not {expect}: "
                    "give a longer timeout, or expect fewer (a running invocation has no REPORT)"
                )
        time.sleep(_PAUSE_S)


def use_client(factory: Callable[[], Any] | None) -> None:
    """Set the factory that :func:`from_logs` calls for a client when the caller gives none.

    The notebook registers a function that returns a boto3 ``logs`` client for its endpoint. None
    removes it.
    """
    global _factory
    _factory = factory


_factory: Callable[[], Any] | None = None


def _client(session: Any) -> Any:
    if session is None and _factory is not None:
        return _factory()
    import boto3

    return (session or boto3.session.Session()).client("logs")


class _NoLogError(TraceError):
    """A function has no log."""


def _read(
    client: Any, wanted: Sequence[str] | None, window: tuple[int | None, int | None]
) -> Trace:
    groups = None if wanted is None else [_group(name) for name in wanted]
    # Read a named log group directly; look up functions where their times are exact.
    named = wanted is not None and any(name.startswith("/") for name in wanted)
    if not named and _has_invocation_log(client):
        trace = _from_invocation_log(client, window)
        if groups is not None:
            names = [group[len(_PREFIX) :] for group in groups]
            absent = [name for name in names if name not in trace.functions]
            if absent and not any(window):
                raise _NoLogError(
                    f"no invocation of {absent[0]!r} is in {invocation_log.GROUP}; there are some "
                    f"of {', '.join(sorted(trace.functions)) or 'no function'}"
                )
            trace = trace.only(*(name for name in names if name not in absent))
    else:
        readers = []
        for group in groups if groups is not None else _groups(client, _PREFIX):
            readers.append(_report_lines(client, group, window))
        trace = report_lines.to_trace(readers)
    return _within(trace, window)


def _from_invocation_log(client: Any, window: tuple[int | None, int | None]) -> Trace:
    streams = client.get_paginator("describe_log_streams").paginate(
        logGroupName=invocation_log.GROUP
    )
    names = [stream["logStreamName"] for page in streams for stream in page["logStreams"]]
    tables = [
        invocation_log.parse(page)
        for name in names
        for page in _pages_of_stream(client, invocation_log.GROUP, name, window)
    ]
    return invocation_log.to_trace(tables)


def _pages_of_stream(
    client: Any, group: str, stream: str, window: tuple[int | None, int | None]
) -> Iterator[list[str]]:
    request = {"logGroupName": group, "logStreamName": stream, "startFromHead": True}
    request |= _limits(window)
    token = None
    while True:
        page = client.get_log_events(**request, **({"nextToken": token} if token else {}))
        if page["events"]:
            yield [event["message"] for event in page["events"]]
        # At the end the API returns the token of the request.
        if page["nextForwardToken"] == token:
            return
        token = page["nextForwardToken"]


def _report_lines(
    client: Any, group: str, window: tuple[int | None, int | None]
) -> report_lines.Reader:
    name = group[len(_PREFIX) :] if group.startswith(_PREFIX) else group
    reader = report_lines.Reader(name)
    pages = client.get_paginator("filter_log_events").paginate(
        logGroupName=group, filterPattern=report_lines.FILTER, **_limits(window)
    )
    try:
        for page in pages:
            events = page["events"]
            reader.take_many(
                pa.array([event["logStreamName"] for event in events], pa.string()),
                pa.array([event["timestamp"] for event in events], pa.int64()),
                pa.array([event["message"] for event in events], pa.string()),
            )
    except client.exceptions.ResourceNotFoundException:
        raise _NoLogError(
            f"there is no log group {group}: the function never ran here, or has another name"
        ) from None
    return reader


def _has_invocation_log(client: Any) -> bool:
    try:
        return invocation_log.GROUP in _groups(client, invocation_log.GROUP)
    except client.exceptions.ClientError as error:
        # On AWS, permission to read a function's log does not include listing groups.
        if error.response["Error"]["Code"] == "AccessDeniedException":
            return False
        raise


def _groups(client: Any, prefix: str) -> list[str]:
    pages = client.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix)
    return [group["logGroupName"] for page in pages for group in page["logGroups"]]


def _group(function: str) -> str:
    if function.startswith("/"):
        return function
    if function.startswith("arn:"):
        function = function.split(":")[6]
    return _PREFIX + function.split(":")[0]


def _limits(window: tuple[int | None, int | None]) -> dict[str, int]:
    """Limits on event times, wide enough for every arrival in the window."""
    begin, end = window
    limits = {}
    if begin is not None:
        limits["startTime"] = begin // 1_000_000
    if end is not None:
        limits["endTime"] = end // 1_000_000 + _LONGEST_MS
    return limits


def _within(trace: Trace, window: tuple[int | None, int | None]) -> Trace:
    if trace.start_ns is None or window == (None, None):
        return trace
    begin, end = (None if ns is None else (ns - trace.start_ns) / 1e9 for ns in window)
    return trace.between(begin, end)


def _moment(when: datetime | str | None) -> int | None:
    if when is None:
        return None
    if isinstance(when, str):
        try:
            ago = times.seconds(when)
        except TraceError:
            return times.to_ns(when)
        return time.time_ns() - round(ago * 1e9)
    return times.to_ns(when)
