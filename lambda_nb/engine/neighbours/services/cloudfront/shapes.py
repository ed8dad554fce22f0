"""What AWS's model says of a call: required members, permitted values, and lists' quantities."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from lambda_nb.engine.neighbours.services.cloudfront.documents import error, invalid


@cache
def operation(name: str, service: str = "cloudfront") -> Any:
    """moto's model of an operation."""
    from moto.core.utils import get_service_model

    return get_service_model(service).operation_model(name)


def payload(shape: Any) -> str:
    """The member that is the body of a request or of a response."""
    return str(shape.serialization["payload"])


def checked(name: str, parameters: dict[str, Any], service: str) -> dict[str, Any]:
    """The parameters of an operation, without empty lists beside a quantity of 0.

    Raises
    ------
    CloudFrontError
        ``InvalidArgument`` or ``InconsistentQuantities``.
    """
    return dict(_checked(operation(name, service).input_shape, parameters, ""))


def _checked(shape: Any, value: Any, path: str) -> Any:
    if value is None:
        return None
    if shape.type_name == "structure":
        return _structure(shape, value, path)
    if shape.type_name == "list":
        least, most = shape.metadata.get("min", 0), shape.metadata.get("max", len(value))
        if not least <= len(value) <= most:
            raise invalid(f"The parameter {path} has {least} to {most} items, not {len(value)}.")
        return [_checked(shape.member, item, path) for item in value]
    permitted = getattr(shape, "enum", None)
    if permitted and value not in permitted:
        raise invalid(f"The parameter {path} is one of {', '.join(permitted)}; it is {value!r}.")
    if shape.type_name == "string":
        _check_text(shape, value, path)
    return value


def _check_text(shape: Any, value: str, path: str) -> None:
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max")
    if len(value) < least or (most is not None and len(value) > most):
        raise invalid(f"The parameter {path} has {least} to {most} characters: {value!r}.")
    pattern = shape.metadata.get("pattern")
    if pattern and value and not _pattern(pattern).fullmatch(value):
        raise invalid(f"The parameter {path} is not valid: {value!r} is not like {pattern}.")


@cache
def _pattern(java: str) -> re.Pattern[str]:
    """A pattern of the model; Python has no classes of Unicode's categories."""
    for category, characters in ((r"\p{L}", r"\w"), (r"\p{N}", r"\d"), (r"\p{Z}", r"\s")):
        java = java.replace(category, characters)
    return re.compile(java)


def _structure(shape: Any, value: dict[str, Any], path: str) -> dict[str, Any]:
    made = {}
    for name, member in shape.members.items():
        where = f"{path}.{name}" if path else name
        found = _checked(member, value.get(name), where)
        if found is not None:
            made[name] = found
    if "Quantity" in made:
        _check_quantity(made, path)
        if "Items" in shape.required_members:
            made.setdefault("Items", [])
        elif not made["Quantity"]:
            made.pop("Items", None)
    for name in shape.required_members:
        if name not in made:
            where = f"{path}.{name}" if path else name
            raise invalid(f"The parameter {where} is required.")
    return made


def _check_quantity(made: dict[str, Any], path: str) -> None:
    number = len(made.get("Items") or ())
    if made["Quantity"] != number:
        raise error(
            "InconsistentQuantities",
            f"The value of Quantity and the size of Items do not match: {path} has {number} items "
            f"and the quantity {made['Quantity']}.",
        )


def items(config: dict[str, Any] | None, member: str = "") -> list[Any]:
    """The items of a list with a quantity: of ``config`` itself, or of a member of it."""
    held: dict[str, Any] = (config or {}).get(member) or {} if member else config or {}
    return list(held.get("Items") or ())


def listed(values: list[Any]) -> dict[str, Any]:
    """A list with its quantity."""
    return {"Quantity": len(values), "Items": values} if values else {"Quantity": 0}
