"""``AWS::IAM::User``, ``Group``, ``UserToGroupAddition`` and ``AccessKey``."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.identity.attachments import GROUP, USER
from lambda_nb.engine.stacks.types.identity.roles import IAM_TAGS
from lambda_nb.engine.stacks.types.resource_type import ResourceType, changed, given
from lambda_nb.engine.stacks.types.values import is_true


class User(ResourceType):
    """A user with policies, groups and a password."""

    name = "AWS::IAM::User"

    def create(self, context: Context, properties: Properties) -> Made:
        """Create it, with all that belongs to it."""
        iam, name = context.client("iam"), str(properties.get("UserName") or context.name(64))
        user = iam.create_user(
            **given(
                UserName=name,
                Path=properties.get("Path"),
                PermissionsBoundary=properties.get("PermissionsBoundary"),
            ),
            Tags=IAM_TAGS.form(IAM_TAGS.wanted(context, properties)),
        )["User"]
        context.made(name)
        self._bring(iam, name, {}, properties)
        return Made(name, {"Arn": user["Arn"]})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change what belongs to it."""
        iam, name = context.client("iam"), made.physical_id
        if changed(old, new, "Path"):
            iam.update_user(UserName=name, NewPath=new.get("Path") or "/")
        if changed(old, new, "PermissionsBoundary"):
            USER.bound(iam, name, new.get("PermissionsBoundary"))
        self._bring(iam, name, old, new)
        IAM_TAGS.change(
            context,
            old,
            new,
            lambda wanted: iam.tag_user(UserName=name, Tags=wanted),
            lambda keys: iam.untag_user(UserName=name, TagKeys=keys),
        )
        return Made(name, {"Arn": iam.get_user(UserName=name)["User"]["Arn"]})

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete it, with all that belongs to it."""
        iam, name = context.client("iam"), made.physical_id
        self._bring(iam, name, properties, {})
        with absence_is_fine():
            iam.delete_user(UserName=name)

    def _bring(self, iam: Any, name: str, old: Properties, new: Properties) -> None:
        USER.bring(iam, name, old, new)
        before, after = set(old.get("Groups") or ()), set(new.get("Groups") or ())
        _bring_members(iam, {(group, name) for group in before}, {(one, name) for one in after})
        if changed(old, new, "LoginProfile"):
            _bring_password(iam, name, old.get("LoginProfile"), new.get("LoginProfile"))


class Group(ResourceType):
    """A group of users with its policies."""

    name = "AWS::IAM::Group"

    def create(self, context: Context, properties: Properties) -> Made:
        """Create it, and give it its policies."""
        iam, name = context.client("iam"), str(properties.get("GroupName") or context.name(128))
        group = iam.create_group(**given(GroupName=name, Path=properties.get("Path")))["Group"]
        context.made(name)
        GROUP.bring(iam, name, {}, properties)
        return Made(name, {"Arn": group["Arn"]})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change its path and policies."""
        iam, name = context.client("iam"), made.physical_id
        if changed(old, new, "Path"):
            iam.update_group(GroupName=name, NewPath=new.get("Path") or "/")
        GROUP.bring(iam, name, old, new)
        return Made(name, {"Arn": iam.get_group(GroupName=name)["Group"]["Arn"]})

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Take its policies away and delete it."""
        iam, name = context.client("iam"), made.physical_id
        GROUP.bring(iam, name, properties, {})
        with absence_is_fine():
            iam.delete_group(GroupName=name)


class UserToGroupAddition(ResourceType):
    """Users in a group."""

    name = "AWS::IAM::UserToGroupAddition"

    def create(self, context: Context, properties: Properties) -> Made:
        """Add the users."""
        identifier = context.name(128)
        context.made(identifier)
        _bring_members(context.client("iam"), set(), _members(properties))
        return Made(identifier, {"Id": identifier})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Add the new users and remove those who left."""
        _bring_members(context.client("iam"), _members(old), _members(new))
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Remove the users."""
        _bring_members(context.client("iam"), _members(properties), set())


class AccessKey(ResourceType):
    """The keys of a user."""

    name = "AWS::IAM::AccessKey"

    def create(self, context: Context, properties: Properties) -> Made:
        """Create them; only now is the secret told."""
        iam, user = context.client("iam"), properties["UserName"]
        key = iam.create_access_key(UserName=user)["AccessKey"]
        identifier = key["AccessKeyId"]
        context.made(identifier)
        self._set_status(context, identifier, properties)
        return Made(identifier, {"Id": identifier, "SecretAccessKey": key["SecretAccessKey"]})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Switch them on or off."""
        self._set_status(context, made.physical_id, new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete them."""
        with absence_is_fine():
            context.client("iam").delete_access_key(
                UserName=properties["UserName"], AccessKeyId=made.physical_id
            )

    def _set_status(self, context: Context, identifier: str, properties: Properties) -> None:
        context.client("iam").update_access_key(
            UserName=properties["UserName"],
            AccessKeyId=identifier,
            Status=properties.get("Status") or "Active",
        )


def _members(properties: Properties) -> set[tuple[str, str]]:
    return {(str(properties["GroupName"]), str(user)) for user in properties["Users"]}


def _bring_members(iam: Any, old: set[tuple[str, str]], new: set[tuple[str, str]]) -> None:
    """Add and remove pairs of a group and a user."""
    for group, user in sorted(new - old):
        iam.add_user_to_group(GroupName=group, UserName=user)
    for group, user in sorted(old - new):
        with absence_is_fine():
            iam.remove_user_from_group(GroupName=group, UserName=user)


def _bring_password(iam: Any, name: str, old: Any, new: Any) -> None:
    if not new:
        with absence_is_fine():
            iam.delete_login_profile(UserName=name)
        return
    must_change = is_true(new.get("PasswordResetRequired"))
    call = iam.update_login_profile if old else iam.create_login_profile
    call(UserName=name, Password=new["Password"], PasswordResetRequired=must_change)


TYPES: tuple[ResourceType, ...] = (User(), Group(), UserToGroupAddition(), AccessKey())
