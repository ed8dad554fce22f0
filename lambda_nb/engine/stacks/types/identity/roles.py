"""``AWS::IAM::Role``, ``InstanceProfile`` and ``ServiceLinkedRole``."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.identity.attachments import ROLE
from lambda_nb.engine.stacks.types.reading import like
from lambda_nb.engine.stacks.types.resource_type import ResourceType, changed, given
from lambda_nb.engine.stacks.types.tagging import Tagging, own_tags, tags_of
from lambda_nb.engine.stacks.types.values import text_of

IAM_TAGS = Tagging(reserved=False)
"""IAM keeps ``aws:`` for itself: CloudFormation's own tags are not on roles and users."""
_SESSION_S = 3600
"""A role's longest session unless its template says so (IAM API reference, CreateRole, 2026)."""


class Role(ResourceType):
    """A role with its policies."""

    name = "AWS::IAM::Role"

    def create(self, context: Context, properties: Properties) -> Made:
        """Create it, and give it its policies."""
        iam, name = context.client("iam"), str(properties.get("RoleName") or context.name(64))
        duration = properties.get("MaxSessionDuration")
        role = iam.create_role(
            **given(
                RoleName=name,
                AssumeRolePolicyDocument=text_of(properties["AssumeRolePolicyDocument"]),
                Description=properties.get("Description"),
                MaxSessionDuration=None if duration is None else int(duration),
                Path=properties.get("Path"),
                PermissionsBoundary=properties.get("PermissionsBoundary"),
            ),
            Tags=IAM_TAGS.form(IAM_TAGS.wanted(context, properties)),
        )["Role"]
        context.made(name)
        ROLE.bring(iam, name, {}, properties)
        return Made(name, {"Arn": role["Arn"], "RoleId": role["RoleId"]})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change who may assume it, its limits, its policies and its tags."""
        iam, name = context.client("iam"), made.physical_id
        if changed(old, new, "AssumeRolePolicyDocument"):
            iam.update_assume_role_policy(
                RoleName=name, PolicyDocument=text_of(new["AssumeRolePolicyDocument"])
            )
        if changed(old, new, "Description", "MaxSessionDuration"):
            iam.update_role(
                RoleName=name,
                Description=new.get("Description") or "",
                MaxSessionDuration=int(new.get("MaxSessionDuration") or _SESSION_S),
            )
        if changed(old, new, "PermissionsBoundary"):
            ROLE.bound(iam, name, new.get("PermissionsBoundary"))
        ROLE.bring(iam, name, old, new)
        IAM_TAGS.change(
            context,
            old,
            new,
            lambda wanted: iam.tag_role(RoleName=name, Tags=wanted),
            lambda keys: iam.untag_role(RoleName=name, TagKeys=keys),
        )
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Take its own policies away and delete it."""
        iam, name = context.client("iam"), made.physical_id
        ROLE.bring(iam, name, properties, {})
        with absence_is_fine():
            iam.delete_role(RoleName=name)

    def read(self, context: Context, made: Made, properties: Properties) -> Properties | None:
        """Its settings, without policies."""
        iam = context.client("iam")
        try:
            role = iam.get_role(RoleName=made.physical_id)["Role"]
        except iam.exceptions.NoSuchEntityException:
            return None
        boundary: dict[str, Any] = role.get("PermissionsBoundary") or {}
        role["PermissionsBoundary"] = boundary.get("PermissionsBoundaryArn")
        role["Tags"] = own_tags(context, properties, tags_of(role))
        trusted = properties["AssumeRolePolicyDocument"]
        if isinstance(trusted, str):
            role["AssumeRolePolicyDocument"] = like(trusted, role["AssumeRolePolicyDocument"])
        return {**properties, **{name: role[name] for name in properties if name in role}}


class InstanceProfile(ResourceType):
    """An instance profile with its role."""

    name = "AWS::IAM::InstanceProfile"

    def create(self, context: Context, properties: Properties) -> Made:
        """Create it, and add its role."""
        iam = context.client("iam")
        name = str(properties.get("InstanceProfileName") or context.name(128))
        profile = iam.create_instance_profile(
            **given(InstanceProfileName=name, Path=properties.get("Path"))
        )["InstanceProfile"]
        context.made(name)
        _bring_roles(iam, name, [], properties["Roles"])
        return Made(name, {"Arn": profile["Arn"]})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change its role."""
        _bring_roles(context.client("iam"), made.physical_id, old["Roles"], new["Roles"])
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Remove its role and delete it."""
        iam = context.client("iam")
        _bring_roles(iam, made.physical_id, properties["Roles"], [])
        with absence_is_fine():
            iam.delete_instance_profile(InstanceProfileName=made.physical_id)


class ServiceLinkedRole(ResourceType):
    """The role that a service makes for itself."""

    name = "AWS::IAM::ServiceLinkedRole"

    def create(self, context: Context, properties: Properties) -> Made:
        """Create it."""
        role = context.client("iam").create_service_linked_role(
            **given(
                AWSServiceName=properties.get("AWSServiceName"),
                Description=properties.get("Description"),
                CustomSuffix=properties.get("CustomSuffix"),
            )
        )["Role"]
        return Made(role["RoleName"], {"RoleName": role["RoleName"]})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change its description."""
        context.client("iam").update_role(
            RoleName=made.physical_id, Description=new.get("Description") or ""
        )
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete it."""
        with absence_is_fine():
            context.client("iam").delete_service_linked_role(RoleName=made.physical_id)


def _bring_roles(iam: Any, profile: str, old: list[str], new: list[str]) -> None:
    """The old role goes first: a profile holds one."""
    for role in old:
        if role not in new:
            with absence_is_fine():
                iam.remove_role_from_instance_profile(InstanceProfileName=profile, RoleName=role)
    for role in new:
        if role not in old:
            iam.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=role)


TYPES: tuple[ResourceType, ...] = (Role(), InstanceProfile(), ServiceLinkedRole())
