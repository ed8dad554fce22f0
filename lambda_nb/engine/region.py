"""Lambda in one Region: its functions, their environments, its queue and what reads its sources.

Nothing of one Region knows of another's, as on AWS: names, numbers of versions, mappings, function
URLs and the limit of concurrent executions are a Region's own.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any

from lambda_nb.engine.api.admission.gate import Gate
from lambda_nb.engine.api.lambda_api.invoke import Invoker
from lambda_nb.engine.api.lambda_api.operations import LambdaAPI
from lambda_nb.engine.api.wire.busypoll import BusyPoll
from lambda_nb.engine.aws_calls.clients import Clients, ObjectReader
from lambda_nb.engine.aws_calls.endpoint import Keys
from lambda_nb.engine.aws_calls.json_calls import Calls
from lambda_nb.engine.aws_calls.services import Services
from lambda_nb.engine.control import Control
from lambda_nb.engine.control.events.source_probe import NeighbourProbe
from lambda_nb.engine.durable import Durable
from lambda_nb.engine.edge.surroundings import HOME as EDGE_HOME
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.events.asynchronous.destinations import Destinations
from lambda_nb.engine.events.asynchronous.queue import AsyncQueue
from lambda_nb.engine.events.pipes import surroundings as pipe_surroundings
from lambda_nb.engine.events.pipes.pipes import Pipes
from lambda_nb.engine.events.polled.checkpoints import Checkpoints
from lambda_nb.engine.events.polled.mapping import Runner
from lambda_nb.engine.events.polled.pollers import EventSources
from lambda_nb.engine.events.pushed.bridge_queues import Bridge
from lambda_nb.engine.events.pushed.pushes import Pushes
from lambda_nb.engine.execution.handover import Handover
from lambda_nb.engine.execution.recursive_loops import LoopGuard
from lambda_nb.engine.gateways.api_gateway import ApiGateway
from lambda_nb.engine.gateways.function_urls.gateway import FunctionUrls
from lambda_nb.engine.gateways.load_balancer.gateway import LoadBalancers
from lambda_nb.engine.gateways.shared.addresses import API, FUNCTION_URL
from lambda_nb.engine.gateways.shared.surroundings import Surroundings
from lambda_nb.engine.iot.iot import Iot, IotApi
from lambda_nb.engine.iot.surroundings import Surroundings as IotSurroundings
from lambda_nb.engine.model import Invocation, InvocationResult, Resolved
from lambda_nb.engine.permissions.functions import Functions
from lambda_nb.engine.shared import Shared
from lambda_nb.engine.stacks.cloudformation import CloudControl, CloudFormation
from lambda_nb.engine.stacks.surroundings import Surroundings as AroundStacks
from lambda_nb.engine.telemetry.recent_events import RecentEvents

WATCHED = ("iot", "pipes")
"""Services whose configuration the engine carries out."""

_OF_ALL_REGIONS = {
    "credentials",
    "credentials.json",
    "edge",
    "ports.json",
    "regions",
    "services",
    "tls",
    "work",
}
"""What else lies in the home Region's directory; the services and CloudFront empty their own."""

_PUSHING = {"s3", "sns", "events", "sqs"}
"""Services that, elsewhere, reach functions through queues."""


class Region:
    """The rooms of one Region.

    Parameters
    ----------
    name
        The Region.
    shared
        What it has in common with others.
    data_dir
        Where everything durable of it lies.
    work_dir
        For its environments.

    Attributes
    ----------
    clients : Clients
        Calls the other services in this Region.
    gate : Gate
        Lets requests for this Region in.
    control : Control
        Its functions.
    lambda_api : LambdaAPI
        Answers Lambda's operations; from :meth:`start` on.
    urls : FunctionUrls
        Answers its function URLs; from :meth:`start` on.
    functions : Functions
        Its functions, as gateways reach them; from :meth:`start` on.
    api_gateway : ApiGateway
        Its APIs; from :meth:`start` on.
    load_balancers : LoadBalancers
        Its load balancers; from :meth:`start` on.
    iot : Iot
        AWS IoT in the Region; from :meth:`start` on.
    cloudformation : CloudFormation
        Its stacks; from :meth:`start` on.
    own_apis : dict of str to ApiGateway, CloudControl, CloudFormation or IotApi
        Answer the APIs of AWS, beside Lambda's, that the engine answers itself; from
        :meth:`start` on.
    pushes : Pushes
        Takes what services push to its functions; from :meth:`start` on.
    recent_events : RecentEvents
        What its functions got lately.
    """

    lambda_api: LambdaAPI
    urls: FunctionUrls
    functions: Functions
    api_gateway: ApiGateway
    load_balancers: LoadBalancers
    iot: Iot
    cloudformation: CloudFormation
    own_apis: dict[str, ApiGateway | CloudControl | CloudFormation | IotApi]
    pushes: Pushes

    def __init__(self, name: str, shared: Shared, data_dir: Path, work_dir: Path) -> None:
        self.name = name
        self._shared = shared
        self._options = shared.options
        self._data_dir = data_dir
        self._work_dir = work_dir
        self._sources: EventSources | None = None
        self._pipes: Pipes | None = None
        self._handover: Handover | None = None
        self.recent_events = RecentEvents()
        self._cleanup = contextlib.AsyncExitStack()
        self.clients = Clients(shared.services, shared.url, shared.credentials.keys, name)
        self.gate = Gate(shared.credentials, region=name, open=not self._options.signed)

    def open(self) -> None:
        """Open what is kept, or fail before anything is touched.

        Raises
        ------
        DatabaseError
            If another engine has it open, or it is damaged.
        """
        self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._work_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._make_executor(self._handover)
        self._handover = None
        options = self._options
        self.control = Control(
            self._data_dir / "control.sqlite",
            self._data_dir / "files",
            account=options.account,
            region=self.name,
            endpoint=lambda: self._shared.url,
            address=partial(self._shared.addresses.of, FUNCTION_URL),
            fetch=ObjectReader(self.clients),
            executor_hooks=self._executor.hooks,
            account_limit=options.account_concurrency,
            probe=NeighbourProbe(self.clients),
            settled=self._settled,
            hot_reload=options.hot_reload,
        )
        self._cleanup.callback(self.control.close)
        self.control.store.watch(self._shared.addresses.changed)

    async def start(self) -> None:
        """Start to run functions.

        Raises
        ------
        IsolationError
            The isolation or the CPU share asked for is not to be had here.
        """
        self._cleanup.push_async_callback(self._logs.close)
        self._cleanup.push_async_callback(self._metrics.close)
        await self._bring_up_executor()
        await self._start_invoking()
        self._open_doors()
        await self.iot.start()

    async def close(self) -> None:
        """End the rooms, the last one first."""
        await self._cleanup.aclose()

    async def forget(self) -> None:
        """End the rooms: after :meth:`remove_kept`, :meth:`open` and :meth:`start` begin afresh."""
        self._handover = self._executor.handover
        await self._end_for_good()
        self.recent_events = RecentEvents()

    async def remove_kept(self) -> None:
        """Remove what the rooms kept, which have ended."""
        await asyncio.to_thread(self._remove_kept)

    async def drop(self) -> None:
        """End the rooms and remove all that was made for them."""
        await self._end_for_good()
        for directory in (self._data_dir, self._work_dir):
            await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)

    async def _end_for_good(self) -> None:
        self._logs.discard()
        self._metrics.discard()
        self._sources = self._pipes = None
        await self.close()
        shared = self._shared
        for changes in (shared.balancing, shared.rule_changes, *shared.changes.values()):
            changes.unwatch(self.name)

    def _remove_kept(self) -> None:
        for path in self._data_dir.iterdir():
            if path.name in _OF_ALL_REGIONS:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)

    def read_on(self, stream_arn: str, shard: str) -> None:
        """A shard of the embedded streams has something new."""
        if self._sources is not None:
            self._sources.read_on(stream_arn, shard)
        if self._pipes is not None:
            self._pipes.read_on(stream_arn, shard)

    def begin_sources_afresh(self) -> None:
        """The embedded services hold nothing of what they held."""
        if self._sources is not None:
            self._sources.begin_afresh(self._options.elsewhere)
        if self._pipes is not None:
            self._pipes.begin_afresh(self._options.elsewhere)

    def download(self, path: str, query: Mapping[str, str]) -> Path:
        """The archive behind a download link of this Region.

        Raises
        ------
        AWSError
            The link is another Region's, or is valid no more.
        """
        return self.control.download(path, query)

    def status(self) -> dict[str, Any]:
        """What runs now."""
        return self._executor.status()

    async def debugged(self, query: Mapping[str, str]) -> dict[str, Any]:
        """What is shown of the versions that ask for a debugger.

        Parameters
        ----------
        query
            ``function``, a name, and ``qualifier``: only that version, which is ready for a client
            when this returns.

        Returns
        -------
        dict
            ``sessions``, one row a version: ``function``, ``version``, ``language``, ``host``,
            ``port``, the ``token`` that a client sends with *attach*, ``state`` (*waiting* for an
            environment, *running*, *stopped*, *unavailable*), whether a client is ``attached``,
            the ``problem`` if it is unavailable, ``root``, where the function sees its code.

        Raises
        ------
        AWSError
            As those of an invocation, if there is no such version.
        """
        debuggers, name = self._executor.debuggers, query.get("function")
        if not name:
            return {"sessions": debuggers.status()}
        function = self.control.resolve(name, query.get("qualifier") or None).function
        await debuggers.prepare(function)
        wanted = {"function": function.name, "version": function.version}
        rows = [row for row in debuggers.status() if wanted.items() <= row.items()]
        return {"sessions": rows}

    async def _settled(self, identifier: str) -> None:
        if self._sources is not None:
            await self._sources.settled(identifier)

    def _make_executor(self, taken_over: Handover | None) -> None:
        shared = self._shared
        self._logs, self._metrics = shared.telemetry(self.name)
        self._executor = shared.executor(
            self.name,
            self._work_dir / "execution",
            self._logs,
            self._metrics,
            lambda name, number: self.control.resolve(name, number).function,
            taken_over,
        )

    async def _end_executor(self) -> None:
        await self._executor.close(hand_over=self._handover is not None)

    async def _bring_up_executor(self) -> None:
        """Let the executor probe the machine: a tenth of a second for which only calls wait."""

        async def bring_up() -> None:
            await self._executor.start()
            self.control.announce()

        self._cleanup.push_async_callback(self._end_executor)
        self._executor_up = asyncio.ensure_future(bring_up())
        self._cleanup.push_async_callback(abandon, self._executor_up)
        if self._options.isolation != "auto" or self._options.cpu_share != "whole":
            await self._executor_up

    async def _run_once(self, resolved: Resolved, invocation: Invocation) -> InvocationResult:
        if self._executor_up.done():
            self._executor_up.result()
        else:
            await asyncio.shield(self._executor_up)
        number = self.recent_events.begin(resolved, invocation)
        try:
            result = await self._executor.invoke(resolved.function, invocation)
        except BaseException as error:
            self.recent_events.finish(number, error)
            raise
        self.recent_events.finish(number, result)
        return result

    async def _start_invoking(self) -> None:
        """Start what invokes functions without a caller that waits."""
        control = self.control
        self._durable = Durable(control, self._run_once)
        self._cleanup.push_async_callback(self._durable.close)
        await self._durable.start()
        self._execute = LoopGuard(self._durable.invoke, control.recursion_allowed)
        destinations = Destinations(self.clients)
        self._queue = AsyncQueue(
            self._data_dir / "events.sqlite",
            resolve=control.resolve,
            invoke=self._execute,
            settings=control,
            delivery=destinations,
            figures=self._metrics,
            retry_delay_s=self._options.retry_delay_s,
            patient=self._options.recover,
            failed=self._shared.stack_answers.failed,
        )
        self._cleanup.push_async_callback(self._queue.close)
        await self._queue.start()
        self.pushes = Pushes(self._queue.submit)
        calls = self._calls = Calls(self._shared.services, self._shared.credentials.keys)
        self._sources = EventSources(
            control.store,
            calls,
            control.resolve,
            Runner(control.resolve, self._execute),
            Checkpoints(self._data_dir / "checkpoints.sqlite"),
            destinations,
            self._metrics,
            self.clients,
        )
        self._cleanup.push_async_callback(self._sources.close)
        self._sources.start()
        if self._options.neighbours_url or _PUSHING & self._options.elsewhere.keys():
            # services elsewhere know nothing of us
            bridge = Bridge(calls, self.name, self.pushes)
            self._cleanup.push_async_callback(bridge.close)
            bridge.start()

    def _open_doors(self) -> None:
        control, execute, gate = self.control, self._execute, self.gate
        operations = {**control.operations(), **self._durable.operations()}
        delete = self._shared.function_calls.forgetting(operations["DeleteFunction"])
        if self.name == EDGE_HOME:
            delete = self._shared.replicas.guarded(delete)
        operations["DeleteFunction"] = delete

        def policy(function_name: str, qualifier: str | None) -> str | None:
            asked = {"FunctionName": function_name}
            if qualifier is not None:
                asked["Qualifier"] = qualifier
            try:
                answer = operations["GetPolicy"](asked, gate.anyone)
            except AWSError:
                return None
            assert isinstance(answer, dict)
            return str(answer["Policy"])

        invoker = Invoker(control.resolve, execute, self._queue.submit, self._durable.begin)
        busy_poll = BusyPoll()

        async def awake(resolved: Resolved, invocation: Invocation) -> InvocationResult:
            with busy_poll:
                return await execute(resolved, invocation)

        self.lambda_api = LambdaAPI(gate, invoker, operations, busy_poll)
        self.urls = FunctionUrls(gate, control.function_url, policy, control.resolve, awake)
        self.functions = Functions(control.resolve, awake, self._queue.submit, policy)
        control.store.watch(self.functions.forget)
        shared = self._shared
        surroundings = Surroundings(
            account=self._options.account,
            region=self.name,
            gate=gate,
            functions=shared.functions,
            upstream=shared.upstream,
            addresses=shared.addresses,
            logs=self._logs,
            websocket_idle_s=self._options.websocket_idle_s,
            websocket_life_s=self._options.websocket_life_s,
        )
        self.api_gateway = ApiGateway(self._data_dir / "apis.sqlite", surroundings)
        self._cleanup.callback(self.api_gateway.close)
        self.load_balancers = LoadBalancers(surroundings, self.clients, shared.balancing)
        self._cleanup.push_async_callback(self.load_balancers.close)
        self.load_balancers.start()
        self._open_iot()
        self._open_stacks()
        self.own_apis = {
            "apigateway": self.api_gateway,
            "cloudcontrolapi": CloudControl(self.cloudformation),
            "cloudformation": self.cloudformation,
            "iotdata": IotApi(self.iot, lambda parts: parts.data_api),
            "iotdevicegateway": IotApi(self.iot, lambda parts: parts.data_api),
            "iot-jobs-data": IotApi(self.iot, lambda parts: parts.jobs_data_api),
        }
        if not self._options.neighbours_url and "pipes" not in self._options.elsewhere:
            self._start_pipes()

    def _open_iot(self) -> None:
        shared, options = self._shared, self._options
        self.iot = Iot(
            IotSurroundings(
                account=options.account,
                region=self.name,
                gate=self.gate,
                functions=shared.functions,
                clients=self.clients,
                services=Services(shared.upstream, self.name),
                upstream=shared.upstream,
                keys=Keys(*shared.credentials.keys),
                changes=shared.changes["iot"],
                rule_changes=shared.rule_changes,
                permissions=shared.permissions,
                logs=self._logs,
                figures=self._metrics,
                directory=self._data_dir / "iot",
                broker_url=options.mqtt_url if self.name == options.region else None,
            )
        )
        self._cleanup.push_async_callback(self.iot.close)

    def _open_stacks(self) -> None:
        shared, options = self._shared, self._options
        loop = asyncio.get_running_loop()

        def connect_moto() -> Any:
            connecting = self.clients("cloudformation")
            return asyncio.run_coroutine_threadsafe(connecting, loop).result()

        def put_event(entry: dict[str, Any]) -> None:
            if not shared.may_hold("events"):  # there are no rules
                return
            put = self._calls(
                "events", self.name, "PutEvents", {"Entries": [entry]}, as_a_service=True
            )
            asyncio.run_coroutine_threadsafe(put, loop).result()

        self.cloudformation = CloudFormation(
            AroundStacks(
                account=options.account,
                region=self.name,
                path=self._data_dir / "stacks.sqlite",
                url=shared.url,
                keys=shared.credentials.keys,
                gate=self.gate,
                answers=shared.stack_answers,
                connect_moto=connect_moto,
                put_event=put_event,
                changed=lambda: shared.service_changed("cloudformation"),
                skip_unknown=options.unknown_resources == "skip",
            )
        )
        self._cleanup.push_async_callback(self.cloudformation.close)

    def _start_pipes(self) -> None:
        shared = self._shared
        around = pipe_surroundings.Surroundings(
            region=self.name,
            connect=self.clients,
            calls=self._calls,
            functions=shared.functions,
            upstream=shared.upstream,
        )
        checkpoints = Checkpoints(self._data_dir / "pipe_checkpoints.sqlite")
        self._pipes = Pipes(around, shared.changes["pipes"], checkpoints)
        self._cleanup.push_async_callback(self._pipes.close)
        self._pipes.start()


class Regions:
    """The Regions of an engine. Its home is there from the start, others when first named.

    Parameters
    ----------
    shared
        What they have in common.
    data_dir, work_dir
        Those of the home Region; others lie in ``regions/NAME`` below.

    Attributes
    ----------
    home : Region
        The Region of requests that name none.
    started : asyncio.Event
        Set once those are open that hold something from before.
    """

    def __init__(self, shared: Shared, data_dir: Path, work_dir: Path) -> None:
        self._shared = shared
        self._data_dir = data_dir
        self._work_dir = work_dir
        self.home = Region(shared.options.region, shared, data_dir, work_dir)
        self._open: dict[str, Region] = {}
        self.started = asyncio.Event()
        self._opening = asyncio.Lock()
        self._empty = False
        self._closed = False

    def __getitem__(self, name: str) -> Region:
        """A Region that is open; the home Region for any other name."""
        return self._open.get(name, self.home)

    def all(self) -> list[Region]:
        """The Regions that are open, the home Region first."""
        return list(self._open.values()) or [self.home]

    async def named(self, name: str) -> Region:
        """The Region of a name, opened if need be; the home Region where AWS has none so called."""
        region = self._open.get(name)
        if region is not None or name not in await asyncio.to_thread(_of_aws):
            return region or self.home
        async with self._opening:
            self._check_open()
            if name not in self._open:
                await self._start(self._region(name))
            return self._open[name]

    async def start(self) -> None:
        """Start the home Region and those that hold something from before."""
        await self._start(self.home)
        for name in set(kept(self._data_dir)) - {self.home.name}:
            await self._start(self._region(name))
        self.started.set()

    async def close(self) -> None:
        """End them all."""
        self._closed = True
        async with self._opening:
            regions = self.all()
        await asyncio.gather(*(region.close() for region in regions))

    async def empty(self, between: Callable[[], Awaitable[None]]) -> None:
        """Let all Regions forget everything; the home Region begins afresh, others when named.

        Parameters
        ----------
        between
            Empties the services, while no Region reads them.
        """
        async with self._opening:
            self._check_open()
            _, *others = self.all()
            await asyncio.gather(self.home.forget(), *(region.drop() for region in others))
            self._open = {self.home.name: self.home}
            removing = asyncio.ensure_future(self.home.remove_kept())
            try:
                await between()
            finally:  # an engine whose services cannot be emptied still serves
                await removing
                self._tell_emptied()
                self.home.open()
                await self.home.start()

    def have(self, kind: str, identifier: str) -> bool:
        """Whether one of them has the function URL or the API of an address.

        Parameters
        ----------
        kind, identifier
            As in :class:`~lambda_nb.engine.gateways.shared.addresses.Address`. Nothing else is
            the Regions' own, and so nothing else is denied.
        """
        if kind == FUNCTION_URL:
            return any(region.urls.knows(identifier) for region in self.all())
        if kind == API:
            return any(region.api_gateway.serving(identifier) for region in self.all())
        return True

    def begin_sources_afresh(self) -> None:
        """The embedded services hold nothing of what they held."""
        self._empty = True
        self._tell_emptied()
        for region in self.all():
            region.begin_sources_afresh()

    def _tell_emptied(self) -> None:
        shared = self._shared
        for changes in (shared.balancing, shared.rule_changes, *shared.changes.values()):
            changes.emptied()
        shared.permissions.emptied()

    def _check_open(self) -> None:
        if self._closed:
            raise AWSError("ServiceException", "The engine is shutting down.", 500)

    def _region(self, name: str) -> Region:
        region = Region(
            name,
            self._shared,
            self._data_dir / "regions" / name,
            self._work_dir / "regions" / name,
        )
        region.open()
        return region

    async def _start(self, region: Region) -> None:
        try:
            await region.start()
        except BaseException:
            await region.close()
            raise
        self._open[region.name] = region
        if self._empty:  # it was told before the Region could listen
            region.begin_sources_afresh()


def kept(data_dir: Path) -> list[str]:
    """The Regions beside the home Region that hold something in a data directory."""
    return sorted(path.parent.name for path in data_dir.glob("regions/*/control.sqlite"))


@cache
def _of_aws() -> Collection[str]:
    """The Regions in which AWS has Lambda, as botocore knows them."""
    # Imported late: who stays in the home Region never needs it.
    from botocore.session import Session

    session = Session()
    partitions = session.get_available_partitions()
    return frozenset(
        name for part in partitions for name in session.get_available_regions("lambda", part)
    )


async def abandon(task: asyncio.Future[None]) -> None:
    """Cancel a task that may still run, and take note of how it ended."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
