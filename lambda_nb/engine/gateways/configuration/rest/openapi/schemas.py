"""Schemas of OpenAPI documents as the schemas of models, and back."""

from __future__ import annotations

import copy
import json
from typing import Any

from lambda_nb.engine.gateways.configuration.rest.definition.schemas import model_name, references

MODELS = "https://apigateway.amazonaws.com/restapis/{}/models/"
"""What a model's name follows in a reference to it."""


def schema_text(schema: Any, api_id: str = "-") -> str:
    """The text of a model's schema: references to other models as API Gateway writes them."""
    return json.dumps(_pointed(schema, MODELS.format(api_id)))


def schema_for(schema: Any, *, three: bool) -> Any:
    """A model's schema as a document has it."""
    return _pointed(schema, "#/components/schemas/" if three else "#/definitions/")


def _pointed(schema: Any, prefix: str) -> Any:
    pointed = copy.deepcopy(schema)
    own = pointed.get("definitions", {}) if isinstance(pointed, dict) else {}
    for reference in references(pointed):
        name = model_name(reference["$ref"])
        if name is not None and name not in own:
            reference["$ref"] = prefix + name
    return pointed
