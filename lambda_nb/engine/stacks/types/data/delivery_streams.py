"""``AWS::KinesisFirehose::DeliveryStream``."""

from __future__ import annotations

from typing import Any, ClassVar

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.by_calls import ByCalls
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType, changed
from lambda_nb.engine.stacks.types.tagging import Tagging

_DESTINATION = "DestinationConfiguration"


class DeliveryStream(ByCalls):
    """A delivery stream, made when it is active. Its destination is changed in place."""

    name = "AWS::KinesisFirehose::DeliveryStream"
    service = "firehose"
    creates = "CreateDeliveryStream"
    updates = "UpdateDestination"
    deletes = "DeleteDeliveryStream"
    describes = "DescribeDeliveryStream"
    described = "DeliveryStreamDescription"
    key = "DeliveryStreamName"
    attributes: ClassVar = {"Arn": "DeliveryStreamARN"}
    named = "DeliveryStreamName"
    tagging = Tagging(reserved=False)
    tag_calls = (
        "TagDeliveryStream",
        "UntagDeliveryStream",
        "DeliveryStreamName",
        "Tags",
        "TagKeys",
    )
    tagged_by = ""

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        self.check(new)
        if any(changed(old, new, name) for name in {*old, *new} if name.endswith(_DESTINATION)):
            self.call(context, self.updates, self.change(context, made, old, new))
        self.finish(context, made.physical_id, old, new)
        self._tag(context, made, old, new)
        return made

    def replacing(self, old: Properties, new: Properties) -> set[str]:
        # Firehose changes a destination, but it does not exchange it for one of another kind.
        kinds = [{name for name in one if name.endswith(_DESTINATION)} for one in (old, new)]
        return super().replacing(old, new) | (kinds[0] ^ kinds[1])

    def change(
        self, context: Context, made: Made, old: Properties, new: Properties
    ) -> dict[str, Any]:
        found = self.call(context, self.describes, self.key_of(made.physical_id, new))
        stream = found["DeliveryStreamDescription"]
        given = {
            name.removesuffix("Configuration") + "Update": value
            for name, value in new.items()
            if name.endswith(_DESTINATION)
        }
        return {
            **shapes.parameters(self.service, self.updates, given),
            "DeliveryStreamName": made.physical_id,
            "CurrentDeliveryStreamVersionId": stream["VersionId"],
            "DestinationId": stream["Destinations"][0]["DestinationId"],
        }

    def finish(self, context: Context, physical_id: str, old: Properties, new: Properties) -> None:
        client = context.client("firehose")
        encryption = "DeliveryStreamEncryptionConfigurationInput"
        if old and changed(old, new, encryption):
            if new.get(encryption):
                client.start_delivery_stream_encryption(
                    DeliveryStreamName=physical_id,
                    **shapes.parameters(self.service, "StartDeliveryStreamEncryption", new),
                )
            else:
                client.stop_delivery_stream_encryption(DeliveryStreamName=physical_id)

        def active() -> bool | None:
            found = client.describe_delivery_stream(DeliveryStreamName=physical_id)
            status = found["DeliveryStreamDescription"]["DeliveryStreamStatus"]
            return True if status == "ACTIVE" else None

        context.wait(active, f"the delivery stream {physical_id} to be ACTIVE")


TYPES: tuple[ResourceType, ...] = (DeliveryStream(),)
