"""Quick create: an HTTP API that works at once, with a target and nothing else."""

from __future__ import annotations

from collections.abc import Mapping

from lambda_nb.engine.control.records.store import Batch, Record
from lambda_nb.engine.gateways.configuration.v2.records import (
    INTEGRATION,
    ROUTE,
    STAGE,
    Records,
    now,
    present,
)
from lambda_nb.engine.gateways.configuration.v2.rules import integration_rules, route_keys
from lambda_nb.engine.gateways.configuration.v2.rules.faults import bad_request
from lambda_nb.engine.gateways.configuration.v2.rules.stage_rules import new_stage
from lambda_nb.engine.permissions.functions import function_of

_MANAGED = {"ApiGatewayManaged": True}


class QuickCreate:
    """Makes and changes the route, integration and stage that API Gateway manages."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def create(self, batch: Batch, api: Record, told: Mapping[str, str]) -> None:
        """Write a route, its integration and the stage ``$default`` of a new API."""
        if api["ProtocolType"] != "HTTP":
            raise bad_request("Quick create is only supported for HTTP APIs")
        if "Target" not in told:
            raise bad_request("Target is required for quick create")
        self._add_route(batch, api, told)
        stage = {**new_stage("HTTP", "$default"), "AutoDeploy": True, **_MANAGED}
        stage |= {"CreatedDate": now(), "LastUpdatedDate": now()}
        batch.put(STAGE.name, api["ApiId"], "$default", stage)

    def update(self, batch: Batch, api: Record, told: Mapping[str, str]) -> None:
        """Change what quick create has made."""
        api_id = api["ApiId"]
        route = self._managed(ROUTE.name, api_id)
        integration = self._managed(INTEGRATION.name, api_id)
        if route is None or integration is None:
            raise bad_request(
                "Target, RouteKey and CredentialsArn can only be changed of an API that quick "
                "create has made"
            )
        if "Target" in told or "CredentialsArn" in told:
            target = told.get("Target", integration["IntegrationUri"])
            role = told.get("CredentialsArn", integration.get("CredentialsArn"))
            changed = {
                **self._integration(target, role),
                INTEGRATION.id_member: integration[INTEGRATION.id_member],
            }
            batch.put(INTEGRATION.name, api_id, changed["IntegrationId"], changed)
        if "RouteKey" in told:
            route_keys.check(told["RouteKey"], "HTTP")
            batch.put(ROUTE.name, api_id, route["RouteId"], {**route, "RouteKey": told["RouteKey"]})

    def _managed(self, kind: str, api_id: str) -> Record | None:
        records = self._records.store.children(kind, api_id).values()
        return next((record for record in records if record.get("ApiGatewayManaged")), None)

    def _add_route(self, batch: Batch, api: Record, told: Mapping[str, str]) -> None:
        api_id = api["ApiId"]
        route_key = told.get("RouteKey", route_keys.DEFAULT)
        route_keys.check(route_key, "HTTP")
        integration = self._integration(told["Target"], told.get("CredentialsArn"))
        added = self._records.add(batch, INTEGRATION, api_id, integration)
        route = {
            "ApiKeyRequired": False,
            "AuthorizationType": "NONE",
            "RouteKey": route_key,
            "Target": f"integrations/{added['IntegrationId']}",
            **_MANAGED,
        }
        self._records.add(batch, ROUTE, api_id, route)

    def _integration(self, target: str, role: str | None) -> Record:
        if function_of(target) is not None:
            settings = {"IntegrationType": "AWS_PROXY", "PayloadFormatVersion": "2.0"}
        else:
            settings = {
                "IntegrationType": "HTTP_PROXY",
                "IntegrationMethod": "ANY",
                "PayloadFormatVersion": "1.0",
            }
        told = present({**settings, "IntegrationUri": target, "CredentialsArn": role})
        integration = {**integration_rules.with_defaults(told, "HTTP"), **_MANAGED}
        integration_rules.check(integration, "HTTP")
        return integration
