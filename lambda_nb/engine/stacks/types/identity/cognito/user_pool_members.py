"""``AWS::Cognito::UserPoolGroup``, ``UserPoolUser`` and ``UserPoolUserToGroupAttachment``."""

from __future__ import annotations

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType, with_name

_ABSENT = "UserNotFoundException"


class UserPoolGroup(ResourceType):
    """A group of a user pool."""

    name = "AWS::Cognito::UserPoolGroup"

    def create(self, context: Context, properties: Properties) -> Made:
        """Create it."""
        named = with_name(context, properties, "GroupName", 128)
        context.client("cognito-idp").create_group(
            **shapes.parameters("cognito-idp", "CreateGroup", named)
        )
        return Made(str(named["GroupName"]))

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change its description, its role and its rank."""
        whole = {"Description": "", **new, "GroupName": made.physical_id}
        context.client("cognito-idp").update_group(
            **shapes.parameters("cognito-idp", "UpdateGroup", whole)
        )
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete it; its users stay."""
        with absence_is_fine():
            context.client("cognito-idp").delete_group(
                UserPoolId=properties["UserPoolId"], GroupName=made.physical_id
            )


class UserPoolUser(ResourceType):
    """A user whom an administrator makes: never changed, only replaced."""

    name = "AWS::Cognito::UserPoolUser"

    def create(self, context: Context, properties: Properties) -> Made:
        """Create it."""
        named = with_name(context, properties, "Username", 128)
        user = context.client("cognito-idp").admin_create_user(
            **shapes.parameters("cognito-idp", "AdminCreateUser", named)
        )["User"]
        return Made(str(user["Username"]))

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Nothing of it can change in place."""
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete it."""
        with absence_is_fine(_ABSENT):
            context.client("cognito-idp").admin_delete_user(
                UserPoolId=properties["UserPoolId"], Username=made.physical_id
            )


class UserPoolUserToGroupAttachment(ResourceType):
    """A user in a group."""

    name = "AWS::Cognito::UserPoolUserToGroupAttachment"

    def create(self, context: Context, properties: Properties) -> Made:
        """Add the user to the group."""
        identifier = context.name(128)
        context.client("cognito-idp").admin_add_user_to_group(
            **shapes.parameters("cognito-idp", "AdminAddUserToGroup", properties)
        )
        return Made(identifier)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Nothing of it can change in place."""
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Remove the user from the group."""
        with absence_is_fine(_ABSENT):
            context.client("cognito-idp").admin_remove_user_from_group(
                **shapes.parameters("cognito-idp", "AdminRemoveUserFromGroup", properties)
            )


TYPES: tuple[ResourceType, ...] = (
    UserPoolGroup(),
    UserPoolUser(),
    UserPoolUserToGroupAttachment(),
)
