"""An OpenAPI 3.0 document as what an HTTP API has: settings, integrations, authorizers, routes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lambda_nb.engine.gateways.configuration.v2.open_api import (
    authorizers,
    base_paths,
    fields,
    shape,
    texts,
)
from lambda_nb.engine.gateways.configuration.v2.rules.faults import bad_request


@dataclass(slots=True)
class Definition:
    """What a document defines, with the members' names of the service's model.

    Attributes
    ----------
    api
        Settings of the API.
    integrations
        By a name that only this definition uses.
    authorizers
        By name.
    routes
        Each with its key; ``Target`` and ``AuthorizerId`` are names of the two above.
    warnings
        What the document says in vain.
    """

    api: dict[str, Any]
    integrations: dict[str, dict[str, Any]] = field(default_factory=dict)
    authorizers: dict[str, dict[str, Any]] = field(default_factory=dict)
    routes: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read(text: str, base_path: str) -> Definition:
    """What a document defines.

    Parameters
    ----------
    text
        JSON or YAML.
    base_path
        What becomes of the server's base path: ``ignore``, ``prepend`` or ``split``.

    Raises
    ------
    AWSError
        ``BadRequestException`` if it defines no HTTP API.
    """
    document = _checked(texts.parsed(text))
    prefix = base_paths.prefix(document, base_path)
    definition = Definition(_settings(document))
    components = document.get("components", {})
    definition.authorizers = authorizers.read(components)
    for path, item in document.get("paths", {}).items():
        if not path.startswith("/"):
            raise bad_request(f"Invalid path specified: {path}. It must begin with a slash")
        for method, operation in _operations(item):
            key = _route_key(method, path, prefix, operation)
            definition.routes.append(_route(definition, document, key, operation))
    return definition


def _checked(document: Mapping[str, Any]) -> Mapping[str, Any]:
    version = str(document.get("openapi", ""))
    if not version.startswith("3.0"):
        told = version or f"Swagger {document.get('swagger', '(none)')}"
        raise bad_request(
            f"Invalid OpenAPI version specified: {told}. An HTTP API is imported from OpenAPI 3.0"
        )
    shape.check(document)
    return document


def _settings(document: Mapping[str, Any]) -> dict[str, Any]:
    info = document["info"]
    settings: dict[str, Any] = {
        "Name": str(info["title"]),
        "Version": str(info.get("version", "")),
        "Description": str(info.get("description", "")),
        "ProtocolType": "HTTP",
        "Tags": {
            tag["name"]: str(tag[fields.TAG])
            for tag in document.get("tags", ())
            if fields.TAG in tag
        },
    }
    if fields.CORS in document:
        settings["CorsConfiguration"] = _cors(document[fields.CORS])
    endpoint = {
        **document.get(fields.ENDPOINT, {}),
        **(document.get("servers") or [{}])[0].get(fields.ENDPOINT, {}),
    }
    if endpoint.get("disableExecuteApiEndpoint"):
        settings["DisableExecuteApiEndpoint"] = True
    return settings


def _cors(document: Mapping[str, Any]) -> dict[str, Any]:
    cors = fields.members(document, fields.OF_CORS)
    for member, value in cors.items():
        if isinstance(value, str):
            cors[member] = [value]
    return cors


def _operations(item: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for method in fields.METHODS:
        if method in item:
            yield method.upper(), item[method]
    if fields.ANY in item:
        yield "ANY", item[fields.ANY]


def _route_key(method: str, path: str, prefix: str, operation: Mapping[str, Any]) -> str:
    if path == fields.DEFAULT_PATH or operation.get("isDefaultRoute"):
        return "$default"
    joined = f"{prefix}{path}" if path != "/" else prefix or "/"
    return f"{method} {joined}"


def _route(
    definition: Definition, document: Mapping[str, Any], key: str, operation: Mapping[str, Any]
) -> dict[str, Any]:
    route: dict[str, Any] = {"RouteKey": key}
    if operation.get("operationId"):
        route["OperationName"] = str(operation["operationId"])
    if fields.INTEGRATION in operation:
        route["Target"] = _integration(definition, document, key, operation)
    else:
        definition.warnings.append(
            f"No integration is defined for the route {key}: it answers nothing"
        )
    security = operation.get("security", document.get("security"))
    route |= authorizers.of_operation(operation, security, document, definition.authorizers)
    return route


def _integration(
    definition: Definition, document: Mapping[str, Any], key: str, operation: Mapping[str, Any]
) -> str:
    told = operation[fields.INTEGRATION]
    name = key
    if "$ref" in told:
        name = str(told["$ref"])
        told = _resolved(document, name)
    if name not in definition.integrations:
        integration = fields.members(told, fields.OF_INTEGRATION)
        if "IntegrationType" not in integration:
            raise bad_request(f"The integration of the route {key} has no type")
        integration["IntegrationType"] = integration["IntegrationType"].upper()
        if "PayloadFormatVersion" in integration:
            integration["PayloadFormatVersion"] = str(integration["PayloadFormatVersion"])
        method = integration.get("IntegrationMethod")
        if method is not None and method.lower() == fields.ANY:
            integration["IntegrationMethod"] = "ANY"
        if "TlsConfig" in integration:
            server = integration["TlsConfig"].get("serverNameToVerify")
            integration["TlsConfig"] = {"ServerNameToVerify": server}
        definition.integrations[name] = integration
    return name


def _resolved(document: Mapping[str, Any], reference: str) -> Mapping[str, Any]:
    """The integration that a reference leads to."""
    prefix = f"#/components/{fields.INTEGRATIONS}/"
    named = document.get("components", {}).get(fields.INTEGRATIONS, {})
    name = reference.removeprefix(prefix).replace("~1", "/").replace("~0", "~")
    if not reference.startswith(prefix) or name not in named:
        raise bad_request(f"Unable to find the reference {reference} in the document")
    found: Mapping[str, Any] = named[name]
    return found
