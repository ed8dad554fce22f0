"""Integrations: what answers a route."""

from __future__ import annotations

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.gateways.configuration.v2 import pages
from lambda_nb.engine.gateways.configuration.v2.deployments import Deployments
from lambda_nb.engine.gateways.configuration.v2.records import (
    INTEGRATION,
    INTEGRATION_RESPONSE,
    ROUTE,
    VPC_LINK,
    Records,
    given,
    merged,
    present,
)
from lambda_nb.engine.gateways.configuration.v2.rules import integration_rules
from lambda_nb.engine.gateways.configuration.v2.rules.faults import bad_request, conflict
from lambda_nb.engine.model import Caller, Operation, Request, Response

_MERGED = ("RequestParameters", "ResponseParameters")


class Integrations:
    """CreateIntegration, UpdateIntegration and their kin."""

    def __init__(self, records: Records, deployments: Deployments) -> None:
        self._records = records
        self._deployments = deployments

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "CreateIntegration": self.create,
            "GetIntegration": self.get,
            "GetIntegrations": self.list,
            "UpdateIntegration": self.update,
            "DeleteIntegration": self.delete,
        }

    def create(self, request: Request, caller: Caller) -> Response:
        """Create an integration."""
        api_id = request["ApiId"]
        api = self._records.api(api_id)
        integration = self.prepared(api, present(given(request, "ApiId")))
        with self._deployments.change(api_id) as batch:
            return self._records.add(batch, INTEGRATION, api_id, integration)

    def prepared(self, api: Record, integration: Record) -> Record:
        """An integration with what AWS fills in.

        Raises
        ------
        AWSError
            ``BadRequestException`` if it could not work.
        """
        protocol = api["ProtocolType"]
        filled = integration_rules.with_defaults(integration, protocol)
        integration_rules.check(filled, protocol)
        link = filled.get("ConnectionId")
        known = link is None or self._records.store.get(VPC_LINK.name, "", link) is not None
        if protocol == "HTTP" and not known:
            raise bad_request(f"Invalid VPC link specified: {link}")
        return filled

    def get(self, request: Request, caller: Caller) -> Response:
        """One integration."""
        self._records.api(request["ApiId"])
        return self._records.one(INTEGRATION, request["ApiId"], request["IntegrationId"])

    def list(self, request: Request, caller: Caller) -> Response:
        """The integrations of an API."""
        self._records.api(request["ApiId"])
        return pages.page(request, self._records.all(INTEGRATION, request["ApiId"]))

    def update(self, request: Request, caller: Caller) -> Response:
        """Change an integration; parameters are added, or removed by an empty value."""
        api_id = request["ApiId"]
        api = self._records.api(api_id)
        old = self._records.one(INTEGRATION, api_id, request["IntegrationId"])
        changed = {**old, **given(request, "ApiId")}
        for member in _MERGED:
            if member in request:
                changed[member] = merged(old.get(member, {}), request[member])
        integration = self.prepared(api, present(changed))
        with self._deployments.change(api_id) as batch:
            batch.put(INTEGRATION.name, api_id, request["IntegrationId"], integration)
        return integration

    def delete(self, request: Request, caller: Caller) -> Response:
        """Delete an integration that no route has."""
        api_id, key = request["ApiId"], request["IntegrationId"]
        self.get(request, caller)
        users = [
            route["RouteId"]
            for route in self._records.all(ROUTE, api_id)
            if route.get("Target") == f"integrations/{key}"
        ]
        if users:
            raise conflict(
                "Cannot delete Integration because it is referenced by the following Routes with "
                f"Ids: [{', '.join(users)}]"
            )
        with self._deployments.change(api_id) as batch:
            batch.delete(INTEGRATION.name, api_id, key)
            parent = f"{api_id}/{key}"
            for response in self._records.store.children(INTEGRATION_RESPONSE.name, parent):
                batch.delete(INTEGRATION_RESPONSE.name, parent, response)
        return {}
