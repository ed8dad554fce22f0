"""Reads an operation's parameters from an HTTP request, as the service model describes them.

The result is what boto3's caller passed: parameter names of the model, blobs as bytes, timestamps
as datetimes. A wrong JSON type gives the error message of AWS's own deserialiser.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qs

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from lambda_nb.engine.errors import AWSError

Parameters = dict[str, Any]
_Read = Callable[[Shape, Any], Any]

_INTEGER = 2**31 - 1
_LONG = 2**63 - 1


def parse(
    operation: OperationModel,
    labels: Mapping[str, str],
    query: str,
    headers: Mapping[str, str],
    body: bytes,
) -> Parameters:
    """The parameters of one call.

    Raises
    ------
    AWSError
        ``SerializationException`` if the body is not JSON or a value has the wrong type.
    """
    shape = operation.input_shape
    if not isinstance(shape, StructureShape):
        return {}
    parameters: Parameters = {}
    in_body: dict[str, tuple[str, Shape]] = {}
    given = parse_qs(query, keep_blank_values=True)
    for name, member in shape.members.items():
        wire_name = member.serialization.get("name", name)
        match member.serialization.get("location"):
            case "uri":
                if wire_name in labels:
                    parameters[name] = _from_text(member, labels[wire_name])
            case "querystring":
                if isinstance(member, MapShape):
                    parameters[name] = {key: values[0] for key, values in given.items()}
                elif wire_name in given:
                    parameters[name] = _from_query(member, given[wire_name])
            case "header":
                if wire_name.lower() in headers:
                    parameters[name] = _from_text(member, headers[wire_name.lower()])
            case _:
                in_body[wire_name] = (name, member)
    payload = shape.serialization.get("payload")
    if payload is not None:
        if shape.members[payload].type_name == "blob":
            parameters[payload] = body
        else:
            parameters[payload] = _from_json(shape.members[payload], _document(body))
    elif in_body:
        _take_members(parameters, in_body, _document(body))
    return parameters


def _document(body: bytes) -> Any:
    if not body.strip():
        return {}
    try:
        return json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise _wrong("Could not parse request body into json: " + str(error)) from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"Non-standard token '{name}'")


def _take_members(
    parameters: Parameters, members: Mapping[str, tuple[str, Shape]], document: Any
) -> None:
    if not isinstance(document, dict):
        raise _wrong(_unexpected(document))
    for wire_name, (name, member) in members.items():
        value = document.get(wire_name)
        if value is not None:
            parameters[name] = _from_json(member, value)


def _from_query(shape: Shape, values: list[str]) -> Any:
    if isinstance(shape, ListShape):
        return [_from_text(shape.member, value) for value in values]
    return _from_text(shape, values[0])


def _from_text(shape: Shape, text: str) -> Any:
    """A value of a label, query parameter or header."""
    try:
        match shape.type_name:
            case "integer" | "long":
                return _integer(shape, int(text))
            case "float" | "double":
                return float(text)
            case "boolean":
                return {"true": True, "false": False}[text.lower()]
            case "timestamp":
                return _moment(_epoch(text))
            case _:
                return text
    except (ValueError, KeyError, OverflowError, OSError):
        raise _cannot("STRING_VALUE", shape) from None


def _epoch(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, timezone.utc)


def _from_json(shape: Shape, value: Any) -> Any:
    read: _Read = _READERS.get(shape.type_name, _string)
    return read(shape, value)


def _structure(shape: Shape, value: Any) -> Parameters:
    assert isinstance(shape, StructureShape)
    if not isinstance(value, dict):
        raise _wrong(_unexpected(value))
    parameters: Parameters = {}
    members = {
        member.serialization.get("name", name): (name, member)
        for name, member in shape.members.items()
    }
    _take_members(parameters, members, value)
    return parameters


def _list(shape: Shape, value: Any) -> list[Any]:
    assert isinstance(shape, ListShape)
    if not isinstance(value, list):
        raise _wrong("Expected list or null" if not isinstance(value, dict) else _unexpected(value))
    return [_from_json(shape.member, item) for item in value if item is not None]


def _map(shape: Shape, value: Any) -> dict[str, Any]:
    assert isinstance(shape, MapShape)
    if not isinstance(value, dict):
        raise _wrong("Expected map or null" if not isinstance(value, list) else _unexpected(value))
    return {k: _from_json(shape.value, v) for k, v in value.items() if v is not None}


def _string(shape: Shape, value: Any) -> str:
    if not isinstance(value, str):
        raise _mismatch(shape, value)
    return value


def _integer(shape: Shape, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value // 1:
        raise _mismatch(shape, value)
    if abs(value) > (_LONG if shape.type_name == "long" else _INTEGER):
        raise _cannot("class com.amazon.coral.value.json.numbers.TruncatingBigNumber", shape)
    return int(value)


def _number(shape: Shape, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _mismatch(shape, value)
    return float(value)


def _boolean(shape: Shape, value: Any) -> bool:
    if not isinstance(value, bool):
        raise _mismatch(shape, value)
    return value


def _blob(shape: Shape, value: Any) -> bytes:
    if not isinstance(value, str):
        raise _mismatch(shape, value)
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise _wrong(
            "Invalid base64 value: a blob is sent as standard base64 text with padding."
        ) from None


def _timestamp(shape: Shape, value: Any) -> datetime:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise _mismatch(shape, value)
    try:
        return _moment(_epoch(value) if isinstance(value, str) else value)
    except (ValueError, OverflowError, OSError):
        raise _mismatch(shape, value) from None


_READERS: dict[str, _Read] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "integer": _integer,
    "long": _integer,
    "float": _number,
    "double": _number,
    "boolean": _boolean,
    "blob": _blob,
    "timestamp": _timestamp,
}

_JAVA_TYPES = {
    "string": "String",
    "integer": "Integer",
    "long": "Long",
    "float": "Float",
    "double": "Double",
    "boolean": "Boolean",
    "blob": "ByteBuffer",
    "timestamp": "Timestamp",
}


def _wrong(message: str) -> AWSError:
    return AWSError("SerializationException", message)


def _cannot(token: str, shape: Shape) -> AWSError:
    return _wrong(f"{token} cannot be converted to {_JAVA_TYPES.get(shape.type_name, 'String')}")


def _unexpected(value: Any) -> str:
    if isinstance(value, dict):
        return "Start of structure or map found where not expected."
    if isinstance(value, list):
        return "Start of list found where not expected"
    return "Unexpected value type in payload"


def _mismatch(shape: Shape, value: Any) -> AWSError:
    if isinstance(value, (dict, list)):
        return _wrong(_unexpected(value))
    if isinstance(value, bool):
        return _cannot("TRUE_VALUE" if value else "FALSE_VALUE", shape)
    if isinstance(value, float):
        return _cannot("DECIMAL_VALUE", shape)
    return _cannot("NUMBER_VALUE" if isinstance(value, int) else "STRING_VALUE", shape)
