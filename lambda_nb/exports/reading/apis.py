"""HTTP and REST APIs whose routes lead to functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.exports.picture import Function, Resource, Trigger
from lambda_nb.exports.reading.asking import pages
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

    Parameters
    ----------
    clients
        Of the endpoint.
    resources
        Where APIs are entered that lead to a function of the application.
    identifiers
        Gives routes their ids.
    """

    def __init__(self, clients: Clients, resources: Resources, identifiers: Identifiers) -> None:
        self._clients = clients
        self._resources = resources
        self._identifiers = identifiers
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
            for route in pages(gateway, "get_routes", "Items", ApiId=identifier):
                integration = leads.get(route.get("Target", ""), {})
                function = functions.get(_function_of(integration.get("IntegrationUri", "")))
                if function is None:
                    continue
                if api["ProtocolType"] != "HTTP":
                    self.notes.append(
                        f"{function.name}: the WebSocket API {api['Name']} is not exported"
                    )
                    break
                if route.get("AuthorizationType", "NONE") not in ("NONE", "AWS_IAM"):
                    self.notes.append(
                        f"{function.name}: the route {route['RouteKey']} of {api['Name']} has an "
                        "authorizer, which is not exported: add it before you deploy"
                    )
                resource = self._api("http_api", api["Name"], identifier, _cors(api))
                settings: dict[str, Any] = {"RouteKey": route["RouteKey"]}
                if integration.get("PayloadFormatVersion", "2.0") != "2.0":
                    settings["PayloadFormatVersion"] = integration["PayloadFormatVersion"]
                if route.get("AuthorizationType") == "AWS_IAM":
                    settings["AuthorizationType"] = "AWS_IAM"
                function.triggers.append(
                    Trigger("http", self._route(function, route["RouteKey"]), resource.id, settings)
                )

    def _rest(self, functions: Mapping[str, Function]) -> None:
        gateway = self._clients.client("apigateway")
        for api in pages(gateway, "get_rest_apis", "items"):
            told = gateway.get_stages(restApiId=api["id"])["item"]
            stages = sorted(one["stageName"] for one in told)
            found = list(
                pages(gateway, "get_resources", "items", restApiId=api["id"], embed=["methods"])
            )
            for place in found:
                for verb, method in place.get("resourceMethods", {}).items():
                    integration = method.get("methodIntegration", {})
                    function = functions.get(_function_of(integration.get("uri", "")))
                    if function is None:
                        continue
                    if integration.get("type") != "AWS_PROXY":
                        self.notes.append(
                            f"{function.name}: {verb} {place['path']} of {api['name']} maps its "
                            "requests by templates; it is exported as a proxy integration"
                        )
                    stage = {"StageName": stages[0] if stages else "prod"}
                    resource = self._api("rest_api", api["name"], api["id"], stage)
                    if len(stages) > 1:
                        self.notes.append(
                            f"{api['name']}: of its stages only {stages[0]} is exported, not "
                            f"{', '.join(stages[1:])}"
                        )
                    settings = {"Method": verb, "Path": place["path"]}
                    if method.get("authorizationType") == "AWS_IAM":
                        settings["AuthorizationType"] = "AWS_IAM"
                    elif method.get("authorizationType", "NONE") != "NONE":
                        self.notes.append(
                            f"{function.name}: {verb} {place['path']} of {api['name']} has an "
                            "authorizer, which is not exported: add it before you deploy"
                        )
                    route = self._route(function, f"{verb} {place['path']}")
                    function.triggers.append(Trigger("rest", route, resource.id, settings))

    def _route(self, function: Function, key: str) -> str:
        return self._identifiers.new(f"{function.name}-{pascal(key.lower())}")

    def _api(self, kind: Any, name: str, identifier: str, settings: dict[str, Any]) -> Resource:
        known = next(
            (
                one
                for one in self._resources.all.values()
                if one.kind == kind and one.settings.get("ApiId") == identifier
            ),
            None,
        )
        if known is not None:
            return known
        made = self._resources.put(kind, name, {**settings, "ApiId": identifier})
        made.name = name  # a name of an API is only for people
        return made


def _function_of(uri: str) -> str:
    """The name of the function that an integration invokes, or empty."""
    return uri.partition(":function:")[2].split("/")[0].split(":")[0]


def _cors(api: Mapping[str, Any]) -> dict[str, Any]:
    told = api.get("CorsConfiguration") or {}
    cors = {key: told[key] for key in _CORS if told.get(key)}
    return {"Cors": cors} if cors else {}
