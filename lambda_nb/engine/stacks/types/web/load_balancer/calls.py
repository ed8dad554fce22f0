"""What the types of load balancers share: calls, attributes and tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lambda_nb.engine.stacks.model import Properties
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.tagging import LISTED
from lambda_nb.engine.stacks.types.values import text_of

SERVICE = "elbv2"


def client(context: Context) -> Any:
    """Elastic Load Balancing's client."""
    return context.client(SERVICE)


def parameters(operation: str, properties: Properties) -> dict[str, Any]:
    """The parameters of an operation that the properties give, apart from tags."""
    given = {name: value for name, value in properties.items() if name != "Tags"}
    return shapes.parameters(SERVICE, operation, given)


def tagged(context: Context, properties: Properties) -> dict[str, Any]:
    """The parameter ``Tags`` of what is made."""
    return {"Tags": LISTED.form(LISTED.wanted(context, properties))}


def tag_again(context: Context, arn: str, old: Properties, new: Properties) -> None:
    """Let something have its new tags."""
    calls = client(context)
    LISTED.change(
        context,
        old,
        new,
        lambda found: calls.add_tags(ResourceArns=[arn], Tags=found),
        lambda gone: calls.remove_tags(ResourceArns=[arn], TagKeys=gone),
    )


def attributes(properties: Properties, name: str) -> list[dict[str, str]]:
    """Attributes as calls take them: keys and values, all texts."""
    given: Sequence[Any] = properties.get(name, ())
    return [{"Key": str(one["Key"]), "Value": text_of(one.get("Value", ""))} for one in given]
