"""Models of request bodies: JSON schemas (draft 4), and what API Gateway says when one fails.

The library of schemas takes up to a second to load. It is loaded for the first API that needs it,
beside the event loop: await :func:`load` before the first body is checked.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lambda_nb.engine import json_schema

if TYPE_CHECKING:
    from jsonschema import Draft4Validator, ValidationError
    from referencing import Resource

_MODELS = "/models/"
_LIBRARY = "jsonschema"


async def load() -> None:
    """Load the library of schemas, if it is not."""
    if _LIBRARY not in sys.modules:
        await asyncio.to_thread(json_schema.library)


class Models:
    """The models of an API.

    Parameters
    ----------
    schemas
        JSON texts by the models' names. They may refer to each other by
        ``https://apigateway.amazonaws.com/restapis/API/models/NAME``.
    """

    def __init__(self, schemas: Mapping[str, str]) -> None:
        self._schemas = schemas
        self._validators: dict[str, Draft4Validator | None] = {}

    def problems(self, name: str, body: bytes) -> list[str]:
        """What of a body a model does not allow; empty if it is all right.

        Raises
        ------
        ValueError
            There is no such model, or its schema is none.
        """
        from referencing.exceptions import Unresolvable

        if name not in self._validators:
            self._validators[name] = self._compiled(name)
        validator = self._validators[name]
        if validator is None:
            return []
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            return ["Unable to parse request body: it is no JSON"]
        try:
            return list(dict.fromkeys(map(_told, validator.iter_errors(document))))
        except RecursionError:
            return ["Unable to check request body: it is nested too deeply"]
        except Unresolvable as error:
            raise ValueError(f"model {name}: {error}") from error

    def _compiled(self, name: str) -> Draft4Validator | None:
        from jsonschema import Draft4Validator
        from jsonschema.exceptions import SchemaError
        from referencing import Registry

        if name not in self._schemas:
            raise ValueError(f"there is no model {name}")
        schema = self._schema(name)
        if not schema:
            return None
        try:
            Draft4Validator.check_schema(schema)
        except SchemaError as error:
            raise ValueError(f"the schema of model {name}: {error.message}") from error
        registry: Registry[Any] = Registry(retrieve=self._retrieve)  # type: ignore[call-arg]
        return Draft4Validator(schema, registry=registry)

    def _schema(self, name: str) -> Any:
        text = self._schemas[name]
        try:
            return json.loads(text) if text.strip() else {}
        except ValueError as error:
            raise ValueError(f"the schema of model {name} is no JSON: {error}") from error

    def _retrieve(self, uri: str) -> Resource[Any]:
        from referencing import Resource
        from referencing.exceptions import NoSuchResource
        from referencing.jsonschema import DRAFT4

        _, found, name = uri.partition("#")[0].rpartition(_MODELS)
        if not found or name not in self._schemas:
            raise NoSuchResource(uri)
        return Resource.from_contents(self._schema(name), default_specification=DRAFT4)


def _told(error: ValidationError) -> str:
    """A problem in the words of AWS's validator."""
    wanted: Any = error.validator_value
    found: Any = error.instance
    kind = str(error.validator)
    if kind == "required":
        missing = [name for name in wanted if name not in found]
        return f"object has missing required properties ({_listed(missing)})"
    if kind == "type":
        allowed = sorted(wanted if isinstance(wanted, list) else [wanted])
        return (
            f"instance type ({_type(found)}) does not match any allowed primitive type "
            f"(allowed: {_listed(allowed)})"
        )
    if kind == "enum":
        return (
            f"instance value ({json.dumps(found)}) not found in enum "
            f"(possible values: {_listed(wanted)})"
        )
    if kind == "additionalProperties" and wanted is False:
        known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
        more = sorted(name for name in found if name not in known)
        return (
            f"object instance has properties which are not allowed by the schema: {_listed(more)}"
        )
    if kind in _LENGTHS:
        what, how, which = _LENGTHS[kind]
        shown = f'string "{found}"' if what == "length" else what
        size = "length" if what == "length" else "size"
        return f"{shown} is too {how} ({size}: {len(found)}, {which} allowed: {wanted})"
    if kind == "minimum":
        return (
            f"numeric instance is lower than the required minimum "
            f"(minimum: {wanted}, found: {found})"
        )
    if kind == "maximum":
        return (
            f"numeric instance is greater than the required maximum "
            f"(maximum: {wanted}, found: {found})"
        )
    if kind == "pattern":
        return f'ECMA 262 regex "{wanted}" does not match input string "{found}"'
    return str(error.message)


_LENGTHS = {
    "minLength": ("length", "short", "minimum"),
    "maxLength": ("length", "long", "maximum"),
    "minItems": ("array", "short", "minimum"),
    "maxItems": ("array", "long", "maximum"),
}


def _listed(values: Any) -> str:
    return json.dumps(values, separators=(",", ":"))


def _type(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    for kind, name in ((int, "integer"), (float, "number"), (str, "string"), (list, "array")):
        if isinstance(value, kind):
            return name
    return "object"
