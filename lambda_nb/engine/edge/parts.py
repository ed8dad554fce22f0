"""The parts of CloudFront, put together."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Hashable
from dataclasses import asdict
from typing import Any

from lambda_nb.engine.aws_calls.services import Services
from lambda_nb.engine.edge.cache.cache import Cache
from lambda_nb.engine.edge.configuration.configuration import Configuration
from lambda_nb.engine.edge.delivery.delivery import Delivery
from lambda_nb.engine.edge.delivery.door import DistributionDoor
from lambda_nb.engine.edge.delivery.fast_hits import FastHits
from lambda_nb.engine.edge.delivery.fetches import Fetches
from lambda_nb.engine.edge.delivery.objects import Objects
from lambda_nb.engine.edge.delivery.stages import Stages
from lambda_nb.engine.edge.functions.edge_functions import EdgeFunctions
from lambda_nb.engine.edge.functions.function_metrics import FunctionMetrics
from lambda_nb.engine.edge.functions.sources import ApiSource
from lambda_nb.engine.edge.functions.test_function import FunctionTests
from lambda_nb.engine.edge.locations.locations import Locations
from lambda_nb.engine.edge.logs.access_logs import AccessLogs
from lambda_nb.engine.edge.origins.origins import Origins
from lambda_nb.engine.edge.surroundings import HOME, Surroundings
from lambda_nb.engine.edge.triggers.association_checks import AssociationChecks
from lambda_nb.engine.edge.triggers.executors import Executors
from lambda_nb.engine.edge.triggers.role_trust import RoleTrust
from lambda_nb.engine.edge.triggers.triggers import Triggers

log = logging.getLogger(__name__)


class Parts:
    """The parts of CloudFront.

    Parameters
    ----------
    around
        What they work with.
    revision
        Differs from what it was before if CloudFront may have changed.
    with_stores
        The same, if CloudFront or a key value store may have changed.

    Attributes
    ----------
    configuration : Configuration
        The distributions.
    cache : Cache
        Of all locations.
    door : DistributionDoor
        Answers viewers.
    checks : AssociationChecks
        Refuse distributions whose functions cannot run.
    tests : FunctionTests
        Answer ``TestFunction``.
    """

    def __init__(
        self,
        around: Surroundings,
        revision: Callable[[], Hashable],
        with_stores: Callable[[], Hashable],
    ) -> None:
        self.configuration = Configuration(around.clients, revision)
        self.cache = Cache(around.directory / "cache", around.cache_bytes)
        locations = Locations(around.locations, around.region)
        self._origins = Origins(
            around.own_url,
            around.keys,
            around.region,
            around.clients,
            around.find_url,
            around.addresses,
        )
        self._executors = Executors(around.executor, locations.region_of)
        self.triggers = Triggers(
            around.resolve,
            self._executors,
            around.logs,
            viewer_timeout_s=around.viewer_timeout_s,
        )
        source = ApiSource(Services(around.upstream, HOME), with_stores)
        functions = EdgeFunctions(
            source, around.logs(HOME), measured=FunctionMetrics(around.figure)
        )
        self.tests = FunctionTests(source)
        self.checks = AssociationChecks(
            around.account,
            around.configuration_of,
            RoleTrust(around.clients),
            viewer_timeout_s=around.viewer_timeout_s,
        )
        self._objects = Objects(self.cache, Fetches(self._origins, self.triggers, locations))
        self._logs = AccessLogs(around.clients, around.calls, around.figure)
        self._fast = FastHits(around.addresses, self.configuration, self.cache, self._logs)
        self.door = DistributionDoor(
            around.addresses,
            self.configuration,
            locations,
            Delivery(Stages(self.triggers, functions), self._objects),
            self._logs,
            self._fast,
        )

    async def start(self) -> None:
        """Take up what is kept."""
        try:
            await self.cache.open()
        except (OSError, sqlite3.Error) as error:
            log.warning("the cache of distributions begins empty: %s", error)

    async def close(self) -> None:
        """End the parts: logs that wait are still written."""
        await self._objects.close()
        await self._logs.close()
        await self._executors.close()
        await self.configuration.close()
        await self._origins.close()
        await self.cache.close()

    async def associated(self) -> set[str]:
        """The ARNs of the versions of functions that distributions use."""
        return {
            association.arn
            for distribution in await self.configuration.all()
            for behaviour in distribution.behaviours
            for association in behaviour.lambdas.values()
        }

    def status(self) -> dict[str, Any]:
        """What runs at each location, what the cache has, and how many of its hits were answered
        without being parsed."""
        return {
            "cache": asdict(self.cache.statistics),
            "fast_hits": self._fast.answered,
            "locations": self._executors.status(),
        }
