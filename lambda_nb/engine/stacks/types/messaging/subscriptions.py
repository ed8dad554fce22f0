"""``AWS::SNS::Subscription``: what a topic sends its messages to."""

from __future__ import annotations

from collections.abc import Mapping

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType
from lambda_nb.engine.stacks.types.values import text_of

_ATTRIBUTES: Mapping[str, str] = {
    "DeliveryPolicy": "",
    "FilterPolicyScope": "MessageAttributes",
    "FilterPolicy": "{}",
    "RawMessageDelivery": "false",
    "RedrivePolicy": "",
    "ReplayPolicy": "",
    "SubscriptionRoleArn": "",
}
"""A subscription's attributes and what stands for none (SNS's reference of
``SetSubscriptionAttributes``, 2026); a filter policy comes after its scope."""


class Subscription(ResourceType):
    """A subscription; its physical ID is its ARN, confirmed or not."""

    name = "AWS::SNS::Subscription"

    def create(self, context: Context, properties: Properties) -> Made:
        client = context.client("sns", properties.get("Region"))
        endpoint = properties.get("Endpoint")
        arn = client.subscribe(
            TopicArn=properties["TopicArn"],
            Protocol=properties["Protocol"],
            Attributes=_attributes(properties),
            ReturnSubscriptionArn=True,
            **({} if endpoint is None else {"Endpoint": endpoint}),
        )["SubscriptionArn"]
        context.made(arn)
        return Made(arn, {"Arn": arn})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        client = context.client("sns", new.get("Region"))
        before, wanted = ({**_ATTRIBUTES, **_attributes(one)} for one in (old, new))
        steps = [(name, value) for name, value in wanted.items() if before[name] != value]
        if before["FilterPolicyScope"] != wanted["FilterPolicyScope"]:
            # A policy for message bodies may be none for attributes: it is put anew.
            others = [step for step in steps if step[0] != "FilterPolicy"]
            nothing = ("FilterPolicy", _ATTRIBUTES["FilterPolicy"])
            steps = [nothing, *others, ("FilterPolicy", wanted["FilterPolicy"])]
        for name, value in steps:
            client.set_subscription_attributes(
                SubscriptionArn=made.physical_id, AttributeName=name, AttributeValue=value
            )
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        with absence_is_fine("NotFound", "InvalidParameter"):
            client = context.client("sns", properties.get("Region"))
            client.unsubscribe(SubscriptionArn=made.physical_id)


def _attributes(properties: Properties) -> dict[str, str]:
    return {
        name: text_of(properties[name]) for name in _ATTRIBUTES if properties.get(name) is not None
    }


TYPES: tuple[ResourceType, ...] = (Subscription(),)
