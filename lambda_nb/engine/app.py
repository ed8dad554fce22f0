"""The engine, put together: every room started in order, and ended in reverse."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lambda_nb.engine.api.admission.credentials import Credentials
from lambda_nb.engine.api.admission.unsigned import Unsigned
from lambda_nb.engine.api.admission.web_pages import Names
from lambda_nb.engine.api.front import Door, Front, WebSockets
from lambda_nb.engine.api.function_calls.calls import FunctionCalls
from lambda_nb.engine.api.neighbours.bucket_cors import BucketCors
from lambda_nb.engine.api.neighbours.proxy import Proxy
from lambda_nb.engine.api.neighbours.service_changes import ServiceChanges
from lambda_nb.engine.api.neighbours.service_use import ServiceUse
from lambda_nb.engine.api.neighbours.watched_calls import Watch, WatchedCall
from lambda_nb.engine.api.resetting import Reset
from lambda_nb.engine.api.wire.certificates import Certificates
from lambda_nb.engine.api.wire.http import Receive, Scope, Send
from lambda_nb.engine.aws_calls.endpoint import Endpoint, Keys
from lambda_nb.engine.aws_calls.json_calls import Calls
from lambda_nb.engine.aws_calls.service_directory import Directory, keys_of
from lambda_nb.engine.aws_calls.upstream import Upstream
from lambda_nb.engine.edge.edge import Edge, concerns_configuration
from lambda_nb.engine.edge.surroundings import HOME as EDGE_HOME
from lambda_nb.engine.edge.surroundings import Surroundings as AroundEdge
from lambda_nb.engine.edge.telemetry import EdgeTelemetry
from lambda_nb.engine.edge.triggers.replicated_functions import Replicas
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.execution import Executor
from lambda_nb.engine.execution.failures import Failures
from lambda_nb.engine.execution.runtimes import inventory
from lambda_nb.engine.gateways.doors import GatewayDoor, has_domain
from lambda_nb.engine.gateways.function_urls.gateway import FunctionUrlDoor
from lambda_nb.engine.gateways.load_balancer.permitted_targets import BALANCING, PermittedTargets
from lambda_nb.engine.gateways.shared.addresses import Addresses
from lambda_nb.engine.gateways.shared.own_addresses import OwnAddresses
from lambda_nb.engine.gateways.website.gateway import WebsiteDoor
from lambda_nb.engine.gateways.website.public_objects import PublicObjectsDoor
from lambda_nb.engine.iot.admission.calls import IotCalls
from lambda_nb.engine.iot.admission.changes import Changes
from lambda_nb.engine.iot.data_api.device_door import DeviceHttpDoor
from lambda_nb.engine.iot.doors import WEB_SOCKET_PATH, DeviceDoor
from lambda_nb.engine.iot.jobs.control.calls import JobCalls
from lambda_nb.engine.iot.rules.confirmation_door import ConfirmationDoor
from lambda_nb.engine.iot.rules.rule_changes import concerns_rules
from lambda_nb.engine.machine.file_descriptors import Descriptors
from lambda_nb.engine.model import FunctionVersion, Operation
from lambda_nb.engine.neighbours.process.supervisor import (
    Neighbours,
    NeighboursError,
    iot_authority,
)
from lambda_nb.engine.neighbours.services.iot.registry_events import SOURCE as REGISTRY_EVENTS
from lambda_nb.engine.options import Options
from lambda_nb.engine.permissions.functions import region_of
from lambda_nb.engine.region import WATCHED, Regions, abandon
from lambda_nb.engine.shared import Shared
from lambda_nb.engine.stacks.custom.answers import Answers
from lambda_nb.engine.stacks.custom.door import AnswerDoor

if TYPE_CHECKING:
    from lambda_nb.engine.edge.origins.function_urls import UrlAccess
    from lambda_nb.engine.iot.admission.dry_runs import DryRuns


class App:
    """The rooms of one engine; an asynchronous context that starts and ends them.

    Parameters
    ----------
    options
        What was asked for.
    url
        Where the engine will answer.
    data_dir
        Where everything durable lies.

    Attributes
    ----------
    front : Front
        The ASGI application.
    credentials : Credentials
        The keys that were issued.
    descriptors : Descriptors
        The file descriptors of this process.
    certificates : Certificates
        The certificate of its port.
    devices : DeviceDoor
        Takes devices that speak MQTT.
    addresses : OwnAddresses
        The addresses of function URLs and APIs, and their ports.
    reset : Reset
        Empties the engine between tests.
    """

    def __init__(self, options: Options, url: str, data_dir: Path) -> None:
        self._options = options
        self._url = url
        self._data_dir = data_dir
        self._work_dir = data_dir / "work"
        self._started = time.time()
        self.descriptors = Descriptors()
        self.addresses = OwnAddresses(url, options.addresses)
        self.certificates = Certificates(data_dir / "tls")
        self._cleanup = contextlib.AsyncExitStack()
        self._failures = Failures() if options.keep_frames else None
        self._stack_answers = Answers(url)
        self.reset = Reset(self._empty, allowed=options.resettable)
        self.credentials = Credentials(
            data_dir / "credentials", account=options.account, region=options.region
        )
        self._function_calls = FunctionCalls(
            self.credentials.find, data_dir / "function-calls.jsonl"
        )

    async def __aenter__(self) -> App:
        """Start the rooms."""
        self._work_dir.mkdir(mode=0o700, exist_ok=True)
        try:
            self._make_neighbours()
            # Takes the data directory, or fails before anything is touched.
            self._regions.home.open()
            self._start_neighbours()
            opening = self._open_addresses()
            # Before the neighbours end: logs and figures that wait still go to them.
            self._cleanup.push_async_callback(self._regions.close)
            await self._regions.start()
            self._cleanup.push_async_callback(self._edge_telemetry.close)
            self._cleanup.push_async_callback(self._edge_calls.close)
            self._cleanup.push_async_callback(self._edge.close)
            self._edge.start()
            await opening
            self.addresses.keep(self._regions.have)
            self._open_front()
            for region in self._regions.all():  # its port listens already: calls wait there
                region.cloudformation.resume()
        except BaseException:
            await self._cleanup.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the rooms, the last one first."""
        await self._cleanup.aclose()

    def _make_neighbours(self) -> None:
        options = self._options
        keys = self.credentials.keys
        self._neighbours = Neighbours(
            account=options.account,
            region=options.region,
            work_dir=self._work_dir / "neighbours",
            address=self._url,
            external_url=options.neighbours_url,
            pushed=self._pushed,
            news=lambda arn, shard: self._regions[region_of(arn)].read_on(arn, shard),
            state_dir=self._data_dir / "services",
            keys=keys,
            elsewhere=tuple(options.elsewhere),
            emptied=self._emptied,
        )
        others = keys_of(os.environ, keys)
        self._services = Directory(
            lambda: self._neighbours.endpoint,
            self._neighbours_endpoint,
            {name: Endpoint(url, keys=others) for name, url in options.elsewhere.items()},
        )
        self._balancing = self._changes_of(BALANCING, "elbv2")
        self._changes = {name: self._changes_of(name, name) for name in WATCHED}
        self._permissions = Changes(elsewhere=self._is_elsewhere("iot"))
        self._rule_changes = ServiceChanges(
            elsewhere=self._is_elsewhere("iot"), concerns=concerns_rules
        )
        self._service_use = ServiceUse(self._data_dir / "services", options.elsewhere)
        upstream = self._upstream = Upstream(self._url, keys)
        self._cleanup.push_async_callback(upstream.close)
        shared = Shared(
            options,
            self._url,
            self.credentials,
            self.descriptors,
            self._services,
            upstream,
            self.addresses,
            self.certificates,
            lambda arn: self._regions[region_of(arn)].functions,
            self._balancing,
            self._changes,
            self._permissions,
            self._rule_changes,
            Replicas(lambda: self._edge.associated(), lambda *gone: self._edge.deleted(*gone)),
            self._function_calls,
            self._stack_answers,
            self._service_use.changed,
            self._service_use.may_hold,
            self._failures,
        )
        self._regions = Regions(shared, self._data_dir, self._work_dir)
        self._make_edge(shared)
        authority = iot_authority(self._data_dir / "services")
        gate = self._regions.home.gate
        self.devices = DeviceDoor(self._regions, gate, self._changes["iot"], authority)
        self.certificates.ask_clients(self.devices.anchors)

    def _make_edge(self, shared: Shared) -> None:
        """CloudFront, which is of no Region: its functions run in those of its locations."""
        options = self._options
        self._distributions = self._changes_of("cloudfront", "cloudfront", concerns_configuration)
        self._stores = self._changes_of("cloudfront-keyvaluestore", "cloudfront")

        def is_domain(name: str) -> bool:
            return has_domain(self._regions.all(), name)

        self._addresses = Addresses(
            self.addresses.owner, is_domain, lambda name: self._edge.is_alias(name)
        )
        telemetry = self._edge_telemetry = EdgeTelemetry(shared)
        self._edge_calls = Calls(self._services, self.credentials.keys)

        def executor(location: str, region: str) -> Executor:
            work_dir = self._work_dir / "edge" / location
            return shared.executor(region, work_dir, *telemetry.of(region))

        def resolve(arn: str) -> FunctionVersion:
            name, _, number = arn.partition(":function:")[2].partition(":")
            return self._regions[EDGE_HOME].control.resolve(name, number).function

        async def configuration_of(arn: str) -> Mapping[str, Any]:
            region = await self._regions.named(EDGE_HOME)
            asked = region.control.operations()["GetFunctionConfiguration"]
            answer = asked({"FunctionName": arn}, region.gate.anyone)
            return await answer if inspect.isawaitable(answer) else answer

        around = AroundEdge(
            account=options.account,
            region=options.region,
            own_url=self._url,
            keys=Keys(*self.credentials.keys),
            clients=self._regions.home.clients,
            calls=self._edge_calls,
            upstream=self._upstream,
            addresses=self._addresses,
            directory=self._data_dir / "edge",
            cache_bytes=options.edge_cache_bytes,
            locations=options.edge_locations,
            viewer_timeout_s=options.edge_viewer_timeout_s,
            resolve=resolve,
            configuration_of=configuration_of,
            find_url=self._url_access,
            executor=executor,
            logs=lambda region: telemetry.of(region)[0],
            figure=lambda *figure: telemetry.of(EDGE_HOME)[1].service_figure(*figure),
        )
        self._edge = Edge(around, self._distributions, self._stores)

    def _url_access(self, identifier: str) -> UrlAccess | None:
        from lambda_nb.engine.edge.origins.function_urls import UrlAccess

        found = (region.urls.access(identifier) for region in self._regions.all())
        return next((UrlAccess(*access) for access in found if access is not None), None)

    def _is_elsewhere(self, service: str) -> bool:
        """Whether a service, by its signing name, is not the embedded one."""
        return bool(self._options.neighbours_url) or service in self._options.elsewhere

    def _changes_of(
        self,
        service: str,
        backend: str,
        concerns: Callable[[WatchedCall], bool] = lambda call: True,
    ) -> ServiceChanges:
        """Knows when a service changes, by its signing name and moto's name."""
        kept = any((self._data_dir / "services").glob(f"moto.{backend}.*"))
        return ServiceChanges(elsewhere=self._is_elsewhere(service), kept=kept, concerns=concerns)

    async def _empty(self) -> None:
        """Forget everything but the engine's address and keys, and how to start functions."""
        await self._neighbours_endpoint()  # they may still be starting
        await self._edge.empty()
        await self._regions.empty(self._neighbours.empty)
        for changes in (self._distributions, self._stores):
            changes.emptied()
        self._service_use.emptied()
        self.credentials.forget_issued()
        self._function_calls.forget()
        if self._failures is not None:
            self._failures.clear()
        self.addresses.changed()

    def _emptied(self) -> None:
        """The embedded services hold nothing of what they held."""
        self._regions.begin_sources_afresh()
        for changes in (self._distributions, self._stores):
            changes.emptied()
        self._edge.changed()

    async def _pushed(self, source: str, arn: str, payload: bytes) -> None:
        await self._regions.started.wait()
        region = self._regions[region_of(arn)]
        if source == REGISTRY_EVENTS:
            await region.iot.publish(arn.partition(":topic/")[2], payload)
        else:
            await region.pushes(source, arn, payload)

    def _start_neighbours(self) -> None:
        """Start the neighbours, which come up on their own."""
        self._cleanup.push_async_callback(self._neighbours.close)
        self._neighbours_up = asyncio.ensure_future(self._neighbours.start())
        self._cleanup.push_async_callback(abandon, self._neighbours_up)

    def _open_addresses(self) -> asyncio.Future[None]:
        """Find addresses for URLs and APIs, while the other rooms start."""
        remembered = None if self.descriptors.scarce else self._data_dir / "ports.json"
        opening = asyncio.ensure_future(self.addresses.open(remembered))
        self._cleanup.callback(self.addresses.close)
        self._cleanup.push_async_callback(abandon, opening)
        return opening

    async def _neighbours_endpoint(self) -> Endpoint:
        try:
            await asyncio.shield(self._neighbours_up)
            return self._neighbours.endpoint
        except NeighboursError as error:
            raise AWSError("ServiceUnavailable", str(error), 503) from error

    def _open_front(self) -> None:
        region = self._options.region
        watches = self._watches()
        keep_keys = self.credentials.keep_issued
        proxy = Proxy(self._services, region, keep_keys, watches, self._service_use)
        self._cleanup.push_async_callback(proxy.close)

        def is_name(name: str) -> bool:
            return has_domain(self._regions.all(), name) or self._edge.is_alias(name)

        addresses = self._addresses
        gateways = GatewayDoor(addresses, self._regions.all)
        urls = FunctionUrlDoor(addresses, lambda: [r.urls for r in self._regions.all()])
        bucket_cors = BucketCors(self._regions.home.clients)
        websites = WebsiteDoor(addresses, self._regions.home.clients, bucket_cors)
        of_devices = DeviceHttpDoor(self.devices.requests)
        confirming = ConfirmationDoor(lambda: self._upstream, region)
        answering = AnswerDoor(self._stack_answers)
        own: list[Door] = [urls, gateways, self._edge, of_devices, confirming, answering]
        doors = [*own, websites]
        if self._options.signed:
            doors.append(PublicObjectsDoor(self._regions.home.clients))
        self.front = Front(
            self._regions.home.gate,
            self._regions,
            doors,
            self._regions.home.own_apis.keys() - self._options.elsewhere.keys(),
            self._web_socket(gateways.connect),
            proxy,
            Unsigned(region),
            Names(self._options.allowed_hosts, is_name),
            bucket_cors,
            self._edge.names_read,
            {
                "status": self._status,
                "runtimes": self._runtimes,
                "events": self._recent_events,
                "debug": self._debugged,
                "frames": self._frames,
                "calls": self._called,
            },
            self.reset,
            self._function_calls,
        )

    def _watches(self) -> dict[str, list[Watch]]:
        """Who are told of the calls to a service, by its signing name."""
        account, region = self._options.account, self._options.region

        async def jobs(name: str) -> Mapping[str, Operation]:
            rooms = await self._regions.named(name or region)
            return (await rooms.iot.opened()).jobs.control_operations()

        async def dry_runs(name: str) -> DryRuns:
            rooms = await self._regions.named(name or region)
            return (await rooms.iot.opened()).dry_runs

        iot = IotCalls(
            self._permissions, dry_runs, account, region, elsewhere=self._is_elsewhere("iot")
        )
        targets = PermittedTargets(lambda arn: self._regions[region_of(arn)].functions)
        watches: dict[str, list[Watch]] = {BALANCING: [targets, self._balancing]}
        watches |= {name: [changes] for name, changes in self._changes.items()}
        watches["iot"] += [self._rule_changes, iot]
        if not self._is_elsewhere("iot"):
            watches["iot"].append(JobCalls(jobs, self._regions.home.gate.anyone))
        watches["cloudfront"] = [self._distributions, self._edge]
        watches["cloudfront-keyvaluestore"] = [self._stores]
        return watches

    def _web_socket(self, gateways: WebSockets) -> WebSockets:
        """Who takes a WebSocket: devices at their path, else the APIs."""

        async def connect(scope: Scope, receive: Receive, send: Send) -> None:
            is_mqtt = scope["path"] == WEB_SOCKET_PATH
            await (self.devices.connect if is_mqtt else gateways)(scope, receive, send)

        return connect

    async def _status(self, region: str | None, query: Mapping[str, str]) -> dict[str, Any]:
        """What ``/_lambda_nb/status`` shows."""
        return {
            "version": version("lambda-nb"),
            "pid": os.getpid(),
            "url": self._url,
            "account": self._options.account,
            "region": self._options.region,
            "auth": "sigv4" if self._options.signed else "none",
            "resettable": self._options.resettable,
            "started": self._started,
            "cpu_share": self._options.cpu_share,
            "keep_alive_s": self._options.keep_alive_s,
            "max_age_s": self._options.max_age_s
            if math.isfinite(self._options.max_age_s)
            else None,
            "certificate": self.certificates.authority,
            "mqtt": _without_password(self._options.mqtt_url),
            "neighbours": self._neighbours_at(),
            "unkept": self._neighbours.unkept,
            "elsewhere": dict(self._options.elsewhere),
            "services": None if self._options.neighbours_url else self._service_use.told(),
            "edge": self._edge.status(),
            **self._regions.home.status(),
            "regions": {r.name: r.status() for r in self._regions.all()[1:]},
        }

    async def _recent_events(self, region: str | None, query: Mapping[str, str]) -> dict[str, Any]:
        """What ``/_lambda_nb/events?function=NAME`` shows."""
        return self._regions[region or self._options.region].recent_events.told(query)

    async def _frames(self, region: str | None, query: Mapping[str, str]) -> dict[str, Any]:
        """What ``/_lambda_nb/frames?request=ID`` (or ``function=NAME``, its latest) shows."""
        kept = self._failures
        return {"kept": kept is not None, "failure": None if kept is None else kept.told(query)}

    async def _called(self, region: str | None, query: Mapping[str, str]) -> dict[str, Any]:
        """What ``/_lambda_nb/calls`` shows; with ``?function=NAME``, of that function."""
        return self._function_calls.told(query.get("function"))

    async def _debugged(self, region: str | None, query: Mapping[str, str]) -> dict[str, Any]:
        """What ``/_lambda_nb/debug`` shows; with ``?function=NAME``, of that function."""
        return await self._regions[region or self._options.region].debugged(query)

    async def _runtimes(self, region: str | None, query: Mapping[str, str]) -> dict[str, Any]:
        """What ``/_lambda_nb/runtimes`` shows; takes a while, as programs tell their versions."""
        rows = await asyncio.to_thread(inventory.table, datetime.now(timezone.utc).date())
        return {
            "fallback": self._options.runtime_fallback,
            "runtimes": {row.runtime: asdict(row) for row in rows},
        }

    def _neighbours_at(self) -> str | None:
        try:
            return str(self._neighbours.endpoint)
        except NeighboursError:
            return None


def _without_password(url: str | None) -> str | None:
    """A URL as it may be shown."""
    if url is None:
        return None
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
