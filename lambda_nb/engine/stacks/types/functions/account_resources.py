"""``AWS::Lambda::CodeSigningConfig`` and ``AWS::Lambda::CapacityProvider``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType, with_name
from lambda_nb.engine.stacks.types.tagging import MAPPED


class CodeSigningConfig(ResourceType):
    """Whose signatures the code of a function must have."""

    name = "AWS::Lambda::CodeSigningConfig"

    def create(self, context: Context, properties: Properties) -> Made:
        """Create it."""
        parameters = _parameters("CreateCodeSigningConfig", properties)
        answer = context.client("lambda").create_code_signing_config(
            **parameters, Tags=MAPPED.wanted(context, properties)
        )
        config = answer["CodeSigningConfig"]
        arn = config["CodeSigningConfigArn"]
        return Made(
            arn,
            {"CodeSigningConfigArn": arn, "CodeSigningConfigId": config["CodeSigningConfigId"]},
        )

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change it; what is left out returns to its default."""
        calls, arn = context.client("lambda"), made.physical_id
        defaults = {
            "Description": "",
            "CodeSigningPolicies": {"UntrustedArtifactOnDeployment": "Warn"},
        }
        parameters = _parameters("UpdateCodeSigningConfig", {**defaults, **new})
        calls.update_code_signing_config(**parameters, CodeSigningConfigArn=arn)
        _tag(context, arn, old, new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete it, if no function uses it."""
        with absence_is_fine():
            context.client("lambda").delete_code_signing_config(
                CodeSigningConfigArn=made.physical_id
            )


class CapacityProvider(ResourceType):
    """The instances that functions can run on."""

    name = "AWS::Lambda::CapacityProvider"

    def create(self, context: Context, properties: Properties) -> Made:
        """Create it and wait until it is active."""
        named = with_name(context, properties, "CapacityProviderName", 64)
        parameters = _parameters("CreateCapacityProvider", named)
        context.client("lambda").create_capacity_provider(
            **parameters, Tags=MAPPED.wanted(context, properties)
        )
        name = str(named["CapacityProviderName"]).rpartition(":")[2]
        context.made(name)
        return _active(context, name)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change how it scales, its logs and the tags it hands on."""
        calls = context.client("lambda")
        parameters = _parameters("UpdateCapacityProvider", new)
        parameters["CapacityProviderName"] = made.physical_id
        calls.update_capacity_provider(**parameters)
        _tag(context, made.attributes["Arn"], old, new)
        return _active(context, made.physical_id)

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete it and wait until it is gone."""
        calls = context.client("lambda")
        with absence_is_fine():
            calls.delete_capacity_provider(CapacityProviderName=made.physical_id)
        context.wait(
            lambda: True if _found(calls, made.physical_id) is None else None,
            f"The end of capacity provider {made.physical_id}",
        )


def _parameters(operation: str, properties: Properties) -> dict[str, Any]:
    plain = {name: held for name, held in properties.items() if name != "Tags"}
    return shapes.parameters("lambda", operation, plain)


def _tag(context: Context, arn: str, old: Properties, new: Properties) -> None:
    calls = context.client("lambda")
    MAPPED.change(
        context,
        old,
        new,
        lambda wanted: calls.tag_resource(Resource=arn, Tags=wanted),
        lambda keys: calls.untag_resource(Resource=arn, TagKeys=keys),
    )


def _found(calls: Any, name: str) -> Mapping[str, Any] | None:
    try:
        answer = calls.get_capacity_provider(CapacityProviderName=name)
    except calls.exceptions.ResourceNotFoundException:
        return None
    found: Mapping[str, Any] = answer["CapacityProvider"]
    return found


def _active(context: Context, name: str) -> Made:
    calls = context.client("lambda")

    def look() -> Mapping[str, Any] | None:
        found = _found(calls, name)
        if found is None or found["State"] == "Failed":
            raise Refused(f"The capacity provider {name} failed.", "NotStabilized")
        return found if found["State"] == "Active" else None

    found = context.wait(look, f"Capacity provider {name} becoming active")
    return Made(name, {"Arn": found["CapacityProviderArn"], "State": found["State"]})


TYPES: tuple[ResourceType, ...] = (CodeSigningConfig(), CapacityProvider())
