"""``AWS::Lambda::Function``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.functions import function_settings
from lambda_nb.engine.stacks.types.functions.settling import settle
from lambda_nb.engine.stacks.types.resource_type import ResourceType, changed
from lambda_nb.engine.stacks.types.tagging import MAPPED, own_tags

_PRESENT_OR_NOT = ("DurableConfig", "CapacityProviderConfig")
"""A function has them from its creation or never."""


class Function(ResourceType):
    """A function: its code, its settings, and what other calls set for it."""

    name = "AWS::Lambda::Function"

    def create(self, context: Context, properties: Properties) -> Made:
        """Create it and wait until it is active."""
        name = str(properties.get("FunctionName") or context.name(64))
        parameters = function_settings.creation(properties, name)
        calls = context.client("lambda")
        config = calls.create_function(**parameters, Tags=MAPPED.wanted(context, properties))
        name = config["FunctionName"]
        context.made(name)
        settle(context, name)
        self._set_around(calls, name, {}, properties)
        return self._described(calls, name)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change configuration and code, and wait until both are in use."""
        calls, name = context.client("lambda"), made.physical_id
        settle(context, name)
        _sign(calls, name, old, new)
        configuration = function_settings.configuration_update(old, new, name)
        if configuration:
            calls.update_function_configuration(FunctionName=name, **configuration)
            settle(context, name)
        code = function_settings.code_update(old, new)
        if code:
            calls.update_function_code(FunctionName=name, **code)
            settle(context, name)
        self._set_around(calls, name, old, new)
        arn = made.attributes["Arn"]
        MAPPED.change(
            context,
            old,
            new,
            lambda wanted: calls.tag_resource(Resource=arn, Tags=wanted),
            lambda keys: calls.untag_resource(Resource=arn, TagKeys=keys),
        )
        return self._described(calls, name)

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete it with its versions and aliases."""
        with absence_is_fine():
            context.client("lambda").delete_function(FunctionName=made.physical_id)

    def read(self, context: Context, made: Made, properties: Properties) -> Properties | None:
        """Its settings; the code itself is not compared, as on AWS."""
        calls = context.client("lambda")
        try:
            found = calls.get_function(FunctionName=made.physical_id)
        except calls.exceptions.ResourceNotFoundException:
            return None
        tags = own_tags(context, properties, found.get("Tags", {}))
        return {**_as_properties(found), "Code": properties["Code"], "Tags": tags}

    def replacing(self, old: Properties, new: Properties) -> set[str]:
        """What the schema says, and settings that cannot be given to a function later."""
        came_or_went = {
            member
            for member in _PRESENT_OR_NOT
            if (old.get(member) is None) != (new.get(member) is None)
        }
        return super().replacing(old, new) | came_or_went

    def _set_around(self, calls: Any, name: str, old: Properties, new: Properties) -> None:
        """Set what is not part of the function's configuration."""
        if changed(old, new, "ReservedConcurrentExecutions"):
            reserved = new.get("ReservedConcurrentExecutions")
            if reserved is None:
                calls.delete_function_concurrency(FunctionName=name)
            else:
                calls.put_function_concurrency(
                    FunctionName=name, ReservedConcurrentExecutions=int(reserved)
                )
        if changed(old, new, "RuntimeManagementConfig"):
            management = new.get("RuntimeManagementConfig") or {"UpdateRuntimeOn": "Auto"}
            calls.put_runtime_management_config(FunctionName=name, **management)
        if changed(old, new, "RecursiveLoop"):
            calls.put_function_recursion_config(
                FunctionName=name, RecursiveLoop=new.get("RecursiveLoop") or "Terminate"
            )
        if changed(old, new, "FunctionScalingConfig"):
            limits = new.get("FunctionScalingConfig") or {}
            calls.put_function_scaling_config(
                FunctionName=name,
                Qualifier="$LATEST.PUBLISHED",
                FunctionScalingConfig={member: int(limit) for member, limit in limits.items()},
            )

    def _described(self, calls: Any, name: str) -> Made:
        config = calls.get_function_configuration(FunctionName=name)
        snap_start = config.get("SnapStart") or {"ApplyOn": "None", "OptimizationStatus": "Off"}
        return Made(
            name,
            {
                "Arn": config["FunctionArn"],
                "SnapStartResponse": dict(snap_start),
                "SnapStartResponse.ApplyOn": snap_start["ApplyOn"],
                "SnapStartResponse.OptimizationStatus": snap_start["OptimizationStatus"],
            },
        )


def _sign(calls: Any, name: str, old: Properties, new: Properties) -> None:
    """Set the code signing configuration, before new code is checked against it."""
    if not changed(old, new, "CodeSigningConfigArn"):
        return
    arn = new.get("CodeSigningConfigArn")
    if arn:
        calls.put_function_code_signing_config(FunctionName=name, CodeSigningConfigArn=arn)
    else:
        calls.delete_function_code_signing_config(FunctionName=name)


def _as_properties(found: Mapping[str, Any]) -> dict[str, Any]:
    """GetFunction's answer with the names that templates have."""
    properties: dict[str, Any] = dict(found["Configuration"])
    properties["KmsKeyArn"] = properties.get("KMSKeyArn")
    properties["ImageConfig"] = properties.get("ImageConfigResponse", {}).get("ImageConfig")
    properties["Layers"] = [layer["Arn"] for layer in properties.get("Layers", ())]
    properties["SnapStart"] = {"ApplyOn": properties.get("SnapStart", {}).get("ApplyOn")}
    concurrency = found.get("Concurrency") or {}
    return {**properties, **concurrency}


TYPES: tuple[ResourceType, ...] = (Function(),)
