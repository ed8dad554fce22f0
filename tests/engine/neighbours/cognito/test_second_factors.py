"""Second factors: codes by text message and of an authenticator program, chosen, set up, used."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import struct
import time
from collections.abc import Callable
from typing import Any

from botocore import UNSIGNED
from botocore.config import Config
from cognito_lab import PASSWORD, add_user
from engine_fixtures import Engine, error_of

PHONE = "+12065550100"
SMS = {"SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms"}}


def totp(secret: str, steps: int = 0) -> str:
    """The code of RFC 6238 for now, or some steps of 30 s from now."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    counter = struct.pack(">Q", int(time.time()) // 30 + steps)
    digest = hmac.new(key, counter, hashlib.sha1).digest()
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


class Pool:
    """A user pool that wants, or allows, second factors."""

    def __init__(self, engine: Engine, wanted: str, **factors: Any) -> None:
        self.engine, self.admin = engine, engine.client("cognito-idp")
        self.user = engine.client("cognito-idp", config=Config(signature_version=UNSIGNED))
        self.used = ""
        """The code with which :meth:`set_up` verified a program."""
        self.id = self.admin.create_user_pool(PoolName=engine.name("pool"))["UserPool"]["Id"]
        self.client_id = self.admin.create_user_pool_client(
            UserPoolId=self.id, ClientName="app", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
        )["UserPoolClient"]["ClientId"]
        self.admin.set_user_pool_mfa_config(UserPoolId=self.id, MfaConfiguration=wanted, **factors)

    def sign_in(self, name: str) -> dict[str, Any]:
        told: dict[str, Any] = self.user.initiate_auth(
            ClientId=self.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
        )
        return told

    def answer(self, name: str, asked: dict[str, Any], **answers: str) -> dict[str, Any]:
        told: dict[str, Any] = self.user.respond_to_auth_challenge(
            ClientId=self.client_id,
            ChallengeName=asked["ChallengeName"],
            Session=asked["Session"],
            ChallengeResponses={"USERNAME": name, **answers},
        )
        return told

    def texted(self, name: str) -> str:
        """The code in the last text message to a user."""
        logs = self.engine.client("logs")
        found = logs.filter_log_events(logGroupName="/lambda-nb/messages")["events"]
        told = [json.loads(one["message"]) for one in found]
        texts = [one["text"] for one in told if one.get("username") == name]
        (code,) = re.findall(r"\d{6}", texts[-1])
        return str(code)

    def set_up(self, name: str, access_token: str, preferred: bool = True) -> str:
        """Give a user an authenticator program; its secret."""
        told = self.user.associate_software_token(AccessToken=access_token)
        secret = str(told["SecretCode"])
        self.used = totp(secret, -1)
        done = self.user.verify_software_token(AccessToken=access_token, UserCode=self.used)
        assert done["Status"] == "SUCCESS"
        self.user.set_user_mfa_preference(
            AccessToken=access_token,
            SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": preferred},
        )
        return secret


WRONG_TEXT = ("CodeMismatchException", "Invalid code or auth state for the user.")
WRONG_CODE = ("CodeMismatchException", "Invalid code received for user")
USED = ("ExpiredCodeException", "Your software token has already been used once.")


def test_a_code_by_text_message(engine: Engine) -> None:
    pool = Pool(engine, "ON", SmsMfaConfiguration=SMS)
    name = engine.name("ada")
    add_user(pool.admin, pool.id, name, phone_number=PHONE)
    asked = pool.sign_in(name)
    assert asked["ChallengeName"] == "SMS_MFA"
    assert asked["ChallengeParameters"]["CODE_DELIVERY_DELIVERY_MEDIUM"] == "SMS"
    assert asked["ChallengeParameters"]["CODE_DELIVERY_DESTINATION"] == "+*******0100"
    code = pool.texted(name)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    assert error_of(lambda: pool.answer(name, asked, SMS_MFA_CODE=wrong)) == WRONG_TEXT
    assert error_of(lambda: pool.answer(name, asked)) == (
        "InvalidParameterException",
        "Missing required parameter SMS_MFA_CODE",
    )
    done = pool.answer(name, asked, SMS_MFA_CODE=code)
    assert pool.user.get_user(AccessToken=done["AuthenticationResult"]["AccessToken"])
    code, _ = error_of(lambda: pool.answer(name, asked, SMS_MFA_CODE=code))
    assert code == "NotAuthorizedException"


def test_an_authenticator_program_that_a_user_wants(engine: Engine) -> None:
    pool = Pool(engine, "OPTIONAL", SoftwareTokenMfaConfiguration={"Enabled": True})
    name = engine.name("ada")
    add_user(pool.admin, pool.id, name)
    token = pool.sign_in(name)["AuthenticationResult"]["AccessToken"]
    preference = {"SoftwareTokenMfaSettings": {"Enabled": True, "PreferredMfa": True}}
    assert error_of(lambda: pool.user.set_user_mfa_preference(AccessToken=token, **preference)) == (
        "InvalidParameterException",
        "User has not verified software token mfa",
    )
    secret = pool.user.associate_software_token(AccessToken=token)["SecretCode"]
    wrong = f"{(int(totp(secret)) + 1) % 1_000_000:06d}"
    assert error_of(lambda: pool.user.verify_software_token(AccessToken=token, UserCode=wrong)) == (
        "EnableSoftwareTokenMFAException",
        "Code mismatch and fail enable Software Token MFA",
    )
    secret = pool.set_up(name, token)
    told = pool.admin.admin_get_user(UserPoolId=pool.id, Username=name)
    assert told["UserMFASettingList"] == ["SOFTWARE_TOKEN_MFA"]
    asked = pool.sign_in(name)
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    wrong = f"{(int(totp(secret)) + 1) % 1_000_000:06d}"
    assert error_of(lambda: pool.answer(name, asked, SOFTWARE_TOKEN_MFA_CODE=wrong)) == WRONG_CODE
    refused = error_of(lambda: pool.answer(name, asked, SOFTWARE_TOKEN_MFA_CODE=pool.used))
    assert refused in (USED, WRONG_CODE)  # the second if a step has begun since
    code = totp(secret)
    done = pool.answer(name, asked, SOFTWARE_TOKEN_MFA_CODE=code)
    assert done["AuthenticationResult"]["IdToken"]
    again = pool.sign_in(name)
    assert error_of(lambda: pool.answer(name, again, SOFTWARE_TOKEN_MFA_CODE=code)) == USED
    assert pool.answer(name, again, SOFTWARE_TOKEN_MFA_CODE=totp(secret, 1))


def test_a_new_program_counts_once_it_is_verified(engine: Engine) -> None:
    pool = Pool(engine, "OPTIONAL", SoftwareTokenMfaConfiguration={"Enabled": True})
    name = engine.name("ada")
    add_user(pool.admin, pool.id, name)
    token = pool.sign_in(name)["AuthenticationResult"]["AccessToken"]
    old = pool.set_up(name, token)
    new = pool.user.associate_software_token(AccessToken=token)["SecretCode"]
    asked = pool.sign_in(name)
    assert error_of(lambda: pool.answer(name, asked, SOFTWARE_TOKEN_MFA_CODE=totp(new))) == (
        WRONG_CODE
    )
    assert pool.answer(name, asked, SOFTWARE_TOKEN_MFA_CODE=totp(old))["AuthenticationResult"]
    pool.user.verify_software_token(AccessToken=token, UserCode=totp(new))
    asked = pool.sign_in(name)
    assert error_of(lambda: pool.answer(name, asked, SOFTWARE_TOKEN_MFA_CODE=totp(old, 1))) == (
        WRONG_CODE
    )
    assert pool.answer(name, asked, SOFTWARE_TOKEN_MFA_CODE=totp(new, 1))["AuthenticationResult"]


def test_who_must_have_a_program_sets_it_up_while_signing_in(engine: Engine) -> None:
    pool = Pool(engine, "ON", SoftwareTokenMfaConfiguration={"Enabled": True})
    name = engine.name("ada")
    add_user(pool.admin, pool.id, name)
    asked = pool.sign_in(name)
    assert asked["ChallengeName"] == "MFA_SETUP"
    assert asked["ChallengeParameters"]["MFAS_CAN_SETUP"] == '["SOFTWARE_TOKEN_MFA"]'
    offered = pool.user.associate_software_token(Session=asked["Session"])
    unverified = {**asked, "Session": offered["Session"]}
    secret = offered["SecretCode"]
    verified = pool.user.verify_software_token(
        Session=offered["Session"], UserCode=totp(secret, -1)
    )
    assert error_of(lambda: pool.answer(name, unverified))[0] == "NotAuthorizedException"
    done = pool.answer(name, {**asked, "Session": verified["Session"]})
    assert done["AuthenticationResult"]["AccessToken"]
    asked = pool.sign_in(name)
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert pool.answer(name, asked, SOFTWARE_TOKEN_MFA_CODE=totp(secret))["AuthenticationResult"]


def test_who_has_both_chooses(engine: Engine) -> None:
    pool = Pool(
        engine,
        "OPTIONAL",
        SmsMfaConfiguration=SMS,
        SoftwareTokenMfaConfiguration={"Enabled": True},
    )
    name = engine.name("ada")
    add_user(pool.admin, pool.id, name, phone_number=PHONE)
    token = pool.sign_in(name)["AuthenticationResult"]["AccessToken"]
    secret = pool.set_up(name, token, preferred=False)
    pool.user.set_user_mfa_preference(AccessToken=token, SMSMfaSettings={"Enabled": True})
    asked = pool.sign_in(name)
    assert asked["ChallengeName"] == "SELECT_MFA_TYPE"
    assert asked["ChallengeParameters"]["MFAS_CAN_CHOOSE"] == '["SMS_MFA","SOFTWARE_TOKEN_MFA"]'
    assert error_of(lambda: pool.answer(name, asked, ANSWER="EMAIL_OTP"))[0] == (
        "InvalidParameterException"
    )
    asked = pool.answer(name, asked, ANSWER="SMS_MFA")
    assert asked["ChallengeName"] == "SMS_MFA"
    assert pool.answer(name, asked, SMS_MFA_CODE=pool.texted(name))["AuthenticationResult"]
    asked = pool.answer(name, pool.sign_in(name), ANSWER="SOFTWARE_TOKEN_MFA")
    assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert pool.answer(name, asked, SOFTWARE_TOKEN_MFA_CODE=totp(secret))["AuthenticationResult"]


def test_other_factors_are_refused(engine: Engine) -> None:
    pool = Pool(engine, "OPTIONAL", SoftwareTokenMfaConfiguration={"Enabled": True})
    name = engine.name("ada")
    add_user(pool.admin, pool.id, name)
    token = pool.sign_in(name)["AuthenticationResult"]["AccessToken"]
    mail = {"EmailMfaSettings": {"Enabled": True, "PreferredMfa": True}}
    for call in (
        lambda: Pool(engine, "ON", EmailMfaConfiguration={"Message": "{####}", "Subject": "code"}),
        lambda: Pool(engine, "ON", WebAuthnConfiguration={"RelyingPartyId": "example.com"}),
        lambda: pool.user.set_user_mfa_preference(AccessToken=token, **mail),
        lambda: pool.admin.admin_set_user_mfa_preference(UserPoolId=pool.id, Username=name, **mail),
    ):
        code, text = error_of(call)
        assert code == "InvalidParameterException"
        assert "not available in lambda_nb" in text
    off = {"EmailMfaSettings": {"Enabled": False, "PreferredMfa": False}}
    pool.user.set_user_mfa_preference(AccessToken=token, **off)


def test_a_program_is_kept_over_a_restart(start_engine: Callable[[], Engine]) -> None:
    engine = start_engine()
    pool = Pool(engine, "OPTIONAL", SoftwareTokenMfaConfiguration={"Enabled": True})
    add_user(pool.admin, pool.id, "ada")
    secret = pool.set_up("ada", pool.sign_in("ada")["AuthenticationResult"]["AccessToken"])
    engine.stop()
    engine = start_engine()
    pool.user = engine.client("cognito-idp", config=Config(signature_version=UNSIGNED))
    asked = pool.sign_in("ada")
    assert pool.answer("ada", asked, SOFTWARE_TOKEN_MFA_CODE=totp(secret))["AuthenticationResult"]
