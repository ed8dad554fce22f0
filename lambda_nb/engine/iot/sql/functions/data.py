"""Functions of arrays and objects, and of values in other encodings."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

from lambda_nb.engine.iot.sql import json_text
from lambda_nb.engine.iot.sql.errors import EvaluationError
from lambda_nb.engine.iot.sql.functions.function import Function, of
from lambda_nb.engine.iot.sql.json_text import to_bytes, to_text
from lambda_nb.engine.iot.sql.values import UNDEFINED, to_int

LARGEST_ARRAY: Final = 128 * 1024
"""Bytes of JSON that transform() returns at most (iot-sql-functions)."""


def item(value: Any, key: Any) -> Any:
    """``get``: an item of an array, a character of a text, or a member of an object."""
    if isinstance(value, dict):
        return value.get(key, UNDEFINED) if isinstance(key, str) else UNDEFINED
    if isinstance(value, (list, str)):
        index = to_int(key)
        return value[index] if index is not UNDEFINED and 0 <= index < len(value) else UNDEFINED
    return UNDEFINED


def is_null(value: Any) -> bool:
    """``isNull``."""
    return value is None


def is_undefined(value: Any) -> bool:
    """``isUndefined``."""
    return value is UNDEFINED


def transform(mode: Any, members: Any, items: Any) -> Any:
    """``transform("enrichArray", object, array)``: the object's members in each item.

    Raises
    ------
    EvaluationError
        The array would be larger than 128 KiB.
    """
    if mode != "enrichArray" or not isinstance(members, dict) or not isinstance(items, list):
        return UNDEFINED
    if not all(isinstance(one, dict) for one in items):
        return UNDEFINED
    # First what the members alone make: a message may name many items, each of which has them.
    least = len(items) * len(json_text.to_payload(members))
    enriched = [] if least > LARGEST_ARRAY else [{**one, **members} for one in items]
    if least > LARGEST_ARRAY or len(json_text.to_payload(enriched)) > LARGEST_ARRAY:
        raise EvaluationError("transform: the array returned is limited to 128 KiB.")
    return enriched


def encode(value: Any, scheme: Any) -> Any:
    """``encode(value, "base64")``."""
    data = value if isinstance(value, bytes) else to_text(value)
    if scheme != "base64" or data is UNDEFINED:
        return UNDEFINED
    return base64.b64encode(data if isinstance(data, bytes) else to_bytes(data)).decode()


def decode(value: Any, scheme: Any) -> Any:
    """``decode(value, "base64")``: JSON if it is JSON, else text; Null if it is neither."""
    if scheme != "base64" or value is UNDEFINED:
        return UNDEFINED
    try:
        data = base64.b64decode(value, validate=True)
        text = data.decode()
    except (binascii.Error, ValueError, TypeError):
        return None
    try:
        return json_text.read(text)
    except json_text.UNREADABLE:
        return text


DATA: Final[dict[str, Function]] = {
    "decode": of(decode, 2, newer=True, raw=True),
    "encode": of(encode, 2, newer=True, raw=True),
    "get": of(item, 2),
    "isnull": of(is_null, 1, newer=True),
    "isundefined": of(is_undefined, 1, newer=True),
    "transform": of(transform, 3, newer=True, fixed=(0,)),
}
