"""Read log files from CloudWatch: exports to S3, output of the aws command, CSV, Firehose.

Formats that it recognises, line by line, compressed or not:

==================================  ==============================================================
``TIME MESSAGE``                    an export task to S3 (a folder per stream, ``000000.gz`` in it)
``TIME STREAM MESSAGE``             ``aws logs tail``
``{"events": [...]}``               ``aws logs filter-log-events`` and ``get-log-events``
``{"logGroup": ..., "logEvents"}``  a subscription, as Firehose stores it
``{"timestamp", "message"}``        one event per line
``{"time", "type", "record"}``      JSON logs of functions, unchanged
``{"function", "arrival_ns", ...}`` the engine's own log group ``/lambda-nb/invocations``
CSV with a header                   Logs Insights (``@message``, or ``@duration`` and its other
                                    discovered fields) and the console
``{"results": [[{"field", ...``     ``aws logs get-query-results``
==================================  ==============================================================
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import pyarrow as pa

from lambda_nb.traces import times
from lambda_nb.traces.logs import insights_fields, invocation_log, log_lines, report_lines
from lambda_nb.traces.logs.plain_lines import Plain
from lambda_nb.traces.schema import TraceError
from lambda_nb.traces.trace import Trace

_MESSAGE_COLUMNS = ("@message", "message")
_TIME_COLUMNS = ("@timestamp", "timestamp", "time")
_STREAM_COLUMNS = ("@logStream", "logStreamName", "logStream")
_PREFIX = "/aws/lambda/"


@dataclass(slots=True)
class _Event:
    line: int
    stream: str
    timestamp_ms: int
    message: str
    function: str | None = None
    figures: insights_fields.Figures | None = None


def read_logs(
    paths: str | Path | Sequence[str | Path], *, function: str | None = None, name: str = ""
) -> Trace:
    """Read START and REPORT lines, events of Lambda Insights, or the engine's own invocation log.

    Parameters
    ----------
    paths : path or sequence of paths
        Files or folders. In a folder, every file is read.
    function : str, optional
        Name of the function. Default: the function of the log group, if the file names one;
        otherwise the name of the file without its suffixes.

    Raises
    ------
    TraceError
        A line is wrong (the message says which); no file; or no log line of Lambda in the files.
    """
    files = list(_files([paths] if isinstance(paths, (str, Path)) else paths))
    readers: dict[str, report_lines.Reader] = {}
    records: list[str] = []

    def reader(owner: str) -> report_lines.Reader:
        return readers.setdefault(owner, report_lines.Reader(owner))

    for path in files:
        usual = function or path.name.split(".")[0]
        form = _form(path)
        if form is None:
            _take_text(path, reader(usual), records)
            continue
        for event in form(path):
            if invocation_log.is_record(event.message):
                records.append(event.message)
                continue
            taker = reader(function or event.function or usual)
            if event.figures is not None:
                taker.take_figures(event.stream, event.timestamp_ms, event.figures)
                continue
            try:
                taker.take(event.stream, event.timestamp_ms, event.message)
            except TraceError as error:
                raise TraceError(f"{path.name} line {event.line}: {error}") from None
    called = name or files[0].name
    if records:
        # Records have every attempt, to the nanosecond. Lines of the same functions add nothing.
        trace = invocation_log.to_trace([invocation_log.parse(records)], called)
        _refuse_others(readers, trace)
        return trace if function is None else trace.only(function)
    trace = report_lines.to_trace(readers.values(), called)
    if not len(trace):
        shown = ", ".join(path.name for path in files[:4])
        raise TraceError(
            f"no REPORT line with a time in {shown}: is this the log of a Lambda function, with "
            "a time on each line?"
        )
    return trace


def _refuse_others(readers: Mapping[str, report_lines.Reader], trace: Trace) -> None:
    others = sorted(
        owner
        for owner, reader in readers.items()
        if owner not in trace.functions and len(reader.table())
    )
    if others:
        raise TraceError(
            f"{invocation_log.GROUP} tells nothing of {others[0]!r}, whose REPORT lines are in "
            "these files too: read the two apart and merge the traces"
        )


def _files(paths: Iterable[str | Path]) -> Iterator[Path]:
    found = False
    for given in map(Path, paths):
        if not given.exists():
            raise TraceError(f"there is no file {given}")
        inside = sorted(p for p in given.rglob("*") if p.is_file()) if given.is_dir() else [given]
        found = found or bool(inside)
        yield from inside
    if not found:
        raise TraceError("no files to read: give at least one file, or a folder that has some")


def _form(path: Path) -> Callable[[Path], Iterator[_Event]] | None:
    """The function that reads this file's events; None: text with a time on each line."""
    with _open(path) as text:
        first = text.readline()
    columns = next(csv.reader([first]), [])
    if _one_of(_MESSAGE_COLUMNS, columns) and _one_of(_TIME_COLUMNS, columns):
        return _csv_events
    if insights_fields.has_figures(columns):
        return _csv_figures
    return _json_events if first.lstrip().startswith("{") else None


@contextmanager
def _open(path: Path) -> Iterator[TextIO]:
    with (
        pa.input_stream(str(path), compression="detect") as raw,
        io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace") as text,
    ):
        yield text


def _stream_of(path: Path) -> str:
    """The log stream of an export. Only its folder names it: there is one folder per stream."""
    return path.parent.name if path.stem.isdigit() else ""


def _take_text(path: Path, reader: report_lines.Reader, records: list[str]) -> None:
    with pa.input_stream(str(path), compression="detect") as raw:
        try:
            stream = _stream_of(path)
            for found in log_lines.events(raw, stream):
                if isinstance(found, Plain):
                    reader.take_plain(stream, found)
                    continue
                records += filter(invocation_log.is_record, found.messages.to_pylist())
                try:
                    reader.take_many(found.streams, found.timestamps_ms, found.messages)
                except TraceError:
                    raise _first_bad(found) from None
        except TraceError as error:
            raise TraceError(f"{path.name} {error}") from None


def _first_bad(found: log_lines.Events) -> TraceError:
    scratch = report_lines.Reader("")
    for line, message in zip(found.lines, found.messages.to_pylist(), strict=True):
        try:
            scratch.take("", 0, message)
        except TraceError as error:
            return TraceError(f"line {line}: {error}")
    raise AssertionError("what failed by the column fails by the line")


def _json_events(path: Path) -> Iterator[_Event]:
    with _open(path) as text:
        for number, line in enumerate(text, 1):
            if not line.strip():
                continue
            try:
                value = json.loads(line)
            except ValueError as error:
                if number > 1:
                    raise TraceError(f"{path.name} line {number} is not JSON: {error}") from None
                # The whole file is one JSON value over many lines, not one value per line.
                try:
                    value = json.loads(line + text.read())
                except ValueError as wrong:
                    raise TraceError(f"{path.name} is not JSON: {wrong}") from None
            yield from _unwrapped(path, number, value, line, _stream_of(path))


def _unwrapped(path: Path, number: int, value: Any, line: str, stream: str) -> Iterator[_Event]:
    if not isinstance(value, dict):
        raise TraceError(f"{path.name} line {number} is no log event: {line[:200]!r}")
    if isinstance(value.get("results"), list):
        yield from _query_results(path, value["results"])
        return
    events = value.get("logEvents", value.get("events"))
    stream = value.get("logStream", stream)
    function = _function(value.get("logGroup"))
    if isinstance(events, list):
        for event in events:
            own = event.get("logStreamName", stream)
            yield _event(path, number, event, own, function)
    elif "message" in value and "timestamp" in value and "type" not in value:
        yield _event(path, number, value, value.get("logStreamName", stream), function)
    elif "arrival_ns" in value:
        yield _Event(number, stream, 0, line)
    elif "record" in value and isinstance(value.get("time"), str):
        yield _Event(number, stream, _ms(value["time"]), line)
    elif "_aws" in value:
        yield _Event(number, stream, int(value["_aws"]["Timestamp"]), line)


def _event(
    path: Path, number: int, event: Mapping[str, Any], stream: str, function: str | None
) -> _Event:
    try:
        return _Event(number, stream, _ms(event["timestamp"]), str(event["message"]), function)
    except (KeyError, TypeError, TraceError) as error:
        raise TraceError(f"{path.name} line {number}: log event without {error}") from None


def _csv_events(path: Path) -> Iterator[_Event]:
    with _open(path) as text:
        reader = csv.DictReader(text)
        names = reader.fieldnames or []
        message, time = _one_of(_MESSAGE_COLUMNS, names), _one_of(_TIME_COLUMNS, names)
        stream, group = _one_of(_STREAM_COLUMNS, names), _one_of(("@log", "logGroup"), names)
        for row in reader:
            try:
                at = _ms(row[time])
            except TraceError as error:
                raise TraceError(f"{path.name} line {reader.line_num}: {error}") from None
            owner = _function(row.get(group)) if group else None
            yield _Event(reader.line_num, row.get(stream) or "", at, row[message] or "", owner)


def _csv_figures(path: Path) -> Iterator[_Event]:
    with _open(path) as text:
        reader = csv.DictReader(text)
        insights_fields.check(reader.fieldnames or [], path.name)
        for row in reader:
            yield from _figures(row, f"{path.name} line {reader.line_num}", reader.line_num)


def _query_results(path: Path, results: Sequence[Any]) -> Iterator[_Event]:
    """Read rows that ``aws logs get-query-results`` printed: lists of fields and values."""
    try:
        rows = [{cell["field"]: cell["value"] for cell in row} for row in results]
    except (KeyError, TypeError):
        raise TraceError(
            f"{path.name} has results that are not lists of fields and values"
        ) from None
    names = {name for row in rows for name in row}  # an empty field is left out of its row
    if insights_fields.has_figures(names):
        insights_fields.check(names | {"@initDuration"}, path.name)
    for number, row in enumerate(rows, 1):
        place = f"{path.name} result {number}"
        if "@message" not in names:
            yield from _figures(row, place, number)
        elif row.get("@message") is not None:
            stream, owner = row.get("@logStream", ""), _function(row.get("@log"))
            yield _Event(number, stream, _row_ms(row, place), row["@message"], owner)


def _figures(row: Mapping[str, Any], place: str, number: int) -> Iterator[_Event]:
    found = insights_fields.figures(row, place)
    if found is not None:
        stream, owner = row.get("@logStream") or "", _function(row.get("@log"))
        yield _Event(number, stream, _row_ms(row, place), "", owner, found)


def _row_ms(row: Mapping[str, Any], place: str) -> int:
    try:
        return _ms(row.get("@timestamp"))
    except TraceError as error:
        raise TraceError(f"{place}: @timestamp {error}") from None


def _function(group: object) -> str | None:
    """The function of a log group; Logs Insights writes the account id before the group."""
    if not isinstance(group, str) or _PREFIX not in group:
        return None
    return group.split(_PREFIX, 1)[1]


def _ms(time: object) -> int:
    """Milliseconds since the epoch, from such a number or ISO 8601 text (UTC if it has no zone)."""
    if isinstance(time, int):
        return time
    text = str(time).strip()
    if text.isdigit():
        return int(text)
    zoned = text.endswith("Z") or re.search(r"[+-]\d\d:?\d\d$", text)
    try:
        return times.to_ns(text if zoned else text + "Z") // 1_000_000
    except TraceError:
        raise TraceError(f"{text!r} is not an ISO 8601 time") from None


def _one_of(wanted: Sequence[str], names: Sequence[str]) -> str:
    return next((name for name in wanted if name in names), "")
