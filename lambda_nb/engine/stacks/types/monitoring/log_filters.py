"""``AWS::Logs::*`` over groups: subscription filters, metric filters, saved queries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.by_calls import ByCalls
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType

_LONGEST = 512


class _Filter(ByCalls):
    """A filter of a log group: one operation makes it and changes it."""

    service = "logs"
    key = "filterName"
    overwrites = True
    named = "FilterName"
    longest = _LONGEST
    listed: ClassVar[tuple[str, str]]
    """The operation that lists filters, and the member of its answer that has them."""

    def key_of(self, physical_id: str, properties: Properties) -> dict[str, Any]:
        return {"filterName": physical_id, "logGroupName": properties["LogGroupName"]}

    def taken(self, context: Context, properties: Properties) -> str | None:
        name, (operation, member) = str(properties["FilterName"]), self.listed
        which = {"logGroupName": properties["LogGroupName"], "filterNamePrefix": name}
        answer: dict[str, Any] = {}
        with absence_is_fine():
            answer = self.call(context, operation, which)
        return name if any(one["filterName"] == name for one in answer.get(member, ())) else None


class SubscriptionFilter(_Filter):
    """What of a group's log events goes to a function or a stream."""

    name = "AWS::Logs::SubscriptionFilter"
    creates = "PutSubscriptionFilter"
    updates = "PutSubscriptionFilter"
    deletes = "DeleteSubscriptionFilter"
    listed = ("DescribeSubscriptionFilters", "subscriptionFilters")


class MetricFilter(_Filter):
    """Which log events of a group count for a metric."""

    name = "AWS::Logs::MetricFilter"
    creates = "PutMetricFilter"
    updates = "PutMetricFilter"
    deletes = "DeleteMetricFilter"
    listed = ("DescribeMetricFilters", "metricFilters")

    def creation(self, context: Context, properties: Properties) -> dict[str, Any]:
        return super().creation(context, _with_dimensions(properties))

    def change(
        self, context: Context, made: Made, old: Properties, new: Properties
    ) -> dict[str, Any]:
        return super().change(context, made, old, _with_dimensions(new))


class QueryDefinition(ByCalls):
    """A saved query of Logs Insights."""

    name = "AWS::Logs::QueryDefinition"
    service = "logs"
    creates = "PutQueryDefinition"
    updates = "PutQueryDefinition"
    deletes = "DeleteQueryDefinition"
    key = "queryDefinitionId"
    attributes: ClassVar = {"QueryDefinitionId": "queryDefinitionId"}

    def change(
        self, context: Context, made: Made, old: Properties, new: Properties
    ) -> dict[str, Any]:
        parameters = shapes.parameters(self.service, self.updates, new)
        return {**parameters, "queryDefinitionId": made.physical_id}

    def made(
        self,
        context: Context,
        physical_id: str,
        properties: Properties,
        known: Mapping[str, Any],
    ) -> Made:
        return Made(physical_id, {"QueryDefinitionId": physical_id})


def _with_dimensions(properties: Properties) -> Properties:
    """Templates list dimensions as pairs of ``Key`` and ``Value``; the API wants an object."""
    return {
        **properties,
        "MetricTransformations": [
            {
                **one,
                **(
                    {"Dimensions": {pair["Key"]: pair["Value"] for pair in one["Dimensions"]}}
                    if one.get("Dimensions")
                    else {}
                ),
            }
            for one in properties["MetricTransformations"]
        ],
    }


TYPES: tuple[ResourceType, ...] = (SubscriptionFilter(), MetricFilter(), QueryDefinition())
