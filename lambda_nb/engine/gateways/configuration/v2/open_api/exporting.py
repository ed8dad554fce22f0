"""ExportApi: an HTTP API as an OpenAPI 3.0 document."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.gateways.configuration.v2.open_api import authorizers, fields, texts
from lambda_nb.engine.gateways.configuration.v2.records import Records
from lambda_nb.engine.gateways.configuration.v2.rules import route_rules
from lambda_nb.engine.gateways.configuration.v2.rules.faults import bad_request, no_such
from lambda_nb.engine.gateways.configuration.v2.served import ServedStage
from lambda_nb.engine.model import Caller, Operation, Request, Response

_PARAMETER = re.compile(r"\{([^}+]+)\+?\}")


class Exporting:
    """Writes documents.

    Parameters
    ----------
    records
        What is kept.
    show
        An API as GetApi shows it.
    latest
        An API as it is, deployed or not.
    deployed
        What a stage serves.
    """

    def __init__(
        self,
        records: Records,
        show: Callable[[Mapping[str, Any]], Record],
        latest: Callable[[str], ServedStage],
        deployed: Callable[[str, str], ServedStage | None],
    ) -> None:
        self._records = records
        self._show = show
        self._latest = latest
        self._deployed = deployed

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {"ExportApi": self.export}

    def export(self, request: Request, caller: Caller) -> Response:
        """An API, or what one of its stages serves, as a document."""
        api = self._records.api(request["ApiId"])
        if api["ProtocolType"] != "HTTP":
            raise bad_request("Only HTTP APIs can be exported")
        if request["Specification"] != "OAS30":
            raise bad_request("Invalid specification. Must be OAS30")
        if request.get("ExportVersion", "1.0") != "1.0":
            raise bad_request(f"Invalid export version: {request['ExportVersion']}. Must be 1.0")
        kind = request["OutputType"]
        if kind not in ("JSON", "YAML"):
            raise bad_request(f"Invalid output type: {kind}. Must be JSON or YAML")
        name = request.get("StageName")
        found = self._deployed(request["ApiId"], name) if name else self._latest(request["ApiId"])
        if found is None:
            raise no_such("stage")
        document = _document(found, self._show(found.api), name, request.get("IncludeExtensions"))
        return {"body": texts.written(document, kind)}


def _document(
    found: ServedStage, api: Mapping[str, Any], stage: str | None, extensions: bool | None
) -> dict[str, Any]:
    extended = extensions is not False
    url = api["ApiEndpoint"]
    server: dict[str, Any] = {"url": url}
    if stage is not None:
        base = "" if stage == "$default" else stage
        server = {"url": f"{url}/{{basePath}}", "variables": {"basePath": {"default": base}}}
    info = {"title": api["Name"], "version": api.get("Version") or api["CreatedDate"]}
    if "Description" in api:
        info["description"] = api["Description"]
    document: dict[str, Any] = {"openapi": "3.0.1", "info": info, "servers": [server]}
    if api.get("Tags"):
        document["tags"] = [
            {"name": name, **({fields.TAG: value} if extended else {})}
            for name, value in api["Tags"].items()
        ]
    document["paths"] = _paths(found, extended)
    components = _components(found, extended)
    if components:
        document["components"] = components
    if extended:
        if api.get("CorsConfiguration"):
            document[fields.CORS] = fields.fields(api["CorsConfiguration"], fields.OF_CORS)
        if api.get("DisableExecuteApiEndpoint"):
            document[fields.ENDPOINT] = {"disableExecuteApiEndpoint": True}
        document[fields.VERSION] = "1.0"
    return document


def _paths(found: ServedStage, extended: bool) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    shared = _shared(found)
    for route in sorted(found.routes, key=lambda route: str(route["RouteKey"])):
        key = route["RouteKey"]
        if key == "$default":
            method, path = "ANY", fields.DEFAULT_PATH
        else:
            method, _, path = key.partition(" ")
        name = fields.ANY if method == "ANY" else method.lower()
        if name == fields.ANY and not extended:
            continue
        paths.setdefault(path, {})[name] = _operation(found, route, path, shared, extended)
    return paths


def _operation(
    found: ServedStage, route: Mapping[str, Any], path: str, shared: set[str], extended: bool
) -> dict[str, Any]:
    operation: dict[str, Any] = {}
    if "OperationName" in route:
        operation["operationId"] = route["OperationName"]
    parameters = _PARAMETER.findall(path)
    if parameters:
        operation["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in parameters
        ]
    operation["responses"] = {
        "default": {"description": f"Default response for {route['RouteKey']}"}
    }
    if "AuthorizerId" in route:
        name = found.authorizers[route["AuthorizerId"]]["Name"]
        operation["security"] = [{name: list(route.get("AuthorizationScopes", []))}]
    if not extended:
        return operation
    if route["RouteKey"] == "$default":
        operation["isDefaultRoute"] = True
    if route["AuthorizationType"] == "AWS_IAM":
        operation[fields.AUTH] = {"type": "AWS_IAM"}
    target = route_rules.integration_of(route)
    if target is not None:
        reference = {"$ref": f"#/components/{fields.INTEGRATIONS}/{target}"}
        whole = _integration(found.integrations[target])
        operation[fields.INTEGRATION] = reference if target in shared else whole
    return operation


def _components(found: ServedStage, extended: bool) -> dict[str, Any]:
    components: dict[str, Any] = {}
    schemes = {
        authorizer["Name"]: authorizers.scheme(authorizer)
        for authorizer in found.authorizers.values()
    }
    if not extended:
        for scheme in schemes.values():
            del scheme[fields.AUTHORIZER]
    if schemes:
        components["securitySchemes"] = schemes
    shared = sorted(_shared(found))
    if shared and extended:
        components[fields.INTEGRATIONS] = {
            key: _integration(found.integrations[key]) for key in shared
        }
    return components


def _integration(integration: Mapping[str, Any]) -> dict[str, Any]:
    told = fields.fields(integration, fields.OF_INTEGRATION)
    told["type"] = told["type"].lower()
    if "tlsConfig" in told:
        told["tlsConfig"] = {"serverNameToVerify": told["tlsConfig"].get("ServerNameToVerify")}
    return told


def _shared(found: ServedStage) -> set[str]:
    """The ids of integrations that several routes have."""
    used = Counter(route_rules.integration_of(route) for route in found.routes)
    return {key for key, times in used.items() if key is not None and times > 1}
