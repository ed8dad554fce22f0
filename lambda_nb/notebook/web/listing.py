"""What answers HTTP requests at an endpoint: APIs with their routes, and function URLs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lambda_nb.notebook.connection.clients import Clients
from lambda_nb.notebook.errors import UsageError
from lambda_nb.notebook.web import address, http_api, routes
from lambda_nb.notebook.web.try_it import curl
from lambda_nb.projects.endpoint import is_aws

MOST_URLS_ON_AWS = 20
"""Functions that are asked for a URL on AWS; each one is a request."""


@dataclass(frozen=True)
class Row:
    """A route.

    Attributes
    ----------
    route
        Its key, such as ``GET /items/{id}``.
    function
        What it leads to: a function, or another service or address.
    authorizer
        Who may call it; empty: everybody.
    address
        Where a browser can open it; empty if it cannot.
    try_it
        A command that calls it, or empty.
    """

    route: str
    function: str
    authorizer: str = ""
    address: str = ""
    try_it: str = ""


@dataclass(frozen=True)
class Door:
    """An API or a function URL: its kind, name, address (of its root), facts and routes."""

    kind: str
    name: str
    address: str
    facts: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


def doors(clients: Clients, name: str | None = None) -> list[Door]:
    """All doors, or the API with a name or an id.

    Raises
    ------
    UsageError
        There is no API of that name.
    """
    found = list(_v2(clients, name))
    if name is None or not found:
        found += _rest(clients, name)
    if name is not None and not found:
        there = ", ".join(sorted({door.name for door in doors(clients)})) or "none"
        raise UsageError(f"there is no API {name!r}; there are: {there}")
    return found if name is not None else [*found, *_urls(clients)]


def _is(name: str | None, api: Mapping[str, Any], identifier: str, title: str) -> bool:
    return name is None or name in (api[identifier], api[title])


# -- HTTP and WebSocket APIs


def _v2(clients: Clients, name: str | None) -> Iterator[Door]:
    gateway = clients.client("apigatewayv2")
    for api in http_api.all_apis(gateway):
        if _is(name, api, "ApiId", "Name"):
            is_http = api["ProtocolType"] == "HTTP"
            kind = "HTTP API" if is_http else "WebSocket API"
            root = address.stage_address(gateway, api)
            yield Door(kind, api["Name"], root, _facts(api), _v2_rows(gateway, api, root))


def _facts(api: Mapping[str, Any]) -> list[str]:
    told = [f"id {api['ApiId']}"]
    if origins := api.get("CorsConfiguration", {}).get("AllowOrigins"):
        told.append(f"CORS {', '.join(origins)}")
    if api["ProtocolType"] == "WEBSOCKET":
        told.append(f"by {api.get('RouteSelectionExpression', '')}")
    return told


def _v2_rows(gateway: Any, api: Mapping[str, Any], root: str) -> list[Row]:
    api_id = api["ApiId"]
    targets = http_api.integrations(gateway, api_id)
    pages = gateway.get_paginator("get_authorizers").paginate(ApiId=api_id)
    names = {one["AuthorizerId"]: one["Name"] for page in pages for one in page["Items"]}
    rows = []
    for route in sorted(http_api.all_routes(gateway, api_id), key=_order):
        key = route["RouteKey"]
        integration = targets.get(route.get("Target", ""), {})
        kind = route.get("AuthorizationType", "NONE")
        guard = _guard(kind, names.get(route.get("AuthorizerId", ""), ""))
        leads_to = http_api.function_of(integration) or _elsewhere(integration)
        if api["ProtocolType"] != "HTTP":
            rows.append(Row(key, leads_to, guard))
            continue
        url = root + routes.example(key)
        method, _ = routes.parts(key)
        rows.append(
            Row(
                key,
                leads_to,
                guard,
                url if routes.opens(key) and kind == "NONE" else "",
                curl(method, url, kind, gateway.meta.region_name),
            )
        )
    return rows


def _order(route: Mapping[str, Any]) -> tuple[bool, str, str]:
    """By path, then by method; ``$default`` last."""
    key = route["RouteKey"]
    method, path = routes.parts(key) if " " in key else ("", key)
    return key == routes.DEFAULT, path, method


def _guard(kind: str, name: str) -> str:
    return "" if kind == "NONE" else f"{kind} {name}".strip()


def _elsewhere(integration: Mapping[str, Any]) -> str:
    """Where an integration leads that invokes no function."""
    told = integration.get("IntegrationUri") or integration.get("IntegrationSubtype")
    return str(told or integration.get("IntegrationType", ""))


# -- REST APIs


def _rest(clients: Clients, name: str | None) -> Iterator[Door]:
    gateway = clients.client("apigateway")
    pages = gateway.get_paginator("get_rest_apis").paginate()
    for api in [one for page in pages for one in page["items"]]:
        if not _is(name, api, "id", "name"):
            continue
        stages = [one["stageName"] for one in gateway.get_stages(restApiId=api["id"])["item"]]
        root = rest_address(gateway, api["id"], stages[0]) if stages else ""
        facts = [f"id {api['id']}", *([] if stages else ["not deployed"])]
        yield Door("REST API", api["name"], root, facts, _rest_rows(gateway, api["id"], root))


def rest_address(gateway: Any, api_id: str, stage: str) -> str:
    """The address of a stage of a REST API; AWS tells it nowhere in its API."""
    meta = gateway.meta
    if is_aws(gateway):
        suffix = "amazonaws.com.cn" if meta.partition == "aws-cn" else "amazonaws.com"
        return f"https://{api_id}.execute-api.{meta.region_name}.{suffix}/{stage}"
    return f"{meta.endpoint_url}/execute-api/{api_id}/{stage}"


def _rest_rows(gateway: Any, api_id: str, root: str) -> list[Row]:
    pages = gateway.get_paginator("get_resources").paginate(restApiId=api_id, embed=["methods"])
    resources = [one for page in pages for one in page["items"]]
    pages = gateway.get_paginator("get_authorizers").paginate(restApiId=api_id)
    names = {one["id"]: one["name"] for page in pages for one in page["items"]}
    rows = []
    for resource in sorted(resources, key=lambda one: str(one["path"])):
        for method, told in sorted(resource.get("resourceMethods", {}).items()):
            key = f"{method} {resource['path']}"
            uri = str(told.get("methodIntegration", {}).get("uri", ""))
            _, found, function = uri.partition(":function:")
            kind = told.get("authorizationType", "NONE")
            url = root + routes.example(key)
            rows.append(
                Row(
                    key,
                    function.removesuffix("/invocations") if found else uri,
                    _guard(kind, names.get(told.get("authorizerId", ""), "")),
                    url if root and routes.opens(key) and kind == "NONE" else "",
                    curl(method, url, kind, gateway.meta.region_name) if root else "",
                )
            )
    return rows


# -- function URLs


def _urls(clients: Clients) -> Iterator[Door]:
    client = clients.client()
    most = {"PaginationConfig": {"MaxItems": MOST_URLS_ON_AWS}} if is_aws(client) else {}
    pages = client.get_paginator("list_functions").paginate(**most)
    for function in [one["FunctionName"] for page in pages for one in page["Functions"]]:
        told = client.list_function_url_configs(FunctionName=function)["FunctionUrlConfigs"]
        for config in told:
            url = config["FunctionUrl"]
            kind = config["AuthType"]
            named = config["FunctionArn"].partition(":function:")[2]
            row = Row(
                "any method and path",
                named,
                _guard(kind, ""),
                url if kind == "NONE" else "",
                curl("GET", url, kind, client.meta.region_name, service="lambda"),
            )
            yield Door("function URL", named, url.rstrip("/"), [], [row])
