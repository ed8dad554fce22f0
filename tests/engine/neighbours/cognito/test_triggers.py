"""Lambda triggers of a user pool: what they get, what they change, and how they fail."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from cognito_lab import PASSWORD, add_user
from engine_fixtures import Ear, Engine, error_of

HANDLER = """
import json
def handler(event, context):
    say(json.dumps(event))
    {body}
    return event
"""
WRONG: list[dict[str, Any]] = [
    {"groupOverrideDetails": {"groupsToOverride": "vip"}},
    {"groupOverrideDetails": 1},
    {"accessTokenGeneration": {"scopesToAdd": [1]}},
    {"accessTokenGeneration": {"claimsToSuppress": {"a": 1}}},
    {"idTokenGeneration": {"claimsToAddOrOverride": ["plan"]}},
]
"""What no function may answer to PreTokenGeneration."""
Attach = Callable[..., str]


class App:
    """A user pool whose triggers are functions of a test."""

    def __init__(self, engine: Engine, **settings: Any) -> None:
        self.engine = engine
        self.admin = engine.client("cognito-idp")
        made = self.admin.create_user_pool(
            PoolName=engine.name("pool"), AutoVerifiedAttributes=["email"], **settings
        )["UserPool"]
        self.id, self.arn = made["Id"], made["Arn"]
        flows = ("USER_PASSWORD_AUTH", "CUSTOM_AUTH", "REFRESH_TOKEN_AUTH")
        client = self.admin.create_user_pool_client(
            UserPoolId=self.id,
            ClientName="app",
            ExplicitAuthFlows=[f"ALLOW_{flow}" for flow in flows],
        )["UserPoolClient"]
        self.client_id = client["ClientId"]
        self.user = engine.client("cognito-idp", config=Config(signature_version=UNSIGNED))

    def use(self, **config: Any) -> None:
        """Set the pool's triggers."""
        self.admin.update_user_pool(
            UserPoolId=self.id, AutoVerifiedAttributes=["email"], LambdaConfig=config
        )

    def allow(self, name: str) -> str:
        """Let the pool invoke a function; its ARN."""
        self.engine.client().add_permission(
            FunctionName=name,
            StatementId="cognito",
            Action="lambda:InvokeFunction",
            Principal="cognito-idp.amazonaws.com",
            SourceArn=self.arn,
        )
        return f"arn:aws:lambda:{self.engine.region}:{self.engine.account}:function:{name}"

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

    def created(self, name: str) -> str:
        """A confirmed user with a password."""
        email = f"{name}@example.com"
        add_user(self.admin, self.id, name, email=email, email_verified="true")
        return name

    def sign_in(self, name: str, **more: Any) -> dict[str, Any]:
        told: dict[str, Any] = self.user.initiate_auth(
            ClientId=self.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
            **more,
        )
        return told

    def messages(self, name: str) -> list[dict[str, Any]]:
        logs = self.engine.client("logs")
        groups = logs.describe_log_groups(logGroupNamePrefix="/lambda-nb/messages")["logGroups"]
        if not groups:
            return []
        found = logs.filter_log_events(logGroupName="/lambda-nb/messages")["events"]
        told = [json.loads(one["message"]) for one in found]
        return [one for one in told if one.get("username") == name and one["userPoolId"] == self.id]


@pytest.fixture(scope="module")
def app(engine: Engine) -> Iterator[App]:
    made = App(engine)
    yield made
    made.admin.delete_user_pool(UserPoolId=made.id)


@pytest.fixture(scope="module")
def ear() -> Iterator[Ear]:
    listener = Ear()
    yield listener
    listener.close()


@pytest.fixture(scope="module")
def trigger(app: App, ear: Ear) -> str:
    """One function for all triggers: the user's name says what it does."""
    body = (
        f"    WRONG = {WRONG}"
        + """
    source, name, answer = event["triggerSource"], event["userName"], event["response"]
    if source.startswith("PreSignUp") and name.startswith("auto"):
        answer["autoConfirmUser"] = answer["autoVerifyEmail"] = True
    if name.startswith("fails-in-" + source.partition("_")[0]):
        raise ValueError("not you, " + name)
    if name.startswith("strange"):
        return None if name == "strange-null" else {"response": 1}
    if source.startswith("CustomMessage"):
        answer["emailMessage"] = "<b>{####}</b> for you"
        answer["emailSubject"] = source
    if source.startswith("UserMigration"):
        if not name.startswith("moves"):
            raise ValueError("Bad password")
        answer["userAttributes"] = {"email": name + "@old.example.com", "email_verified": "true"}
        answer["finalUserStatus"] = "CONFIRMED"
        answer["messageAction"] = "SUPPRESS"
    if source.startswith("TokenGeneration"):
        version = event["version"]
        if name.startswith("claims-"):
            field = "claimsOverrideDetails" if version == "1" else "claimsAndScopeOverrideDetails"
            answer[field] = WRONG[int(name.partition("-")[2])]
        elif version == "1":
            answer["claimsOverrideDetails"] = {
                "claimsToAddOrOverride": {"plan": "gold", "sub": "x", "number": 1},
                "claimsToSuppress": ["email"],
                "groupOverrideDetails": {"groupsToOverride": ["vip"], "preferredRole": "r"},
            }
        else:
            answer["claimsAndScopeOverrideDetails"] = {
                "idTokenGeneration": {"claimsToAddOrOverride": {"plan": {"level": 2}}},
                "accessTokenGeneration": {
                    "claimsToAddOrOverride": {"tenant": "t", "client_id": "x"},
                    "scopesToAdd": ["api/read"],
                    "scopesToSuppress": ["aws.cognito.signin.user.admin"],
                },
            }
    if source.startswith("DefineAuthChallenge"):
        session = event["request"]["session"]
        right = bool(session) and session[-1]["challengeResult"]
        answer.update(issueTokens=right, failAuthentication=len(session) > 2)
        if not right:
            answer["challengeName"] = "CUSTOM_CHALLENGE"
    if source.startswith("CreateAuthChallenge"):
        answer["publicChallengeParameters"] = {"question": "2 + 2"}
        answer["privateChallengeParameters"] = {"answer": "4"}
        answer["challengeMetadata"] = "SUM"
    if source.startswith("VerifyAuthChallengeResponse"):
        request = event["request"]
        right = request["challengeAnswer"] == request["privateChallengeParameters"]["answer"]
        answer["answerCorrect"] = right
"""
    )
    name = app.engine.create(ear.say + HANDLER.replace("    {body}\n", body))
    return app.allow(name)


def heard(ear: Ear, name: str) -> list[dict[str, Any]]:
    """The events of a user, in order."""
    return [event for event in map(json.loads, ear.heard) if event["userName"] == name]


def claims(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    told: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return told


def test_sign_up_runs_its_triggers(app: App, trigger: str, ear: Ear) -> None:
    app.use(PreSignUp=trigger, PostConfirmation=trigger)
    told = app.sign_up(
        "auto-ada",
        ClientMetadata={"from": "Paris"},
        ValidationData=[{"Name": "captcha", "Value": "ok"}],
    )
    assert told["UserConfirmed"] is True
    assert "CodeDeliveryDetails" not in told
    before, after = heard(ear, "auto-ada")
    assert before == {
        "version": "1",
        "region": app.engine.region,
        "userPoolId": app.id,
        "userName": "auto-ada",
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": app.client_id},
        "triggerSource": "PreSignUp_SignUp",
        "request": {
            "userAttributes": {"email": "auto-ada@example.com"},
            "validationData": {"captcha": "ok"},
            "clientMetadata": {"from": "Paris"},
        },
        "response": {
            "autoConfirmUser": False,
            "autoVerifyEmail": False,
            "autoVerifyPhone": False,
        },
    }
    assert after["triggerSource"] == "PostConfirmation_ConfirmSignUp"
    assert after["request"]["userAttributes"] == {
        "sub": told["UserSub"],
        "cognito:user_status": "CONFIRMED",
        "email": "auto-ada@example.com",
        "email_verified": "true",
    }


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        (
            "fails-in-PreSignUp",
            (
                "UserLambdaValidationException",
                "PreSignUp failed with error not you, fails-in-PreSignUp.",
            ),
        ),
        (
            "strange-null",
            (
                "InvalidLambdaResponseException",
                "Invalid lambda function output : Invalid JSON",
            ),
        ),
        ("strange-type", ("InvalidLambdaResponseException", "Unrecognizable lambda output")),
    ],
)
def test_the_error_of_a_function_reaches_the_client(
    app: App, trigger: str, name: str, refusal: tuple[str, str]
) -> None:
    app.use(PreSignUp=trigger)
    assert error_of(lambda: app.sign_up(name)) == refusal
    assert (
        error_of(lambda: app.admin.admin_get_user(UserPoolId=app.id, Username=name))[0]
        == "UserNotFoundException"
    )


def test_a_function_that_does_not_let_cognito_in(app: App) -> None:
    name = app.engine.create("def handler(event, context):\n    return event\n")
    arn = f"arn:aws:lambda:{app.engine.region}:{app.engine.account}:function:{name}"
    app.use(PreSignUp=arn)
    refusal = (
        "UnexpectedLambdaException",
        "PreSignUp invocation failed due to error AccessDeniedException.",
    )
    assert error_of(lambda: app.sign_up("somebody")) == refusal
    app.use(PreSignUp=arn.replace(name, "there-is-none"))
    assert error_of(lambda: app.sign_up("somebody")) == refusal


@pytest.mark.slow
def test_a_slow_function_is_tried_three_times(app: App, ear: Ear) -> None:
    code = f"{ear.say}import time\ndef handler(event, context):\n    say('%s')\n    time.sleep(8)\n"
    word = json.dumps({"userName": "slow"})
    name = app.engine.create(code % word, Timeout=20)
    app.use(PreSignUp=app.allow(name))
    assert error_of(lambda: app.sign_up("slow")) == (
        "UnexpectedLambdaException",
        "PreSignUp invocation failed due to error Socket timeout while invoking Lambda function.",
    )
    assert len(heard(ear, "slow")) == 3


def test_a_throttled_function(app: App) -> None:
    name = app.engine.create("def handler(event, context):\n    return event\n")
    app.engine.client().put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    app.use(PreSignUp=app.allow(name))
    assert error_of(lambda: app.sign_up("somebody")) == (
        "UnexpectedLambdaException",
        "PreSignUp invocation failed due to error TooManyRequestsException.",
    )


def test_sign_in_runs_its_triggers(app: App, trigger: str, ear: Ear) -> None:
    app.use()
    name = app.created("grace")
    app.use(PreAuthentication=trigger, PostAuthentication=trigger, PreTokenGeneration=trigger)
    result = app.sign_in(name, ClientMetadata={"device": "phone"})["AuthenticationResult"]
    before, after, tokens = heard(ear, name)
    assert before["triggerSource"] == "PreAuthentication_Authentication"
    assert before["request"]["validationData"] == {"device": "phone"}
    assert before["request"]["userAttributes"]["cognito:user_status"] == "CONFIRMED"
    assert after["triggerSource"] == "PostAuthentication_Authentication"
    assert after["request"]["newDeviceUsed"] is False
    assert "clientMetadata" not in after["request"]
    assert tokens["triggerSource"] == "TokenGeneration_Authentication"
    assert tokens["request"]["groupConfiguration"] == {
        "groupsToOverride": [],
        "iamRolesToOverride": [],
        "preferredRole": None,
    }
    identity, access = claims(result["IdToken"]), claims(result["AccessToken"])
    assert identity["plan"] == "gold"
    assert "email" not in identity
    assert "number" not in identity
    assert identity["sub"] == access["sub"] != "x"
    assert identity["cognito:groups"] == access["cognito:groups"] == ["vip"]
    assert identity["cognito:preferred_role"] == "r"
    assert "plan" not in access
    refused = app.created("fails-in-PreAuthentication")
    assert error_of(lambda: app.sign_in(refused)) == (
        "UserLambdaValidationException",
        f"PreAuthentication failed with error not you, {refused}.",
    )


def test_a_trigger_of_version_two_changes_access_tokens(app: App, trigger: str, ear: Ear) -> None:
    app.use()
    name = app.created("barbara")
    app.use(PreTokenGenerationConfig={"LambdaArn": trigger, "LambdaVersion": "V2_0"})
    result = app.sign_in(name)["AuthenticationResult"]
    (event,) = heard(ear, name)
    assert event["version"] == "2"
    assert event["request"]["scopes"] == ["aws.cognito.signin.user.admin"]
    access = claims(result["AccessToken"])
    assert (access["tenant"], access["scope"]) == ("t", "api/read")
    assert access["client_id"] == app.client_id
    assert claims(result["IdToken"])["plan"] == {"level": 2}


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_an_answer_of_a_wrong_kind_is_the_function_s_fault(
    app: App, trigger: str, number: int
) -> None:
    app.use()
    name = app.created(f"claims-{number}")
    app.use(PreTokenGenerationConfig={"LambdaArn": trigger, "LambdaVersion": "V2_0"})
    assert error_of(lambda: app.sign_in(name)) == (
        "InvalidLambdaResponseException",
        "Unrecognizable lambda output",
    )


def test_users_of_another_directory_move_in(app: App, trigger: str, ear: Ear) -> None:
    app.use(UserMigration=trigger)
    assert "AuthenticationResult" in app.sign_in("moves-in", ClientMetadata={"a": "b"})
    (event,) = heard(ear, "moves-in")
    assert event["triggerSource"] == "UserMigration_Authentication"
    assert event["request"] == {"password": PASSWORD, "validationData": {"a": "b"}}
    assert "AuthenticationResult" in app.sign_in("moves-in")
    assert len(heard(ear, "moves-in")) == 1
    assert error_of(lambda: app.sign_in("unknown")) == (
        "UserLambdaValidationException",
        "UserMigration failed with error Bad password.",
    )
    told = app.user.forgot_password(ClientId=app.client_id, Username="moves-later")
    assert told["CodeDeliveryDetails"]["Destination"] == "m***@o***"
    assert heard(ear, "moves-later")[0]["triggerSource"] == "UserMigration_ForgotPassword"


def test_messages_can_be_written_by_a_function(app: App, trigger: str, ear: Ear) -> None:
    app.use(CustomMessage=trigger)
    app.sign_up("margaret")
    (mail,) = app.messages("margaret")
    assert mail["subject"] == "CustomMessage_SignUp"
    code = mail["text"].removeprefix("<b>").removesuffix("</b> for you")
    (event,) = heard(ear, "margaret")
    assert event["request"]["codeParameter"] == "{####}"
    app.user.confirm_sign_up(ClientId=app.client_id, Username="margaret", ConfirmationCode=code)


def test_sign_in_by_challenges_of_ones_own(app: App, trigger: str, ear: Ear) -> None:
    app.use()
    name = app.created("alan")
    app.use(
        DefineAuthChallenge=trigger,
        CreateAuthChallenge=trigger,
        VerifyAuthChallengeResponse=trigger,
    )
    told = app.user.initiate_auth(
        ClientId=app.client_id, AuthFlow="CUSTOM_AUTH", AuthParameters={"USERNAME": name}
    )
    assert told["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert told["ChallengeParameters"] == {"USERNAME": name, "question": "2 + 2"}

    def answer(given: str) -> dict[str, Any]:
        next_one: dict[str, Any] = app.user.respond_to_auth_challenge(
            ClientId=app.client_id,
            ChallengeName="CUSTOM_CHALLENGE",
            Session=told["Session"],
            ChallengeResponses={"USERNAME": name, "ANSWER": given},
            ClientMetadata={"try": given},
        )
        return next_one

    told = answer("5")
    assert told["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert "AuthenticationResult" in answer("4")
    events = heard(ear, name)
    assert [event["triggerSource"].partition("_")[0] for event in events] == [
        "DefineAuthChallenge",
        "CreateAuthChallenge",
        "VerifyAuthChallengeResponse",
        "DefineAuthChallenge",
        "CreateAuthChallenge",
        "VerifyAuthChallengeResponse",
        "DefineAuthChallenge",
    ]
    assert events[-1]["request"]["session"] == [
        {"challengeName": "CUSTOM_CHALLENGE", "challengeResult": False, "challengeMetadata": "SUM"},
        {"challengeName": "CUSTOM_CHALLENGE", "challengeResult": True, "challengeMetadata": "SUM"},
    ]
    assert events[-1]["request"]["clientMetadata"] == {"try": "4"}


def test_settings_that_cannot_work_are_refused(app: App, trigger: str) -> None:
    inbound = {"LambdaArn": trigger, "LambdaVersion": "V1_0"}
    code, text = error_of(lambda: app.use(InboundFederation=inbound))
    assert (code, text[:17]) == ("InvalidParameterException", "InboundFederation")
    code, text = error_of(lambda: app.use(CustomEmailSender=inbound))
    assert text.startswith("KMSKeyID is required")
    assert error_of(lambda: app.use(PreSignUp="arn:aws:lambda:nowhere"))[0]


def test_a_custom_sender_gets_the_code_encrypted(
    app: App, trigger: str, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = app.engine.client("kms").create_key()["KeyMetadata"]["Arn"]
    sender = {"LambdaArn": trigger, "LambdaVersion": "V1_0"}
    app.use(CustomEmailSender=sender, KMSKeyID=key)
    app.sign_up("sender")
    ear.wait(lambda _: bool(heard(ear, "sender")))
    (event,) = heard(ear, "sender")
    assert event["triggerSource"] == "CustomEmailSender_SignUp"
    assert event["request"]["type"] == "customEmailSenderRequestV1"
    assert app.messages("sender") == []
    sdk = pytest.importorskip("aws_encryption_sdk", reason="needs aws-encryption-sdk")
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", app.engine.url)
    code = decrypted(sdk, app.engine, key, event["request"]["code"])
    app.user.confirm_sign_up(ClientId=app.client_id, Username="sender", ConfirmationCode=code)


def decrypted(sdk: Any, engine: Engine, key: str, code: str) -> str:
    """What AWS's own library finds in a code."""
    import botocore.session

    session = botocore.session.Session()
    keys = engine.keys
    session.set_credentials(keys["aws_access_key_id"], keys["aws_secret_access_key"])
    provider = sdk.StrictAwsKmsMasterKeyProvider(key_ids=[key], botocore_session=session)
    client = sdk.EncryptionSDKClient(
        commitment_policy=sdk.CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT
    )
    plain, _ = client.decrypt(source=base64.b64decode(code), key_provider=provider)
    return str(plain.decode())
