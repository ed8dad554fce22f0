"""``AWS::IoT::TopicRule`` and ``AWS::IoT::TopicRuleDestination``."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlencode

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.by_calls import ByCalls
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.devices.calls import TAG_CALLS
from lambda_nb.engine.stacks.types.resource_type import ResourceType, with_name
from lambda_nb.engine.stacks.types.tagging import LISTED


class TopicRule(ByCalls):
    """A rule: an SQL statement over messages, and what is done with them."""

    name = "AWS::IoT::TopicRule"
    service = "iot"
    creates = "CreateTopicRule"
    updates = "ReplaceTopicRule"
    deletes = "DeleteTopicRule"
    describes = "GetTopicRule"
    key = "ruleName"
    attributes: ClassVar = {"Arn": "ruleArn"}
    tagging = LISTED
    tag_calls = TAG_CALLS

    def creation(self, context: Context, properties: Properties) -> dict[str, Any]:
        # Its name may have no hyphens, unlike the stack's.
        named = with_name(context, properties, "RuleName", 128, separator="_")
        parameters = super().creation(context, named)
        tags = LISTED.wanted(context, properties)
        parameters["tags"] = urlencode(tags)
        parameters.pop("Tags", None)
        return parameters

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        # IoT answers the same to a rule that is not there and to one that may not be seen.
        with absence_is_fine("UnauthorizedException"):
            super().delete(context, made, properties)


class TopicRuleDestination(ResourceType):
    """Where HTTP actions of rules may send messages."""

    name = "AWS::IoT::TopicRuleDestination"

    def create(self, context: Context, properties: Properties) -> Made:
        client = context.client("iot")
        given = {}
        if properties.get("HttpUrlProperties"):
            url = properties["HttpUrlProperties"]["ConfirmationUrl"]
            given["httpUrlConfiguration"] = {"confirmationUrl": url}
        if properties.get("VpcProperties"):
            vpc = properties["VpcProperties"]
            given["vpcConfiguration"] = {
                name: vpc[name[0].upper() + name[1:]]
                for name in ("subnetIds", "securityGroups", "vpcId", "roleArn")
                if name[0].upper() + name[1:] in vpc
            }
        answer = client.create_topic_rule_destination(destinationConfiguration=given)
        destination = answer["topicRuleDestination"]
        arn = destination["arn"]
        context.made(arn)
        if properties.get("Status") in ("ENABLED", "DISABLED"):
            client.update_topic_rule_destination(arn=arn, status=properties["Status"])
        return self._made(context, arn)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        if new.get("Status"):
            client = context.client("iot")
            client.update_topic_rule_destination(arn=made.physical_id, status=new["Status"])
        return self._made(context, made.physical_id)

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        with absence_is_fine("UnauthorizedException"):
            context.client("iot").delete_topic_rule_destination(arn=made.physical_id)

    @staticmethod
    def _made(context: Context, arn: str) -> Made:
        found = context.client("iot").get_topic_rule_destination(arn=arn)["topicRuleDestination"]
        return Made(arn, {"Arn": arn, "StatusReason": found.get("statusReason", "")})


TYPES: tuple[ResourceType, ...] = (TopicRule(), TopicRuleDestination())
