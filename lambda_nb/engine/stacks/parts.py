"""CloudFormation of one Region, put together: its records, its types, its deployments, its API."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lambda_nb.engine.stacks.api.query_api import QueryApi
from lambda_nb.engine.stacks.cloud_control.api import CloudControlApi
from lambda_nb.engine.stacks.cloud_control.reading import Reading
from lambda_nb.engine.stacks.custom import macros
from lambda_nb.engine.stacks.custom.types import CustomTypes
from lambda_nb.engine.stacks.deploying.stacks import Stacks
from lambda_nb.engine.stacks.deploying.steps.clients import Clients
from lambda_nb.engine.stacks.deploying.surroundings import Surroundings as AroundDeploying
from lambda_nb.engine.stacks.operations import api
from lambda_nb.engine.stacks.operations.reading import Reader
from lambda_nb.engine.stacks.records.store import Store
from lambda_nb.engine.stacks.surroundings import Surroundings
from lambda_nb.engine.stacks.types import registry
from lambda_nb.engine.stacks.types.by_moto import Fallback
from lambda_nb.engine.stacks.types.resource_type import ResourceType
from lambda_nb.engine.stacks.warming import Warming

_AT_ONCE = 32
"""Requests that are answered at the same time; one that calls a macro waits for its function."""


class Parts:
    """The parts of CloudFormation in one Region.

    Parameters
    ----------
    around
        The engine around them.

    Attributes
    ----------
    stacks : Stacks
        Creates, updates and deletes stacks.
    api : QueryApi
        Answers the operations.
    cloud_control : CloudControlApi
        Tells what resources of stacks are now.
    """

    def __init__(self, around: Surroundings) -> None:
        self._store = Store(around.path, time.time())
        self._clients = Clients(lambda: around.url, around.keys, around.region)
        self._custom = CustomTypes(around.answers, self._store)
        self._by_moto = Fallback(lambda region: around.connect_moto())
        read = Reader(lambda: self._clients("s3"))
        self.stacks = Stacks(
            self._store,
            AroundDeploying(
                account=around.account,
                region=around.region,
                clients=self._clients,
                find_type=self._find_type,
                read=read,
                call_macro=self._call_macro,
                managed_policies=self._managed_policies,
                expect=Warming(self._clients).expect,
                put_event=around.put_event,
                skip_unknown=around.skip_unknown,
            ),
        )
        self._threads = ThreadPoolExecutor(_AT_ONCE, "stacks request")
        operations = api.operations(self._store, self.stacks, read, around.region, self._threads)
        self.api = QueryApi("cloudformation", around.gate, operations, around.changed)
        reading = Reading(self._store, self.stacks)
        self.cloud_control = CloudControlApi(around.gate, reading.get, self._threads)

    def close(self) -> None:
        """End all operations and release the records."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        self.stacks.close()

    def _find_type(self, name: str) -> ResourceType | None:
        for find in (self._custom.find, registry.find, self._by_moto.find):
            found = find(name)
            if found is not None:
                return found
        return None

    def _managed_policies(self) -> Mapping[str, str]:
        """ARNs of AWS's managed policies: those that SAM itself does not know."""
        pages = self._clients("iam").get_paginator("list_policies").paginate(Scope="AWS")
        return {one["PolicyName"]: one["Arn"] for page in pages for one in page["Policies"]}

    def _call_macro(self, name: str, request: dict[str, Any]) -> dict[str, Any]:
        function = macros.function_of(self._store, name)
        return macros.call(self._clients("lambda"), function, name, request)
