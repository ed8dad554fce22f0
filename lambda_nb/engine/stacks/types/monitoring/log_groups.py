"""``AWS::Logs::LogGroup``, ``AWS::Logs::LogStream`` and ``AWS::Logs::ResourcePolicy``."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType, changed, given, refuse_unknown
from lambda_nb.engine.stacks.types.tagging import MAPPED
from lambda_nb.engine.stacks.types.values import text_of

_WORKS = frozenset(
    {"KmsKeyId", "LogGroupClass", "LogGroupName", "RetentionInDays", "Tags"}
    | {"ResourcePolicyDocument"}
)


class LogGroup(ResourceType):
    """A log group. One that is there already is not taken over."""

    name = "AWS::Logs::LogGroup"

    def create(self, context: Context, properties: Properties) -> Made:
        refuse_unknown(self.name, properties, _WORKS)
        client = context.client("logs")
        name = properties.get("LogGroupName") or context.name(512)
        client.create_log_group(
            logGroupName=name,
            tags=MAPPED.wanted(context, properties),
            **given(
                kmsKeyId=properties.get("KmsKeyId"),
                logGroupClass=properties.get("LogGroupClass"),
            ),
        )
        context.made(name)
        _retain(client, name, {}, properties)
        made = Made(name, {"Arn": _arn(context, name) + ":*"})
        _put_policy(context, name, {}, properties)
        return made

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        refuse_unknown(self.name, new, _WORKS)
        if changed(old, new, "LogGroupClass"):
            raise Refused(
                "The class of a log group cannot be changed. Give the log group another logical ID "
                "to make a new one.",
                "NotUpdatable",
            )
        client = context.client("logs")
        name = made.physical_id
        _retain(client, name, old, new)
        if changed(old, new, "KmsKeyId"):
            if new.get("KmsKeyId"):
                client.associate_kms_key(logGroupName=name, kmsKeyId=new["KmsKeyId"])
            else:
                client.disassociate_kms_key(logGroupName=name)
        _put_policy(context, name, old, new)
        arn = _arn(context, name)
        MAPPED.change(
            context,
            old,
            new,
            lambda tags: client.tag_resource(resourceArn=arn, tags=tags),
            lambda gone: client.untag_resource(resourceArn=arn, tagKeys=gone),
        )
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        with absence_is_fine():
            context.client("logs").delete_log_group(logGroupName=made.physical_id)

    def read(self, context: Context, made: Made, properties: Properties) -> Properties | None:
        name = made.physical_id
        found = context.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        group = next((one for one in found if one["logGroupName"] == name), None)
        if group is None:
            return None
        now = dict(properties)
        if "RetentionInDays" in properties or "retentionInDays" in group:
            now["RetentionInDays"] = group.get("retentionInDays")
            if str(now["RetentionInDays"]) == str(properties.get("RetentionInDays")):
                now["RetentionInDays"] = properties["RetentionInDays"]
        return {key: value for key, value in now.items() if value is not None}


class LogStream(ResourceType):
    """A stream of a group."""

    name = "AWS::Logs::LogStream"

    def create(self, context: Context, properties: Properties) -> Made:
        name = properties.get("LogStreamName") or context.name(512)
        context.client("logs").create_log_stream(
            logGroupName=properties["LogGroupName"], logStreamName=name
        )
        return Made(name)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        with absence_is_fine():
            context.client("logs").delete_log_stream(
                logGroupName=properties["LogGroupName"], logStreamName=made.physical_id
            )


class ResourcePolicy(ResourceType):
    """Who may write to the account's log groups."""

    name = "AWS::Logs::ResourcePolicy"
    overwrites = True

    def create(self, context: Context, properties: Properties) -> Made:
        self._put(context, properties)
        return Made(properties["PolicyName"])

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        self._put(context, new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        with absence_is_fine():
            context.client("logs").delete_resource_policy(policyName=made.physical_id)

    def taken(self, context: Context, properties: Properties) -> str | None:
        name = str(properties["PolicyName"])
        found = context.client("logs").describe_resource_policies()["resourcePolicies"]
        return name if any(one.get("policyName") == name for one in found) else None

    @staticmethod
    def _put(context: Context, properties: Properties) -> None:
        context.client("logs").put_resource_policy(
            policyName=properties["PolicyName"],
            policyDocument=text_of(properties["PolicyDocument"]),
        )


def _retain(client: Any, name: str, old: Properties, new: Properties) -> None:
    if not changed(old, new, "RetentionInDays"):
        return
    days = new.get("RetentionInDays")
    if days is None:
        client.delete_retention_policy(logGroupName=name)
        return
    try:
        client.put_retention_policy(logGroupName=name, retentionInDays=int(days))
    except ValueError:
        raise Refused(f"RetentionInDays is {days!r}, not a number.", "InvalidRequest") from None


def _put_policy(context: Context, name: str, old: Properties, new: Properties) -> None:
    if not changed(old, new, "ResourcePolicyDocument"):
        return
    client = context.client("logs")
    arn = _arn(context, name)
    if new.get("ResourcePolicyDocument"):
        document = text_of(new["ResourcePolicyDocument"])
        client.put_resource_policy(resourceArn=arn, policyDocument=document)
    else:
        with absence_is_fine():
            client.delete_resource_policy(resourceArn=arn)


def _arn(context: Context, name: str) -> str:
    place = f"{context.region}:{context.account}"
    return f"arn:{context.partition}:logs:{place}:log-group:{name}"


TYPES: tuple[ResourceType, ...] = (LogGroup(), LogStream(), ResourcePolicy())
