"""HTTP and REST APIs whose routes lead to functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lambda_nb.exports.picture import Function, Resource, Trigger
from lambda_nb.exports.reading import left_out_of_apis
from lambda_nb.exports.reading.asking import pages
from lambda_nb.exports.reading.authorizers import Authorizers, Unprotected, function_of
from lambda_nb.exports.reading.identifiers import Identifiers, pascal
from lambda_nb.exports.reading.resources import Resources
from lambda_nb.projects.endpoint import Clients

_CORS = {
    "AllowOrigins": [],
    "AllowMethods": [],
    "AllowHeaders": [],
    "ExposeHeaders": [],
    "MaxAge": 0,
    "AllowCredentials": False,
}


class Apis:
    """Finds the routes of functions, looking at each API once.

    A route that cannot be exported with what protects it is left out, and a note says so.

    Parameters
    ----------
    clients
        Of the endpoint.
    resources
        Where APIs are entered that lead to a function of the application.
    identifiers
        Gives routes their ids.
    authorizers
        Reads what protects them.
    """

    def __init__(
        self,
        clients: Clients,
        resources: Resources,
        identifiers: Identifiers,
        authorizers: Authorizers,
    ) -> None:
        self._clients = clients
        self._resources = resources
        self._identifiers = identifiers
        self._authorizers = authorizers
        self.notes: list[str] = []

    def read(self, functions: Mapping[str, Function]) -> None:
        """Enter the routes that lead to these functions, by name, into them."""
        self._http(functions)
        self._rest(functions)

    def _http(self, functions: Mapping[str, Function]) -> None:
        gateway = self._clients.client("apigatewayv2")
        for api in pages(gateway, "get_apis", "Items"):
            identifier = api["ApiId"]
            leads = {
                f"integrations/{one['IntegrationId']}": one
                for one in pages(gateway, "get_integrations", "Items", ApiId=identifier)
            }
            elsewhere = 0
            for route in pages(gateway, "get_routes", "Items", ApiId=identifier):
                integration = leads.get(route.get("Target", ""), {})
                function = functions.get(function_of(integration.get("IntegrationUri", "")))
                if function is None:
                    elsewhere += 1
                    continue
                if api["ProtocolType"] != "HTTP":
                    self.notes.append(
                        f"{function.name}: the WebSocket API {api['Name']} is not exported"
                    )
                    break
                self._of_http(function, api, route, integration)
            if self._is_there("http_api", identifier):
                self.notes += left_out_of_apis.of_http_api(self._clients, api, elsewhere)

    def _of_http(
        self,
        function: Function,
        api: Mapping[str, Any],
        route: Mapping[str, Any],
        integration: Mapping[str, Any],
    ) -> None:
        key = route["RouteKey"]
        try:
            if api.get("DisableExecuteApiEndpoint"):
                raise Unprotected("the API answers only under names of its own")
            authorizer, protection = self._authorizers.of_route(api, route)
        except Unprotected as error:
            self._leave_out(function, key, api["Name"], error)
            return
        settings: dict[str, Any] = {"RouteKey": key, **protection}
        if integration.get("PayloadFormatVersion", "2.0") != "2.0":
            settings["PayloadFormatVersion"] = integration["PayloadFormatVersion"]
        resource = self._api("http_api", api["Name"], api["ApiId"], _cors(api))
        made = self._route(function, key)
        function.triggers.append(Trigger("http", made, resource.id, settings, authorizer))

    def _rest(self, functions: Mapping[str, Function]) -> None:
        gateway = self._clients.client("apigateway")
        for api in pages(gateway, "get_rest_apis", "items"):
            places = pages(
                gateway, "get_resources", "items", restApiId=api["id"], embed=["methods"]
            )
            stages = gateway.get_stages(restApiId=api["id"])["item"]
            first = sorted(stages, key=lambda one: str(one["stageName"]))[:1]
            exported, elsewhere = [], 0
            for place in list(places):
                for verb, method in place.get("resourceMethods", {}).items():
                    uri = method.get("methodIntegration", {}).get("uri", "")
                    function = functions.get(function_of(uri))
                    if function is None:
                        elsewhere += 1
                        continue
                    self._of_rest(function, api, f"{verb} {place['path']}", method, stages)
                    exported.append(method)
            if self._is_there("rest_api", api["id"]):
                self.notes += left_out_of_apis.of_rest_api(
                    self._clients, api, exported, elsewhere, *(first or [{}])
                )

    def _of_rest(
        self,
        function: Function,
        api: Mapping[str, Any],
        key: str,
        method: Mapping[str, Any],
        stages: Sequence[Mapping[str, Any]],
    ) -> None:
        try:
            _check_public(api)
            authorizer, protection = self._authorizers.of_method(api, method)
        except Unprotected as error:
            self._leave_out(function, key, api["name"], error)
            return
        if method["methodIntegration"].get("type") != "AWS_PROXY":
            self.notes.append(
                f"{function.name}: {key} of {api['name']} maps its requests by templates; it is "
                "exported as a proxy integration"
            )
        if "ApiKeyRequired" in protection:
            self.notes.append(
                f"{api['name']}: its API keys and the limits of its usage plans; the export has a "
                "usage plan and a new key"
            )
        stage, *others = sorted(one["stageName"] for one in stages) or ["prod"]
        binary = (
            {"BinaryMediaTypes": api["binaryMediaTypes"]} if api.get("binaryMediaTypes") else {}
        )
        resource = self._api("rest_api", api["name"], api["id"], {"StageName": stage, **binary})
        if others:
            self.notes.append(
                f"{api['name']}: of its stages only {stage} is exported, not {', '.join(others)}"
            )
        verb, _, path = key.partition(" ")
        settings = {"Method": verb, "Path": path, **protection}
        made = self._route(function, key)
        function.triggers.append(Trigger("rest", made, resource.id, settings, authorizer))

    def _leave_out(self, function: Function, key: str, api: str, reason: Exception) -> None:
        self.notes.append(
            f"{function.name}: {key} of {api} is left out, as it would be open to everybody: "
            f"{reason}"
        )

    def _route(self, function: Function, key: str) -> str:
        return self._identifiers.new(f"{function.name}-{pascal(key.lower())}")

    def _is_there(self, kind: Any, identifier: str) -> Resource | None:
        """The API of an id, if it is exported."""
        return next(
            (
                one
                for one in self._resources.all.values()
                if one.kind == kind and one.settings.get("ApiId") == identifier
            ),
            None,
        )

    def _api(self, kind: Any, name: str, identifier: str, settings: dict[str, Any]) -> Resource:
        known = self._is_there(kind, identifier)
        if known is not None:
            return known
        made = self._resources.put(kind, name, {**settings, "ApiId": identifier})
        made.name = name  # a name of an API is only for people
        return made


def _check_public(api: Mapping[str, Any]) -> None:
    """Refuse a REST API that not everybody may reach."""
    if api.get("policy"):
        raise Unprotected("the API has a resource policy, which is not exported")
    if "PRIVATE" in api.get("endpointConfiguration", {}).get("types", ()):
        raise Unprotected("the API is private to VPC endpoints")
    if api.get("disableExecuteApiEndpoint"):
        raise Unprotected("the API answers only under names of its own")


def _cors(api: Mapping[str, Any]) -> dict[str, Any]:
    told = api.get("CorsConfiguration") or {}
    cors = {key: told[key] for key in _CORS if told.get(key)}
    return {"Cors": cors} if cors else {}
