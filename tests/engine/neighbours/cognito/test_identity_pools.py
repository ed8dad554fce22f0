"""Identity pools give who has signed in the keys of their role, and nobody else."""

from __future__ import annotations

from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from engine_fixtures import Engine


@pytest.mark.slow
def test_an_identity_gets_the_keys_of_its_role(engine: Engine) -> None:
    users, pools = engine.client("cognito-idp"), engine.client("cognito-identity")
    pool = users.create_user_pool(PoolName=engine.name())["UserPool"]["Id"]
    client = users.create_user_pool_client(
        UserPoolId=pool, ClientName="app", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    users.admin_create_user(UserPoolId=pool, Username="ada", MessageAction="SUPPRESS")
    users.admin_set_user_password(
        UserPoolId=pool, Username="ada", Password="Secret-1-secret", Permanent=True
    )
    result = users.initiate_auth(
        ClientId=client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": "Secret-1-secret"},
    )["AuthenticationResult"]
    provider = f"cognito-idp.{engine.region}.amazonaws.com/{pool}"
    identities = pools.create_identity_pool(
        IdentityPoolName="app",
        AllowUnauthenticatedIdentities=False,
        CognitoIdentityProviders=[{"ProviderName": provider, "ClientId": client}],
    )["IdentityPoolId"]
    role = f"arn:aws:iam::{engine.account}:role/app-user"
    pools.set_identity_pool_roles(IdentityPoolId=identities, Roles={"authenticated": role})
    told = pools.get_identity_pool_roles(IdentityPoolId=identities)
    assert told["Roles"] == {"authenticated": role}

    app = engine.client("cognito-identity", config=Config(signature_version=UNSIGNED))

    def keys(token: str) -> dict[str, Any]:
        logins = {provider: token}
        who = app.get_id(IdentityPoolId=identities, Logins=logins)["IdentityId"]
        given: dict[str, Any] = app.get_credentials_for_identity(IdentityId=who, Logins=logins)
        return given["Credentials"]  # type: ignore[no-any-return]

    made = keys(result["IdToken"])
    caller = engine.client(
        "sts",
        aws_access_key_id=made["AccessKeyId"],
        aws_secret_access_key=made["SecretKey"],
        aws_session_token=made["SessionToken"],
    ).get_caller_identity()
    assert caller["Arn"].endswith("assumed-role/app-user/CognitoIdentityCredentials")
    for token in (result["AccessToken"], "nonsense"):
        with pytest.raises(ClientError, match="Invalid login token"):
            keys(token)
    with pytest.raises(ClientError, match="Unauthenticated access is not supported"):
        app.get_id(IdentityPoolId=identities)
