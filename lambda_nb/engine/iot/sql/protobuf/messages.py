"""A message of Protocol Buffers as an object of JSON (protobuf.dev, "ProtoJSON Format").

Members are called as in the ``.proto`` file, which is how the developer guide's examples read them.
"""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from lambda_nb.engine.iot.sql.protobuf import descriptors as types
from lambda_nb.engine.iot.sql.protobuf.descriptors import Field, MessageType
from lambda_nb.engine.iot.sql.protobuf.wire import (
    FOUR_BYTES,
    SIZED,
    VARINT,
    WireError,
    fields,
    signed,
    unpacked,
    varint,
    zigzag,
)
from lambda_nb.engine.iot.sql.values import of_float

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=timezone.utc)
_PREFIX: Final = ".google.protobuf."
_WRAPPERS: Final = frozenset(
    _PREFIX + name + "Value"
    for name in (
        "Double", "Float", "Int64", "UInt64", "Int32", "UInt32", "Bool", "String", "Bytes",
    )
)  # fmt: skip
_DEEPEST: Final = 100
"""Levels of messages within messages, as Google's own readers take."""
_OF_FLOAT_DIGITS: Final = range(6, 10)


class MessageError(ValueError):
    """Some bytes are no message of a type; its text says why."""


def to_object(data: bytes, kind: MessageType) -> Any:
    """Read a message.

    Parameters
    ----------
    data
        The message's bytes.
    kind
        Its type.

    Returns
    -------
    dict
        Numbers of 64 bits are texts, enumerations are names, bytes are base64. Fields that the
        type does not know are left out.

    Raises
    ------
    MessageError
        The bytes are no such message.
    """
    try:
        return _message(data, kind, 0)
    except (WireError, UnicodeDecodeError, OverflowError, struct.error) as error:
        raise MessageError(str(error)) from None
    except (LookupError, AttributeError, TypeError):
        raise MessageError("its descriptor is not whole") from None


def _message(data: bytes, kind: MessageType, depth: int) -> Any:
    if depth > _DEEPEST:
        raise MessageError(f"it has more than {_DEEPEST} levels")
    built: dict[str, Any] = {}
    for number, wire_type, content in fields(data):
        field = kind.fields.get(number)
        if field is None:
            continue
        values = _values(field, wire_type, content, kind, depth)
        entry = kind.messages.get(field.type_name)
        if entry is not None and entry.is_map_entry:
            built.setdefault(field.name, {}).update(
                {_key(pair.get("key", _zero(entry))): pair.get("value") for pair in values}
            )
        elif field.is_repeated:
            built.setdefault(field.name, []).extend(values)
        elif values:
            built[field.name] = values[-1]
    return _well_known(built, kind)


def _zero(entry: MessageType) -> Any:
    """Return the key of a map's entry that does not say it."""
    return {types.STRING: "", types.BOOL: False}.get(entry.fields[1].type, 0)


def _key(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _values(
    field: Field, wire_type: int, content: int | bytes, kind: MessageType, depth: int
) -> list[Any]:
    if field.type == types.MESSAGE:
        inner = kind.messages.get(field.type_name)
        if inner is None or not isinstance(content, bytes) or wire_type != SIZED:
            raise MessageError(f"{field.name} is no {field.type_name or 'message'}")
        value = _message(content, inner, depth + 1)
        if inner.is_map_entry and "value" not in value:
            value["value"] = _default(inner.fields[2], inner)
        return [value]
    if field.type == types.STRING and isinstance(content, bytes):
        return [content.decode()]
    if field.type == types.BYTES and isinstance(content, bytes):
        return [base64.b64encode(content).decode()]
    read = _enum_reader(field, kind) if field.type == types.ENUM else _SCALARS.get(field.type)
    if read is None:
        raise MessageError(f"the type of {field.name} is not supported")
    expected = _wire_type(field.type)
    if wire_type == expected:
        return [read(content)]
    if wire_type == SIZED and isinstance(content, bytes):
        return [read(one) for one in _unpack(content, expected)]
    raise MessageError(f"{field.name} has the wire type {wire_type}")


def _default(field: Field, kind: MessageType) -> Any:
    """Return the value of a map's entry that does not say it."""
    if field.type == types.MESSAGE:
        return _message(b"", kind.messages[field.type_name], 1)
    if field.type in (types.STRING, types.BYTES):
        return ""
    empty = 0 if _wire_type(field.type) == VARINT else bytes(_size(field.type))
    read = _enum_reader(field, kind) if field.type == types.ENUM else _SCALARS[field.type]
    return read(empty)


def _unpack(content: bytes, wire_type: int) -> list[int | bytes]:
    """Cut packed numbers apart."""
    found: list[int | bytes] = []
    at = 0
    while at < len(content):
        if wire_type == VARINT:
            number, at = varint(content, at)
            found.append(number)
        else:
            size = 4 if wire_type == FOUR_BYTES else 8
            found.append(content[at : at + size])
            at += size
    return found


_FOUR: Final = frozenset({types.FLOAT, types.FIXED32, types.SFIXED32})
_EIGHT: Final = frozenset({types.DOUBLE, types.FIXED64, types.SFIXED64})


def _wire_type(kind: int) -> int:
    return FOUR_BYTES if kind in _FOUR else 1 if kind in _EIGHT else VARINT


def _size(kind: int) -> int:
    return 4 if kind in _FOUR else 8


def _double(value: float) -> Any:
    if math.isfinite(value):
        return of_float(value)
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def _float(content: bytes) -> Any:
    """Write a number of 32 bits with as few digits as tell it from its neighbours."""
    value = float(unpacked(content, "<f"))
    if not math.isfinite(value):
        return _double(value)
    for digits in _OF_FLOAT_DIGITS:
        text = f"{value:.{digits}g}"
        if abs(float(text)) <= 3.4028235e38 and struct.pack("<f", float(text)) == content:
            break
    return of_float(float(text))


_SCALARS: Final[dict[int, Callable[[Any], Any]]] = {
    types.DOUBLE: lambda content: _double(float(unpacked(content, "<d"))),
    types.FLOAT: _float,
    types.INT64: lambda number: str(signed(number)),
    types.UINT64: str,
    types.INT32: lambda number: signed(number, 32),
    types.FIXED64: lambda content: str(unpacked(content, "<Q")),
    types.FIXED32: lambda content: unpacked(content, "<I"),
    types.BOOL: bool,
    types.UINT32: lambda number: number & 0xFFFFFFFF,
    types.SFIXED32: lambda content: unpacked(content, "<i"),
    types.SFIXED64: lambda content: str(unpacked(content, "<q")),
    types.SINT32: lambda number: zigzag(number & 0xFFFFFFFF),
    types.SINT64: lambda number: str(zigzag(number)),
}


def _enum_reader(field: Field, kind: MessageType) -> Callable[[Any], Any]:
    names = kind.enums.get(field.type_name, {})

    def read(number: Any) -> Any:
        value = signed(number, 32)
        return names.get(value, value)

    return read


def _well_known(built: dict[str, Any], kind: MessageType) -> Any:
    """Write Google's own types as ProtoJSON does."""
    name = kind.name
    if not name.startswith(_PREFIX):
        return built
    if name in _WRAPPERS:
        return built["value"] if "value" in built else _default(kind.fields[1], kind)
    if name == f"{_PREFIX}Timestamp":
        moment = _EPOCH + timedelta(seconds=int(built.get("seconds", 0)))
        return f"{moment:%Y-%m-%dT%H:%M:%S}{_fraction(built.get('nanos', 0))}Z"
    if name == f"{_PREFIX}Duration":
        seconds, nanos = int(built.get("seconds", 0)), built.get("nanos", 0)
        sign = "-" if seconds < 0 or nanos < 0 else ""
        return f"{sign}{abs(seconds)}{_fraction(abs(nanos))}s"
    if name == f"{_PREFIX}Empty":
        return built
    raise MessageError(f"the type {name[1:]} is not supported")


def _fraction(nanos: int) -> str:
    """Write a fraction of a second with 0, 3, 6 or 9 digits."""
    if nanos == 0:
        return ""
    text = f"{nanos:09d}"
    while text.endswith("000"):
        text = text[:-3]
    return f".{text}"
