"""Users of a user pool, from sign-up to sign-out, with real codes and real passwords."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from cognito_lab import PASSWORD
from engine_fixtures import Engine, error_of

from lambda_nb.engine.neighbours.services.cognito.flows.srp import Exchange


def claims(token: str) -> dict[str, Any]:
    """What a token says."""
    payload = token.split(".")[1]
    told: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return told


class Pool:
    """A user pool with one app client, and a user's client, which has no keys."""

    def __init__(self, engine: Engine, **settings: Any) -> None:
        self.admin = engine.client("cognito-idp")
        self.engine = engine
        made = self.admin.create_user_pool(
            PoolName=engine.name("pool"),
            AutoVerifiedAttributes=["email"],
            **settings,
        )["UserPool"]
        self.id, self.arn = made["Id"], made["Arn"]
        self.client_id = self.app_client()["ClientId"]
        self.user = engine.client("cognito-idp", config=Config(signature_version=UNSIGNED))

    def app_client(self, **settings: Any) -> dict[str, Any]:
        flows = ("USER_PASSWORD_AUTH", "USER_SRP_AUTH", "REFRESH_TOKEN_AUTH", "CUSTOM_AUTH")
        made: dict[str, Any] = self.admin.create_user_pool_client(
            UserPoolId=self.id,
            ClientName="app",
            ExplicitAuthFlows=[f"ALLOW_{flow}" for flow in (*flows, "ADMIN_USER_PASSWORD_AUTH")],
            **settings,
        )["UserPoolClient"]
        return made

    def sign_up(self, name: str, **more: Any) -> dict[str, Any]:
        email = {"Name": "email", "Value": f"{name}@example.com"}
        told: dict[str, Any] = self.user.sign_up(
            ClientId=self.client_id,
            Username=name,
            Password=PASSWORD,
            UserAttributes=[email],
            **more,
        )
        return told

    def messages(self, name: str) -> list[dict[str, Any]]:
        """What was sent to a user of the pool."""
        logs = self.engine.client("logs")
        found = logs.filter_log_events(logGroupName="/lambda-nb/messages")["events"]
        told = [json.loads(one["message"]) for one in found]
        return [one for one in told if one.get("username") == name and one["userPoolId"] == self.id]

    def code(self, name: str) -> str:
        """The code in the last message to a user."""
        (code,) = re.findall(r"\d{6}", self.messages(name)[-1]["text"])
        return str(code)

    def confirmed(self, name: str) -> str:
        """A user who has signed up and confirmed."""
        self.sign_up(name)
        self.user.confirm_sign_up(
            ClientId=self.client_id, Username=name, ConfirmationCode=self.code(name)
        )
        return name

    def sign_in(self, name: str, password: str = PASSWORD, **more: Any) -> dict[str, Any]:
        told: dict[str, Any] = self.user.initiate_auth(
            ClientId=self.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": password},
            **more,
        )
        return told


@pytest.fixture(scope="module")
def pool(engine: Engine) -> Iterator[Pool]:
    made = Pool(engine)
    yield made
    made.admin.delete_user_pool(UserPoolId=made.id)


def test_a_user_confirms_with_the_code_that_was_mailed(pool: Pool) -> None:
    told = pool.sign_up("ada")
    assert told["UserConfirmed"] is False
    assert told["CodeDeliveryDetails"] == {
        "Destination": "a***@e***",
        "DeliveryMedium": "EMAIL",
        "AttributeName": "email",
    }
    (mail,) = pool.messages("ada")
    assert (mail["to"], mail["subject"]) == ("ada@example.com", "Your verification code")
    assert error_of(lambda: pool.sign_in("ada")) == (
        "UserNotConfirmedException",
        "User is not confirmed.",
    )
    code = pool.code("ada")
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    names = {"ClientId": pool.client_id, "Username": "ada"}
    assert error_of(lambda: pool.user.confirm_sign_up(ConfirmationCode=wrong, **names)) == (
        "CodeMismatchException",
        "Invalid verification code provided, please try again.",
    )
    pool.user.resend_confirmation_code(**names)
    assert pool.code("ada") != code or len(pool.messages("ada")) == 2
    pool.user.confirm_sign_up(ConfirmationCode=pool.code("ada"), **names)
    assert error_of(lambda: pool.user.confirm_sign_up(ConfirmationCode="1", **names)) == (
        "NotAuthorizedException",
        "User cannot be confirmed. Current status is CONFIRMED",
    )
    found = pool.admin.admin_get_user(UserPoolId=pool.id, Username="ada")
    attributes = {one["Name"]: one["Value"] for one in found["UserAttributes"]}
    assert (found["UserStatus"], attributes["email_verified"]) == ("CONFIRMED", "true")
    assert error_of(lambda: pool.sign_up("ada")) == (
        "UsernameExistsException",
        "User already exists",
    )


def test_tokens_say_who_the_user_is(pool: Pool) -> None:
    name = pool.confirmed("grace")
    pool.admin.create_group(UserPoolId=pool.id, GroupName="readers", Precedence=2)
    pool.admin.admin_add_user_to_group(UserPoolId=pool.id, Username=name, GroupName="readers")
    result = pool.sign_in(name)["AuthenticationResult"]
    assert (result["TokenType"], result["ExpiresIn"]) == ("Bearer", 3600)
    identity, access = claims(result["IdToken"]), claims(result["AccessToken"])
    assert identity["aud"] == access["client_id"] == pool.client_id
    assert identity["cognito:username"] == access["username"] == name
    assert identity["cognito:groups"] == access["cognito:groups"] == ["readers"]
    assert identity["email"] == "grace@example.com"
    assert identity["email_verified"] is True
    assert access["scope"] == "aws.cognito.signin.user.admin"
    assert identity["sub"] == access["sub"]
    assert identity["exp"] - identity["iat"] == 3600
    user = pool.user.get_user(AccessToken=result["AccessToken"])
    assert user["Username"] == name
    renewed = pool.user.initiate_auth(
        ClientId=pool.client_id,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": result["RefreshToken"]},
    )["AuthenticationResult"]
    assert "RefreshToken" not in renewed
    assert claims(renewed["AccessToken"])["origin_jti"] == access["origin_jti"]
    pool.user.global_sign_out(AccessToken=renewed["AccessToken"])
    assert error_of(lambda: pool.user.get_user(AccessToken=result["AccessToken"])) == (
        "NotAuthorizedException",
        "Access Token has been revoked",
    )
    refresh = {"REFRESH_TOKEN": result["RefreshToken"]}
    assert error_of(
        lambda: pool.user.initiate_auth(
            ClientId=pool.client_id, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=refresh
        )
    ) == ("NotAuthorizedException", "Refresh Token has been revoked")


def test_wrong_passwords_are_refused_and_locked_out(pool: Pool) -> None:
    name = pool.confirmed("linus")
    refusal = ("NotAuthorizedException", "Incorrect username or password.")
    assert error_of(lambda: pool.sign_in(name, "wrong")) == refusal
    assert error_of(lambda: pool.sign_in("nobody")) == (
        "UserNotFoundException",
        "User does not exist.",
    )
    for _ in range(4):
        assert error_of(lambda: pool.sign_in(name, "wrong")) == refusal
    assert error_of(lambda: pool.sign_in(name)) == (
        "NotAuthorizedException",
        "Password attempts exceeded",
    )


@pytest.mark.parametrize(
    ("password", "complaint"),
    [
        ("Aa1-", "Password not long enough"),
        ("SECRET-1-SECRET", "Password must have lowercase characters"),
        ("Secret-secret", "Password must have numeric characters"),
        ("Secret1secret", "Password must have symbol characters"),
        ("secret-1-secret", "Password must have uppercase characters"),
    ],
)
def test_passwords_conform_to_the_policy(pool: Pool, password: str, complaint: str) -> None:
    names = {"ClientId": pool.client_id, "Username": "weak"}
    assert error_of(lambda: pool.user.sign_up(Password=password, **names)) == (
        "InvalidPasswordException",
        f"Password did not conform with policy: {complaint}",
    )


def test_a_forgotten_password_is_replaced_with_a_code(pool: Pool) -> None:
    name = pool.confirmed("edsger")
    names = {"ClientId": pool.client_id, "Username": name}
    told = pool.user.forgot_password(**names)["CodeDeliveryDetails"]
    assert told["Destination"] == "e***@e***"
    confirm = {**names, "Password": "Another-2-secret"}
    assert (
        error_of(lambda: pool.user.confirm_forgot_password(ConfirmationCode="x" * 6, **confirm))[0]
        == "CodeMismatchException"
    )
    pool.user.confirm_forgot_password(ConfirmationCode=pool.code(name), **confirm)
    assert "AuthenticationResult" in pool.sign_in(name, "Another-2-secret")
    assert error_of(
        lambda: pool.user.confirm_forgot_password(ConfirmationCode="123456", **confirm)
    ) == ("ExpiredCodeException", "Invalid code provided, please request a code again.")


def test_an_administrator_invites_a_user(pool: Pool) -> None:
    pool.admin.admin_create_user(
        UserPoolId=pool.id,
        Username="barbara",
        UserAttributes=[{"Name": "email", "Value": "barbara@example.com"}],
        DesiredDeliveryMediums=["EMAIL"],
    )
    (mail,) = pool.messages("barbara")
    assert mail["subject"] == "Your temporary password"
    temporary = mail["text"].removeprefix("Your username is barbara and temporary password is ")
    told = pool.sign_in("barbara", temporary.rstrip(" ."))
    assert told["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    answer = {
        "ClientId": pool.client_id,
        "ChallengeName": told["ChallengeName"],
        "Session": told["Session"],
    }
    responses = {"USERNAME": "barbara", "NEW_PASSWORD": "short"}
    assert (
        error_of(
            lambda: pool.user.respond_to_auth_challenge(ChallengeResponses=responses, **answer)
        )[0]
        == "InvalidPasswordException"
    )
    responses["NEW_PASSWORD"] = PASSWORD
    result = pool.user.respond_to_auth_challenge(ChallengeResponses=responses, **answer)
    assert "AuthenticationResult" in result
    assert error_of(
        lambda: pool.user.respond_to_auth_challenge(ChallengeResponses=responses, **answer)
    ) == (
        "NotAuthorizedException",
        "Invalid session for the user, session can only be used once.",
    )
    assert "AuthenticationResult" in pool.sign_in("barbara")


def test_clients_with_a_secret_must_prove_it(pool: Pool) -> None:
    import hashlib
    import hmac

    client = pool.app_client(GenerateSecret=True)
    name = pool.confirmed("donald")

    def sign_in(**proof: str) -> Any:
        return pool.user.initiate_auth(
            ClientId=client["ClientId"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD, **proof},
        )

    assert error_of(sign_in) == (
        "NotAuthorizedException",
        f"Client {client['ClientId']} is configured with secret but SECRET_HASH was not received",
    )
    assert error_of(lambda: sign_in(SECRET_HASH="wrong")) == (
        "NotAuthorizedException",
        f"Unable to verify secret hash for client {client['ClientId']}",
    )
    text = (name + client["ClientId"]).encode()
    digest = hmac.new(client["ClientSecret"].encode(), text, hashlib.sha256).digest()
    assert "AuthenticationResult" in sign_in(SECRET_HASH=base64.b64encode(digest).decode())


def test_flows_that_a_client_does_not_allow_are_refused(pool: Pool) -> None:
    client = pool.admin.create_user_pool_client(UserPoolId=pool.id, ClientName="default")
    client_id = client["UserPoolClient"]["ClientId"]
    assert error_of(
        lambda: pool.user.initiate_auth(
            ClientId=client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "x", "PASSWORD": "y"},
        )
    ) == ("InvalidParameterException", "USER_PASSWORD_AUTH flow not enabled for this client")


def test_a_new_address_has_to_be_verified(pool: Pool) -> None:
    name = pool.confirmed("tony")
    access = pool.sign_in(name)["AuthenticationResult"]["AccessToken"]
    told = pool.user.update_user_attributes(
        AccessToken=access, UserAttributes=[{"Name": "email", "Value": "hoare@example.com"}]
    )
    assert told["CodeDeliveryDetailsList"][0]["Destination"] == "h***@e***"
    told = pool.user.get_user(AccessToken=access)["UserAttributes"]
    assert {"Name": "email_verified", "Value": "false"} in told
    pool.user.verify_user_attribute(AccessToken=access, AttributeName="email", Code=pool.code(name))
    told = pool.user.get_user(AccessToken=access)["UserAttributes"]
    assert {"Name": "email_verified", "Value": "true"} in told


@pytest.mark.slow
def test_users_are_kept_over_a_restart(start_engine: Any) -> None:
    engine = start_engine()
    pool = Pool(engine)
    name = pool.confirmed("alan")
    access = pool.sign_in(name)["AuthenticationResult"]["AccessToken"]
    engine.stop()
    again = start_engine()
    pool.user = again.client("cognito-idp", config=Config(signature_version=UNSIGNED))
    assert pool.user.get_user(AccessToken=access)["Username"] == name
    assert "AuthenticationResult" in pool.sign_in(name)


def test_only_who_knows_the_password_verifies() -> None:
    with pytest.raises(ValueError, match="multiple"):
        Exchange("pool", "ada", PASSWORD, "0")
    exchange = Exchange("pool", "ada", PASSWORD, "abcdef")
    assert not exchange.verifies("AAAA", "now", "AAAA")
    assert not exchange.verifies("AAAA", "now", "not base64!")


def test_resource_servers_change_and_go(pool: Pool) -> None:
    names = {"UserPoolId": pool.id, "Identifier": "api"}
    pool.admin.create_resource_server(Name="first", **names)
    scope = {"ScopeName": "read", "ScopeDescription": "Read"}
    told = pool.admin.update_resource_server(Name="second", Scopes=[scope], **names)
    assert (told["ResourceServer"]["Name"], told["ResourceServer"]["Scopes"]) == ("second", [scope])
    pool.admin.delete_resource_server(**names)
    assert error_of(lambda: pool.admin.delete_resource_server(**names))[0] == (
        "ResourceNotFoundException"
    )
