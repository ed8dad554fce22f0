"""Patch operations: how the API ``apigateway`` changes a resource."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lambda_nb.engine.gateways.configuration.domains.settings import bad_request

_OPERATIONS = ("add", "remove", "replace")


def each(operations: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, list[str], str | None]]:
    """The operations as (name, path's segments, value); a removal has no value.

    Raises
    ------
    AWSError
        ``BadRequestException`` for an operation that is none of add, remove and replace.
    """
    for patch in operations:
        name, path = patch.get("op", ""), patch.get("path", "")
        if name not in _OPERATIONS:
            raise bad_request(
                f"Invalid patch operation specified. Must be one of: [{', '.join(_OPERATIONS)}]"
            )
        segments = [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]
        yield name, segments, None if name == "remove" else patch.get("value", "")


def no_path(segments: Iterable[str], known: Iterable[str]) -> Exception:
    """The error for a path that cannot be patched."""
    return bad_request(
        f"Invalid patch path  '/{'/'.join(segments)}' specified for op 'replace'. Must be one of: "
        f"[{', '.join(known)}]"
    )
