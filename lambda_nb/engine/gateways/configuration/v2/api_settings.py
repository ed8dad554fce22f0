"""HTTP and WebSocket APIs themselves: created, changed, deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lambda_nb.engine.control.records.store import Batch, Record
from lambda_nb.engine.gateways.configuration.domains import kept
from lambda_nb.engine.gateways.configuration.v2 import pages
from lambda_nb.engine.gateways.configuration.v2.deployments import Deployments
from lambda_nb.engine.gateways.configuration.v2.quick_create import QuickCreate
from lambda_nb.engine.gateways.configuration.v2.records import (
    API,
    AUTHORIZER,
    DEPLOYMENT,
    INTEGRATION,
    INTEGRATION_RESPONSE,
    MODEL,
    ROUTE,
    ROUTE_RESPONSE,
    SNAPSHOT,
    STAGE,
    Records,
    given,
    now,
    present,
)
from lambda_nb.engine.gateways.configuration.v2.rules import api_rules
from lambda_nb.engine.gateways.configuration.v2.rules.faults import bad_request, conflict
from lambda_nb.engine.model import Caller, Operation, Request, Response

_QUICK = ("Target", "RouteKey", "CredentialsArn")


class Apis:
    """CreateApi, UpdateApi and their kin.

    Parameters
    ----------
    records, deployments
        What is kept.
    quick
        Makes a route, an integration and a stage in one go.
    endpoint
        The address of an API with a protocol and an id.
    """

    def __init__(
        self,
        records: Records,
        deployments: Deployments,
        quick: QuickCreate,
        endpoint: Callable[[str, str], str],
    ) -> None:
        self._records = records
        self._store = records.store
        self._deployments = deployments
        self._quick = quick
        self._endpoint = endpoint

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "CreateApi": self.create,
            "GetApi": self.get,
            "GetApis": self.list,
            "UpdateApi": self.update,
            "DeleteApi": self.delete,
            "DeleteCorsConfiguration": self.delete_cors,
        }

    def show(self, api: Mapping[str, Any]) -> Record:
        """An API as GetApi shows it."""
        return {**api, "ApiEndpoint": self._endpoint(api["ProtocolType"], api["ApiId"])}

    def create(self, request: Request, caller: Caller) -> Response:
        """Create an API; with a target, one that works at once."""
        quick = {name: request[name] for name in _QUICK if request.get(name)}
        with self._store.write() as batch:
            api = self.add(batch, given(request, *_QUICK))
            if quick:
                self._quick.create(batch, api, quick)
            self._deployments.redeploy(batch, api["ApiId"])
        return self.show(api)

    def add(self, batch: Batch, settings: Record) -> Record:
        """Write a new API."""
        api = {**api_rules.defaults(settings["ProtocolType"]), **present(settings)}
        api_rules.check(api)
        return self._records.add(batch, API, "", {**api, "CreatedDate": now()})

    def get(self, request: Request, caller: Caller) -> Response:
        """One API."""
        return self.show(self._records.api(request["ApiId"]))

    def list(self, request: Request, caller: Caller) -> Response:
        """All APIs."""
        return pages.page(request, [self.show(api) for api in self._records.all(API, "")])

    def update(self, request: Request, caller: Caller) -> Response:
        """Change an API's settings; of one of quick create, also its target."""
        api_id = request["ApiId"]
        old = self._records.api(api_id)
        quick = {name: request[name] for name in _QUICK if name in request}
        defaults = api_rules.defaults(old["ProtocolType"])
        new = {**old, **given(request, *_QUICK)}
        api = {**{name: defaults[name] for name in defaults if name in new}, **present(new)}
        api_rules.check(api)
        with self._deployments.change(api_id) as batch:
            batch.put(API.name, "", api_id, api)
            if quick:
                self._quick.update(batch, api, quick)
        return self.show(api)

    def delete_cors(self, request: Request, caller: Caller) -> Response:
        """Let an API answer without CORS headers of its own."""
        api_id = request["ApiId"]
        api = self._records.api(api_id)
        if api["ProtocolType"] != "HTTP":
            raise bad_request("CORS configuration is only supported for HTTP APIs")
        with self._deployments.change(api_id) as batch:
            batch.put(API.name, "", api_id, given(api, "CorsConfiguration"))
        return {}

    def delete(self, request: Request, caller: Caller) -> Response:
        """Delete an API and what belongs to it."""
        api_id = request["ApiId"]
        self._records.api(api_id)
        if kept.is_mapped(self._store, api_id):
            raise conflict(
                "Deleting API failed. Please remove all base path mappings related to the API in "
                "your domains first"
            )
        with self._store.write() as batch:
            self.empty(batch, api_id)
            for kind in (STAGE.name, DEPLOYMENT.name, SNAPSHOT):
                for key in self._store.children(kind, api_id):
                    batch.delete(kind, api_id, key)
            batch.delete(API.name, "", api_id)
        return {}

    def empty(self, batch: Batch, api_id: str) -> None:
        """Delete what an API has, apart from its stages and deployments."""
        for kind, responses in ((ROUTE, ROUTE_RESPONSE), (INTEGRATION, INTEGRATION_RESPONSE)):
            for key in self._store.children(kind.name, api_id):
                batch.delete(kind.name, api_id, key)
                for response in self._store.children(responses.name, f"{api_id}/{key}"):
                    batch.delete(responses.name, f"{api_id}/{key}", response)
        for kind in (AUTHORIZER, MODEL):
            for key in self._store.children(kind.name, api_id):
                batch.delete(kind.name, api_id, key)
