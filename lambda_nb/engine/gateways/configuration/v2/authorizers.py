"""Authorizers: who may use a route."""

from __future__ import annotations

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.gateways.configuration.v2 import pages
from lambda_nb.engine.gateways.configuration.v2.deployments import Deployments
from lambda_nb.engine.gateways.configuration.v2.records import (
    AUTHORIZER,
    ROUTE,
    Records,
    given,
    present,
)
from lambda_nb.engine.gateways.configuration.v2.rules import authorizer_rules
from lambda_nb.engine.gateways.configuration.v2.rules.faults import bad_request, conflict
from lambda_nb.engine.model import Caller, Operation, Request, Response


class Authorizers:
    """CreateAuthorizer, UpdateAuthorizer and their kin."""

    def __init__(self, records: Records, deployments: Deployments) -> None:
        self._records = records
        self._deployments = deployments

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "CreateAuthorizer": self.create,
            "GetAuthorizer": self.get,
            "GetAuthorizers": self.list,
            "UpdateAuthorizer": self.update,
            "DeleteAuthorizer": self.delete,
        }

    def create(self, request: Request, caller: Caller) -> Response:
        """Create an authorizer."""
        api_id = request["ApiId"]
        api = self._records.api(api_id)
        authorizer = self.prepared(api, present(given(request, "ApiId")))
        with self._deployments.change(api_id) as batch:
            return self._records.add(batch, AUTHORIZER, api_id, authorizer)

    def prepared(self, api: Record, authorizer: Record) -> Record:
        """An authorizer with what AWS fills in.

        Raises
        ------
        AWSError
            ``BadRequestException`` if it could not work.
        """
        filled = authorizer_rules.with_defaults(authorizer, api["ProtocolType"])
        authorizer_rules.check(filled, api["ProtocolType"])
        for other in self._records.all(AUTHORIZER, api["ApiId"]):
            if other["Name"] == filled["Name"] and other["AuthorizerId"] != filled.get(
                "AuthorizerId"
            ):
                raise bad_request("Authorizer name must be unique. Authorizer already exists")
        return filled

    def get(self, request: Request, caller: Caller) -> Response:
        """One authorizer."""
        self._records.api(request["ApiId"])
        return self._records.one(AUTHORIZER, request["ApiId"], request["AuthorizerId"])

    def list(self, request: Request, caller: Caller) -> Response:
        """The authorizers of an API."""
        self._records.api(request["ApiId"])
        return pages.page(request, self._records.all(AUTHORIZER, request["ApiId"]))

    def update(self, request: Request, caller: Caller) -> Response:
        """Change an authorizer."""
        api_id, key = request["ApiId"], request["AuthorizerId"]
        api = self._records.api(api_id)
        old = self._records.one(AUTHORIZER, api_id, key)
        authorizer = self.prepared(api, present({**old, **given(request, "ApiId")}))
        with self._deployments.change(api_id) as batch:
            batch.put(AUTHORIZER.name, api_id, key, authorizer)
        return authorizer

    def delete(self, request: Request, caller: Caller) -> Response:
        """Delete an authorizer that no route has."""
        api_id, key = request["ApiId"], request["AuthorizerId"]
        name = self.get(request, caller)["Name"]
        for route in self._records.all(ROUTE, api_id):
            if route.get("AuthorizerId") == key:
                raise conflict(
                    f"Cannot delete authorizer '{name}', is referenced in route: "
                    f"{route['RouteKey']}"
                )
        with self._deployments.change(api_id) as batch:
            batch.delete(AUTHORIZER.name, api_id, key)
        return {}
