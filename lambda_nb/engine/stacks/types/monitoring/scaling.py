"""``AWS::ApplicationAutoScaling::*``: what may be scaled, and by which rules."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType, given, refuse_unknown

_SERVICE = "application-autoscaling"
_ABSENT = "ObjectNotFoundException"
_TARGET_PARTS = ("ResourceId", "ScalableDimension", "ServiceNamespace")


class ScalableTarget(ResourceType):
    """Something whose capacity is scaled; its physical ID has all three parts of its identity."""

    name = "AWS::ApplicationAutoScaling::ScalableTarget"
    overwrites = True

    def create(self, context: Context, properties: Properties) -> Made:
        physical_id = _identity(properties)
        self._register(context, properties)
        context.made(physical_id)
        self._schedule(context, {}, properties)
        return Made(physical_id, {"Id": physical_id})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        self._register(context, new)
        self._schedule(context, old, new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        if self.taken(context, properties) is not None:
            with absence_is_fine(_ABSENT):
                self._schedule(context, properties, {**properties, "ScheduledActions": []})
                context.client(_SERVICE).deregister_scalable_target(**_target(properties))

    def taken(self, context: Context, properties: Properties) -> str | None:
        target = _target(properties)
        found = context.client(_SERVICE).describe_scalable_targets(
            ServiceNamespace=target["ServiceNamespace"],
            ScalableDimension=target["ScalableDimension"],
            ResourceIds=[target["ResourceId"]],
        )
        return _identity(properties) if found["ScalableTargets"] else None

    def _register(self, context: Context, properties: Properties) -> None:
        refuse_unknown(self.name, properties, _WORKS)
        parameters = shapes.parameters(_SERVICE, "RegisterScalableTarget", properties)
        parameters.pop("Tags", None)
        context.client(_SERVICE).register_scalable_target(**parameters)

    @staticmethod
    def _schedule(context: Context, old: Properties, new: Properties) -> None:
        client = context.client(_SERVICE)
        was = {one["ScheduledActionName"]: one for one in old.get("ScheduledActions") or []}
        now = {one["ScheduledActionName"]: one for one in new.get("ScheduledActions") or []}
        for name in sorted(set(was) - set(now)):
            with absence_is_fine(_ABSENT):
                client.delete_scheduled_action(ScheduledActionName=name, **_target(new))
        for name, one in now.items():
            if was.get(name) != one:
                wanted = shapes.parameters(_SERVICE, "PutScheduledAction", {**one, **_target(new)})
                client.put_scheduled_action(**wanted)


class ScalingPolicy(ResourceType):
    """How a target is scaled; its physical ID is the policy's ARN."""

    name = "AWS::ApplicationAutoScaling::ScalingPolicy"
    overwrites = True

    def create(self, context: Context, properties: Properties) -> Made:
        arn = self._put(context, properties)
        return Made(arn, {"Arn": arn})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        self._put(context, new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        if self.taken(context, properties) is not None:
            target = _target(_placed(properties))
            with absence_is_fine(_ABSENT):
                context.client(_SERVICE).delete_scaling_policy(
                    PolicyName=properties["PolicyName"], **target
                )

    def taken(self, context: Context, properties: Properties) -> str | None:
        found = context.client(_SERVICE).describe_scaling_policies(
            PolicyNames=[properties["PolicyName"]], **_target(_placed(properties))
        )["ScalingPolicies"]
        return str(found[0]["PolicyARN"]) if found else None

    def _put(self, context: Context, properties: Properties) -> str:
        placed = _placed(properties)
        parameters = shapes.parameters(
            _SERVICE,
            "PutScalingPolicy",
            placed,
        )
        return str(context.client(_SERVICE).put_scaling_policy(**parameters)["PolicyARN"])


def _placed(properties: Properties) -> Properties:
    """The policy's properties with those of its target, which it may name by its physical ID."""
    target = properties.get("ScalingTargetId")
    if not target:
        return properties
    parts = str(target).split("|")
    if len(parts) != len(_TARGET_PARTS):
        raise Refused(
            f"ScalingTargetId {target!r} is not what Ref of a ScalableTarget gives "
            "(ResourceId|ScalableDimension|ServiceNamespace).",
            "InvalidRequest",
        )
    return {**dict(zip(_TARGET_PARTS, parts, strict=True)), **properties}


def _identity(properties: Properties) -> str:
    return "|".join(str(properties[part]) for part in _TARGET_PARTS)


def _target(properties: Properties) -> dict[str, Any]:
    return given(**{part: properties.get(part) for part in _TARGET_PARTS})


_WORKS = frozenset(
    {"MaxCapacity", "MinCapacity", "RoleARN", "ScheduledActions", "SuspendedState", "Tags"}
    | {*_TARGET_PARTS}
)

TYPES: tuple[ResourceType, ...] = (ScalableTarget(), ScalingPolicy())
