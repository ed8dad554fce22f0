"""ImportApi and ReimportApi: an HTTP API of an OpenAPI 3.0 document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.control.records.store import Batch, Record
from lambda_nb.engine.gateways.configuration.v2.api_settings import Apis
from lambda_nb.engine.gateways.configuration.v2.deployments import Deployments
from lambda_nb.engine.gateways.configuration.v2.integrations import Integrations
from lambda_nb.engine.gateways.configuration.v2.open_api import reading
from lambda_nb.engine.gateways.configuration.v2.open_api.reading import Definition
from lambda_nb.engine.gateways.configuration.v2.records import (
    API,
    AUTHORIZER,
    INTEGRATION,
    ROUTE,
    Records,
    given,
    present,
)
from lambda_nb.engine.gateways.configuration.v2.rules import (
    api_rules,
    authorizer_rules,
    route_keys,
    route_rules,
)
from lambda_nb.engine.gateways.configuration.v2.rules.faults import bad_request, conflict
from lambda_nb.engine.model import Caller, Operation, Request, Response

_OF_DOCUMENT = ("Name", "Version", "Description", "CorsConfiguration", "DisableExecuteApiEndpoint")


class Importing:
    """Makes APIs of documents.

    Parameters
    ----------
    records, deployments
        What is kept.
    apis, integrations
        Know what APIs and integrations have to be like.
    """

    def __init__(
        self, records: Records, deployments: Deployments, apis: Apis, integrations: Integrations
    ) -> None:
        self._records = records
        self._deployments = deployments
        self._apis = apis
        self._integrations = integrations

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {"ImportApi": self.create, "ReimportApi": self.replace}

    def create(self, request: Request, caller: Caller) -> Response:
        """Create an API of a document."""
        definition = _definition(request)
        with self._records.store.write() as batch:
            api = self._apis.add(batch, definition.api)
            self._fill(batch, api, definition)
        return {**self._apis.show(api), **_told(definition)}

    def replace(self, request: Request, caller: Caller) -> Response:
        """Replace what an API has by a document; its stages stay."""
        api_id = request["ApiId"]
        old = self._records.api(api_id)
        if old["ProtocolType"] != "HTTP":
            raise bad_request("Only HTTP APIs can be imported")
        definition = _definition(request)
        settings = present(given(definition.api, "Tags", "ProtocolType"))
        api = {**api_rules.defaults("HTTP"), **given(old, *_OF_DOCUMENT), **settings}
        api["Tags"] = {**old["Tags"], **definition.api["Tags"]}
        api_rules.check(api)
        with self._deployments.change(api_id) as batch:
            self._apis.empty(batch, api_id)
            batch.put(API.name, "", api_id, api)
            self._fill(batch, api, definition)
        return {**self._apis.show(api), **_told(definition)}

    def _fill(self, batch: Batch, api: Record, definition: Definition) -> None:
        """Write integrations, authorizers and routes."""
        api_id = api["ApiId"]
        targets = {
            name: self._records.add(
                batch, INTEGRATION, api_id, self._integrations.prepared(api, present(told))
            )["IntegrationId"]
            for name, told in definition.integrations.items()
        }
        authorizers = {}
        for name, told in definition.authorizers.items():
            filled = authorizer_rules.with_defaults(present(told), "HTTP")
            authorizer_rules.check(filled, "HTTP")
            authorizers[name] = self._records.add(batch, AUTHORIZER, api_id, filled)
        keys: set[str] = set()
        for told in definition.routes:
            route = _route(told, targets, authorizers)
            if route["RouteKey"] in keys:
                raise conflict(f"Route with key {route['RouteKey']} already exists for this API")
            keys.add(route["RouteKey"])
            self._records.add(batch, ROUTE, api_id, route)


def _route(
    told: Mapping[str, Any], targets: Mapping[str, str], authorizers: Mapping[str, Record]
) -> Record:
    route = {**route_rules.DEFAULTS, **told}
    authorizer = None
    if "Target" in route:
        route["Target"] = f"integrations/{targets[route['Target']]}"
    if "AuthorizerId" in route:
        authorizer = authorizers[route["AuthorizerId"]]
        route["AuthorizerId"] = authorizer["AuthorizerId"]
    route_keys.check(route["RouteKey"], "HTTP")
    route_rules.check(route, "HTTP", authorizer)
    return route


def _definition(request: Request) -> Definition:
    definition = reading.read(request["Body"], request.get("Basepath") or "ignore")
    if request.get("FailOnWarnings") and definition.warnings:
        raise bad_request("Warnings found during import:\n\t" + "\n\t".join(definition.warnings))
    return definition


def _told(definition: Definition) -> Response:
    return {"Warnings": definition.warnings} if definition.warnings else {}
