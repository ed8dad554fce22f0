"""``AWS::Lambda::LayerVersion`` and ``AWS::Lambda::LayerVersionPermission``."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.reading import now
from lambda_nb.engine.stacks.types.resource_type import ResourceType, given, with_name

_TOLD = ("CompatibleArchitectures", "CompatibleRuntimes", "Description", "LicenseInfo")


class LayerVersion(ResourceType):
    """A version of a layer: never changed, only replaced."""

    name = "AWS::Lambda::LayerVersion"

    def create(self, context: Context, properties: Properties) -> Made:
        """Publish it."""
        named = with_name(context, properties, "LayerName", 140)
        parameters = shapes.parameters("lambda", "PublishLayerVersion", named)
        arn = context.client("lambda").publish_layer_version(**parameters)["LayerVersionArn"]
        return Made(arn, {"LayerVersionArn": arn})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Nothing of it can change in place."""
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete it; functions that use it keep it."""
        layer, _, number = made.physical_id.rpartition(":")
        with absence_is_fine():
            context.client("lambda").delete_layer_version(
                LayerName=layer, VersionNumber=int(number)
            )

    def read(self, context: Context, made: Made, properties: Properties) -> Properties | None:
        """What it says of itself; a layer's version cannot change, only be deleted."""
        layer, _, number = made.physical_id.rpartition(":")
        found: dict[str, Any] = {}
        with absence_is_fine():
            found = context.client("lambda").get_layer_version(
                LayerName=layer, VersionNumber=int(number)
            )
        return now(properties, found, *_TOLD) if found else None


class LayerVersionPermission(ResourceType):
    """A statement of the policy of a layer's version."""

    name = "AWS::Lambda::LayerVersionPermission"

    def create(self, context: Context, properties: Properties) -> Made:
        """Add the statement."""
        arn = str(properties["LayerVersionArn"])
        layer, _, number = arn.rpartition(":")
        statement = context.name(100)
        context.client("lambda").add_layer_version_permission(
            **given(
                LayerName=layer,
                VersionNumber=int(number),
                StatementId=statement,
                Action=properties["Action"],
                Principal=str(properties["Principal"]),
                OrganizationId=properties.get("OrganizationId"),
            )
        )
        identifier = f"{arn}#{statement}"
        return Made(identifier, {"Id": identifier})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Nothing of it can change in place."""
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Remove the statement."""
        arn, _, statement = made.physical_id.partition("#")
        layer, _, number = arn.rpartition(":")
        with absence_is_fine():
            context.client("lambda").remove_layer_version_permission(
                LayerName=layer, VersionNumber=int(number), StatementId=statement
            )


TYPES: tuple[ResourceType, ...] = (LayerVersion(), LayerVersionPermission())
