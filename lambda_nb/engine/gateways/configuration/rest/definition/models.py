"""The models of a REST API: JSON schemas of what requests and responses carry."""

from __future__ import annotations

import json
import re
from typing import Any

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.gateways.configuration.rest.definition.definition import Definition, Named
from lambda_nb.engine.gateways.configuration.rest.definition.schemas import (
    flattened,
    referenced,
    template,
    too_deep,
)
from lambda_nb.engine.gateways.configuration.rest.kept import patches
from lambda_nb.engine.gateways.configuration.rest.kept import records as kept
from lambda_nb.engine.gateways.configuration.rest.kept.errors import (
    bad_request,
    conflict,
    not_found,
)
from lambda_nb.engine.gateways.configuration.rest.kept.paging import page
from lambda_nb.engine.gateways.configuration.rest.kept.records import Records
from lambda_nb.engine.model import Caller, Operation, Request, Response

_NAME = re.compile(r"[a-zA-Z0-9]+")
_RULES = {
    "/description": patches.value(patches.text, "add", "replace", "remove"),
    "/schema": patches.value(),
}


class Models:
    """The models of REST APIs.

    Parameters
    ----------
    records
        Where they are kept.
    """

    def __init__(self, records: Records) -> None:
        self._records = records

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "CreateModel": self._create,
            "GetModel": self._get,
            "GetModels": self._list,
            "UpdateModel": self._update,
            "DeleteModel": self._delete,
            "GetModelTemplate": self._template,
        }

    def _create(self, request: Request, caller: Caller) -> Response:
        api_id, name = request["restApiId"], request["name"]
        self._records.api(api_id)
        if not _NAME.fullmatch(name):
            raise bad_request(f"Model name must be alphanumeric: {name}")
        if self._records.find(kept.MODEL, api_id, name) is not None:
            raise conflict("Model name already exists for this REST API")
        model = new_model(
            name, request["contentType"], request.get("schema", "{}"), request.get("description")
        )
        self._check(api_id, model)
        return self._records.put(kept.MODEL, api_id, name, model)

    def _get(self, request: Request, caller: Caller) -> Response:
        model = self._find(request)
        if not request.get("flatten"):
            return model
        schema = flattened(model["name"], self._schemas(request["restApiId"]))
        return {**model, "schema": json.dumps(schema)}

    def _list(self, request: Request, caller: Caller) -> Response:
        self._records.api(request["restApiId"])
        models = self._records.children(kept.MODEL, request["restApiId"]).values()
        return page(request, models, lambda model: str(model["name"]))

    def _update(self, request: Request, caller: Caller) -> Response:
        changed = patches.apply(self._find(request), request, _RULES)
        self._check(request["restApiId"], changed)
        return self._records.put(kept.MODEL, request["restApiId"], changed["name"], changed)

    def _delete(self, request: Request, caller: Caller) -> Response:
        model = self._find(request)
        api_id, name = request["restApiId"], model["name"]
        for resource, method in Definition.of(self._records, api_id).methods():
            if name in models_of(method):
                raise conflict(
                    f"Cannot delete model '{name}', is referenced in method: "
                    f"{resource['path']}/{method['httpMethod']}"
                )
        for other, schema in self._schemas(api_id).items():
            if other != name and name in referenced(schema):
                raise conflict(f"Cannot delete model '{name}', is referenced in model: {other}")
        self._records.delete(kept.MODEL, api_id, name)
        return {}

    def _template(self, request: Request, caller: Caller) -> Response:
        model = self._find(request)
        return {"value": template(model["name"], self._schemas(request["restApiId"]))}

    def _find(self, request: Request) -> Record:
        name = request["modelName"]
        self._records.api(request["restApiId"])
        found = self._records.find(kept.MODEL, request["restApiId"], name)
        if found is None:
            raise not_found(f"Invalid model name specified: {name}")
        return found

    def _schemas(self, api_id: str) -> dict[str, Any]:
        models = self._records.children(kept.MODEL, api_id)
        return {name: schema_of(model) for name, model in models.items()}

    def _check(self, api_id: str, model: Record) -> None:
        schema = schema_of(model)
        if schema is None:
            if "json" not in model["contentType"]:
                return
            raise bad_request(
                "Model schema must have at least 1 property or array items defined"
                if not model["schema"]
                else "Invalid model specified: Validation Result: warnings : [], errors : "
                "[Invalid model schema specified. Unsupported keyword(s) or invalid JSON]"
            )
        known = self._records.children(kept.MODEL, api_id)
        for name in referenced(schema):
            if name not in known and name != model["name"]:
                raise bad_request(
                    "Invalid model specified: Validation Result: warnings : [], errors : "
                    f"[Invalid model reference specified: {name}]"
                )


def schema_of(model: Record) -> Any:
    """The schema of a model, read; ``None`` if it is no JSON object."""
    try:
        schema = json.loads(model.get("schema") or "")
    except (ValueError, RecursionError):
        return None
    return schema if isinstance(schema, dict) and not too_deep(schema) else None


def new_model(name: str, content_type: str, schema: str, description: str | None) -> Record:
    """A new model."""
    model = {"id": kept.new_id(), "name": name, "schema": schema, "contentType": content_type}
    if description:
        model["description"] = description
    return model


def models_of(method: Record) -> set[str]:
    """The names of the models that a method uses."""
    used = set(method.get("requestModels", {}).values())
    for response in method.get("methodResponses", {}).values():
        used.update(response.get("responseModels", {}).values())
    return used


def defaults() -> Named:
    """The models that each new API has."""
    made = (new_model(name, _JSON, schema, text) for name, schema, text in _DEFAULTS)
    return {model["name"]: model for model in made}


_JSON = "application/json"
_DRAFT = "http://json-schema.org/draft-04/schema#"
_DEFAULTS = (
    (
        "Empty",
        json.dumps({"$schema": _DRAFT, "title": "Empty Schema", "type": "object"}, indent=2),
        "This is a default empty schema model",
    ),
    (
        "Error",
        json.dumps(
            {
                "$schema": _DRAFT,
                "title": "Error Schema",
                "type": "object",
                "properties": {"message": {"type": "string"}},
            },
            indent=2,
        ),
        "This is a default error schema model",
    ),
)
