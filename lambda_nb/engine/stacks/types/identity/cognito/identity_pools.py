"""``AWS::Cognito::IdentityPool`` and ``IdentityPoolRoleAttachment``."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types import schemas, shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType, refuse_unknown, with_name
from lambda_nb.engine.stacks.types.tagging import MAPPED

_SYNC = frozenset({"CognitoEvents", "CognitoStreams", "PushSync"})
"""Of Cognito Sync, which new accounts do not have."""


class IdentityPool(ResourceType):
    """An identity pool."""

    name = "AWS::Cognito::IdentityPool"

    def create(self, context: Context, properties: Properties) -> Made:
        """Create it."""
        self._check(properties)
        named = with_name(context, properties, "IdentityPoolName", 128)
        pool = context.client("cognito-identity").create_identity_pool(
            **_parameters(context, "CreateIdentityPool", named)
        )
        return _made(pool)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change it whole: what is left out is gone."""
        self._check(new)
        whole = {
            "CognitoIdentityProviders": [],
            "OpenIdConnectProviderARNs": [],
            "SamlProviderARNs": [],
            "SupportedLoginProviders": {},
            "IdentityPoolName": made.attributes["Name"],
            **new,
            "IdentityPoolId": made.physical_id,
        }
        pool = context.client("cognito-identity").update_identity_pool(
            **_parameters(context, "UpdateIdentityPool", whole)
        )
        return _made(pool)

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete it."""
        with absence_is_fine():
            context.client("cognito-identity").delete_identity_pool(IdentityPoolId=made.physical_id)

    def _check(self, properties: Properties) -> None:
        refuse_unknown(self.name, properties, schemas.of(self.name).settable - _SYNC)


class IdentityPoolRoleAttachment(ResourceType):
    """The roles of an identity pool's users."""

    name = "AWS::Cognito::IdentityPoolRoleAttachment"

    def create(self, context: Context, properties: Properties) -> Made:
        """Set the roles."""
        self._set(context, properties)
        pool = str(properties["IdentityPoolId"])
        return Made(pool, {"Id": pool})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Set the other roles."""
        self._set(context, new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Take the roles away."""
        with absence_is_fine():
            context.client("cognito-identity").set_identity_pool_roles(
                IdentityPoolId=made.physical_id, Roles={}
            )

    def _set(self, context: Context, properties: Properties) -> None:
        mappings = {
            str(mapping.get("IdentityProvider") or key): {
                name: held for name, held in mapping.items() if name != "IdentityProvider"
            }
            for key, mapping in (properties.get("RoleMappings") or {}).items()
        }
        whole = {"Roles": {}, **properties, "RoleMappings": mappings}
        context.client("cognito-identity").set_identity_pool_roles(
            **shapes.parameters("cognito-identity", "SetIdentityPoolRoles", whole)
        )


def _parameters(context: Context, operation: str, properties: Properties) -> dict[str, Any]:
    tags = MAPPED.wanted(context, {"Tags": properties.get("IdentityPoolTags")})
    tagged = {**properties, "IdentityPoolTags": tags}
    return shapes.parameters("cognito-identity", operation, tagged)


def _made(pool: dict[str, Any]) -> Made:
    identifier = pool["IdentityPoolId"]
    return Made(identifier, {"Id": identifier, "Name": pool["IdentityPoolName"]})


TYPES: tuple[ResourceType, ...] = (IdentityPool(), IdentityPoolRoleAttachment())
