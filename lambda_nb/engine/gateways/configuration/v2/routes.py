"""Routes: which requests or messages go to which integration."""

from __future__ import annotations

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.gateways.configuration.v2 import pages
from lambda_nb.engine.gateways.configuration.v2.deployments import Deployments
from lambda_nb.engine.gateways.configuration.v2.records import (
    AUTHORIZER,
    INTEGRATION,
    ROUTE,
    ROUTE_RESPONSE,
    Records,
    given,
    present,
)
from lambda_nb.engine.gateways.configuration.v2.rules import route_keys, route_rules
from lambda_nb.engine.gateways.configuration.v2.rules.faults import (
    bad_request,
    conflict,
    not_found,
)
from lambda_nb.engine.model import Caller, Operation, Request, Response


class Routes:
    """CreateRoute, UpdateRoute and their kin."""

    def __init__(self, records: Records, deployments: Deployments) -> None:
        self._records = records
        self._deployments = deployments

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "CreateRoute": self.create,
            "GetRoute": self.get,
            "GetRoutes": self.list,
            "UpdateRoute": self.update,
            "DeleteRoute": self.delete,
            "DeleteRouteRequestParameter": self.delete_parameter,
        }

    def create(self, request: Request, caller: Caller) -> Response:
        """Create a route."""
        api_id = request["ApiId"]
        api = self._records.api(api_id)
        route = {**route_rules.DEFAULTS, **present(given(request, "ApiId"))}
        self.check(api, route)
        with self._deployments.change(api_id) as batch:
            return self._records.add(batch, ROUTE, api_id, route)

    def get(self, request: Request, caller: Caller) -> Response:
        """One route."""
        self._records.api(request["ApiId"])
        return self._records.one(ROUTE, request["ApiId"], request["RouteId"])

    def list(self, request: Request, caller: Caller) -> Response:
        """The routes of an API."""
        self._records.api(request["ApiId"])
        return pages.page(request, self._records.all(ROUTE, request["ApiId"]))

    def update(self, request: Request, caller: Caller) -> Response:
        """Change a route."""
        api_id = request["ApiId"]
        api = self._records.api(api_id)
        old = self._records.one(ROUTE, api_id, request["RouteId"])
        route = present({**old, **given(request, "ApiId")})
        route.setdefault("AuthorizationType", "NONE")
        if route["AuthorizationType"] in ("NONE", "AWS_IAM") and "AuthorizerId" not in request:
            route.pop("AuthorizerId", None)
        self.check(api, route)
        with self._deployments.change(api_id) as batch:
            batch.put(ROUTE.name, api_id, route["RouteId"], route)
        return route

    def delete(self, request: Request, caller: Caller) -> Response:
        """Delete a route and its responses."""
        api_id, key = request["ApiId"], request["RouteId"]
        self.get(request, caller)
        with self._deployments.change(api_id) as batch:
            batch.delete(ROUTE.name, api_id, key)
            for response in self._records.store.children(ROUTE_RESPONSE.name, f"{api_id}/{key}"):
                batch.delete(ROUTE_RESPONSE.name, f"{api_id}/{key}", response)
        return {}

    def delete_parameter(self, request: Request, caller: Caller) -> Response:
        """Let a route take requests without a parameter."""
        api_id = request["ApiId"]
        route = self.get(request, caller)
        parameters = dict(route.get("RequestParameters", {}))
        if parameters.pop(request["RequestParameterKey"], None) is None:
            raise not_found("Invalid parameter name specified")
        with self._deployments.change(api_id) as batch:
            changed = {**route, "RequestParameters": parameters}
            batch.put(ROUTE.name, api_id, request["RouteId"], changed)
        return {}

    def check(self, api: Record, route: Record) -> None:
        """Refuse a route that could not work in an API.

        Raises
        ------
        AWSError
            ``BadRequestException`` or ``ConflictException``.
        """
        api_id, protocol = api["ApiId"], api["ProtocolType"]
        key = route["RouteKey"]
        route_keys.check(key, protocol)
        for other in self._records.all(ROUTE, api_id):
            if other["RouteKey"] == key and other["RouteId"] != route.get("RouteId"):
                raise conflict(f"Route with key {key} already exists for this API")
        authorizer = None
        if "AuthorizerId" in route:
            authorizer = self._records.store.get(AUTHORIZER.name, api_id, route["AuthorizerId"])
            if authorizer is None:
                raise bad_request(f"Unable to find Authorizer by id {route['AuthorizerId']}")
        route_rules.check(route, protocol, authorizer)
        target = route_rules.integration_of(route)
        if target is not None and self._records.store.get(INTEGRATION.name, api_id, target) is None:
            raise not_found(f"Unable to find Integration by id {target}")
