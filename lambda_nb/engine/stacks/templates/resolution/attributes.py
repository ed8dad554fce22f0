"""Attributes of resources that exist, for ``Fn::GetAtt``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.stacks.model import Made, validation_error
from lambda_nb.engine.stacks.templates.structure.declarations import Declaration
from lambda_nb.engine.stacks.templates.structure.resolvable import no_attribute


def attribute_value(declaration: Declaration, made: Made, attribute: str) -> Any:
    """An attribute, by its whole name or by a path through objects (``Endpoint.Address``).

    Raises
    ------
    AWSError
        ``ValidationError``: the resource does not have it.
    """
    if attribute in made.attributes:
        return made.attributes[attribute]
    value: Any = made.attributes
    for part in attribute.split("."):
        if not isinstance(value, Mapping) or part not in value:
            break
        value = value[part]
    else:
        return value
    kind = declaration.type
    if kind == "AWS::CloudFormation::CustomResource" or kind.startswith("Custom::"):
        raise validation_error(
            f"CustomResource attribute error: Vendor response doesn't contain {attribute} "
            f"attribute in object {made.physical_id}"
        )
    if kind == "AWS::CloudFormation::Stack" and attribute.startswith("Outputs."):
        raise validation_error(
            f"Output '{attribute.removeprefix('Outputs.')}' not found in stack '{made.physical_id}'"
        )
    raise no_attribute(declaration.logical_id, attribute)
