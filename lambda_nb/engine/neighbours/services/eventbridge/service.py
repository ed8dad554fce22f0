"""Puts EventBridge and its Scheduler together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lambda_nb.engine.neighbours.services.door import Door
from lambda_nb.engine.neighbours.services.eventbridge import connections, request_checks, rules_api
from lambda_nb.engine.neighbours.services.eventbridge.archives import Archives
from lambda_nb.engine.neighbours.services.eventbridge.bus import Buses
from lambda_nb.engine.neighbours.services.eventbridge.metrics import Metrics
from lambda_nb.engine.neighbours.services.eventbridge.scheduler import schedules_api
from lambda_nb.engine.neighbours.services.eventbridge.scheduler.clock import Clock
from lambda_nb.engine.neighbours.services.eventbridge.scheduler.universal_targets import (
    UniversalTargets,
)
from lambda_nb.engine.neighbours.services.eventbridge.store import Store
from lambda_nb.engine.neighbours.services.eventbridge.targets.api_destinations import (
    ApiDestinations,
)
from lambda_nb.engine.neighbours.services.eventbridge.targets.api_gateways import Apis
from lambda_nb.engine.neighbours.services.eventbridge.targets.deliveries import Deliveries
from lambda_nb.engine.neighbours.services.eventbridge.targets.functions import Functions
from lambda_nb.engine.neighbours.services.eventbridge.targets.jobs import Job
from lambda_nb.engine.neighbours.services.eventbridge.targets.oauth_tokens import OAuthTokens
from lambda_nb.engine.neighbours.services.eventbridge.targets.senders import Senders
from lambda_nb.engine.neighbours.to_engine.event_pipe import Outlet

_CHECKED = {
    "PutRule": "put_rule",
    "PutTargets": "put_targets",
    "PutEvents": "put_events",
    "TestEventPattern": "test_event_pattern",
    "CreateEventBus": "create_event_bus",
    "UpdateEventBus": "update_event_bus",
    "CreateArchive": "create_archive",
    "UpdateArchive": "update_archive",
    "StartReplay": "start_replay",
    "CreateConnection": "create_connection",
    "UpdateConnection": "update_connection",
    "CreateApiDestination": "create_api_destination",
    "UpdateApiDestination": "update_api_destination",
}


class EventBridge:
    """EventBridge and its Scheduler in the neighbours' process.

    Parameters
    ----------
    outlet
        Takes events for functions.
    door
        Makes clients of the engine.
    directory
        Where the services' state is.
    """

    def __init__(self, outlet: Outlet, door: Door, directory: Path) -> None:
        metrics, tokens = Metrics(), OAuthTokens()
        store = self._store = Store(directory)
        buses = Buses(metrics)
        self._functions = Functions(outlet, door)
        senders = Senders(
            self._functions.send,
            {
                "events": buses.forward,
                "api-destination": ApiDestinations(tokens).send,
                "execute-api": Apis(door).send,
                "scheduler": UniversalTargets(door).send,
            },
        )
        self._deliveries = buses.deliveries = Deliveries(store, senders, metrics)
        self._clock = Clock(store, buses, self._deliveries)
        self._archives = Archives(store, buses)
        self._metrics = metrics
        self._tokens = tokens
        rules_api.install(buses)
        connections.install(tokens)
        self._archives.install()
        schedules_api.install(self._clock.wake)
        self._watch_rules()
        self._deliveries.completed = self._completed
        from moto.events.responses import EventsHandler

        request_checks.checked(EventsHandler, "events", _CHECKED)

    def start(self) -> None:
        """Begin to deliver, and go on with what an earlier process left."""
        self._metrics.start()
        self._deliveries.start()
        self._clock.start()
        self._archives.resume()
        connections.resume(self._tokens)

    def empty(self) -> None:
        """Forget what waits, what is archived and when schedules fire."""
        self._store.empty()
        self._clock.empty()
        self._functions.empty()

    def _watch_rules(self) -> None:
        """Wake the clock when a rule may have another schedule."""
        from moto.events.models import EventsBackend

        backend_class: Any = EventsBackend
        for name in ("put_rule", "enable_rule", "disable_rule", "delete_rule"):
            setattr(backend_class, name, self._waking(getattr(backend_class, name)))

    def _waking(self, method: Any) -> Any:
        def call(backend: Any, *rest: Any, **named: Any) -> Any:
            try:
                return method(backend, *rest, **named)
            finally:
                self._clock.wake()

        return call

    def _completed(self, job: Job) -> None:
        if not job.last:
            return
        from moto.scheduler.models import scheduler_backends

        account, region = job.account_and_region
        backend: Any = scheduler_backends[account][region]
        backend.forget(job.origin)
        self._clock.wake()
