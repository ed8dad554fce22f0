"""``AWS::Lambda::Url``."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType, given

_DEFAULTS = {"Cors": {}, "InvokeMode": "BUFFERED"}


class Url(ResourceType):
    """The URL of a function or of an alias."""

    name = "AWS::Lambda::Url"

    def create(self, context: Context, properties: Properties) -> Made:
        """Create it."""
        parameters = shapes.parameters("lambda", "CreateFunctionUrlConfig", properties)
        return _made(
            context.client("lambda").create_function_url_config(
                **{**parameters, **_target(properties)}
            )
        )

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change who may call it, its CORS rules and its mode."""
        parameters = shapes.parameters("lambda", "UpdateFunctionUrlConfig", {**_DEFAULTS, **new})
        return _made(
            context.client("lambda").update_function_url_config(**{**parameters, **_target(new)})
        )

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete it."""
        with absence_is_fine():
            context.client("lambda").delete_function_url_config(**_target(properties))

    def read(self, context: Context, made: Made, properties: Properties) -> Properties | None:
        """Its settings."""
        calls = context.client("lambda")
        try:
            found = calls.get_function_url_config(**_target(properties))
        except calls.exceptions.ResourceNotFoundException:
            return None
        return {**properties, **{name: found[name] for name in properties if name in found}}


def _target(properties: Properties) -> dict[str, Any]:
    return given(
        FunctionName=properties["TargetFunctionArn"], Qualifier=properties.get("Qualifier")
    )


def _made(config: dict[str, Any]) -> Made:
    return Made(
        config["FunctionArn"],
        {"FunctionArn": config["FunctionArn"], "FunctionUrl": config["FunctionUrl"]},
    )


TYPES: tuple[ResourceType, ...] = (Url(),)
