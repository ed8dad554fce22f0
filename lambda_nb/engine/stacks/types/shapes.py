"""Properties of a template as parameters of an API, by the shapes of botocore's model.

In templates numbers and booleans may be texts, and names may differ in case from the API's
(``maxResults``, ``MaxResults``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

from lambda_nb.engine import service_model
from lambda_nb.engine.stacks.model import Properties, Refused


def call(client: Any, operation: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Call an operation of a boto3 client by AWS's name for it."""
    from botocore import xform_name  # late: boto3's parts take long to import

    answer: dict[str, Any] = getattr(client, xform_name(operation))(**given)
    return answer


def parameters(
    service: str,
    operation: str,
    properties: Properties,
    renamed: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The parameters of an operation that the properties give.

    Parameters
    ----------
    service, operation
        By botocore's and AWS's names: ``"apigatewayv2"``, ``"CreateApi"``.
    properties
        Of the resource; what the operation does not take is left out.
    renamed
        For members of the operation that have another name in templates: that name.

    Raises
    ------
    Refused
        A value has the wrong type.
    """
    shape = service_model.operation(operation, service).input_shape
    if not isinstance(shape, StructureShape):
        return {}
    return _structure(shape, properties, operation, renamed or {})


def shaped(shape: Shape, value: Any, where: str) -> Any:
    """A value as a shape wants it; ``where`` names it in errors. Raises as :func:`parameters`."""
    if isinstance(shape, StructureShape):
        if shape.metadata.get("document") or getattr(shape, "is_document_type", False):
            return value
        if not isinstance(value, Mapping):
            raise _wrong(where, value, "an object")
        return _structure(shape, value, where, {})
    if isinstance(shape, ListShape):
        items = value if isinstance(value, list) else [value]
        return [shaped(shape.member, item, where) for item in items]
    if isinstance(shape, MapShape):
        if not isinstance(value, Mapping):
            raise _wrong(where, value, "an object")
        return {
            str(key): shaped(shape.value, item, f"{where}/{key}") for key, item in value.items()
        }
    return _scalar(shape.type_name, value, where)


def _structure(
    shape: StructureShape, value: Properties, where: str, renamed: Mapping[str, str]
) -> dict[str, Any]:
    by_name = {name.lower(): held for name, held in value.items()}
    made = {}
    for name, member in shape.members.items():
        held = by_name.get(renamed.get(name, name).lower())
        if held is not None:
            made[name] = shaped(member, held, f"{where}/{name}")
    return made


def _scalar(kind: str, value: Any, where: str) -> Any:
    if isinstance(value, (Mapping, list)):
        raise _wrong(where, value, f"a {kind}")
    try:
        match kind:
            case "boolean":
                if str(value).lower() not in ("true", "false"):
                    raise _wrong(where, value, "a boolean")
                return str(value).lower() == "true"
            case "integer" | "long":
                return int(value)
            case "float" | "double":
                return float(value)
            case "blob":
                return value if isinstance(value, bytes) else str(value).encode()
            case "timestamp":
                return value
    except ValueError:
        raise _wrong(where, value, f"a {kind}") from None
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _wrong(where: str, value: Any, wanted: str) -> Refused:
    return Refused(f"Properties validation failed: {where} is {value!r}, not {wanted}.")
