"""Terraform sets up an app's users, uploads and messages; they work, and are destroyed."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from engine_fixtures import Engine, zip_of
from terraform_lab import terraform_for

CODE = """
def handler(event, context):
    if event.get("triggerSource", "").startswith("TokenGeneration"):
        added = {"claimsToAddOrOverride": {"tenant": "t"}}
        event["response"] = {"claimsAndScopeOverrideDetails": {"accessTokenGeneration": added}}
    return event
"""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_users_uploads_and_messages(engine: Engine, tmp_path: Path) -> None:
    directory = tmp_path / "project"
    directory.mkdir()
    (directory / "function.zip").write_bytes(zip_of({"index.py": CODE}))
    terraform = terraform_for("terraform_user_pools", directory, engine, "users")
    terraform("init")
    terraform("apply", "-auto-approve")
    terraform("plan", "-detailed-exitcode")
    state = json.loads((directory / "terraform.tfstate").read_text())
    out = {name: one["value"] for name, one in state["outputs"].items()}

    user = engine.client("cognito-idp", config=Config(signature_version=UNSIGNED))
    names = {"ClientId": out["client"], "Username": "grace@example.com"}
    user.sign_up(Password="Secret1secret", **names)
    found = engine.client("logs").filter_log_events(logGroupName="/lambda-nb/messages")["events"]
    mail = json.loads(found[-1]["message"])
    assert (mail["to"], mail["subject"]) == ("grace@example.com", "Welcome")
    code = re.fullmatch(r"Hello, your code is (\d{6})", mail["text"])
    assert code is not None
    user.confirm_sign_up(ConfirmationCode=code[1], **names)

    def tokens(name: str) -> dict[str, Any]:
        result: dict[str, Any] = user.initiate_auth(
            ClientId=out["client"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": "Secret1secret"},
        )["AuthenticationResult"]
        return result

    assert tokens("GRACE@example.com")["ExpiresIn"] == 1800
    result = tokens("ada@example.com")
    body = result["AccessToken"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    assert (claims["cognito:groups"], claims["tenant"]) == (["writers"], "t")
    identity = engine.client("cognito-identity", config=Config(signature_version=UNSIGNED))
    login = {f"cognito-idp.us-east-1.amazonaws.com/{out['pool']}": result["IdToken"]}
    who = identity.get_id(IdentityPoolId=out["identities"], Logins=login)["IdentityId"]
    keys = identity.get_credentials_for_identity(IdentityId=who, Logins=login)["Credentials"]
    own = {
        "aws_access_key_id": keys["AccessKeyId"],
        "aws_secret_access_key": keys["SecretKey"],
        "aws_session_token": keys["SessionToken"],
    }
    arn = engine.client("sts", **own).get_caller_identity()["Arn"]
    assert arn.endswith("/CognitoIdentityCredentials")

    sns, sqs = engine.client("sns"), engine.client("sqs")
    sns.publish(
        TopicArn=out["topic"],
        Message="m",
        MessageGroupId="g",
        MessageAttributes={"kind": {"DataType": "String", "StringValue": "news"}},
    )
    got = sqs.receive_message(QueueUrl=out["queue"], WaitTimeSeconds=5)["Messages"]
    assert [one["Body"] for one in got] == ["m"]
    terraform("destroy", "-auto-approve")
    assert out["pool"] not in [
        one["Id"]
        for one in engine.client("cognito-idp").list_user_pools(MaxResults=60)["UserPools"]
    ]
