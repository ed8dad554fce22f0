"""``AWS::SNS::Topic``, ``AWS::SNS::TopicPolicy`` and ``AWS::SNS::TopicInlinePolicy``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types.absence import absence_is_fine, is_absent
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.reading import now
from lambda_nb.engine.stacks.types.resource_type import ResourceType, refuse_unknown
from lambda_nb.engine.stacks.types.tagging import LISTED
from lambda_nb.engine.stacks.types.values import is_true, text_of

_ATTRIBUTES: Mapping[str, str] = {
    "ArchivePolicy": "{}",
    "ContentBasedDeduplication": "false",
    "DisplayName": "",
    "FifoThroughputScope": "Topic",
    "KmsMasterKeyId": "",
    "SignatureVersion": "1",
    "TracingConfig": "PassThrough",
}
"""A topic's attributes and the values it has when a template leaves them out (SNS's reference of
``SetTopicAttributes``, 2026)."""
_PROTOCOLS: Mapping[str, str] = {
    "http/s": "HTTP",
    "sqs": "SQS",
    "lambda": "Lambda",
    "firehose": "Firehose",
    "application": "Application",
}
_DEFAULT = "__default_statement_ID"
"""The only statement of the policy that a topic has from the start."""
_LOGGING = ("SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate", "FailureFeedbackRoleArn")
_WORKS = frozenset(
    {*_ATTRIBUTES, "DataProtectionPolicy", "DeliveryStatusLogging", "FifoTopic"}
    | {"Subscription", "Tags", "TopicName"}
)


class Topic(ResourceType):
    """A topic, and the subscriptions that its own properties list."""

    name = "AWS::SNS::Topic"

    def create(self, context: Context, properties: Properties) -> Made:
        refuse_unknown(self.name, properties, _WORKS)
        client = context.client("sns")
        fifo = is_true(properties.get("FifoTopic"))
        ending = ".fifo" if fifo else ""
        name = properties.get("TopicName") or context.name(256, suffix=ending)
        arn = f"arn:{context.partition}:sns:{context.region}:{context.account}:{name}"
        # CreateTopic gives one that exists as if it were new.
        if properties.get("TopicName") and not is_absent(
            lambda: client.get_topic_attributes(TopicArn=arn)
        ):
            raise Refused(f"{name} already exists", "AlreadyExists")
        attributes = _attributes(properties)
        if fifo:
            attributes["FifoTopic"] = "true"
        arn = client.create_topic(
            Name=name, Attributes=attributes, Tags=LISTED.form(LISTED.wanted(context, properties))
        )["TopicArn"]
        context.made(arn)
        self._protect(client, arn, {}, properties)
        _subscribe(client, arn, properties.get("Subscription") or [])
        return _made(arn)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        refuse_unknown(self.name, new, _WORKS)
        client = context.client("sns")
        arn = made.physical_id
        before = _attributes(old)
        wanted = _attributes(new)
        wanted |= {name: _ATTRIBUTES.get(name, "") for name in before if name not in wanted}
        for name, value in wanted.items():
            if before.get(name) != value:
                client.set_topic_attributes(TopicArn=arn, AttributeName=name, AttributeValue=value)
        self._protect(client, arn, old, new)
        was = old.get("Subscription") or []
        now = new.get("Subscription") or []
        _unsubscribe(client, arn, [one for one in was if one not in now])
        _subscribe(client, arn, [one for one in now if one not in was])
        LISTED.change(
            context,
            old,
            new,
            lambda tags: client.tag_resource(ResourceArn=arn, Tags=tags),
            lambda gone: client.untag_resource(ResourceArn=arn, TagKeys=gone),
        )
        return _made(arn)

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        client = context.client("sns")
        with absence_is_fine():
            _unsubscribe(client, made.physical_id, properties.get("Subscription") or [])
            client.delete_topic(TopicArn=made.physical_id)

    def read(self, context: Context, made: Made, properties: Properties) -> Properties | None:
        found: dict[str, Any] = {}
        with absence_is_fine():
            found = context.client("sns").get_topic_attributes(TopicArn=made.physical_id)
        return now(properties, found["Attributes"], *_ATTRIBUTES) if found else None

    @staticmethod
    def _protect(client: Any, arn: str, old: Properties, new: Properties) -> None:
        if old.get("DataProtectionPolicy") != new.get("DataProtectionPolicy"):
            policy = new.get("DataProtectionPolicy")
            client.put_data_protection_policy(
                ResourceArn=arn, DataProtectionPolicy=text_of(policy) if policy else ""
            )


class TopicPolicy(ResourceType):
    """One policy for some topics."""

    name = "AWS::SNS::TopicPolicy"

    def create(self, context: Context, properties: Properties) -> Made:
        _put(context, properties["Topics"], properties["PolicyDocument"])
        name = context.name(80)
        return Made(name, {"Id": name})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        _put(context, new["Topics"], new["PolicyDocument"])
        _put_default(context, [one for one in old["Topics"] if one not in new["Topics"]])
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        _put_default(context, properties["Topics"])


class TopicInlinePolicy(ResourceType):
    """The policy of one topic."""

    name = "AWS::SNS::TopicInlinePolicy"
    overwrites = True

    def create(self, context: Context, properties: Properties) -> Made:
        _put(context, [properties["TopicArn"]], properties["PolicyDocument"])
        return Made(properties["TopicArn"])

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        _put(context, [new["TopicArn"]], new["PolicyDocument"])
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        _put_default(context, [properties["TopicArn"]])

    def taken(self, context: Context, properties: Properties) -> str | None:
        arn = str(properties["TopicArn"])
        told = context.client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]
        statements = json.loads(told.get("Policy") or "{}").get("Statement", ())
        return arn if any(one.get("Sid") != _DEFAULT for one in statements) else None


def _put(context: Context, topics: list[str], policy: Any) -> None:
    for arn in topics:
        context.client("sns").set_topic_attributes(
            TopicArn=arn,
            AttributeName="Policy",
            AttributeValue=text_of(policy),
        )


def _put_default(context: Context, topics: list[str]) -> None:
    """The policy that a topic has from the start: its owner may use it."""
    for arn in topics:
        statement = {
            "Sid": _DEFAULT,
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": [
                "SNS:GetTopicAttributes",
                "SNS:SetTopicAttributes",
                "SNS:AddPermission",
                "SNS:RemovePermission",
                "SNS:DeleteTopic",
                "SNS:Subscribe",
                "SNS:ListSubscriptionsByTopic",
                "SNS:Publish",
            ],
            "Resource": arn,
            "Condition": {"StringEquals": {"AWS:SourceOwner": context.account}},
        }
        with absence_is_fine():
            _put(
                context,
                [arn],
                {
                    "Version": "2008-10-17",
                    "Id": "__default_policy_ID",
                    "Statement": [statement],
                },
            )


def _attributes(properties: Properties) -> dict[str, str]:
    found = {
        name: text_of(value)
        for name, value in properties.items()
        if name in _ATTRIBUTES and value is not None
    }
    for one in properties.get("DeliveryStatusLogging") or ():
        prefix = _PROTOCOLS.get(str(one["Protocol"]).lower(), str(one["Protocol"]))
        found |= {prefix + part: text_of(one[part]) for part in _LOGGING if part in one}
    return found


def _subscribe(client: Any, arn: str, subscriptions: list[Mapping[str, str]]) -> None:
    for one in subscriptions:
        client.subscribe(TopicArn=arn, Protocol=one["Protocol"], Endpoint=one["Endpoint"])


def _unsubscribe(client: Any, arn: str, subscriptions: list[Mapping[str, str]]) -> None:
    if not subscriptions:
        return
    pages = client.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=arn)
    gone = {(one["Protocol"], one["Endpoint"]) for one in subscriptions}
    for page in pages:
        for one in page["Subscriptions"]:
            if (one["Protocol"], one["Endpoint"]) in gone:
                client.unsubscribe(SubscriptionArn=one["SubscriptionArn"])


def _made(arn: str) -> Made:
    return Made(arn, {"TopicArn": arn, "TopicName": arn.rpartition(":")[2]})


TYPES: tuple[ResourceType, ...] = (Topic(), TopicPolicy(), TopicInlinePolicy())
