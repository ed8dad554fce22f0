"""Documents as texts: JSON or YAML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.gateways.configuration.v2.rules.faults import bad_request

_MOST_VALUES = 1_000_000
_MOST_CHARACTERS = 6 << 20
"""Largest definition that is imported (API Gateway quotas, 2026)."""


def parsed(text: str) -> Mapping[str, Any]:
    """The object that a text is; in YAML, keys and dates become the texts that JSON would have.

    Raises
    ------
    AWSError
        ``BadRequestException`` if it is none.
    """
    if len(text) > _MOST_CHARACTERS:
        raise bad_request(f"Invalid OpenAPI input. A definition has at most {_MOST_CHARACTERS}")
    try:
        document = json.loads(text) if text.lstrip().startswith("{") else _yaml(text)
    except (ValueError, RecursionError, TypeError) as error:
        raise bad_request(f"Invalid OpenAPI input. Unable to parse the document: {error}") from None
    if not isinstance(document, dict):
        raise bad_request("Invalid OpenAPI input. The document must be an object")
    return document


def _yaml(text: str) -> Any:
    import yaml  # imported late: most APIs are never imported

    try:
        return _plain(yaml.safe_load(text), [_MOST_VALUES])
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None


def _plain(value: Any, left: list[int]) -> Any:
    """A value of YAML as JSON would have it, as long as there are not too many in it."""
    left[0] -= 1
    if left[0] < 0:
        raise ValueError("it is too large once its aliases are written out")
    if isinstance(value, dict):
        return {str(key): _plain(item, left) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, left) for item in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


def written(document: Mapping[str, Any], kind: str) -> bytes:
    """A document as text.

    Parameters
    ----------
    document
        An object of JSON.
    kind
        ``JSON`` or ``YAML``.
    """
    if kind == "JSON":
        return json.dumps(document, indent=2).encode()
    import yaml

    text: str = yaml.safe_dump(json.loads(json.dumps(document)), sort_keys=False)
    return text.encode()
