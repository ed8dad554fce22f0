"""Operations of an OpenAPI document as methods."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.gateways.configuration.rest.definition.models import new_model
from lambda_nb.engine.gateways.configuration.rest.definition.schemas import model_name
from lambda_nb.engine.gateways.configuration.rest.openapi.document import (
    EXTENSION,
    Document,
    Json,
    mapping,
)
from lambda_nb.engine.gateways.configuration.rest.openapi.schemas import schema_text

METHODS = ("get", "put", "post", "delete", "patch", "options", "head")
ANY = EXTENSION + "any-method"
_PLACES = {"path": "path", "query": "querystring", "header": "header"}
_JSON = "application/json"


@dataclass(slots=True)
class Operations:
    """Reads the operations of a document.

    Parameters
    ----------
    document
        The document.

    Attributes
    ----------
    models
        Models made of schemas that stand in operations, by name.
    warnings
        What is left out.
    """

    document: Document
    models: dict[str, Record] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def of(self, path: str) -> Iterator[tuple[str, Json]]:
        """Each method of a path, with its operation."""
        item = self.document.resolved(self.document.paths[path])
        for word, operation in item.items():
            if word.lower() in METHODS:
                yield word.upper(), self.document.resolved(operation)
            elif word == ANY:
                yield "ANY", self.document.resolved(operation)
            elif word == "trace":
                self.warnings.append(
                    f"Method trace is not supported, ignoring it for the resource at path '{path}'"
                )

    def method(self, path: str, name: str, operation: Json) -> Record:
        """The method that an operation is, without what it asks of its callers.

        Parameters
        ----------
        path
            Of the document.
        name
            The HTTP method, or ``ANY``.
        """
        method: Record = {"httpMethod": name}
        if operation.get("operationId"):
            method["operationName"] = str(operation["operationId"])
        parameters: dict[str, bool] = {}
        models: dict[str, str] = {}
        for parameter in self._parameters(path, operation):
            place, known = parameter.get("in"), str(parameter.get("name", ""))
            if place in _PLACES:
                required = parameter.get("required") is True
                parameters[f"method.request.{_PLACES[place]}.{known}"] = required
            elif place == "body":
                for media_type in self._media_types(operation, "consumes"):
                    self._take_model(models, media_type, parameter.get("schema"))
            else:
                self.warnings.append(
                    f"Parameter '{known}' in '{place}' is not supported, ignoring it for method "
                    f"'{name}' of the resource at path '{path}'"
                )
        body = self.document.resolved(operation.get("requestBody"))
        for media_type, content in mapping(body.get("content")).items():
            self._take_model(models, media_type, mapping(content).get("schema"))
        if parameters:
            method["requestParameters"] = parameters
        if models:
            method["requestModels"] = models
        responses = self._responses(path, name, operation)
        if responses:
            method["methodResponses"] = responses
        return method

    def _parameters(self, path: str, operation: Json) -> list[Json]:
        """An operation's parameters, and those of its path that it does not replace."""
        item = self.document.resolved(self.document.paths[path])
        found: dict[tuple[Any, Any], Json] = {}
        for owner in (item, operation):
            listed = owner.get("parameters")
            for one in listed if isinstance(listed, list) else ():
                parameter = self.document.resolved(one)
                found[parameter.get("in"), parameter.get("name")] = parameter
        return list(found.values())

    def _responses(self, path: str, name: str, operation: Json) -> dict[str, Record]:
        found: dict[str, Record] = {}
        for code, one in mapping(operation.get("responses")).items():
            if len(code) != 3 or not code.isdecimal():
                self.warnings.append(
                    f"Response '{code}' is not supported, ignoring it for method '{name}' of the "
                    f"resource at path '{path}'"
                )
                continue
            response = self.document.resolved(one)
            made: Record = {"statusCode": code}
            headers = {
                f"method.response.header.{header}": mapping(described).get("required") is True
                for header, described in mapping(response.get("headers")).items()
            }
            models: dict[str, str] = {}
            if "schema" in response:
                for media_type in self._media_types(operation, "produces"):
                    self._take_model(models, media_type, response["schema"])
            for media_type, content in mapping(response.get("content")).items():
                self._take_model(models, media_type, mapping(content).get("schema"))
            if headers:
                made["responseParameters"] = headers
            if models:
                made["responseModels"] = models
            found[code] = made
        return found

    def _media_types(self, operation: Json, member: str) -> list[str]:
        listed = operation.get(member, self.document.content.get(member))
        return [str(one) for one in listed] if isinstance(listed, list) and listed else [_JSON]

    def _take_model(self, models: dict[str, str], media_type: str, schema: Any) -> None:
        """Note the model of a schema: the one that it refers to, or a new one."""
        if not isinstance(schema, dict) or not schema:
            return
        name = model_name(str(schema.get("$ref", "")))
        if name is None:
            text = schema_text(schema)
            name = f"MODEL{zlib.crc32(text.encode()):08x}"
            self.models[name] = new_model(name, _JSON, text, None)
        models[media_type] = name
