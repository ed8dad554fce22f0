"""``AWS::CloudFront::RealtimeLogConfig`` and ``MonitoringSubscription``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types.absence import absence_is_fine, is_absent
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType
from lambda_nb.engine.stacks.types.web.cloudfront import calls
from lambda_nb.engine.stacks.types.web.cloudfront.parameters import parameters

_GONE = ("NoSuchMonitoringSubscription", "NoSuchDistribution")


class RealtimeLogConfig(ResourceType):
    """Which fields of requests go to a stream: ``Ref`` is the ARN."""

    name = "AWS::CloudFront::RealtimeLogConfig"

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one."""
        return _log(calls.client(context).create_realtime_log_config(**_shaped(properties)))

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change one in place."""
        shaped = {**_shaped(new), "ARN": made.physical_id}
        return _log(calls.client(context).update_realtime_log_config(**shaped))

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one."""
        with absence_is_fine("NoSuchRealtimeLogConfig"):
            calls.client(context).delete_realtime_log_config(ARN=made.physical_id)


class MonitoringSubscription(ResourceType):
    """Additional metrics of a distribution: ``Ref`` is the distribution's ID."""

    name = "AWS::CloudFront::MonitoringSubscription"
    overwrites = True

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one."""
        shape = calls.input_shape("CreateMonitoringSubscription")
        calls.client(context).create_monitoring_subscription(**parameters(shape, properties))
        return Made(str(properties["DistributionId"]))

    def taken(self, context: Context, properties: Properties) -> str | None:
        """The distribution, if it has one."""
        distribution = str(properties["DistributionId"])
        look = partial(
            calls.client(context).get_monitoring_subscription, DistributionId=distribution
        )
        return None if is_absent(look, *_GONE) else distribution

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Set it as it is to be."""
        return self.create(context, new)

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one; its distribution may be gone already."""
        with absence_is_fine(*_GONE):
            calls.client(context).delete_monitoring_subscription(DistributionId=made.physical_id)


def _log(answer: Mapping[str, Any]) -> Made:
    arn = answer["RealtimeLogConfig"]["ARN"]
    return Made(arn, {"Arn": arn})


def _shaped(properties: Properties) -> dict[str, Any]:
    made: dict[str, Any] = parameters(calls.input_shape("CreateRealtimeLogConfig"), properties)
    for endpoint, given in zip(made["EndPoints"], properties["EndPoints"], strict=True):
        stream = {name.lower(): arn for name, arn in given["KinesisStreamConfig"].items()}
        endpoint["KinesisStreamConfig"] = {
            "RoleARN": stream["rolearn"],
            "StreamARN": stream["streamarn"],
        }
    return made


TYPES = (RealtimeLogConfig(), MonitoringSubscription())
