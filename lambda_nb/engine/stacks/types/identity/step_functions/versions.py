"""``AWS::StepFunctions::StateMachineVersion`` and ``StateMachineAlias``."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import (
    ResourceType,
    given,
    refuse_unknown,
    with_name,
)

_MISSING = ("StateMachineDoesNotExist", "ResourceNotFound")
_WORKS = frozenset(
    {"DeploymentPreference", "Description", "Name", "RoutingConfiguration", "StateMachineArn"}
)


class StateMachineVersion(ResourceType):
    """A published version; another one takes another resource."""

    name = "AWS::StepFunctions::StateMachineVersion"

    def create(self, context: Context, properties: Properties) -> Made:
        """Publish it."""
        arn = context.client("stepfunctions").publish_state_machine_version(
            **given(
                stateMachineArn=properties["StateMachineArn"],
                revisionId=properties.get("StateMachineRevisionId"),
                description=properties.get("Description"),
            )
        )["stateMachineVersionArn"]
        return Made(arn, {"Arn": arn})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Nothing of it can change in place."""
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete it."""
        with absence_is_fine(*_MISSING):
            context.client("stepfunctions").delete_state_machine_version(
                stateMachineVersionArn=made.physical_id
            )


class StateMachineAlias(ResourceType):
    """An alias for one version or two.

    With a deployment preference, the whole traffic moves to the new version at once: on AWS the
    stack shifts it by and by.
    """

    name = "AWS::StepFunctions::StateMachineAlias"

    def create(self, context: Context, properties: Properties) -> Made:
        """Create it."""
        refuse_unknown(self.name, properties, _WORKS)
        named = with_name(context, _routed(properties), "Name", 80)
        arn = context.client("stepfunctions").create_state_machine_alias(
            **shapes.parameters("stepfunctions", "CreateStateMachineAlias", named)
        )["stateMachineAliasArn"]
        return Made(arn, {"Arn": arn})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Lead it to other versions."""
        refuse_unknown(self.name, new, _WORKS)
        changed = {"Description": "", **_routed(new), "StateMachineAliasArn": made.physical_id}
        context.client("stepfunctions").update_state_machine_alias(
            **shapes.parameters("stepfunctions", "UpdateStateMachineAlias", changed)
        )
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete it."""
        with absence_is_fine(*_MISSING):
            context.client("stepfunctions").delete_state_machine_alias(
                stateMachineAliasArn=made.physical_id
            )


def _routed(properties: Properties) -> dict[str, Any]:
    """The properties with a routing configuration, whichever way the template says it."""
    preference, routing = (
        properties.get("DeploymentPreference"),
        properties.get("RoutingConfiguration"),
    )
    if (preference is None) == (routing is None):
        raise Refused(
            "Exactly one of RoutingConfiguration and DeploymentPreference must be given.",
            "InvalidRequest",
        )
    if preference is not None:
        routing = [{"StateMachineVersionArn": preference["StateMachineVersionArn"], "Weight": 100}]
    return {**properties, "RoutingConfiguration": routing}


TYPES: tuple[ResourceType, ...] = (StateMachineVersion(), StateMachineAlias())
