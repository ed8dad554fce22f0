"""Models: JSON schemas of messages."""

from __future__ import annotations

import json
import re
from typing import Any

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.gateways.configuration.v2 import pages
from lambda_nb.engine.gateways.configuration.v2.deployments import Deployments
from lambda_nb.engine.gateways.configuration.v2.records import (
    MODEL,
    ROUTE,
    Records,
    given,
    present,
)
from lambda_nb.engine.gateways.configuration.v2.rules.faults import bad_request, conflict
from lambda_nb.engine.model import Caller, Operation, Request, Response

_NAME = re.compile(r"[A-Za-z0-9]{1,128}")
_MOST_SCHEMA = 32768  # characters (API reference, Model, 2026)
_SAMPLES = {"integer": 0, "number": 0, "string": "", "boolean": False, "null": None}
_MOST_DEPTH = 32


class Models:
    """CreateModel, UpdateModel and their kin."""

    def __init__(self, records: Records, deployments: Deployments) -> None:
        self._records = records
        self._deployments = deployments

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "CreateModel": self.create,
            "GetModel": self.get,
            "GetModels": self.list,
            "GetModelTemplate": self.template,
            "UpdateModel": self.update,
            "DeleteModel": self.delete,
        }

    def create(self, request: Request, caller: Caller) -> Response:
        """Create a model."""
        api_id = request["ApiId"]
        self._records.api(api_id)
        told = present(given(request, "ApiId"))
        model = {"ContentType": "application/json", **told}
        self._check(api_id, model)
        with self._deployments.change(api_id) as batch:
            return self._records.add(batch, MODEL, api_id, model)

    def get(self, request: Request, caller: Caller) -> Response:
        """One model."""
        self._records.api(request["ApiId"])
        return self._records.one(MODEL, request["ApiId"], request["ModelId"])

    def list(self, request: Request, caller: Caller) -> Response:
        """The models of an API."""
        self._records.api(request["ApiId"])
        return pages.page(request, self._records.all(MODEL, request["ApiId"]))

    def template(self, request: Request, caller: Caller) -> Response:
        """A sample of what a model describes."""
        schema = json.loads(self.get(request, caller)["Schema"])
        return {"Value": json.dumps(_sample(schema), indent=2)}

    def update(self, request: Request, caller: Caller) -> Response:
        """Change a model."""
        api_id, key = request["ApiId"], request["ModelId"]
        model = present({**self.get(request, caller), **given(request, "ApiId")})
        self._check(api_id, model)
        with self._deployments.change(api_id) as batch:
            batch.put(MODEL.name, api_id, key, model)
        return model

    def delete(self, request: Request, caller: Caller) -> Response:
        """Delete a model that no route has."""
        api_id, key = request["ApiId"], request["ModelId"]
        name = self.get(request, caller)["Name"]
        for route in self._records.all(ROUTE, api_id):
            if name in route.get("RequestModels", {}).values():
                raise conflict(
                    f"Cannot delete model '{name}', is referenced in route: {route['RouteKey']}"
                )
        with self._deployments.change(api_id) as batch:
            batch.delete(MODEL.name, api_id, key)
        return {}

    def _check(self, api_id: str, model: Record) -> None:
        if not _NAME.fullmatch(model.get("Name", "")):
            raise bad_request("Model name must be alphanumeric: " + model.get("Name", ""))
        schema = model.get("Schema", "")
        if len(schema) > _MOST_SCHEMA:
            raise bad_request(f"Schema must be at most {_MOST_SCHEMA} characters long")
        try:
            described = json.loads(schema)
        except (ValueError, RecursionError):
            described = None
        if not isinstance(described, dict):
            raise bad_request(
                "Invalid model specified: Validation Result: warnings : [], errors : [Invalid "
                "model schema specified]"
            )
        for other in self._records.all(MODEL, api_id):
            if other["Name"] == model["Name"] and other["ModelId"] != model.get("ModelId"):
                raise conflict("Model name already exists for this API")


def _sample(schema: Any, depth: int = 0) -> Any:
    """A value that a schema describes."""
    if not isinstance(schema, dict) or depth > _MOST_DEPTH:
        return {}
    kind = schema.get("type")
    if kind == "array":
        return [_sample(schema.get("items", {}), depth + 1)]
    if isinstance(kind, str) and kind in _SAMPLES:
        return _SAMPLES[kind]
    properties = schema.get("properties", {})
    return {name: _sample(described, depth + 1) for name, described in properties.items()}
