"""``AWS::SNS::Subscription``: what a topic sends its messages to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types.by_calls import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType

_ATTRIBUTES: Mapping[str, str] = {
    "DeliveryPolicy": "",
    "FilterPolicy": "{}",
    "FilterPolicyScope": "MessageAttributes",
    "RawMessageDelivery": "false",
    "RedrivePolicy": "",
    "ReplayPolicy": "",
    "SubscriptionRoleArn": "",
}
"""A subscription's attributes and what stands for none (SNS's reference of
``SetSubscriptionAttributes``, 2026)."""


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
        before = _attributes(old)
        wanted = _attributes(new)
        for name, nothing in _ATTRIBUTES.items():
            value = wanted.get(name, nothing)
            if before.get(name, nothing) != value:
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
        name: _text(properties[name]) for name in _ATTRIBUTES if properties.get(name) is not None
    }


def _text(value: Any) -> str:
    if isinstance(value, (dict, list)):
        return json.dumps(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


TYPES: tuple[ResourceType, ...] = (Subscription(),)
