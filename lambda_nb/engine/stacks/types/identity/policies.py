"""``AWS::IAM::Policy``, ``ManagedPolicy``, ``RolePolicy``, ``UserPolicy`` and ``GroupPolicy``."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.identity.attachments import (
    GROUP,
    ROLE,
    USER,
    Holder,
    holders,
)
from lambda_nb.engine.stacks.types.reading import like
from lambda_nb.engine.stacks.types.resource_type import ResourceType, changed, given
from lambda_nb.engine.stacks.types.values import text_of

_MOST_VERSIONS = 5
"""Versions that a managed policy can have (IAM User Guide, quotas, 2026)."""


class Policy(ResourceType):
    """An inline policy of roles, users and groups."""

    name = "AWS::IAM::Policy"

    def create(self, context: Context, properties: Properties) -> Made:
        """Put it everywhere."""
        _check(properties)
        identifier = context.name(128)
        context.made(identifier)
        self._put(context, properties)
        return Made(identifier, {"Id": identifier})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Put it everywhere, then remove it where it does not belong any more."""
        _check(new)
        self._put(context, new)
        kept = set(holders(new)) if old["PolicyName"] == new["PolicyName"] else set()
        iam = context.client("iam")
        for holder, name in holders(old):
            if (holder, name) not in kept:
                holder.remove(iam, name, old["PolicyName"])
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Remove it everywhere."""
        iam = context.client("iam")
        for holder, name in holders(properties):
            holder.remove(iam, name, properties["PolicyName"])

    def _put(self, context: Context, properties: Properties) -> None:
        iam = context.client("iam")
        for holder, name in holders(properties):
            holder.put(iam, name, properties["PolicyName"], properties["PolicyDocument"])


class ManagedPolicy(ResourceType):
    """A policy of its own, and to whom it is attached."""

    name = "AWS::IAM::ManagedPolicy"

    def create(self, context: Context, properties: Properties) -> Made:
        """Create and attach it."""
        iam = context.client("iam")
        arn = iam.create_policy(
            **given(
                PolicyName=properties.get("ManagedPolicyName") or context.name(128),
                PolicyDocument=text_of(properties["PolicyDocument"]),
                Description=properties.get("Description"),
                Path=properties.get("Path"),
            )
        )["Policy"]["Arn"]
        context.made(arn)
        for holder, name in holders(properties):
            holder.attach(iam, name, arn)
        return _described(iam, arn)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Make a new version the default, and attach it to others."""
        iam, arn = context.client("iam"), made.physical_id
        if changed(old, new, "PolicyDocument"):
            versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
            if len(versions) >= _MOST_VERSIONS:
                oldest = min(
                    (one for one in versions if not one["IsDefaultVersion"]),
                    key=lambda one: int(one["VersionId"][1:]),
                )
                iam.delete_policy_version(PolicyArn=arn, VersionId=oldest["VersionId"])
            iam.create_policy_version(
                PolicyArn=arn, PolicyDocument=text_of(new["PolicyDocument"]), SetAsDefault=True
            )
        before, after = set(holders(old)), set(holders(new))
        for holder, name in after - before:
            holder.attach(iam, name, arn)
        for holder, name in before - after:
            holder.detach(iam, name, arn)
        return _described(iam, arn)

    def read(self, context: Context, made: Made, properties: Properties) -> Properties | None:
        """Its document."""
        iam, arn = context.client("iam"), made.physical_id
        document: Any = None
        with absence_is_fine():
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            told = iam.get_policy_version(PolicyArn=arn, VersionId=version)
            document = told["PolicyVersion"]["Document"]
        if document is None:
            return None
        given_one = properties["PolicyDocument"]
        return {**properties, "PolicyDocument": like(given_one, document)}

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Detach it from those that the template names, and delete it."""
        iam, arn = context.client("iam"), made.physical_id
        for holder, name in holders(properties):
            holder.detach(iam, name, arn)
        with absence_is_fine():
            for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
                if not version["IsDefaultVersion"]:
                    iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])
            iam.delete_policy(PolicyArn=arn)


class _OneInlinePolicy(ResourceType):
    """An inline policy of one role, user or group; ``Ref`` is its name and its holder's."""

    holder: Holder
    overwrites = True

    def create(self, context: Context, properties: Properties) -> Made:
        """Put it."""
        self._put(context, properties)
        return Made(f"{properties['PolicyName']}|{properties[self.holder.key]}")

    def taken(self, context: Context, properties: Properties) -> str | None:
        """Its name and its holder's, if that has such a policy."""
        policy, name = properties["PolicyName"], properties[self.holder.key]
        return f"{policy}|{name}" if self.holder.has(context.client("iam"), name, policy) else None

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Put the new document."""
        self._put(context, new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Remove it."""
        self.holder.remove(
            context.client("iam"), properties[self.holder.key], properties["PolicyName"]
        )

    def _put(self, context: Context, properties: Properties) -> None:
        self.holder.put(
            context.client("iam"),
            properties[self.holder.key],
            properties["PolicyName"],
            properties.get("PolicyDocument") or {},
        )


class RolePolicy(_OneInlinePolicy):
    """An inline policy of a role."""

    name = "AWS::IAM::RolePolicy"
    holder = ROLE


class UserPolicy(_OneInlinePolicy):
    """An inline policy of a user."""

    name = "AWS::IAM::UserPolicy"
    holder = USER


class GroupPolicy(_OneInlinePolicy):
    """An inline policy of a group."""

    name = "AWS::IAM::GroupPolicy"
    holder = GROUP


def _check(properties: Properties) -> None:
    if not holders(properties):
        raise Refused(
            "At least one of [Groups,Roles,Users] must be non-empty.",
            "InvalidRequest",
            untouched=True,
        )


def _described(iam: Any, arn: str) -> Made:
    policy = iam.get_policy(PolicyArn=arn)["Policy"]
    return Made(
        arn,
        {
            "PolicyArn": arn,
            "AttachmentCount": policy["AttachmentCount"],
            "CreateDate": policy["CreateDate"].isoformat(),
            "DefaultVersionId": policy["DefaultVersionId"],
            "IsAttachable": policy["IsAttachable"],
            "PermissionsBoundaryUsageCount": policy.get("PermissionsBoundaryUsageCount", 0),
            "PolicyId": policy["PolicyId"],
            "UpdateDate": policy["UpdateDate"].isoformat(),
        },
    )


TYPES: tuple[ResourceType, ...] = (
    Policy(),
    ManagedPolicy(),
    RolePolicy(),
    UserPolicy(),
    GroupPolicy(),
)
