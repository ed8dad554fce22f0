"""``AWS::CloudWatch::*``: alarms, composite alarms and dashboards."""

from __future__ import annotations

from functools import partial
from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types.absence import absence_is_fine, is_absent
from lambda_nb.engine.stacks.types.by_calls import ByCalls
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType
from lambda_nb.engine.stacks.types.tagging import LISTED
from lambda_nb.engine.stacks.types.values import with_text

_KINDS = ["MetricAlarm", "CompositeAlarm"]
_TAG_CALLS = ("TagResource", "UntagResource", "ResourceARN", "Tags", "TagKeys")


class _AnyAlarm(ByCalls):
    """An alarm: one operation makes it and changes it, and what is left out is as by default."""

    service = "cloudwatch"
    deletes = "DeleteAlarms"
    key = "AlarmName"
    overwrites = True
    named = "AlarmName"
    longest = 255
    tagging = LISTED
    tag_calls = _TAG_CALLS

    def key_of(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"AlarmName": physical_id}

    def taken(self, context: Context, properties: Properties) -> str | None:
        name = str(properties["AlarmName"])
        found = context.client("cloudwatch").describe_alarms(AlarmNames=[name], AlarmTypes=_KINDS)
        return name if found["MetricAlarms"] or found["CompositeAlarms"] else None

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        with absence_is_fine():
            context.client("cloudwatch").delete_alarms(AlarmNames=[made.physical_id])

    def made(self, context: Context, physical_id: str, properties: Properties, known: Any) -> Made:
        place = f"{context.region}:{context.account}"
        arn = f"arn:{context.partition}:cloudwatch:{place}:alarm:{physical_id}"
        return Made(physical_id, {"Arn": arn})


class Alarm(_AnyAlarm):
    """An alarm of a metric, or of an expression over metrics."""

    name = "AWS::CloudWatch::Alarm"
    creates = "PutMetricAlarm"
    updates = "PutMetricAlarm"


class CompositeAlarm(_AnyAlarm):
    """An alarm of other alarms."""

    name = "AWS::CloudWatch::CompositeAlarm"
    creates = "PutCompositeAlarm"
    updates = "PutCompositeAlarm"


class Dashboard(ByCalls):
    """A dashboard."""

    name = "AWS::CloudWatch::Dashboard"
    service = "cloudwatch"
    creates = "PutDashboard"
    updates = "PutDashboard"
    deletes = "DeleteDashboards"
    key = "DashboardName"
    overwrites = True
    named = "DashboardName"
    longest = 255
    absent = ("DashboardNotFoundError",)

    def creation(self, context: Context, properties: Properties) -> dict[str, Any]:
        return super().creation(context, with_text(properties, "DashboardBody"))

    def change(
        self, context: Context, made: Made, old: Properties, new: Properties
    ) -> dict[str, Any]:
        return super().change(context, made, old, with_text(new, "DashboardBody"))

    def taken(self, context: Context, properties: Properties) -> str | None:
        name = str(properties["DashboardName"])
        look = partial(context.client("cloudwatch").get_dashboard, DashboardName=name)
        return None if is_absent(look, *self.absent) else name

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        with absence_is_fine(*self.absent):
            context.client("cloudwatch").delete_dashboards(DashboardNames=[made.physical_id])


TYPES: tuple[ResourceType, ...] = (Alarm(), CompositeAlarm(), Dashboard())
