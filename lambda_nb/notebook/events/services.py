"""Sample events of single services: EventBridge, Logs, IoT, Cognito, alarms, S3 Batch, Config."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from lambda_nb.notebook.errors import UsageError
from lambda_nb.notebook.events.common import (
    ACCOUNT,
    REGION,
    arn,
    iso,
    new_id,
    now_ms,
    several,
    text_of,
)


def eventbridge(
    *,
    detail: Mapping[str, Any] | None = None,
    detail_type: str = "something happened",
    source: str = "my.app",
    resources: list[str] | None = None,
) -> dict[str, Any]:
    """An event of an event bus."""
    return {
        "version": "0",
        "id": new_id(),
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT,
        "time": iso(milliseconds=False),
        "region": REGION,
        "resources": resources or [],
        "detail": dict(detail or {}),
    }


def schedule(*, rule: str = "my-rule") -> dict[str, Any]:
    """A scheduled rule of EventBridge. EventBridge Scheduler sends the input that it was given."""
    return eventbridge(
        detail_type="Scheduled Event",
        source="aws.events",
        resources=[arn("events", f"rule/{rule}")],
    )


def logs(
    *,
    message: Any = "hello",
    group: str = "/my/group",
    stream: str = "my-stream",
    name: str = "my-filter",
) -> dict[str, Any]:
    """Log events of a subscription; a list of messages makes one event for each."""
    told = {
        "messageType": "DATA_MESSAGE",
        "owner": ACCOUNT,
        "logGroup": group,
        "logStream": stream,
        "subscriptionFilters": [name],
        "logEvents": [
            {"id": f"{number:056d}", "timestamp": now_ms(), "message": text_of(one)}
            for number, one in enumerate(several(message))
        ],
    }
    packed = gzip.compress(json.dumps(told).encode())
    return {"awslogs": {"data": base64.b64encode(packed).decode()}}


def iot(*, payload: Any = None) -> Any:
    """What a rule of AWS IoT sends: the result of its SELECT."""
    return {"temp": 31.5} if payload is None else payload


def alarm(
    *, name: str = "my-alarm", state: str = "ALARM", reason: str = "Threshold Crossed"
) -> dict[str, Any]:
    """A CloudWatch alarm whose action is a function."""
    moment = iso().replace("Z", "+0000")
    return {
        "source": "aws.cloudwatch",
        "alarmArn": arn("cloudwatch", f"alarm:{name}"),
        "accountId": ACCOUNT,
        "time": moment,
        "region": REGION,
        "alarmData": {
            "alarmName": name,
            "state": {"value": state, "reason": reason, "timestamp": moment},
            "previousState": {"value": "OK", "reason": "", "timestamp": moment},
            "configuration": {"metrics": []},
        },
    }


def batch(*, key: Any = "cat.jpg", bucket: str = "my-bucket") -> dict[str, Any]:
    """A task of S3 Batch Operations; a list of keys makes one task for each."""
    tasks = [
        {
            "taskId": new_id(),
            "s3Key": quote(str(one)),
            "s3VersionId": None,
            "s3BucketArn": f"arn:aws:s3:::{bucket}",
        }
        for one in several(key)
    ]
    return {
        "invocationSchemaVersion": "1.0",
        "invocationId": new_id(),
        "job": {"id": new_id()},
        "tasks": tasks,
    }


def config(*, rule: str = "my-rule", parameters: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A scheduled check of AWS Config."""
    told = {
        "awsAccountId": ACCOUNT,
        "notificationCreationTime": iso(),
        "messageType": "ScheduledNotification",
        "recordVersion": "1.0",
    }
    return {
        "invokingEvent": json.dumps(told),
        "ruleParameters": json.dumps(dict(parameters or {})),
        "resultToken": new_id(),
        "eventLeftScope": False,
        "executionRoleArn": f"arn:aws:iam::{ACCOUNT}:role/config-role",
        "configRuleArn": arn("config", "config-rule/config-rule-abc123"),
        "configRuleName": rule,
        "configRuleId": "config-rule-abc123",
        "accountId": ACCOUNT,
        "version": "1.0",
    }


_SESSION: dict[str, Any] = {"session": []}
_COGNITO: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "PreSignUp": (
        {"validationData": None},
        {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
    ),
    "PostConfirmation": ({}, {}),
    "PreAuthentication": ({"validationData": None}, {}),
    "PostAuthentication": ({"newDeviceUsed": False}, {}),
    "DefineAuthChallenge": (
        _SESSION,
        {"challengeName": None, "issueTokens": None, "failAuthentication": None},
    ),
    "CreateAuthChallenge": (
        {"challengeName": "CUSTOM_CHALLENGE", **_SESSION},
        {
            "publicChallengeParameters": None,
            "privateChallengeParameters": None,
            "challengeMetadata": None,
        },
    ),
    "VerifyAuthChallengeResponse": (
        {"privateChallengeParameters": {"answer": "42"}, "challengeAnswer": "42"},
        {"answerCorrect": False},
    ),
    "TokenGeneration": (
        {
            "groupConfiguration": {
                "groupsToOverride": [],
                "iamRolesToOverride": [],
                "preferredRole": None,
            }
        },
        {"claimsOverrideDetails": None},
    ),
    "UserMigration": (
        {"password": "secret", "validationData": None},
        {
            "userAttributes": None,
            "finalUserStatus": None,
            "messageAction": None,
            "desiredDeliveryMediums": None,
            "forceAliasCreation": None,
        },
    ),
    "CustomMessage": (
        {"codeParameter": "{####}", "linkParameter": "{##Click Here##}", "usernameParameter": None},
        {"smsMessage": None, "emailMessage": None, "emailSubject": None},
    ),
    "CustomEmailSender": ({"type": "customEmailSenderRequestV1", "code": "AYADeA=="}, {}),
    "CustomSMSSender": ({"type": "customSMSSenderRequestV1", "code": "AYADeA=="}, {}),
}


def cognito(
    *,
    trigger: str = "PreSignUp_SignUp",
    user: str = "ada",
    attributes: Mapping[str, str] | None = None,
    pool: str = f"{REGION}_aBcDeFgHi",
    client: str = "1example23456789",
) -> dict[str, Any]:
    """A trigger of a user pool, by its ``triggerSource``.

    Raises
    ------
    UsageError
        Cognito has no such trigger.
    """
    request, response = _COGNITO.get(trigger.partition("_")[0], (None, None))
    if request is None or "_" not in trigger:
        names = ", ".join(_COGNITO)
        raise UsageError(
            f"{trigger!r} is no triggerSource of Cognito; give for example PreSignUp_SignUp "
            f"(there are {names}, each followed by _ and what caused it)"
        )
    known = {"sub": new_id(), "email": "ada@example.com", **(attributes or {})}
    return {
        "version": "1",
        "region": REGION,
        "userPoolId": pool,
        "userName": user,
        "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": client},
        "triggerSource": trigger,
        "request": {"userAttributes": known, **json.loads(json.dumps(request))},
        "response": json.loads(json.dumps(response)),
    }
