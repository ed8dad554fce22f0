"""JSON schemas of models: what they refer to, one schema of several, and a template for one."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

MOST_DEEP = 100
"""Levels of a schema: more is refused, since what walks through it needs as many calls."""

_TO_MODEL = re.compile(
    r"(?:https?://[^/]+/restapis/[^/]+/models/|#/definitions/|#/components/schemas/)([a-zA-Z0-9]+)"
)


def too_deep(value: Any) -> bool:
    """Whether a JSON value is nested deeper than :data:`MOST_DEEP` levels."""
    level = [value]
    for _ in range(MOST_DEEP):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True


def references(schema: Any) -> Iterator[dict[str, Any]]:
    """The objects in a schema that are references."""
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema
        for inner in schema.values():
            yield from references(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from references(inner)


def referenced(schema: Any) -> set[str]:
    """The names of the models that a schema refers to, apart from its own definitions."""
    own = schema.get("definitions", {}) if isinstance(schema, dict) else {}
    return {
        name
        for reference in references(schema)
        if (name := model_name(reference["$ref"])) is not None
        and not (reference["$ref"].startswith("#/definitions/") and name in own)
    }


def model_name(reference: str) -> str | None:
    """The model that a reference means; ``None`` for a place in the schema itself."""
    found = _TO_MODEL.fullmatch(reference)
    return found[1] if found else None


def flattened(name: str, schemas: Mapping[str, Any]) -> Any:
    """The schema of a model, with those it refers to in its ``definitions``."""
    schema = copy.deepcopy(schemas[name])
    if not isinstance(schema, dict):
        return schema
    needed = sorted(referenced(schema))
    definitions: dict[str, Any] = {}
    for other in needed:
        if isinstance(schemas.get(other), dict) and other not in definitions:
            definitions[other] = copy.deepcopy(schemas[other])
            needed += sorted(referenced(definitions[other]) - set(needed))
    for part in (schema, *definitions.values()):
        for reference in references(part):
            target = model_name(reference["$ref"])
            if target in definitions:
                reference["$ref"] = f"#/definitions/{target}"
    if definitions:
        schema["definitions"] = {**schema.get("definitions", {}), **definitions}
    return schema


def template(name: str, schemas: Mapping[str, Any]) -> str:
    """A mapping template that passes on what a model describes."""
    schema = flattened(name, schemas)
    if not isinstance(schema, dict):
        schema = {}
    body = _template(schema, schema.get("definitions", {}), "$inputRoot", 0, (name,))
    return f"#set($inputRoot = $input.path('$'))\n{body}"


def _template(
    schema: Any, definitions: Mapping[str, Any], value: str, depth: int, within: tuple[str, ...]
) -> str:
    if isinstance(schema, dict) and isinstance(schema.get("$ref"), str):
        target = model_name(schema["$ref"])
        if target is None or target in within or target not in definitions:
            return f"$input.json('{value.replace('$inputRoot', '$')}')"
        return _template(definitions[target], definitions, value, depth, (*within, target))
    if not isinstance(schema, dict):
        schema = {}
    pad = "  " * depth
    if "properties" in schema or schema.get("type") == "object":
        lines = [
            f"{pad}  {json.dumps(key)} : "
            + _template(inner, definitions, f"{value}.{key}", depth + 1, within)
            for key, inner in schema.get("properties", {}).items()
        ]
        return "{\n" + ",\n".join(lines) + f"\n{pad}}}" if lines else "{ }"
    if schema.get("type") == "array":
        inner = _template(schema.get("items", {}), definitions, "$elem", depth + 1, within)
        return (
            f"[\n{pad}#foreach($elem in {value})\n{pad}  {inner}"
            f"#if($foreach.hasNext),#end\n{pad}#end\n{pad}]"
        )
    if schema.get("type") in ("integer", "number", "boolean"):
        return value
    return f'"{value}"'
