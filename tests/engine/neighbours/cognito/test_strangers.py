"""What somebody without keys must not achieve at a user pool."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from cognito_lab import PASSWORD, add_user
from engine_fixtures import Engine


class Pool:
    """A user pool, its app client, and a stranger who knows the client's id."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.admin = engine, engine.client("cognito-idp")
        made = self.admin.create_user_pool(
            PoolName=engine.name("pool"),
            AutoVerifiedAttributes=["email"],
            AliasAttributes=["email"],
            Schema=[{"Name": "tier", "AttributeDataType": "String", "Mutable": True}],
        )["UserPool"]
        self.id = made["Id"]
        flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH"]
        self.client_id = self.admin.create_user_pool_client(
            UserPoolId=self.id, ClientName="app", ExplicitAuthFlows=flows
        )["UserPoolClient"]["ClientId"]
        self.stranger = engine.client("cognito-idp", config=Config(signature_version=UNSIGNED))

    def user(self, **attributes: str) -> str:
        """A user with a password and a verified address."""
        name = self.engine.name("user")
        given = {"email": f"{name}@example.com", "email_verified": "true", **attributes}
        add_user(self.admin, self.id, name, **given)
        return name


@pytest.fixture(scope="module")
def pool(engine: Engine) -> Pool:
    return Pool(engine)


def error_of(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return str(caught.value.response["Error"]["Code"])


@pytest.mark.parametrize("name", ["email_verified", "phone_number_verified", "sub"])
def test_nobody_signs_up_with_an_address_that_counts_as_verified(pool: Pool, name: str) -> None:
    email = {"Name": "email", "Value": "ada@example.com"}
    code = error_of(
        pool.stranger.sign_up,
        ClientId=pool.client_id,
        Username=pool.engine.name("eve"),
        Password=PASSWORD,
        UserAttributes=[email, {"Name": name, "Value": "true"}],
    )
    assert code == "NotAuthorizedException"


def test_attributes_that_no_schema_has_are_refused(pool: Pool) -> None:
    code = error_of(
        pool.stranger.sign_up,
        ClientId=pool.client_id,
        Username=pool.engine.name("eve"),
        Password=PASSWORD,
        UserAttributes=[{"Name": "isAdmin", "Value": "1"}],
    )
    assert code == "InvalidParameterException"


def test_new_codes_do_not_give_new_guesses_for_ever(pool: Pool) -> None:
    name = pool.user()
    codes = []
    for _ in range(5):
        pool.stranger.forgot_password(ClientId=pool.client_id, Username=name)
        for _ in range(5):
            codes.append(
                error_of(
                    pool.stranger.confirm_forgot_password,
                    ClientId=pool.client_id,
                    Username=name,
                    ConfirmationCode="wrong",
                    Password=PASSWORD,
                )
            )
    assert codes == ["CodeMismatchException"] * 20 + ["LimitExceededException"] * 5


def test_codes_in_other_digits_are_only_wrong(pool: Pool) -> None:
    name = pool.user()
    pool.stranger.forgot_password(ClientId=pool.client_id, Username=name)
    code = error_of(
        pool.stranger.confirm_forgot_password,
        ClientId=pool.client_id,
        Username=name,
        ConfirmationCode="\uff11\uff12\uff13\uff14\uff15\uff16",
        Password=PASSWORD,
    )
    assert code == "CodeMismatchException"


def test_who_does_not_know_the_password_does_not_replace_the_second_factor(pool: Pool) -> None:
    name = pool.user()
    begun = pool.stranger.initiate_auth(
        ClientId=pool.client_id,
        AuthFlow="USER_SRP_AUTH",
        AuthParameters={"USERNAME": name, "SRP_A": "abc"},
    )
    assert begun["ChallengeName"] == "PASSWORD_VERIFIER"
    code = error_of(pool.stranger.associate_software_token, Session=begun["Session"])
    assert code == "NotAuthorizedException"


def test_a_new_password_does_not_verify_an_address(pool: Pool) -> None:
    name = pool.engine.name("user")
    pool.admin.admin_create_user(
        UserPoolId=pool.id,
        Username=name,
        TemporaryPassword=PASSWORD,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": "email", "Value": "ada@example.com"}],
    )
    begun = pool.stranger.initiate_auth(
        ClientId=pool.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
    )
    responses = {
        "USERNAME": name,
        "NEW_PASSWORD": PASSWORD,
        "userAttributes.email_verified": "true",
    }
    code = error_of(
        pool.stranger.respond_to_auth_challenge,
        ClientId=pool.client_id,
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=begun["Session"],
        ChallengeResponses=responses,
    )
    assert code == "NotAuthorizedException"


def test_codes_of_a_second_factor_are_not_guessed_for_ever(pool: Pool) -> None:
    own = Pool(pool.engine)
    own.admin.set_user_pool_mfa_config(
        UserPoolId=own.id,
        MfaConfiguration="ON",
        SmsMfaConfiguration={
            "SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms"}
        },
    )
    name = own.user(phone_number="+12065550100")
    begun = own.stranger.initiate_auth(
        ClientId=own.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
    )
    assert begun["ChallengeName"] == "SMS_MFA"
    codes = [
        error_of(
            own.stranger.respond_to_auth_challenge,
            ClientId=own.client_id,
            ChallengeName="SMS_MFA",
            Session=begun["Session"],
            ChallengeResponses={"USERNAME": name, "SMS_MFA_CODE": "wrong"},
        )
        for _ in range(6)
    ]
    assert codes == ["CodeMismatchException"] * 5 + ["NotAuthorizedException"]


@pytest.mark.parametrize(
    ("operation", "body", "code"),
    [
        ("SignUp", {}, "InvalidParameterException"),
        ("SignUp", {"ClientId": 5, "Username": "a"}, "SerializationException"),
        ("ConfirmSignUp", {"ClientId": "c"}, "InvalidParameterException"),
        ("InitiateAuth", {"ClientId": "c"}, "InvalidParameterException"),
        ("GetUser", {}, "InvalidParameterException"),
    ],
)
def test_a_request_that_is_not_whole_is_told_so(
    engine: Engine, operation: str, body: dict[str, Any], code: str
) -> None:
    headers = {
        "X-Amz-Target": f"AWSCognitoIdentityProviderService.{operation}",
        "Content-Type": "application/x-amz-json-1.1",
    }
    request = urllib.request.Request(engine.url, json.dumps(body).encode(), headers)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=30)
    with caught.value as error:
        told = json.loads(error.read())
        assert (error.code, told["__type"]) == (400, code), told
