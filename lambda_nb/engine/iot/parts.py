"""The parts of AWS IoT in one Region, put together."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

from lambda_nb.engine.aws_calls.clients import ObjectReader
from lambda_nb.engine.iot.admission.admission import IotAdmission
from lambda_nb.engine.iot.admission.custom_authorizers import Authorizers
from lambda_nb.engine.iot.admission.dry_runs import DryRuns
from lambda_nb.engine.iot.admission.registry import Registry
from lambda_nb.engine.iot.data_api.data_api import data_api, jobs_data_api
from lambda_nb.engine.iot.data_api.device_requests import DeviceRequests
from lambda_nb.engine.iot.jobs.jobs import Jobs
from lambda_nb.engine.iot.jobs.presigned_urls import presigner
from lambda_nb.engine.iot.jobs.registry import AwsRegistry
from lambda_nb.engine.iot.message import Message
from lambda_nb.engine.iot.mqtt.broker import Broker
from lambda_nb.engine.iot.provisioning.provisioning import Provisioning
from lambda_nb.engine.iot.rules.engine import Rules
from lambda_nb.engine.iot.rules.surroundings import Surroundings as AroundRules
from lambda_nb.engine.iot.shadows.shadows import Shadows
from lambda_nb.rules.iot.shadow_requests import ShadowError

if TYPE_CHECKING:
    from lambda_nb.engine.iot.mqtt.external import ExternalBroker
    from lambda_nb.engine.iot.surroundings import Surroundings


class Parts:
    """The parts of AWS IoT in one Region.

    Parameters
    ----------
    surroundings
        What they work with.

    Attributes
    ----------
    registry : Registry
        Things, certificates and policies, as the service ``iot`` keeps them.
    admission : IotAdmission
        Lets clients in.
    dry_runs : DryRuns
        Answer what would be let in.
    broker : Broker or ExternalBroker
        Takes messages and delivers them.
    shadows : Shadows
        Device shadows.
    jobs : Jobs
        Jobs and their executions.
    provisioning : Provisioning
        Devices that provision themselves.
    rules : Rules
        Topic rules.
    data_api, jobs_data_api : ServiceApi
        The APIs ``iot-data`` and ``iot-jobs-data``.
    device_requests : DeviceRequests
        Answers devices by HTTPS.

    Raises
    ------
    DatabaseError
        A file of theirs is damaged, or another engine uses it.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        account, region = surroundings.account, surroundings.region
        directory, gate = surroundings.directory, surroundings.gate
        permissions = surroundings.permissions
        self._background: set[asyncio.Future[Any]] = set()
        authorizers = Authorizers(surroundings.functions)
        self.registry = Registry(surroundings.clients, permissions, account, region)
        self.dry_runs = DryRuns(self.registry, authorizers)
        self.admission = IotAdmission(
            account,
            region,
            self.registry,
            permissions,
            authorizers,
            gate.find,
            open=gate.open,
        )
        self.broker = self._broker(surroundings)
        self.admission.disconnect = self._disconnect
        self.admission.announce = self._announce
        self.shadows = Shadows(self.broker, directory / "shadows.sqlite")
        self.jobs = Jobs(
            self.broker,
            directory / "jobs.sqlite",
            AwsRegistry(surroundings.clients, lambda: surroundings.changes.revision(region)),
            account=account,
            region=region,
            fetch_object=ObjectReader(surroundings.clients),
            presign=presigner(surroundings.upstream.own_url, surroundings.keys, region),
            answer=self.broker.give,
        )
        self.provisioning = Provisioning(
            self.broker,
            directory / "provisioning.sqlite",
            self.registry,
            surroundings.functions,
            answer=self.broker.give,
            provisioned=self.jobs.registry_changed,
        )
        self.rules = Rules(
            AroundRules(
                account=account,
                region=region,
                journal=directory / "rules.sqlite",
                functions=surroundings.functions,
                services=surroundings.services,
                upstream=surroundings.upstream,
                keys=surroundings.keys,
                changes=surroundings.rule_changes,
                topics=self.broker,
                shadow=self._shadow,
                logs=surroundings.logs,
                figures=surroundings.figures,
            )
        )
        surroundings.changes.watch(region, self.jobs.registry_changed)
        self.data_api = data_api(gate, self.broker, self.shadows)
        self.jobs_data_api = jobs_data_api(gate, self.jobs)
        self.device_requests = DeviceRequests(
            self.admission, account, region, self.broker, self.shadows, self.jobs
        )
        self._ends = contextlib.AsyncExitStack()

    def _broker(self, surroundings: Surroundings) -> Broker | ExternalBroker:
        if surroundings.broker_url is None:
            return Broker(self.admission, surroundings.directory / "broker.sqlite")
        from lambda_nb.engine.iot.mqtt.external import ExternalBroker
        from lambda_nb.engine.iot.mqtt.external_address import Address

        return ExternalBroker(Address.parse(surroundings.broker_url))

    async def start(self) -> None:
        """Take messages."""
        for part in (self.shadows, self.jobs, self.provisioning, self.rules):
            await part.start()
            self._ends.push_async_callback(part.close)
        self._ends.callback(self.admission.close)
        self._ends.push_async_callback(self.broker.close)  # its last messages reach the others

    async def close(self) -> None:
        """End them, the last one first."""
        for one in self._background:
            one.cancel()
        await self._ends.aclose()

    async def _shadow(self, thing: str, name: str | None) -> bytes | None:
        try:
            return json.dumps(self.shadows.get(thing, name)).encode()
        except ShadowError:
            return None

    def _disconnect(self, client_id: str) -> None:
        self._later(self.broker.disconnect(client_id))

    def _announce(self, message: Message) -> None:
        self._later(self.broker.publish(message))

    def _later(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
