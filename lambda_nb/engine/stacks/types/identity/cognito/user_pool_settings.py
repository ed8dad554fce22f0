"""``AWS::Cognito::UserPoolDomain``, ``UserPoolResourceServer``, ``UserPoolIdentityProvider``."""

from __future__ import annotations

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType, changed, refuse_unknown

_DOMAIN_WORKS = frozenset({"CustomDomainConfig", "Domain", "ManagedLoginVersion", "UserPoolId"})


class UserPoolDomain(ResourceType):
    """The name under which a user pool has its pages."""

    name = "AWS::Cognito::UserPoolDomain"
    overwrites = True

    def create(self, context: Context, properties: Properties) -> Made:
        """Create it."""
        refuse_unknown(self.name, properties, _DOMAIN_WORKS)
        parameters = shapes.parameters("cognito-idp", "CreateUserPoolDomain", properties)
        answer = context.client("cognito-idp").create_user_pool_domain(**parameters)
        domain = str(properties["Domain"])
        return Made(domain, {"CloudFrontDistribution": answer.get("CloudFrontDomain", "")})

    def taken(self, context: Context, properties: Properties) -> str | None:
        """The domain, if a user pool has it."""
        domain = str(properties["Domain"])
        answer = context.client("cognito-idp").describe_user_pool_domain(Domain=domain)
        return domain if answer.get("DomainDescription") else None

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change its certificate."""
        refuse_unknown(self.name, new, _DOMAIN_WORKS)
        if changed(old, new, "CustomDomainConfig", "ManagedLoginVersion"):
            parameters = shapes.parameters("cognito-idp", "UpdateUserPoolDomain", new)
            context.client("cognito-idp").update_user_pool_domain(**parameters)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete it."""
        with absence_is_fine():
            context.client("cognito-idp").delete_user_pool_domain(
                Domain=made.physical_id, UserPoolId=properties["UserPoolId"]
            )


class UserPoolResourceServer(ResourceType):
    """An API and the scopes that clients can ask for."""

    name = "AWS::Cognito::UserPoolResourceServer"

    def create(self, context: Context, properties: Properties) -> Made:
        """Create it."""
        context.client("cognito-idp").create_resource_server(
            **shapes.parameters("cognito-idp", "CreateResourceServer", properties)
        )
        return Made(str(properties["Identifier"]))

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change its name and scopes."""
        scoped = {"Scopes": [], **new}
        context.client("cognito-idp").update_resource_server(
            **shapes.parameters("cognito-idp", "UpdateResourceServer", scoped)
        )
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete it."""
        with absence_is_fine():
            context.client("cognito-idp").delete_resource_server(
                UserPoolId=properties["UserPoolId"], Identifier=made.physical_id
            )


class UserPoolIdentityProvider(ResourceType):
    """Another identity provider whose users may sign in."""

    name = "AWS::Cognito::UserPoolIdentityProvider"

    def create(self, context: Context, properties: Properties) -> Made:
        """Create it."""
        context.client("cognito-idp").create_identity_provider(
            **shapes.parameters("cognito-idp", "CreateIdentityProvider", properties)
        )
        return Made(str(properties["ProviderName"]))

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change how it is reached and what its attributes are."""
        whole = {"AttributeMapping": {}, "IdpIdentifiers": [], **new}
        context.client("cognito-idp").update_identity_provider(
            **shapes.parameters("cognito-idp", "UpdateIdentityProvider", whole)
        )
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete it."""
        with absence_is_fine():
            context.client("cognito-idp").delete_identity_provider(
                UserPoolId=properties["UserPoolId"], ProviderName=made.physical_id
            )


TYPES: tuple[ResourceType, ...] = (
    UserPoolDomain(),
    UserPoolResourceServer(),
    UserPoolIdentityProvider(),
)
