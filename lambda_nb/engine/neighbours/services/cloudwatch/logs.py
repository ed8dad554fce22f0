"""moto's CloudWatch Logs over :class:`~.log_store.LogStore`."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from lambda_nb.engine.neighbours.services.cloudwatch import log_metrics
from lambda_nb.engine.neighbours.services.cloudwatch.log_store import (
    END,
    PAGE_EVENTS,
    START,
    Event,
    LogStore,
    Place,
)
from lambda_nb.engine.neighbours.services.cloudwatch.log_store import page as one_page
from lambda_nb.rules.events import log_patterns

_numbers = itertools.count(1)
_HALF = 28
"""Digits of each half of a token (time, id); CloudWatch's tokens have 56."""


def install(store: LogStore) -> None:
    """Let streams and groups keep their events in a store."""
    _keep_streams(store)
    _read_streams(store)
    _read_groups(store)
    _forget(store)


def number(thing: Any) -> int:
    """A group's or stream's number in the store."""
    number: int = thing.__dict__.setdefault("_number", 0) or next(_numbers)
    thing._number = number
    return number


def _expire(store: LogStore, group: Any) -> None:
    if group.retention_in_days:
        store.expire(number(group), int(group.retention_in_days))


def _keep_streams(store: LogStore) -> None:
    from moto.core.utils import unix_time_millis, utcnow
    from moto.logs.models import LogStream

    def put_log_events(self: Any, log_events: list[dict[str, Any]]) -> str:
        self.last_ingestion_time = utcnow()
        ingested = int(unix_time_millis(self.last_ingestion_time))
        told = [(int(event["timestamp"]), str(event["message"])) for event in log_events]
        _expire(store, self.log_group)
        ids = store.append(number(self.log_group), number(self), told, ingested)
        self.upload_sequence_token += 1
        events = [
            {"id": identifier, "timestamp": at, "message": message}
            for identifier, (at, message) in zip(ids, told, strict=True)
        ]
        log_metrics.take(self, told)
        for subscription in list(self.log_group.subscription_filters.values()):
            self._send_log_events(
                service=subscription.destination_arn.split(":")[2],
                destination_arn=subscription.destination_arn,
                filter_name=subscription.name,
                log_events=events,
            )
        return f"{self.upload_sequence_token:056d}"

    def to_describe_dict(self: Any) -> dict[str, Any]:
        _expire(store, self.log_group)
        described = {
            "arn": self.arn,
            "creationTime": int(unix_time_millis(self.creation_time)),
            "logStreamName": self.log_stream_name,
            "storedBytes": self.stored_bytes,
        }
        span = store.span(number(self))
        if span is not None:
            described["firstEventTimestamp"], described["lastEventTimestamp"] = span
            described["lastIngestionTime"] = int(unix_time_millis(self.last_ingestion_time))
            described["uploadSequenceToken"] = str(self.upload_sequence_token)
        return described

    def nothing(self: Any, value: Any) -> None:
        """Ignore what moto's constructor sets: the store knows it."""

    stream_class: Any = LogStream
    stream_class.put_log_events = put_log_events
    stream_class.to_describe_dict = to_describe_dict
    stream_class.stored_bytes = property(lambda self: store.stored_bytes(number(self)), nothing)
    # Insights and Live Tail go through all events of a stream.
    stream_class.events = property(lambda self: store.of_stream(number(self)), nothing)


def _read_streams(store: LogStore) -> None:
    from moto.logs.models import LogStream

    def get_log_events(
        self: Any,
        start_time: int | None,
        end_time: int | None,
        limit: int | None,
        next_token: str | None,
        start_from_head: bool,
    ) -> tuple[list[dict[str, Any]], str, str]:
        _expire(store, self.log_group)
        after = START if start_time is None else Place(start_time, 0)
        before = END if end_time is None else Place(end_time, 0)  # GetLogEvents excludes it
        direction, at = _unpacked(next_token)
        forward = direction == "f" or (direction is None and bool(start_from_head))
        if at is not None and forward:
            after = max(after, at)
        elif at is not None:
            before = min(before, at)
        found = store.of_stream(number(self), after, before, newest_first=not forward)
        events, _ = one_page(found, limit or PAGE_EVENTS)
        if not forward:
            events.reverse()
        if events:
            first, last = _place(events[0]), _place(events[-1])
        elif at is not None:  # nothing new: the same token again, as in CloudWatch
            first, last = (Place(at.timestamp, at.event_id + 1), at) if forward else (at, at)
        else:
            first = last = Place(0, 0)
        told = [
            {"ingestionTime": e.ingestion_time, "message": e.message, "timestamp": e.timestamp}
            for e in events
        ]
        return told, f"b/{_packed(first)}", f"f/{_packed(last)}"

    stream_class: Any = LogStream
    stream_class.get_log_events = get_log_events


def _read_groups(store: LogStore) -> None:
    from moto.logs.models import LogGroup

    def filter_log_events(
        self: Any,
        log_group_name: str,
        log_stream_names: list[str],
        start_time: int | None,
        end_time: int | None,
        limit: int | None,
        next_token: str | None,
        filter_pattern: str | None,
        interleaved: bool,
    ) -> tuple[list[dict[str, Any]], str | None, list[dict[str, Any]]]:
        _expire(store, self)
        names = {number(stream): name for name, stream in list(self.streams.items())}
        chosen = [number for number, name in names.items() if name in set(log_stream_names or ())]
        test = _test(filter_pattern)
        _, token_place = _unpacked(f"f/{next_token}" if next_token else None)
        after = max(Place(start_time or 0, 0), token_place or START)
        before = END if end_time is None else Place(end_time + 1, 0)

        found: Iterator[Event]
        if len(chosen) == 1:
            found = store.of_stream(chosen[0], after, before)
        else:
            found = store.of_group(number(self), after, before)

        def wanted(event: Event) -> bool:
            return (not log_stream_names or event.stream in chosen) and test(event.message)

        events, more = one_page(found, limit or PAGE_EVENTS, wanted)
        told = [
            {
                "eventId": f"{event.event_id:056d}",
                "ingestionTime": event.ingestion_time,
                "logStreamName": names.get(event.stream, ""),
                "message": event.message,
                "timestamp": event.timestamp,
            }
            for event in events
        ]
        return told, _packed(_place(events[-1])) if more else None, []

    group_class: Any = LogGroup
    group_class.filter_log_events = filter_log_events


def _forget(store: LogStore) -> None:
    from moto.logs.models import LogGroup, LogsBackend

    original_stream, original_group = LogGroup.delete_log_stream, LogsBackend.delete_log_group

    def delete_log_stream(self: Any, log_stream_name: str) -> None:
        stream = self.streams.get(log_stream_name)
        original_stream(self, log_stream_name)
        store.drop_stream(number(self), number(stream))

    def delete_log_group(self: Any, log_group_name: str) -> None:
        group = self.groups.get(log_group_name)
        original_group(self, log_group_name)
        store.drop_group(number(group))

    group_class: Any = LogGroup
    backend_class: Any = LogsBackend
    group_class.delete_log_stream = delete_log_stream
    backend_class.delete_log_group = delete_log_group


def _test(pattern: str | None) -> log_patterns.Test:
    from moto.logs.exceptions import InvalidParameterException

    try:
        return log_patterns.compiled(pattern or "")
    except ValueError as error:
        raise InvalidParameterException(msg=f"Invalid filter pattern: {error}") from error


def _place(event: Event) -> Place:
    return Place(event.timestamp, event.event_id)


def _packed(place: Place) -> str:
    return f"{place.timestamp:0{_HALF}d}{place.event_id:0{_HALF}d}"


def _unpacked(token: str | None) -> tuple[str | None, Place | None]:
    """A token's direction and place."""
    from moto.logs.exceptions import InvalidParameterException

    if token is None:
        return None, None
    direction, digits = token[:1], token[2:]
    if direction not in ("f", "b") or len(digits) != 2 * _HALF or not digits.isdecimal():
        raise InvalidParameterException(msg="The specified nextToken is invalid.")
    return direction, Place(int(digits[:_HALF]), int(digits[_HALF:]))
