"""What is changed in moto's Cognito."""

from __future__ import annotations

import base64
import json
from typing import Any

from engine_fixtures import Engine

PASSWORD = "Secret-1-secret"


def claims(token: str) -> dict[str, Any]:
    """What a token says."""
    payload = token.split(".")[1]
    told: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return told


def test_identity_tokens_have_what_their_client_may_read(engine: Engine) -> None:
    cognito = engine.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName=engine.name())["UserPool"]["Id"]
    attributes = {"email": "ada@example.com", "email_verified": "true", "name": "Ada"}
    cognito.admin_create_user(
        UserPoolId=pool,
        Username="ada",
        UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
    )
    cognito.admin_set_user_password(
        UserPoolId=pool, Username="ada", Password=PASSWORD, Permanent=True
    )

    def tokens(**settings: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        client = cognito.create_user_pool_client(
            UserPoolId=pool,
            ClientName="tests",
            ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            **settings,
        )["UserPoolClient"]
        assert client.get("ReadAttributes") == settings.get("ReadAttributes")
        given = cognito.admin_initiate_auth(
            UserPoolId=pool,
            ClientId=client["ClientId"],
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
        )["AuthenticationResult"]
        return claims(given["IdToken"]), claims(given["AccessToken"])

    identity, access = tokens()
    assert (identity["email"], identity["name"]) == ("ada@example.com", "Ada")
    assert identity["email_verified"] is True
    assert not {*attributes} & {*access}
    identity, _ = tokens(ReadAttributes=["name"])
    assert identity["name"] == "Ada"
    assert not {"email", "email_verified"} & {*identity}
