"""A REST API's definition as an OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime, timezone
from typing import Any

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.gateways.configuration.rest.definition.definition import Definition
from lambda_nb.engine.gateways.configuration.rest.definition.models import schema_of
from lambda_nb.engine.gateways.configuration.rest.openapi import api_members, integrations
from lambda_nb.engine.gateways.configuration.rest.openapi.document import EXTENSION, Json
from lambda_nb.engine.gateways.configuration.rest.openapi.operations import ANY
from lambda_nb.engine.gateways.configuration.rest.openapi.schemas import schema_for
from lambda_nb.engine.gateways.configuration.rest.openapi.security import Schemes

EXTENSIONS = frozenset(
    ("integrations", "authorizers", "documentation", "validators", "gatewayresponses", "apigateway")
)
"""What a document may have beside OpenAPI's own; the last stands for all of it."""

_PLACES = {"path": "path", "querystring": "query", "header": "header"}
_JSON = "application/json"


class Export:
    """Exports one definition.

    Parameters
    ----------
    definition
        The definition.
    three
        Whether as OpenAPI 3; else as Swagger 2.
    extensions
        What of :data:`EXTENSIONS` it shall have.
    """

    def __init__(self, definition: Definition, *, three: bool, extensions: Collection[str]) -> None:
        self._definition = definition
        self._three = three
        self._extensions = extensions
        self._schemes = Schemes(definition.authorizers)

    def document(self, url: str, stage: str) -> Json:
        """The document.

        Parameters
        ----------
        url
            Where the API answers, without a stage.
        stage
            The stage.
        """
        api = self._definition.api
        info = {"title": api["name"]}
        if api.get("description"):
            info["description"] = api["description"]
        info["version"] = api.get("version") or moment(api["createdDate"])
        scheme, _, host = url.partition("://")
        document: Json
        if self._three:
            variables = {"basePath": {"default": stage}}
            servers = [{"url": f"{url}/{{basePath}}", "variables": variables}]
            document = {"openapi": "3.0.1", "info": info, "servers": servers}
        else:
            document = {
                "swagger": "2.0",
                "info": info,
                "host": host,
                "basePath": f"/{stage}",
                "schemes": [scheme],
            }
        document["paths"] = self._paths()
        self._write_components(document)
        self._write_extensions(document)
        return document

    def _has(self, extension: str) -> bool:
        return extension in self._extensions or "apigateway" in self._extensions

    def _paths(self) -> Json:
        parents = {one.get("parentId") for one in self._definition.resources.values()}
        paths: Json = {}
        for resource in sorted(self._definition.resources.values(), key=lambda one: one["path"]):
            methods = resource.get("resourceMethods", {})
            root_alone = resource["path"] == "/" and len(self._definition.resources) > 1
            if not methods and (resource["id"] in parents or root_alone):
                continue
            paths[resource["path"]] = {
                ANY if name == "ANY" else name.lower(): self._operation(resource, method)
                for name, method in sorted(methods.items())
            }
        return paths

    def _operation(self, resource: Record, method: Record) -> Json:
        operation: Json = {}
        if method.get("operationName"):
            operation["operationId"] = method["operationName"]
        parameters = [
            self._parameter(name, required)
            for name, required in sorted(method.get("requestParameters", {}).items())
        ]
        models = method.get("requestModels", {})
        if models and self._three:
            operation["requestBody"] = {"content": self._content(models), "required": True}
        elif models:
            operation["consumes"] = sorted(models)
            body = {"in": "body", "name": sorted(models.values())[0], "required": True}
            parameters.append({**body, "schema": self._reference(sorted(models.values())[0])})
        if parameters:
            operation["parameters"] = parameters
        operation["responses"] = {
            code: self._response(response, operation)
            for code, response in sorted(method.get("methodResponses", {}).items())
        }
        wanted = self._schemes.of(method, authorizers=self._has("authorizers"))
        if wanted:
            operation["security"] = wanted
        validator = self._definition.validators.get(method.get("requestValidatorId", ""))
        if self._has("validators") and validator is not None and validator.get("name"):
            operation[EXTENSION + "request-validator"] = validator["name"]
        if self._has("integrations") and "methodIntegration" in method:
            operation[EXTENSION + "integration"] = integrations.written(
                method["methodIntegration"], resource["id"]
            )
        return operation

    def _parameter(self, name: str, required: bool) -> Json:
        place, known = name.split(".", 3)[2:]
        place = _PLACES[place.removeprefix("multivalue")]
        head: Json = {"name": known, "in": place}
        if required or place == "path":
            head["required"] = True
        return {**head, "schema": {"type": "string"}} if self._three else {**head, "type": "string"}

    def _response(self, response: Record, operation: Json) -> Json:
        written: Json = {"description": f"{response['statusCode']} response"}
        headers = {
            name.split(".", 3)[3]: self._header(required)
            for name, required in sorted(response.get("responseParameters", {}).items())
        }
        if headers:
            written["headers"] = headers
        models = response.get("responseModels", {})
        if models and self._three:
            written["content"] = self._content(models)
        elif models:
            operation["produces"] = sorted({*operation.get("produces", ()), *models})
            written["schema"] = self._reference(sorted(models.values())[0])
        return written

    def _header(self, required: bool) -> Json:
        header: Json = {"schema": {"type": "string"}} if self._three else {"type": "string"}
        return {"required": True, **header} if required else header

    def _content(self, models: Json) -> Json:
        return {kind: {"schema": self._reference(name)} for kind, name in sorted(models.items())}

    def _reference(self, model: str) -> Json:
        prefix = "#/components/schemas/" if self._three else "#/definitions/"
        return {"$ref": prefix + model}

    def _write_components(self, document: Json) -> None:
        if self._has("authorizers"):
            self._schemes.describe_all()
        schemas: dict[str, Any] = {}
        for name, model in sorted(self._definition.models.items()):
            schema = schema_of(model)
            if schema is not None:
                schemas[name] = schema_for(schema, three=self._three)
        if self._three:
            components = {"schemas": schemas, "securitySchemes": self._schemes.written}
            document["components"] = {name: part for name, part in components.items() if part}
            return
        if self._schemes.written:
            document["securityDefinitions"] = self._schemes.written
        if schemas:
            document["definitions"] = schemas

    def _write_extensions(self, document: Json) -> None:
        definition = self._definition
        if self._has("validators") and definition.validators:
            document[EXTENSION + "request-validators"] = {
                one["name"]: {
                    "validateRequestParameters": one["validateRequestParameters"],
                    "validateRequestBody": one["validateRequestBody"],
                }
                for one in definition.validators.values()
                if one.get("name")
            }
        if self._has("gatewayresponses") and definition.gateway_responses:
            document[EXTENSION + "gateway-responses"] = {
                kind: {
                    name: response[name]
                    for name in ("statusCode", "responseParameters", "responseTemplates")
                    if response.get(name)
                }
                for kind, response in sorted(definition.gateway_responses.items())
            }
        if self._has("documentation") and definition.documentation_parts:
            parts = sorted(definition.documentation_parts.values(), key=lambda part: part["id"])
            document[EXTENSION + "documentation"] = {
                "documentationParts": [
                    {"location": part["location"], "properties": json.loads(part["properties"])}
                    for part in parts
                ]
            }
        if "apigateway" in self._extensions:
            api_members.write(definition.api, document)


def moment(seconds: float) -> str:
    """A time as a version: ``2026-01-31T12:00:00Z``."""
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
