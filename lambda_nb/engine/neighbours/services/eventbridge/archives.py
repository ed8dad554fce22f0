"""Archives and replays: events on disk, sent again to the rules of their bus.

moto replays inside the call, past the end of the window, and keeps each event in memory.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

from lambda_nb.engine.neighbours.services.eventbridge.bus import Buses, Found, Way, archive_key
from lambda_nb.engine.neighbours.services.eventbridge.store import Store

log = logging.getLogger(__name__)

_DAY_S = 86_400
_AT_ONCE = 100
_EXPIRE_EVERY_S = 3600.0
ACTIVE_REPLAYS = 10
"""Active replays of an account in a Region (User Guide, quotas)."""


class Archives:
    """The archives and replays of all accounts and Regions.

    Parameters
    ----------
    store
        Has the events.
    buses
        Match replayed events.
    """

    def __init__(self, store: Store, buses: Buses) -> None:
        self._store = store
        self._buses = buses

    def install(self) -> None:
        """Replace what moto does."""
        self._describe()
        self._manage()
        self._replays()

    def resume(self) -> None:
        """Go on with the replays that an earlier process left; let old events expire."""
        for backend in _backends():
            for replay in list(backend.replays.values()):
                if replay.state.value in ("STARTING", "RUNNING", "CANCELLING"):
                    self._begin(backend, replay)
        threading.Thread(target=self._expire_all, name="archives", daemon=True).start()

    def _describe(self) -> None:
        from moto.events.models import Archive

        original = Archive.describe_short
        archives = self

        def describe_short(self: Any) -> dict[str, Any]:
            archives._expire(self)
            count, size = archives._store.archive_size(archive_key(self))
            return {**original(self), "EventCount": count, "SizeBytes": size}

        def describe(self: Any) -> dict[str, Any]:
            told = {
                "ArchiveArn": self.arn,
                "Description": self.description,
                "EventPattern": self.event_pattern.dump(),
                **self.describe_short(),
            }
            return {name: value for name, value in told.items() if value is not None}

        archive_class: Any = Archive
        archive_class.describe_short = describe_short
        archive_class.describe = describe

    def _manage(self) -> None:
        from moto.events.models import Archive, EventPattern, EventsBackend

        create, delete = EventsBackend.create_archive, Archive.delete
        archives = self

        def create_archive(self: Any, name: str, source_arn: str, *rest: Any, **named: Any) -> Any:
            archive = create(self, name, source_arn, *rest, **named)
            archive.retention = int(archive.retention or 0)
            return archive

        def update(
            self: Any, description: str | None, event_pattern: str | None, retention: Any
        ) -> None:
            if description is not None:
                self.description = description
            if event_pattern is not None:
                self.event_pattern = EventPattern.load(event_pattern)
                if self.rule is not None:
                    pattern = json.loads(event_pattern or "{}")
                    pattern["replay-name"] = [{"exists": False}]
                    self.rule.event_pattern = EventPattern.load(json.dumps(pattern))
            if retention is not None:
                self.retention = int(retention)

        def forget(self: Any, account_id: str, region_name: str) -> None:
            delete(self, account_id, region_name)
            archives._store.expire(archive_key(self))

        archive_class: Any = Archive
        archive_class.update = update
        archive_class.delete = forget
        backend_class: Any = EventsBackend
        backend_class.create_archive = create_archive

    def _replays(self) -> None:
        from moto.core.exceptions import JsonRESTError
        from moto.events.exceptions import IllegalStatusException, ValidationException
        from moto.events.models import EventsBackend, Replay, ReplayState

        start, describe = EventsBackend.start_replay, Replay.describe
        short = Replay.describe_short
        archives = self

        def start_replay(self: Any, *arguments: Any, **named: Any) -> Any:
            active = [one for one in self.replays.values() if one.end_time is None]
            if len(active) >= ACTIVE_REPLAYS:
                text = "The requested resource exceeds the maximum number allowed."
                raise JsonRESTError("LimitExceededException", text)
            begin, end = arguments[3], arguments[4]
            if begin == end:
                text = "EventStartTime must be before EventEndTime."
                raise ValidationException(f"Parameter EventEndTime is not valid. Reason: {text}")
            known = set(self.replays)
            answer = start(self, *arguments, **named)
            for name in set(self.replays) - known:
                archives._begin(self, self.replays[name])
            return answer

        def replay_events(self: Any, archive: Any) -> None:
            """Nothing is sent inside the call: a thread does it."""

        def describe_replay(self: Any) -> dict[str, Any]:
            told = {**describe(self), "EventLastReplayedTime": getattr(self, "last_at", None)}
            return {name: value for name, value in told.items() if value is not None}

        def describe_short(self: Any) -> dict[str, Any]:
            told = {**short(self), "EventLastReplayedTime": getattr(self, "last_at", None)}
            return {name: value for name, value in told.items() if value is not None}

        def cancel_replay(self: Any, name: str) -> dict[str, str]:
            replay = self._get_replay(name)
            if replay.state not in (ReplayState.STARTING, ReplayState.RUNNING):
                raise IllegalStatusException(
                    f"Replay {name} is not in a valid state for this operation."
                )
            replay.state = ReplayState.CANCELLING
            return {"ReplayArn": replay.arn, "State": ReplayState.CANCELLING.value}

        backend_class: Any = EventsBackend
        backend_class.start_replay = start_replay
        backend_class.cancel_replay = cancel_replay
        replay_class: Any = Replay
        replay_class.replay_events = replay_events
        replay_class.describe = describe_replay
        replay_class.describe_short = describe_short

    def _expire(self, archive: Any) -> None:
        """Forget what an archive has kept for long enough."""
        days = int(archive.retention or 0)
        if days:
            self._store.expire(archive_key(archive), time.time() - days * _DAY_S)

    def _expire_all(self) -> None:
        while True:
            for backend in _backends():
                for archive in list(backend.archives.values()):
                    self._expire(archive)
            time.sleep(_EXPIRE_EVERY_S)

    def _begin(self, backend: Any, replay: Any) -> None:
        threading.Thread(
            target=self._run, args=[backend, replay], name=f"replay-{replay.name}", daemon=True
        ).start()

    def _run(self, backend: Any, replay: Any) -> None:
        from moto.events.models import ReplayState, events_backends

        try:
            if replay.state == ReplayState.STARTING:
                replay.state = ReplayState.RUNNING
            for _ in self._send(backend, replay):
                if replay.state == ReplayState.CANCELLING:
                    break
            cancelled = replay.state == ReplayState.CANCELLING
            replay.state = ReplayState.CANCELLED if cancelled else ReplayState.COMPLETED
        except Exception:
            log.exception("the replay %s has failed", replay.name)
            replay.state = ReplayState.FAILED
        replay.end_time = time.time()
        events_backends[backend.account_id][backend.region_name]  # what it holds has changed

    def _send(self, backend: Any, replay: Any) -> Iterator[None]:
        """Send the events of the window, some at a time."""
        archive = backend.archives.get(replay.source_arn.split("/")[-1])
        if archive is None:
            raise LookupError(f"there is no archive {replay.source_arn}")
        self._expire(archive)
        bus = backend.event_buses[replay.destination["Arn"].split("/")[-1]]
        only = tuple(replay.destination.get("FilterArns") or ())
        window = (float(replay.event_start_time), float(replay.event_end_time))
        while True:
            place = getattr(replay, "place", (float("-inf"), 0))
            rows = self._store.archived(archive_key(archive), *window, place, _AT_ONCE)
            if not rows:
                return
            found = Found()
            for _, _, text in rows:
                event = {**json.loads(text), "replay-name": replay.name}
                self._buses.match(bus, event, found, Way(only=only))
            self._buses.deliveries.add(found.jobs, found.archived)
            replay.place = rows[-1][:2]
            replay.last_at = rows[-1][0]
            yield


def _backends() -> Iterator[Any]:
    module = sys.modules.get("moto.events.models")
    if module is not None:
        # Not by subscript, which counts as a use: then all of it would be saved.
        for account in list(dict.values(module.events_backends)):
            yield from list(dict.values(account))
