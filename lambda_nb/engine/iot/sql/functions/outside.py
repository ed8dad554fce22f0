"""Functions that ask the world outside: functions of Lambda, tables, secrets, shadows, things."""

from __future__ import annotations

import base64
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from lambda_nb.engine.iot.sql import json_text
from lambda_nb.engine.iot.sql.errors import EvaluationError
from lambda_nb.engine.iot.sql.functions.function import Function, of
from lambda_nb.engine.iot.sql.values import UNDEFINED, integral_as_int

if TYPE_CHECKING:
    from lambda_nb.engine.iot.sql.scope import Scope

REGISTRY_APIS: Final = ("DescribeThing", "ListThingGroupsForThing")
SECRET_TYPES: Final = ("SecretString", "SecretBinary")


def call_function(scope: Scope, arn: Any, value: Any) -> Any:
    """``aws_lambda``: what a function returns for an input."""
    if not isinstance(arn, str) or value is UNDEFINED:
        return UNDEFINED
    payload = json_text.to_payload(value)
    answer = scope.ask(lambda: scope.surroundings.invoke(arn, payload))
    return _document(scope, answer, f"aws_lambda: the function {arn} must return JSON data.")


def _document(scope: Scope, text: str | bytes, otherwise: str) -> Any:
    try:
        return json_text.read(text, whole_as_int=scope.whole_as_int)
    except json_text.UNREADABLE:
        raise EvaluationError(otherwise) from None


def table_item(scope: Scope, *values: Any) -> Any:
    """``get_dynamodb(table, key, value[, sort key, value], role)``: an item, as an object."""
    table, *pairs, role = values
    names, keys = pairs[::2], pairs[1::2]
    if len(names) != len(keys) or not all(isinstance(text, str) for text in (table, role, *names)):
        return UNDEFINED
    if not all(type(key) in (str, int, Decimal) for key in keys):
        return UNDEFINED
    key = dict(zip(names, keys, strict=True))
    found = scope.ask(lambda: scope.surroundings.dynamodb_item(table, key, role))
    return UNDEFINED if found is None else _plain(found)


def _plain(value: Any) -> Any:
    """Make an item of DynamoDB a value of SQL: sets are arrays, binary is base64."""
    if isinstance(value, dict):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(inner) for inner in value]
    if isinstance(value, (set, frozenset)):
        return [_plain(inner) for inner in sorted(value)]
    if isinstance(value, (bytes, bytearray)):
        return base64.b64encode(value).decode()
    return integral_as_int(value) if isinstance(value, Decimal) else value


def secret(scope: Scope, *values: Any) -> Any:
    """``get_secret(id, type[, key], role)``: a secret, or a member of it.

    Raises
    ------
    EvaluationError
        The type is unknown; or a key is given and the secret is no JSON object.
    """
    if not all(isinstance(value, str) for value in values):
        return UNDEFINED
    secret_id, kind, role = values[0], values[1], values[-1]
    key = values[2] if len(values) == 4 else None
    if kind not in SECRET_TYPES:
        raise EvaluationError(f"get_secret: the type is SecretString or SecretBinary, not {kind}.")
    found = scope.ask(lambda: scope.surroundings.secret(secret_id, role))
    if found is None or isinstance(found, bytes) is not (kind == "SecretBinary"):
        raise EvaluationError(f"get_secret: the secret {secret_id} has no {kind}.")
    if isinstance(found, bytes):
        if key is not None:
            raise EvaluationError("get_secret: a SecretBinary has no keys.")
        return base64.b64encode(found).decode()
    try:
        document = json_text.read(found, whole_as_int=scope.whole_as_int)
    except json_text.UNREADABLE:
        document = found
    if key is None:
        return document if isinstance(document, dict) else found
    if not isinstance(document, dict):
        raise EvaluationError(
            f"get_secret: the SecretString of {secret_id} is no JSON object with a key {key}."
        )
    return document.get(key, UNDEFINED)


def shadow(scope: Scope, *values: Any) -> Any:
    """``get_thing_shadow(thing[, shadow], role)``: a shadow's document."""
    if not all(isinstance(value, str) for value in values):
        return UNDEFINED
    thing, role = values[0], values[-1]
    name = values[1] if len(values) == 3 else None
    found = scope.ask(lambda: scope.surroundings.thing_shadow(thing, role, name))
    if found is None:
        return UNDEFINED
    return _document(scope, found, f"get_thing_shadow: the shadow of {thing} is no JSON document.")


def _check_registry(arguments: list[Any]) -> None:
    if arguments[0] not in REGISTRY_APIS:
        raise EvaluationError(
            "The first parameter of get_registry_data is the constant 'DescribeThing' or"
            " 'ListThingGroupsForThing'."
        )


def _check_secret(arguments: list[Any]) -> None:
    if arguments[1] is not UNDEFINED and arguments[1] not in SECRET_TYPES:
        raise EvaluationError("The second parameter of get_secret is SecretString or SecretBinary.")


def registry(scope: Scope, api: Any, thing: Any, role: Any) -> Any:
    """``get_registry_data``: what an operation of the registry answers about a thing."""
    if not isinstance(thing, str) or not isinstance(role, str):
        return UNDEFINED
    found = scope.ask(lambda: scope.surroundings.registry_data(api, thing, role))
    return UNDEFINED if found is None else _plain(found)


OUTSIDE: Final[dict[str, Function]] = {
    "aws_lambda": of(call_function, 2, of_message=True, outside=True, raw=True),
    "get_dynamodb": Function(
        table_item, 4, 6, newer=True, of_message=True, outside=True, at_most=1, fixed=(-1,)
    ),
    "get_registry_data": of(
        registry,
        3,
        newer=True,
        of_message=True,
        outside=True,
        at_most=1,
        fixed=(0, -1),
        check=_check_registry,
    ),
    "get_secret": of(
        secret, 3, 4, of_message=True, outside=True, fixed=(1, -1), check=_check_secret
    ),
    "get_thing_shadow": of(shadow, 2, 3, newer=True, of_message=True, outside=True, fixed=(-1,)),
}
