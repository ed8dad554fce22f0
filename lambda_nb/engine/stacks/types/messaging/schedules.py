"""``AWS::Scheduler::*``: schedules and their groups."""

from __future__ import annotations

from typing import Any, ClassVar

from lambda_nb.engine.stacks.model import Properties
from lambda_nb.engine.stacks.types.by_calls import ByCalls
from lambda_nb.engine.stacks.types.resource_type import ResourceType, changed
from lambda_nb.engine.stacks.types.tagging import LISTED


class Schedule(ByCalls):
    """A schedule; an update gives all of it, as its API wants."""

    name = "AWS::Scheduler::Schedule"
    service = "scheduler"
    creates = "CreateSchedule"
    updates = "UpdateSchedule"
    deletes = "DeleteSchedule"
    describes = "GetSchedule"
    key = "Name"
    attributes: ClassVar = {"Arn": "Arn"}
    named = "Name"

    def key_of(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        group = properties.get("GroupName")
        return {"Name": physical_id, **({"GroupName": group} if group else {})}

    def replacing(self, old: Properties, new: Properties) -> set[str]:
        # A schedule cannot be moved: the API has its group in the schedule's identity.
        moved = {"GroupName"} if changed(old, new, "GroupName") else set()
        return super().replacing(old, new) | moved


class ScheduleGroup(ByCalls):
    """A group of schedules, which goes with its schedules."""

    name = "AWS::Scheduler::ScheduleGroup"
    service = "scheduler"
    creates = "CreateScheduleGroup"
    deletes = "DeleteScheduleGroup"
    describes = "GetScheduleGroup"
    key = "Name"
    attributes: ClassVar = {
        "Arn": "Arn",
        "State": "State",
        "CreationDate": "CreationDate",
        "LastModificationDate": "LastModificationDate",
    }
    named = "Name"
    tagging = LISTED


TYPES: tuple[ResourceType, ...] = (Schedule(), ScheduleGroup())
