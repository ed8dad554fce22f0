"""``AWS::Cognito::*``: users of a stack's pool sign in, and its triggers are called."""

from __future__ import annotations

from typing import Any

import pytest
from engine_fixtures import ROLE, Ear, Engine, error_of
from stack_types_lab import Lab, Resource

from lambda_nb.engine.stacks.model import Refused
from lambda_nb.engine.stacks.types.identity.cognito.identity_pools import (
    IdentityPool,
    IdentityPoolRoleAttachment,
)
from lambda_nb.engine.stacks.types.identity.cognito.user_pool_clients import UserPoolClient
from lambda_nb.engine.stacks.types.identity.cognito.user_pool_members import (
    UserPoolGroup,
    UserPoolUser,
    UserPoolUserToGroupAttachment,
)
from lambda_nb.engine.stacks.types.identity.cognito.user_pool_settings import (
    UserPoolDomain,
    UserPoolIdentityProvider,
    UserPoolResourceServer,
)
from lambda_nb.engine.stacks.types.identity.cognito.user_pools import UserPool

PASSWORD = "Secret-1-secret"


@pytest.fixture
def lab(engine: Engine) -> Lab:
    return Lab(engine, {"team": "blue"})


def pool_of(lab: Lab, **properties: Any) -> Resource:
    return lab.create(UserPool(), properties, "Pool")


def client_of(lab: Lab, pool: Resource, **properties: Any) -> Resource:
    flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    given = {"UserPoolId": pool.ref, "ExplicitAuthFlows": flows, **properties}
    return lab.create(UserPoolClient(), given, "Client")


def sign_in(engine: Engine, client: Resource, user: str) -> dict[str, Any]:
    answer: dict[str, Any] = engine.client("cognito-idp").initiate_auth(
        ClientId=client.ref,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": user, "PASSWORD": PASSWORD},
    )
    return answer


def test_a_trigger_comes_and_goes(engine: Engine, lab: Lab, ear: Ear) -> None:
    name = engine.create(
        ear.say
        + "def handler(event, context):\n"
        + "    say(event['triggerSource'])\n"
        + "    event['response']['autoConfirmUser'] = True\n"
        + "    return event\n"
    )
    arn = engine.client().get_function_configuration(FunctionName=name)["FunctionArn"]
    engine.client().add_permission(
        FunctionName=name,
        StatementId="cognito",
        Action="lambda:InvokeFunction",
        Principal="cognito-idp.amazonaws.com",
    )
    policy = {"PasswordPolicy": {"MinimumLength": "8", "RequireSymbols": "false"}}
    pool = pool_of(lab, LambdaConfig={"PreSignUp": arn}, Policies=policy)
    assert pool.attribute("ProviderName").endswith(f".amazonaws.com/{pool.ref}")
    client = client_of(lab, pool)
    cognito = engine.client("cognito-idp")
    cognito.sign_up(ClientId=client.ref, Username="anna", Password=PASSWORD)
    assert ear.heard == ["PreSignUp_SignUp"]
    assert "AuthenticationResult" in sign_in(engine, client, "anna")

    lab.update(pool, {"Policies": policy})
    cognito.sign_up(ClientId=client.ref, Username="bert", Password=PASSWORD)
    assert ear.heard == ["PreSignUp_SignUp"]
    found = cognito.describe_user_pool(UserPoolId=pool.ref)["UserPool"]
    assert found["Arn"] == pool.attribute("Arn")
    assert found["Policies"]["PasswordPolicy"]["MinimumLength"] == 8
    assert found["UserPoolTags"]["team"] == "blue"
    lab.delete(client)
    lab.delete(pool)
    code, _ = error_of(lambda: cognito.describe_user_pool(UserPoolId=pool.ref))
    assert code == "ResourceNotFoundException"


def test_attributes_are_added_only(engine: Engine, lab: Lab) -> None:
    one = {"Name": "colour", "AttributeDataType": "String", "Mutable": "true"}
    pool = pool_of(lab, Schema=[one])
    more = lab.update(pool, {"Schema": [one, {**one, "Name": "size"}]})
    found = engine.client("cognito-idp").describe_user_pool(UserPoolId=pool.ref)["UserPool"]
    names = {attribute["Name"] for attribute in found["SchemaAttributes"]}
    assert {"custom:colour", "custom:size"} <= names
    with pytest.raises(Refused, match="cannot be modified or deleted"):
        lab.update(more, {"Schema": [one]})
    with pytest.raises(Refused, match="UsernameAttributes"):
        lab.update(more, {**more.properties, "UsernameAttributes": ["email"]})
    with pytest.raises(Refused, match="IssuerConfiguration"):
        pool_of(lab, IssuerConfiguration={"Type": "REGIONAL"})


def test_second_factors(engine: Engine, lab: Lab) -> None:
    pool = pool_of(lab, MfaConfiguration="OPTIONAL", EnabledMfas=["SOFTWARE_TOKEN_MFA"])
    cognito = engine.client("cognito-idp")
    found = cognito.get_user_pool_mfa_config(UserPoolId=pool.ref)
    assert found["MfaConfiguration"] == "OPTIONAL"
    assert found["SoftwareTokenMfaConfiguration"] == {"Enabled": True}
    lab.update(pool, {})
    found = cognito.get_user_pool_mfa_config(UserPoolId=pool.ref)
    assert found["MfaConfiguration"] == "OFF"


def test_a_client_with_a_secret(engine: Engine, lab: Lab) -> None:
    pool = pool_of(lab)
    client = client_of(
        lab, pool, GenerateSecret="true", CallbackURLs=["https://example.com/a"], ClientName="c"
    )
    which = {"UserPoolId": pool.ref, "ClientId": client.ref}
    cognito = engine.client("cognito-idp")
    found = cognito.describe_user_pool_client(**which)["UserPoolClient"]
    assert found["ClientSecret"] == client.attribute("ClientSecret")
    assert client.attribute("Name") == "c"
    changed = lab.update(
        client, {"UserPoolId": pool.ref, "GenerateSecret": "true", "ClientName": "d"}
    )
    assert changed.attribute("Name") == "d"
    assert changed.attribute("ClientSecret") == found["ClientSecret"]
    found = cognito.describe_user_pool_client(**which)["UserPoolClient"]
    assert not found.get("CallbackURLs")


def test_users_and_groups(engine: Engine, lab: Lab) -> None:
    pool, cognito = pool_of(lab), engine.client("cognito-idp")
    group = lab.create(UserPoolGroup(), {"UserPoolId": pool.ref, "Precedence": "3"}, "Group")
    attributes = [{"Name": "email", "Value": "anna@example.com"}]
    user = lab.create(
        UserPoolUser(),
        {
            "UserPoolId": pool.ref,
            "Username": "anna",
            "UserAttributes": attributes,
            "MessageAction": "SUPPRESS",
        },
        "User",
    )
    member = {"UserPoolId": pool.ref, "Username": "anna", "GroupName": group.ref}
    attachment = lab.create(UserPoolUserToGroupAttachment(), member)
    which = {"UserPoolId": pool.ref, "GroupName": group.ref}
    assert [one["Username"] for one in cognito.list_users_in_group(**which)["Users"]] == ["anna"]
    lab.update(group, {"UserPoolId": pool.ref, "Precedence": 4})
    assert cognito.get_group(**which)["Group"]["Precedence"] == 4
    lab.delete(attachment)
    assert cognito.list_users_in_group(**which)["Users"] == []
    lab.delete(user)
    lab.delete(group)
    code, _ = error_of(lambda: cognito.get_group(**which))
    assert code == "ResourceNotFoundException"


def test_what_else_a_pool_has(engine: Engine, lab: Lab) -> None:
    pool, cognito = pool_of(lab), engine.client("cognito-idp")
    name = engine.name("domain")
    domain = lab.create(UserPoolDomain(), {"UserPoolId": pool.ref, "Domain": name}, "Domain")
    assert domain.ref == name
    scopes = [{"ScopeName": "read", "ScopeDescription": "Read"}]
    server = lab.create(
        UserPoolResourceServer(),
        {"UserPoolId": pool.ref, "Identifier": "api", "Name": "n", "Scopes": scopes},
    )
    which = {"UserPoolId": pool.ref, "Identifier": "api"}
    assert cognito.describe_resource_server(**which)["ResourceServer"]["Scopes"] == scopes
    lab.update(server, {**which, "Name": "m"})
    assert cognito.describe_resource_server(**which)["ResourceServer"]["Name"] == "m"
    provider = lab.create(
        UserPoolIdentityProvider(),
        {
            "UserPoolId": pool.ref,
            "ProviderName": "Google",
            "ProviderType": "Google",
            "ProviderDetails": {"client_id": "a", "client_secret": "b", "authorize_scopes": "c"},
            "AttributeMapping": {"email": "email"},
        },
    )
    details = {"client_id": "z", "client_secret": "b", "authorize_scopes": "c"}
    changed = lab.update(provider, {**provider.properties, "ProviderDetails": details})
    found = cognito.describe_identity_provider(UserPoolId=pool.ref, ProviderName="Google")
    assert found["IdentityProvider"]["ProviderDetails"]["client_id"] == "z"
    for resource in (changed, server, domain):
        lab.delete(resource)


def test_an_identity_pool_and_its_roles(engine: Engine, lab: Lab) -> None:
    identity = engine.client("cognito-identity")
    pool = lab.create(IdentityPool(), {"AllowUnauthenticatedIdentities": "true"}, "Identities")
    assert pool.attribute("Id") == pool.ref
    attachment = lab.create(
        IdentityPoolRoleAttachment(),
        {
            "IdentityPoolId": pool.ref,
            "Roles": {"unauthenticated": ROLE},
            "RoleMappings": {
                "google": {
                    "IdentityProvider": "accounts.google.com",
                    "Type": "Token",
                    "AmbiguousRoleResolution": "Deny",
                }
            },
        },
    )
    found = identity.get_identity_pool_roles(IdentityPoolId=pool.ref)
    assert found["Roles"] == {"unauthenticated": ROLE}
    assert list(found["RoleMappings"]) == ["accounts.google.com"]
    changed = lab.update(
        pool, {"AllowUnauthenticatedIdentities": False, "IdentityPoolName": "other"}
    )
    assert changed.attribute("Name") == "other"
    lab.delete(attachment)
    assert identity.get_identity_pool_roles(IdentityPoolId=pool.ref)["Roles"] == {}
    lab.delete(changed)
    with pytest.raises(Refused, match="CognitoStreams"):
        lab.create(IdentityPool(), {"AllowUnauthenticatedIdentities": True, "CognitoStreams": {}})
