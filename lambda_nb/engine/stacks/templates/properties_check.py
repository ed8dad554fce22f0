"""Whether a resource's properties are those that its type has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import regex

from lambda_nb.engine import json_schema
from lambda_nb.engine.stacks.model import Properties
from lambda_nb.engine.stacks.templates.resolution.marks import KNOWN_AFTER_APPLY
from lambda_nb.engine.stacks.types import schemas

_Keyword = Callable[[Any, Any, Any, Any], "Iterator[Any] | None"]

_EXPECTED = {
    "array": "JSONArray",
    "boolean": "Boolean",
    "integer": "Integer",
    "null": "null",
    "number": "Number",
    "object": "JSONObject",
    "string": "String",
}
_CHECKED = (
    "$ref",
    "additionalProperties",
    "items",
    "patternProperties",
    "properties",
    "required",
    "type",
)
"""What is checked. Values (patterns, enumerations) are left to the service that gets them."""


def problems(type_name: str, properties: Properties) -> list[str]:
    """What is wrong with properties, in AWS's words; nothing for a type without a schema.

    Parameters
    ----------
    type_name
        Such as ``AWS::SQS::Queue``.
    properties
        Without intrinsic functions. Numbers and booleans may be texts, and what is known only
        after a change set was executed may be anything.

    Examples
    --------
    >>> problems("AWS::SQS::Queue", {"DelaySeconds": "5", "Nmae": "a"})
    ['#: extraneous key [Nmae] is not permitted']
    """
    found: list[str] = []
    for error in _validator(type_name).iter_errors(dict(properties)):
        found += _texts(error)
    schema = schemas.of(type_name)
    read_only = set(schema.properties) - schema.settable
    found += [
        f"#: extraneous key [{name}] is not permitted" for name in properties if name in read_only
    ]
    return found


def failure(logical_id: str, found: list[str]) -> str:
    """The reason that AWS gives for a resource with such problems."""
    return (
        f"Properties validation failed for resource {logical_id} with message: [{', '.join(found)}]"
    )


@cache
def _validator(type_name: str) -> Any:
    jsonschema = json_schema.library()
    base = jsonschema.Draft7Validator
    checker = base.TYPE_CHECKER.redefine_many(
        {
            "array": lambda _, value: isinstance(value, list) or _is_unknown(value),
            "boolean": lambda _, value: (
                str(value).lower() in ("true", "false") or _is_unknown(value)
            ),
            "integer": lambda _, value: _is_number(value, int) or _is_unknown(value),
            "number": lambda _, value: _is_number(value, float) or _is_unknown(value),
            "object": lambda _, value: isinstance(value, dict) or _is_unknown(value),
            "string": lambda _, value: isinstance(value, (str, int, float)),
        }
    )
    lenient = jsonschema.validators.create(
        meta_schema=base.META_SCHEMA,
        validators={name: _of_known(_OWN.get(name) or base.VALIDATORS[name]) for name in _CHECKED},
        type_checker=checker,
    )
    return lenient(schemas.of(type_name).document)


def _of_known(keyword: _Keyword) -> _Keyword:
    """A keyword that says nothing of what is not known yet."""

    def check(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        if not _is_unknown(instance):
            yield from keyword(validator, value, instance, schema) or ()

    return check


def _additional_properties(
    validator: Any, allowed: Any, instance: Any, schema: Mapping[str, Any]
) -> Iterator[Any]:
    if not isinstance(instance, dict):
        return
    extra = _extra(instance, schema)
    if isinstance(allowed, dict):
        for key in extra:
            yield from validator.descend(instance[key], allowed, path=key)
    elif not allowed and extra:
        yield json_schema.library().ValidationError("extraneous keys")


def _pattern_properties(
    validator: Any, patterns: Mapping[str, Any], instance: Any, _: Any
) -> Iterator[Any]:
    if not isinstance(instance, dict):
        return
    for pattern, schema in patterns.items():
        for key, value in instance.items():
            if _matches(pattern, key):
                yield from validator.descend(value, schema, path=key, schema_path=pattern)


# AWS's patterns have classes of characters that Python's own re, and so jsonschema, does not know.
_OWN: Mapping[str, _Keyword] = {
    "additionalProperties": _additional_properties,
    "patternProperties": _pattern_properties,
}


def _matches(pattern: str, key: str) -> bool:
    try:
        return regex.search(pattern, key) is not None
    except regex.error:  # what cannot be read is not used to refuse something
        return True


def _is_unknown(value: Any) -> bool:
    return isinstance(value, str) and KNOWN_AFTER_APPLY in value


def _is_number(value: Any, kind: type[int] | type[float]) -> bool:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return False
    try:
        return kind(value) == float(value)
    except (ValueError, OverflowError):
        return False


def _texts(error: Any) -> Iterator[str]:
    where = "/".join(["#", *(str(part) for part in error.absolute_path)])
    if error.validator == "additionalProperties":
        for key in _extra(error.instance, error.schema):
            yield f"{where}: extraneous key [{key}] is not permitted"
    elif error.validator == "required":
        # One error is raised for each missing key; its text begins with the key in quotes.
        yield f"{where}: required key [{error.message.split(chr(39))[1]}] not found"
    else:
        kinds = error.validator_value
        kind = kinds if isinstance(kinds, str) else kinds[0]
        yield f"{where}: expected type: {_EXPECTED[kind]}, found: {_found(error.instance)}"


def _extra(instance: Mapping[str, Any], schema: Mapping[str, Any]) -> list[str]:
    patterns = schema.get("patternProperties", {})
    return [
        key
        for key in instance
        if key not in schema.get("properties", {})
        and not any(_matches(pattern, key) for pattern in patterns)
    ]


def _found(value: Any) -> str:
    if isinstance(value, bool):
        return "Boolean"
    if isinstance(value, (int, float)):
        return "Number"
    if isinstance(value, str):
        return "String"
    return "JSONArray" if isinstance(value, list) else "JSONObject"
