"""``AWS::ElasticLoadBalancingV2::TargetGroup``."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types import schemas
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import (
    ResourceType,
    changed,
    refuse_unknown,
    with_name,
)
from lambda_nb.engine.stacks.types.web.load_balancer import calls

_LONGEST_NAME = 32
"""Characters (API reference, ``CreateTargetGroup``, 2026)."""
_IDLE = {"TargetControlPort"}
_HEALTH = (
    "HealthCheckEnabled",
    "HealthCheckIntervalSeconds",
    "HealthCheckPath",
    "HealthCheckPort",
    "HealthCheckProtocol",
    "HealthCheckTimeoutSeconds",
    "HealthyThresholdCount",
    "UnhealthyThresholdCount",
    "Matcher",
)


class TargetGroup(ResourceType):
    """A target group with its targets: ``Ref`` is its ARN."""

    name = "AWS::ElasticLoadBalancingV2::TargetGroup"

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one, and register its targets."""
        refuse_unknown(self.name, properties, schemas.of(self.name).settable - _IDLE)
        client = calls.client(context)
        told = with_name(context, properties, "Name", _LONGEST_NAME)
        (shown,) = client.create_target_group(
            **calls.parameters("CreateTargetGroup", told), **calls.tagged(context, properties)
        )["TargetGroups"]
        arn = shown["TargetGroupArn"]
        context.made(arn)
        self._set_attributes(context, arn, properties)
        targets = _targets(properties)
        if targets:
            client.register_targets(TargetGroupArn=arn, Targets=targets)
        return _made(shown)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change its health checks, attributes and targets."""
        refuse_unknown(self.name, new, schemas.of(self.name).settable - _IDLE)
        client, arn = calls.client(context), made.physical_id
        if changed(old, new, *_HEALTH):
            client.modify_target_group(
                **{**calls.parameters("ModifyTargetGroup", new), "TargetGroupArn": arn}
            )
        if changed(old, new, "TargetGroupAttributes"):
            self._set_attributes(context, arn, new)
        before, after = _targets(old), _targets(new)
        leaving = [target for target in before if target not in after]
        coming = [target for target in after if target not in before]
        if leaving:
            client.deregister_targets(TargetGroupArn=arn, Targets=leaving)
        if coming:
            client.register_targets(TargetGroupArn=arn, Targets=coming)
        calls.tag_again(context, arn, old, new)
        (shown,) = client.describe_target_groups(TargetGroupArns=[arn])["TargetGroups"]
        return _made(shown)

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one."""
        with absence_is_fine("TargetGroupNotFound"):
            calls.client(context).delete_target_group(TargetGroupArn=made.physical_id)

    def _set_attributes(self, context: Context, arn: str, properties: Properties) -> None:
        found = calls.attributes(properties, "TargetGroupAttributes")
        if found:
            calls.client(context).modify_target_group_attributes(
                TargetGroupArn=arn, Attributes=found
            )


def _targets(properties: Properties) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = calls.parameters(
        "RegisterTargets", {"Targets": properties.get("Targets", [])}
    )["Targets"]
    return found


def _made(shown: dict[str, Any]) -> Made:
    arn = shown["TargetGroupArn"]
    return Made(
        arn,
        {
            "TargetGroupArn": arn,
            "TargetGroupName": shown["TargetGroupName"],
            "TargetGroupFullName": arn.rpartition(":")[2],
            "LoadBalancerArns": list(shown.get("LoadBalancerArns", ())),
        },
    )


TYPES = (TargetGroup(),)
