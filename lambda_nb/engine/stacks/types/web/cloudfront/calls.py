"""What the types of CloudFront share: calls and tags."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.engine import service_model
from lambda_nb.engine.stacks.model import Properties
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.tagging import Tagging

TAGGING = Tagging(reserved=False)
_REGION = "us-east-1"
"""CloudFront has one endpoint for the world, which is signed for this Region."""


def client(context: Context) -> Any:
    """CloudFront's client."""
    return context.client("cloudfront", _REGION)


def call(context: Context, operation: str, **given: Any) -> dict[str, Any]:
    """Call an operation by AWS's name for it."""
    return shapes.call(client(context), operation, given)


def input_shape(operation: str) -> Any:
    """The shape of an operation's parameters."""
    return service_model.operation(operation, "cloudfront").input_shape


def tags(context: Context, properties: Properties) -> dict[str, Any] | None:
    """The tags of what is made, as calls take them; ``None`` if there are none."""
    found = TAGGING.wanted(context, properties)
    return {"Items": TAGGING.form(found)} if found else None


def tag_again(context: Context, arn: str, old: Properties, new: Properties) -> None:
    """Let something have its new tags."""
    TAGGING.change(
        context,
        old,
        new,
        lambda found: call(context, "TagResource", Resource=arn, Tags={"Items": found}),
        lambda gone: call(context, "UntagResource", Resource=arn, TagKeys={"Items": gone}),
    )


def texts(told: Mapping[str, Any]) -> dict[str, str]:
    """The members of an answer that attributes can be."""
    return {name: str(value) for name, value in told.items() if not isinstance(value, (dict, list))}
