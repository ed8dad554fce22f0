"""Members that the service model requires and a request lacks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.model import ListShape, OperationModel, Shape, StructureShape

from lambda_nb.engine.errors import validation
from lambda_nb.rules.refusal import problem, validation_text


def check(operation: OperationModel, parameters: Mapping[str, Any]) -> None:
    """Refuse a request that lacks what its operation requires.

    Raises
    ------
    AWSError
        ``ValidationException`` that names every missing member.
    """
    if operation.input_shape is None:
        return
    missing = [
        problem(None, path, "Member must not be null")
        for path in _missing(operation.input_shape, parameters, "")
    ]
    if missing:
        raise validation(validation_text(missing))


def _missing(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if isinstance(shape, StructureShape):
        for name in shape.required_members:
            if name not in value:
                yield path + _lower(name)
        for name, member in shape.members.items():
            if name in value:
                yield from _missing(member, value[name], f"{path}{_lower(name)}.")
    elif isinstance(shape, ListShape):
        for index, item in enumerate(value, 1):
            yield from _missing(shape.member, item, f"{path}{index}.member.")


def _lower(name: str) -> str:
    return name[0].lower() + name[1:]
