"""``AWS::CodeDeploy::Application`` and ``DeploymentGroup``, as SAM makes them.

They are records: CodeDeploy deploys nothing here, and an alias moves to its new version at once.
"""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType, refuse_unknown
from lambda_nb.engine.stacks.types.tagging import Tagging

_TAGS = Tagging(reserved=False)
_GROUP_WORKS = frozenset(
    {
        "AlarmConfiguration",
        "ApplicationName",
        "AutoRollbackConfiguration",
        "DeploymentConfigName",
        "DeploymentGroupName",
        "DeploymentStyle",
        "ServiceRoleArn",
        "Tags",
        "TriggerConfigurations",
    }
)
"""The properties that a group for Lambda can have."""
_DEFAULTS: dict[str, Any] = {
    "AlarmConfiguration": {"Alarms": [], "Enabled": False},
    "AutoRollbackConfiguration": {"Enabled": False},
    "TriggerConfigurations": [],
}


class Application(ResourceType):
    """An application."""

    name = "AWS::CodeDeploy::Application"

    def create(self, context: Context, properties: Properties) -> Made:
        """Create it."""
        name = str(properties.get("ApplicationName") or context.name(100))
        context.client("codedeploy").create_application(
            applicationName=name,
            computePlatform=properties.get("ComputePlatform") or "Server",
            tags=_TAGS.form(_TAGS.wanted(context, properties)),
        )
        return Made(name)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change its tags."""
        _tag(context, f"application:{made.physical_id}", old, new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete it."""
        context.client("codedeploy").delete_application(applicationName=made.physical_id)


class DeploymentGroup(ResourceType):
    """A deployment group of an application for Lambda."""

    name = "AWS::CodeDeploy::DeploymentGroup"

    def create(self, context: Context, properties: Properties) -> Made:
        """Create it."""
        refuse_unknown(self.name, properties, _GROUP_WORKS)
        name = str(properties.get("DeploymentGroupName") or context.name(100))
        context.client("codedeploy").create_deployment_group(
            **_parameters("CreateDeploymentGroup", {**properties, "DeploymentGroupName": name}),
            tags=_TAGS.form(_TAGS.wanted(context, properties)),
        )
        return Made(name)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change it."""
        refuse_unknown(self.name, new, _GROUP_WORKS)
        context.client("codedeploy").update_deployment_group(
            **_parameters("UpdateDeploymentGroup", {**_DEFAULTS, **new}),
            currentDeploymentGroupName=made.physical_id,
        )
        group = f"deploymentgroup:{new['ApplicationName']}/{made.physical_id}"
        _tag(context, group, old, new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete it."""
        context.client("codedeploy").delete_deployment_group(
            applicationName=properties["ApplicationName"], deploymentGroupName=made.physical_id
        )


def _parameters(operation: str, properties: Properties) -> dict[str, Any]:
    plain = {member: held for member, held in properties.items() if member != "Tags"}
    return shapes.parameters("codedeploy", operation, plain)


def _tag(context: Context, resource: str, old: Properties, new: Properties) -> None:
    calls = context.client("codedeploy")
    place = f"arn:{context.partition}:codedeploy:{context.region}:{context.account}"
    arn = f"{place}:{resource}"
    _TAGS.change(
        context,
        old,
        new,
        lambda wanted: calls.tag_resource(ResourceArn=arn, Tags=wanted),
        lambda keys: calls.untag_resource(ResourceArn=arn, TagKeys=keys),
    )


TYPES: tuple[ResourceType, ...] = (Application(), DeploymentGroup())
