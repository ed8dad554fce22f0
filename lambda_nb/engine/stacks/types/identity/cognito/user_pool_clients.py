"""``AWS::Cognito::UserPoolClient``."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType, with_name

_DEFAULTS: dict[str, Any] = {
    "AllowedOAuthFlows": [],
    "AllowedOAuthFlowsUserPoolClient": False,
    "AllowedOAuthScopes": [],
    "AuthSessionValidity": 3,
    "CallbackURLs": [],
    "EnablePropagateAdditionalUserContextData": False,
    "EnableTokenRevocation": True,
    "ExplicitAuthFlows": [],
    "LogoutURLs": [],
    "PreventUserExistenceErrors": "LEGACY",
    "ReadAttributes": [],
    "RefreshTokenValidity": 30,
    "SupportedIdentityProviders": [],
    "TokenValidityUnits": {},
    "WriteAttributes": [],
}
"""What returns when a template leaves out what it had."""


class UserPoolClient(ResourceType):
    """An app client of a user pool."""

    name = "AWS::Cognito::UserPoolClient"

    def create(self, context: Context, properties: Properties) -> Made:
        """Create it."""
        named = with_name(context, properties, "ClientName", 128)
        client = context.client("cognito-idp").create_user_pool_client(
            **shapes.parameters("cognito-idp", "CreateUserPoolClient", named)
        )["UserPoolClient"]
        return _made(client)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change it; what is left out returns to its default."""
        left_out = {
            name: default for name, default in _DEFAULTS.items() if name in old and name not in new
        }
        parameters = shapes.parameters(
            "cognito-idp", "UpdateUserPoolClient", {**left_out, **new, "ClientId": made.physical_id}
        )
        client = context.client("cognito-idp").update_user_pool_client(**parameters)
        return _made(client["UserPoolClient"])

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete it."""
        with absence_is_fine():
            context.client("cognito-idp").delete_user_pool_client(
                UserPoolId=properties["UserPoolId"], ClientId=made.physical_id
            )


def _made(client: dict[str, Any]) -> Made:
    return Made(
        client["ClientId"],
        {
            "ClientId": client["ClientId"],
            "ClientSecret": client.get("ClientSecret", ""),
            "Name": client["ClientName"],
        },
    )


TYPES: tuple[ResourceType, ...] = (UserPoolClient(),)
