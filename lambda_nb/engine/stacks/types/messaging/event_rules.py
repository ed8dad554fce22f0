"""``AWS::Events::Rule``: a rule and its targets."""

from __future__ import annotations

import json
from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine, is_absent
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.reading import like, now
from lambda_nb.engine.stacks.types.resource_type import ResourceType, changed
from lambda_nb.engine.stacks.types.tagging import LISTED

_AT_ONCE = 10


class Rule(ResourceType):
    """A rule of a bus, or a scheduled one; ``Ref`` gives its name, after its own bus's if any."""

    name = "AWS::Events::Rule"

    def create(self, context: Context, properties: Properties) -> Made:
        name = properties.get("Name") or context.name(64)
        bus = _bus(properties)
        # PutRule changes one that exists.
        if properties.get("Name") and not is_absent(
            lambda: context.client("events").describe_rule(Name=name, EventBusName=bus)
        ):
            raise Refused(f"{name} already exists", "AlreadyExists")
        tags = LISTED.form(LISTED.wanted(context, properties))
        arn = _put_rule(context, name, properties, Tags=tags)
        physical_id = name if bus == "default" else f"{bus}|{name}"
        context.made(physical_id)
        _put_targets(context, name, bus, properties.get("Targets") or [])
        return Made(physical_id, {"Arn": arn, "RuleName": name})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        client = context.client("events")
        name, bus = _named(made), _bus(new)
        arn = _put_rule(context, name, new)
        was = {one["Id"]: one for one in old.get("Targets") or []}
        now = {one["Id"]: one for one in new.get("Targets") or []}
        gone = sorted(set(was) - set(now))
        if gone:
            client.remove_targets(Rule=name, EventBusName=bus, Ids=gone)
        _put_targets(context, name, bus, [one for key, one in now.items() if was.get(key) != one])
        LISTED.change(
            context,
            old,
            new,
            lambda tags: client.tag_resource(ResourceARN=arn, Tags=tags),
            lambda names: client.untag_resource(ResourceARN=arn, TagKeys=names),
        )
        return Made(made.physical_id, {"Arn": arn, "RuleName": name})

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        client = context.client("events")
        name, bus = _named(made), _bus(properties)
        with absence_is_fine():
            targets = client.list_targets_by_rule(Rule=name, EventBusName=bus)["Targets"]
            if targets:
                ids = [one["Id"] for one in targets]
                client.remove_targets(Rule=name, EventBusName=bus, Ids=ids)
            client.delete_rule(Name=name, EventBusName=bus)

    def read(self, context: Context, made: Made, properties: Properties) -> Properties | None:
        client = context.client("events")
        which = {"EventBusName": _bus(properties)}
        found: dict[str, Any] = {}
        with absence_is_fine():
            found = client.describe_rule(Name=_named(made), **which)
        if not found:
            return None
        as_it_is = now(properties, {**found, "EventBusName": properties.get("EventBusName")})
        if properties.get("Targets"):
            targets = client.list_targets_by_rule(Rule=_named(made), **which)["Targets"]
            as_it_is["Targets"] = like(properties["Targets"], targets)
        return as_it_is

    def replacing(self, old: Properties, new: Properties) -> set[str]:
        # The reference says "Replacement"; the schema does not have it.
        moved = {"EventBusName"} if changed(old, new, "EventBusName") else set()
        return super().replacing(old, new) | moved


def _bus(properties: Properties) -> str:
    """The bus's name; a template may give its ARN."""
    return str(properties.get("EventBusName") or "default").rpartition("/")[2]


def _named(made: Made) -> str:
    return made.physical_id.rpartition("|")[2]


def _put_rule(context: Context, name: str, properties: Properties, **more: Any) -> str:
    own = {
        "State": "ENABLED",
        **{key: value for key, value in properties.items() if key not in ("Tags", "Targets")},
        "Name": name,
        "EventBusName": _bus(properties),
    }
    if isinstance(own.get("EventPattern"), dict):
        own["EventPattern"] = json.dumps(own["EventPattern"])
    parameters = shapes.parameters("events", "PutRule", own)
    return str(context.client("events").put_rule(**parameters, **more)["RuleArn"])


def _put_targets(context: Context, name: str, bus: str, targets: list[Any]) -> None:
    client = context.client("events")
    for first in range(0, len(targets), _AT_ONCE):
        batch = targets[first : first + _AT_ONCE]
        parameters = shapes.parameters("events", "PutTargets", {"Targets": batch})
        answer = client.put_targets(Rule=name, EventBusName=bus, **parameters)
        for failed in answer.get("FailedEntries") or ():
            raise Refused(
                f"Target {failed.get('TargetId')}: {failed.get('ErrorMessage')}", "InvalidRequest"
            )


TYPES: tuple[ResourceType, ...] = (Rule(),)
