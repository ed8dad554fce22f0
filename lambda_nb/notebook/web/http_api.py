"""``--http``: create or change an HTTP API so that its routes reach a function.

A function has one integration in an API, marked as the notebook's by its description. Routes that
lead there are the notebook's own: it moves and removes them as the cell says. Other people's
routes stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lambda_nb.notebook.connection.clients import Clients
from lambda_nb.notebook.errors import UsageError
from lambda_nb.notebook.web import cors, log_settings, permissions, routes

STAGE = "$default"
TAGS = {"made-by": "lambda_nb"}
MOST_SECONDS = 30
"""The time that an HTTP API waits for a function (Amazon API Gateway, "Quotas for HTTP APIs")."""

_MARK = "%%lambda "


@dataclass(frozen=True)
class Wanted:
    """What a cell asks for.

    Attributes
    ----------
    api
        The name or the id of an HTTP API. One that is not there is created.
    keys
        Route keys.
    origins
        Origins whose pages may call the API; ``None``: this cell asks for none.
    """

    api: str
    keys: Sequence[str]
    origins: Sequence[str] | None = None


@dataclass
class Served:
    """An API as a cell left it: its address, without a slash at its end, and the cell's routes."""

    api_id: str
    name: str
    address: str
    keys: Sequence[str]
    notes: list[str] = field(default_factory=list)


def serve(clients: Clients, function: str, arn: str, wanted: Wanted) -> Served:
    """Lead the routes to the function, and only these; a second call changes nothing.

    Raises
    ------
    UsageError
        A route belongs to somebody else, or several APIs have the name.
    """
    gateway, lambda_ = clients.client("apigatewayv2"), clients.client()
    function = _name(function)
    present = _find(gateway, wanted.api)
    if present is not None:
        _refuse_others(gateway, present, wanted)
    api = present or gateway.create_api(Name=wanted.api, ProtocolType="HTTP", Tags=TAGS)
    served = Served(api["ApiId"], api["Name"], api["ApiEndpoint"], wanted.keys)

    found = permissions.statements(lambda_, function)
    for other in permissions.apis(found, ours=True):
        if other != served.api_id:
            _leave(clients, function, other, found)
    sources = {
        permissions.statement_id(served.api_id, key): routes.source_arn(arn, served.api_id, key)
        for key in wanted.keys
    }
    # Before the routes: a route that API Gateway may not follow answers 500.
    permissions.set_for_api(lambda_, function, served.api_id, sources, found)
    served.notes += _lead(clients, function, arn, served)
    cors.apply(gateway, api, function, wanted.origins)
    _deploy(clients, arn, served)
    return served


def withdraw(clients: Clients, function: str) -> None:
    """Remove the routes that the notebook led to a function, from all APIs."""
    function = _name(function)
    found = permissions.statements(clients.client(), function)
    for api_id in permissions.apis(found, ours=True):
        _leave(clients, function, api_id, found)


def remove(clients: Clients, name: str) -> str:
    """Delete an HTTP API and what lets it invoke functions; return its id.

    Raises
    ------
    UsageError
        There is no such API.
    """
    gateway, lambda_ = clients.client("apigatewayv2"), clients.client()
    api = find(gateway, name)
    for integration in integrations(gateway, api["ApiId"]).values():
        function = function_of(integration)
        if function and integration.get("Description", "").startswith(_MARK):
            found = permissions.statements(lambda_, function)
            permissions.set_for_api(lambda_, function, api["ApiId"], {}, found)
    gateway.delete_api(ApiId=api["ApiId"])
    return str(api["ApiId"])


# -- reading an API


def all_apis(gateway: Any) -> list[dict[str, Any]]:
    """Each API of this service: HTTP and WebSocket."""
    return [one for page in gateway.get_paginator("get_apis").paginate() for one in page["Items"]]


def all_routes(gateway: Any, api_id: str) -> list[dict[str, Any]]:
    """Each route of an API."""
    pages = gateway.get_paginator("get_routes").paginate(ApiId=api_id)
    return [one for page in pages for one in page["Items"]]


def integrations(gateway: Any, api_id: str) -> dict[str, dict[str, Any]]:
    """The integrations of an API by the target that a route names."""
    pages = gateway.get_paginator("get_integrations").paginate(ApiId=api_id)
    items = [one for page in pages for one in page["Items"]]
    return {f"integrations/{one['IntegrationId']}": one for one in items}


def function_of(integration: Mapping[str, Any]) -> str:
    """The name of the function (with its qualifier) that an integration invokes, or empty."""
    uri = str(integration.get("IntegrationUri", ""))
    _, found, name = uri.partition(":function:")
    return name.split("/")[0] if found else ""


def routes_of(gateway: Any, api_id: str, function: str) -> list[str]:
    """The keys of the routes that the notebook led to a function."""
    try:
        present = integrations(gateway, api_id)
    except gateway.exceptions.NotFoundException:  # somebody deleted the API
        return []
    mine = [target for target, one in present.items() if one.get("Description") == _MARK + function]
    return [one["RouteKey"] for one in all_routes(gateway, api_id) if one.get("Target") in mine]


def find(gateway: Any, name: str) -> dict[str, Any]:
    """The API with a name or an id.

    Raises
    ------
    UsageError
        There is none, or there are several.
    """
    found = _find(gateway, name)
    if found is None:
        there = ", ".join(sorted({api["Name"] for api in all_apis(gateway)})) or "none"
        raise UsageError(f"there is no API {name!r}; there are: {there}")
    return found


def _find(gateway: Any, name: str) -> dict[str, Any] | None:
    apis = [api for api in all_apis(gateway) if api["ProtocolType"] == "HTTP"]
    named = [api for api in apis if api["ApiId"] == name] or [
        api for api in apis if api["Name"] == name
    ]
    ours = [api for api in named if TAGS.items() <= api.get("Tags", {}).items()]
    found = ours or named
    if len(found) > 1:
        ids = ", ".join(api["ApiId"] for api in found)
        raise UsageError(f"{len(found)} HTTP APIs are named {name!r}; give an id: {ids}")
    return found[0] if found else None


# -- changing it


def _name(function: str) -> str:
    """A function's name; it may be given as an ARN."""
    return function.split(":function:")[-1].split(":")[0]


def _refuse_others(gateway: Any, api: Mapping[str, Any], wanted: Wanted) -> None:
    """Refuse routes that this notebook did not make."""
    present = integrations(gateway, api["ApiId"])
    for route in all_routes(gateway, api["ApiId"]):
        target = present.get(route.get("Target", ""), {})
        if route["RouteKey"] in wanted.keys and not _is_ours(target):
            raise UsageError(
                f"the API {api['Name']!r} has a route {route['RouteKey']!r} that no cell made; "
                "choose another route, or another API with --api NAME"
            )


def _is_ours(integration: Mapping[str, Any]) -> bool:
    return str(integration.get("Description", "")).startswith(_MARK)


def _lead(clients: Clients, function: str, arn: str, served: Served) -> list[str]:
    """Create, move and delete routes; return notes about those that led elsewhere."""
    gateway = clients.client("apigatewayv2")
    present = integrations(gateway, served.api_id)
    target = _integration(gateway, served.api_id, function, arn, present)
    by_key = {route["RouteKey"]: route for route in all_routes(gateway, served.api_id)}
    notes = []
    for key in served.keys:
        route = by_key.get(key)
        if route is None:
            gateway.create_route(ApiId=served.api_id, RouteKey=key, Target=target)
        elif route["Target"] != target:
            gateway.update_route(ApiId=served.api_id, RouteId=route["RouteId"], Target=target)
            before = function_of(present[route["Target"]])
            permissions.remove(
                clients.client(), before, [permissions.statement_id(served.api_id, key)]
            )
            notes.append(f"{key} led to {before} before")
    for key, route in by_key.items():
        if key not in served.keys and route.get("Target") == target:
            gateway.delete_route(ApiId=served.api_id, RouteId=route["RouteId"])
    return notes


def _integration(
    gateway: Any, api_id: str, function: str, arn: str, present: Mapping[str, Mapping[str, Any]]
) -> str:
    """The target of routes to the function; creates its integration if there is none."""
    settings = {"IntegrationUri": arn, "PayloadFormatVersion": "2.0"}
    for target, one in present.items():
        if one.get("Description") == _MARK + function:
            if any(one.get(key) != value for key, value in settings.items()):
                gateway.update_integration(
                    ApiId=api_id, IntegrationId=one["IntegrationId"], **settings
                )
            return target
    made = gateway.create_integration(
        ApiId=api_id, IntegrationType="AWS_PROXY", Description=_MARK + function, **settings
    )
    return f"integrations/{made['IntegrationId']}"


def _leave(clients: Clients, function: str, api_id: str, found: Mapping[str, str]) -> None:
    """Remove a function's routes from one API, with its integration and its permissions."""
    gateway, lambda_ = clients.client("apigatewayv2"), clients.client()
    try:
        present = integrations(gateway, api_id)
    except gateway.exceptions.NotFoundException:  # somebody deleted the API
        present = {}
    mine = [target for target, one in present.items() if one.get("Description") == _MARK + function]
    for target in mine:
        for route in all_routes(gateway, api_id):
            if route.get("Target") == target:
                gateway.delete_route(ApiId=api_id, RouteId=route["RouteId"])
        gateway.delete_integration(ApiId=api_id, IntegrationId=present[target]["IntegrationId"])
    if mine:
        cors.apply(gateway, gateway.get_api(ApiId=api_id), function, None)
    permissions.set_for_api(lambda_, function, api_id, {}, found)


def _deploy(clients: Clients, arn: str, served: Served) -> None:
    """Have a ``$default`` stage that deploys each change at once, with an access log."""
    gateway = clients.client("apigatewayv2")
    try:
        stage = gateway.get_stage(ApiId=served.api_id, StageName=STAGE)
    except gateway.exceptions.NotFoundException:
        group = log_settings.create_group(clients.client("logs"), arn, served.name)
        gateway.create_stage(
            ApiId=served.api_id,
            StageName=STAGE,
            AutoDeploy=True,
            AccessLogSettings={"DestinationArn": group, "Format": log_settings.FORMAT},
            Tags=TAGS,
        )
        return
    if not stage.get("AutoDeploy"):
        gateway.create_deployment(ApiId=served.api_id, StageName=STAGE)
