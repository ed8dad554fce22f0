"""The keys and values of a store: their limits, and a file of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lambda_nb.rules import quotas


class LimitError(ValueError):
    """A key, a value or a store is too large; the text says which."""


def size(values: Mapping[str, str]) -> int:
    """Bytes of keys and values."""
    return sum(len(key.encode()) + len(value.encode()) for key, value in values.items())


def check(key: str, value: str) -> None:
    """Refuse a pair that is too large.

    Raises
    ------
    LimitError
        The key or the value is.
    """
    for what, text, quota in (
        ("key", key, quotas.CF_STORE_KEY_BYTES),
        ("value", value, quotas.CF_STORE_VALUE_BYTES),
    ):
        length = len(text.encode())
        if length > quota.value:
            raise LimitError(
                f"A {what} has at most {quota.value} bytes; that of {key[:40]!r} has {length}."
            )
    if not key:
        raise LimitError("A key has at least one character.")


def check_size(values: Mapping[str, str]) -> None:
    """Refuse a store that is too large.

    Raises
    ------
    LimitError
        It is.
    """
    most = quotas.CF_STORE_BYTES.value
    if size(values) > most:
        raise LimitError(f"A store has at most {most} bytes; it would have {size(values)}.")


def read(file: bytes) -> dict[str, str]:
    """The pairs of a file: ``{"data": [{"key": "a", "value": "b"}]}`` in UTF-8.

    CloudFront Developer Guide, "File format for key-value pairs", 2026.

    Raises
    ------
    LimitError
        Something is too large.
    ValueError
        The file is not like that.
    """
    told: Any = json.loads(file.decode())
    pairs = told.get("data") if isinstance(told, dict) else None
    if not isinstance(pairs, list):
        raise ValueError('it has no "data" with a list of pairs')
    values: dict[str, str] = {}
    for pair in pairs:
        if not isinstance(pair, dict) or not all(
            isinstance(pair.get(member), str) for member in ("key", "value")
        ):
            raise ValueError(f'a pair has a "key" and a "value", which are texts: {pair!r}')
        if pair["key"] in values:
            raise ValueError(f"the key {pair['key']!r} is there twice")
        check(pair["key"], pair["value"])
        values[pair["key"]] = pair["value"]
    check_size(values)
    return values
