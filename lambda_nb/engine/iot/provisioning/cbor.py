"""CBOR (RFC 8949) as far as devices need it to provision themselves: what JSON has, and bytes."""

from __future__ import annotations

import struct
from typing import Any

_SIZES = {24: ">B", 25: ">H", 26: ">I", 27: ">Q"}
_FLOATS = {25: ">e", 26: ">f", 27: ">d"}
_SIMPLE = {20: False, 21: True, 22: None, 23: None}
_MOST_LEVELS = 32


def encode(value: Any) -> bytes:
    """A value of JSON as CBOR."""
    if value is None:
        return b"\xf6"
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, str):
        text = value.encode()
        return _head(3, len(text)) + text
    if isinstance(value, list):
        return _head(4, len(value)) + b"".join(map(encode, value))
    pairs = b"".join(encode(str(key)) + encode(item) for key, item in value.items())
    return _head(5, len(value)) + pairs


def decode(data: bytes) -> Any:
    """The value that CBOR holds.

    Raises
    ------
    ValueError
        It is no CBOR, or has something that JSON has not.
    """
    try:
        value, end = _item(data, 0, 0)
    except (IndexError, struct.error, UnicodeDecodeError, TypeError) as error:
        raise ValueError(f"The payload is not valid CBOR: {error}") from None
    if end != len(data):
        raise ValueError("The payload has more than one CBOR item.")
    return value


def _head(kind: int, count: int) -> bytes:
    if count < 24:
        return bytes([kind << 5 | count])
    for short, form in _SIZES.items():
        if count < 1 << 8 * struct.calcsize(form):
            return bytes([kind << 5 | short]) + struct.pack(form, count)
    raise ValueError(f"{count} is too large for CBOR.")


def _item(data: bytes, at: int, level: int) -> tuple[Any, int]:
    if level > _MOST_LEVELS:
        raise ValueError("The payload is nested too deeply.")
    kind, short = data[at] >> 5, data[at] & 31
    at += 1
    if kind == 7:
        return _simple(data, at, short)
    count = short
    if short >= 24:
        form = _SIZES.get(short)
        if form is None:
            raise ValueError("CBOR of indefinite length is not taken.")
        (count,) = struct.unpack_from(form, data, at)
        at += struct.calcsize(form)
    match kind:
        case 0:
            return count, at
        case 1:
            return -1 - count, at
        case 2 | 3:
            content = data[at : at + count]
            if len(content) != count:
                raise ValueError("The payload ends too early.")
            return content.decode() if kind == 3 else content, at + count
        case 4:
            items = []
            for _ in range(count):
                item, at = _item(data, at, level + 1)
                items.append(item)
            return items, at
        case 5:
            pairs = {}
            for _ in range(count):
                key, at = _item(data, at, level + 1)
                pairs[key], at = _item(data, at, level + 1)
            return pairs, at
    raise ValueError("Tags of CBOR are not taken.")


def _simple(data: bytes, at: int, short: int) -> tuple[Any, int]:
    if short in _SIMPLE:
        return _SIMPLE[short], at
    form = _FLOATS.get(short)
    if form is None:
        raise ValueError("The payload has a simple value that JSON has not.")
    return struct.unpack_from(form, data, at)[0], at + struct.calcsize(form)
