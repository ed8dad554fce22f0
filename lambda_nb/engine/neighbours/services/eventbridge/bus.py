"""Event buses: takes events, finds the rules that match, and hands them to the deliveries."""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from lambda_nb.engine.neighbours.services.eventbridge.metrics import Metrics
from lambda_nb.engine.neighbours.services.eventbridge.store import Archived
from lambda_nb.engine.neighbours.services.eventbridge.targets.deliveries import Deliveries
from lambda_nb.engine.neighbours.services.eventbridge.targets.errors import (
    INVALID_JSON,
    NO_RESOURCE,
    THIRD_ACCOUNT_HOP,
    THIRD_REGION_HOP,
    DeliveryError,
)
from lambda_nb.engine.neighbours.services.eventbridge.targets.jobs import RULE, SCHEDULE, Job
from lambda_nb.engine.steady_clock import steady_time
from lambda_nb.rules.events import patterns
from lambda_nb.rules.events.eventbridge import event_json
from lambda_nb.rules.events.eventbridge.input_transformation import (
    TransformationError,
    compact,
    payload,
)

log = logging.getLogger(__name__)

MOST_ENTRIES = 10
MOST_BYTES = 1_048_576
"""Bytes of all entries of one PutEvents (User Guide, eb-putevents; 256 KB until 2026)."""
_TIME_BYTES = 14
LOCAL, REGIONAL = "local", "regional"


@dataclass(slots=True)
class Found:
    """What one or more events lead to."""

    jobs: list[Job] = field(default_factory=list)
    archived: list[Archived] = field(default_factory=list)


@dataclass(slots=True)
class Way:
    """How an event came: by which hops, with which trace; and which rules may take it."""

    hops: tuple[str, ...] = ()
    trace: str | None = None
    only: Collection[str] = ()


class Buses:
    """The event buses of all accounts and Regions.

    Parameters
    ----------
    metrics
        Counts events and rules.
    """

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self.deliveries: Deliveries

    def put(
        self, backend: Any, entries: Sequence[Mapping[str, Any]], *, by_a_service: bool = False
    ) -> list[dict[str, Any]]:
        """PutEvents: one result for each entry.

        Parameters
        ----------
        by_a_service
            Whether a service of AWS puts them, whose sources begin with ``aws.``.

        Raises
        ------
        ValidationException
            There are too many entries, or they are too large.
        """
        from moto.events.exceptions import ValidationException

        if len(entries) > MOST_ENTRIES:
            raise ValidationException(
                f"1 validation error detected: Value '{entries}' at 'entries' failed to satisfy "
                f"constraint: Member must have length less than or equal to {MOST_ENTRIES}"
            )
        if sum(map(size_of, entries)) > MOST_BYTES:
            raise ValidationException("Total size of the entries in the request is over the limit.")
        found = Found()
        results = [self._put_one(backend, entry, found, by_a_service) for entry in entries]
        self.deliveries.add(found.jobs, found.archived)
        return results

    def _put_one(
        self, backend: Any, entry: Mapping[str, Any], found: Found, by_a_service: bool
    ) -> dict[str, Any]:
        where = (backend.account_id, backend.region_name)
        self._metrics.of_account(where, "PutEventsEntriesCount")
        refused = refusal(entry, by_a_service=by_a_service)
        if refused is not None:
            self._metrics.of_account(where, "PutEventsFailedEntriesCount")
            return {"ErrorCode": refused[0], "ErrorMessage": refused[1]}
        identifier = str(uuid.uuid4())
        name = entry.get("EventBusName") or "default"
        bus = _found(backend, name)
        if bus is None:  # AWS takes the event, too, and says nothing
            log.warning("an event of %s is dropped: no event bus is %s", entry["Source"], name)
            return {"EventId": identifier}
        event = {
            "version": "0",
            "id": identifier,
            "detail-type": entry["DetailType"],
            "source": entry["Source"],
            "account": backend.account_id,
            "time": _iso(entry.get("Time")),
            "region": backend.region_name,
            "resources": list(entry.get("Resources") or ()),
            "detail": event_json.parsed(entry["Detail"]),
        }
        self.match(bus, event, found, Way(trace=entry.get("TraceHeader")))
        return {"EventId": identifier}

    def to_rule(self, rule: Any, event: dict[str, Any]) -> None:
        """Let one rule look at an event of a service, complete as it is."""
        from moto.events.models import events_backends

        bus = events_backends[rule.account_id][rule.region_name].event_buses[rule.event_bus_name]
        found = Found()
        self.match(bus, event, found, Way(only=(rule.arn,)))
        self.deliveries.add(found.jobs, found.archived)

    def match(self, bus: Any, event: dict[str, Any], found: Found, way: Way) -> None:
        """Add what an event leads to on a bus."""
        where = (bus.account_id, bus.region)
        matched = False
        for rule in list(bus.rules.values()):
            if rule.state == "DISABLED" or (way.only and rule.arn not in way.only):
                continue
            pattern = rule.event_pattern.get_pattern()
            if not pattern or not patterns.matches(pattern, event):
                continue
            matched = True
            self._metrics.of_rule(rule.name, bus.name, where, "TriggeredRules")
            self._to_targets(rule, rule.targets, event, found, way)
        if matched:
            self._metrics.of_bus(bus.name, where, "MatchedEvents")
            self._metrics.of_account(where, "MatchedEvents")

    def of_rule(self, rule: Any, event: dict[str, Any]) -> list[Job]:
        """What a scheduled rule leads to when it fires."""
        found = Found()
        where = (rule.account_id, rule.region_name)
        self._metrics.of_rule(rule.name, rule.event_bus_name, where, "TriggeredRules")
        self._to_targets(rule, rule.targets, event, found, Way())
        return found.jobs

    def _to_targets(
        self,
        rule: Any,
        targets: Iterable[dict[str, Any]],
        event: dict[str, Any],
        found: Found,
        way: Way,
    ) -> None:
        now = time.time()
        accepted = steady_time()
        whole = compact(event)
        for target in list(targets):
            if is_archive(target["Arn"]):
                archive = _archive_of(rule)
                if archive is not None:
                    size = len(whole.encode())
                    at = _seconds(event["time"])
                    found.archived.append(Archived(archive, at, now, size, whole))
                continue
            job = Job(
                RULE, rule.arn, target, "", accepted, whole,
                hops=way.hops, trace=way.trace, bus=rule.event_bus_name,
            )  # fmt: skip
            try:
                job.payload = payload(target, event, rule.arn, _iso_milliseconds(now))
            except TransformationError as error:
                job.error = f"{INVALID_JSON}: {error}"
            if job.payload == whole:
                job.event = ""
            found.jobs.append(job)

    def forward(self, job: Job) -> None:
        """Send a job to another event bus; an event goes on only once in its Region, and once more
        to another Region.

        Raises
        ------
        DeliveryError
            There is no such bus, or the event has gone this way already.
        """
        from moto.events.models import events_backends

        _, _, _, region, account, resource = job.arn.split(":", 5)
        backend = events_backends[account][region]
        bus = backend.event_buses.get(resource.removeprefix("event-bus/"))
        if bus is None:
            text = f"Event bus {resource.removeprefix('event-bus/')} does not exist."
            raise DeliveryError(NO_RESOURCE, text, retry=False)
        if job.source == SCHEDULE:
            self._of_schedule(job, backend, bus)
            return
        hop = LOCAL if region == job.account_and_region[1] else REGIONAL
        if hop in job.hops:
            code = THIRD_ACCOUNT_HOP if hop == LOCAL else THIRD_REGION_HOP
            text = "Events received from another event bus cannot be forwarded to this event bus."
            raise DeliveryError(code, text, retry=False)
        found = Found()
        event = json.loads(job.whole_event)
        self.match(bus, event, found, Way((*job.hops, hop), job.trace))
        self.deliveries.add(found.jobs, found.archived)

    def _of_schedule(self, job: Job, backend: Any, bus: Any) -> None:
        parameters = job.target.get("EventBridgeParameters") or {}
        entry = {
            "Source": parameters.get("Source"),
            "DetailType": parameters.get("DetailType"),
            "Detail": job.told,
            "EventBusName": bus.name,
        }
        (result,) = self.put(backend, [entry])
        if "ErrorCode" in result:
            raise DeliveryError(result["ErrorCode"], result["ErrorMessage"], retry=False)


def _found(backend: Any, name: str) -> Any:
    """The event bus of a name or an ARN, if there is one."""
    bus = backend.event_buses.get(name.split("/")[-1] if name.startswith("arn:") else name)
    return None if bus is None or (name.startswith("arn:") and name != bus.arn) else bus


def is_archive(arn: str) -> bool:
    """Whether a target of a managed rule is an archive (moto's form: no account, no name)."""
    parts = arn.split(":")
    return parts[2:3] == ["events"] and not "".join(parts[5:])


def _archive_of(rule: Any) -> str | None:
    """What :class:`Store` calls the archive of a managed rule."""
    from moto.events.models import events_backends

    backend = events_backends[rule.account_id][rule.region_name]
    archive = backend.archives.get(rule.name.removeprefix("Events-Archive-"))
    return None if archive is None else archive_key(archive)


def archive_key(archive: Any) -> str:
    """An archive's name in the store: one that is made again is another."""
    return f"{archive.arn}:{archive.uuid}"


def size_of(entry: Mapping[str, Any]) -> int:
    """Bytes of an entry as AWS counts them (User Guide, eb-putevents)."""
    texts = [entry.get(name) or "" for name in ("Source", "DetailType", "Detail")]
    texts += entry.get("Resources") or ()
    return sum(len(text.encode(errors="replace")) for text in texts) + (
        _TIME_BYTES if entry.get("Time") else 0
    )


def refusal(entry: Mapping[str, Any], *, by_a_service: bool = False) -> tuple[str, str] | None:
    """Why PutEvents does not take an entry: AWS's code and message."""
    for name in ("Source", "DetailType", "Detail"):
        if not entry.get(name):
            text = f"Parameter {name} is not valid. Reason: {name} is a required argument."
            return "InvalidArgument", text
    texts = {"Source": [entry["Source"]], "DetailType": [entry["DetailType"]]}
    for name, told in {**texts, "Resources": entry.get("Resources") or []}.items():
        if not event_json.is_text("".join(told)):
            text = f"Parameter {name} is not valid. Reason: {name} is no text in UTF-8."
            return "InvalidArgument", text
    if entry["Source"].startswith("aws.") and not by_a_service:
        return "NotAuthorizedForSourceException", "Not authorized for the source."
    try:
        detail = event_json.parsed(entry["Detail"])
    except ValueError:
        detail = None
    return None if isinstance(detail, dict) else ("MalformedDetail", "Detail is malformed.")


def _iso(told: Any) -> str:
    """An event's time: whole seconds, as AWS writes them."""
    if isinstance(told, str):
        moment = datetime.fromisoformat(told.replace("Z", "+00:00")).astimezone(timezone.utc)
    else:
        moment = datetime.fromtimestamp(time.time() if told is None else told, timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _iso_milliseconds(now: float) -> str:
    moment = datetime.fromtimestamp(now, timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _seconds(iso: str) -> float:
    return datetime.fromisoformat(iso.replace("Z", "+00:00")).timestamp()
