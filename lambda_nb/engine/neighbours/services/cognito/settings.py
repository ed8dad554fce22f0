"""Settings of user pools and app clients: what would not work here is refused with a sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.neighbours.services.cognito.lookups import refused

_ARN = re.compile(r"arn:aws[a-z-]*:lambda:[a-z0-9-]+:\d{12}:function:[^:]+(:[^:]+)?")
_TRIGGERS = (
    *("PreSignUp", "CustomMessage", "PostConfirmation", "PreAuthentication", "PostAuthentication"),
    *("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse"),
    *("PreTokenGeneration", "UserMigration"),
)
_SENDERS = ("CustomEmailSender", "CustomSMSSender")
_VERSIONS = ("V1_0", "V2_0", "V3_0")


def check_pool(asked: Mapping[str, Any], pool: Any = None) -> None:
    """Check the settings of CreateUserPool or UpdateUserPool.

    Raises
    ------
    JsonRESTError
        ``InvalidParameterException``.
    """
    _check_triggers(asked.get("LambdaConfig") or {})
    template = asked.get("VerificationMessageTemplate") or {}
    if template.get("DefaultEmailOption") == "CONFIRM_WITH_LINK":
        raise refused(
            "InvalidParameterException",
            "CONFIRM_WITH_LINK needs the web pages of a user pool's domain, which lambda_nb does "
            "not serve. Use CONFIRM_WITH_CODE.",
        )
    for name in ("SmsMessage", "EmailMessage"):
        text = template.get(name)
        if text and "{####}" not in text:
            raise refused(
                "InvalidParameterException",
                f"{name} of VerificationMessageTemplate must contain {{####}}, for the code.",
            )


def check_second_factors(asked: Mapping[str, Any]) -> None:
    """Check the settings of SetUserPoolMfaConfig, SetUserMFAPreference and its administrator's.

    Raises
    ------
    JsonRESTError
        ``InvalidParameterException``.
    """
    preferred = asked.get("EmailMfaSettings") or {}
    for name, given in (
        ("EmailMfaConfiguration", asked.get("EmailMfaConfiguration")),
        ("WebAuthnConfiguration", asked.get("WebAuthnConfiguration")),
        ("EmailMfaSettings", preferred.get("Enabled") or preferred.get("PreferredMfa")),
    ):
        if given:
            raise refused(
                "InvalidParameterException",
                f"{name} is not available in lambda_nb: second factors are SMS_MFA and "
                "SOFTWARE_TOKEN_MFA. Remove it.",
            )


def _check_triggers(config: Mapping[str, Any]) -> None:
    if config.get("InboundFederation"):
        raise refused(
            "InvalidParameterException",
            "InboundFederation runs when users sign in through another identity provider, which "
            "lambda_nb has none of. Remove it from LambdaConfig.",
        )
    named = [config[name] for name in _TRIGGERS if config.get(name)]
    for name in ("PreTokenGenerationConfig", *_SENDERS):
        one = config.get(name)
        if one:
            version = one.get("LambdaVersion")
            if version not in (_VERSIONS if name == "PreTokenGenerationConfig" else _VERSIONS[:1]):
                text = f"Invalid LambdaVersion {version} of {name}"
                raise refused("InvalidParameterException", text)
            named.append(one.get("LambdaArn"))
    for arn in named:
        if not isinstance(arn, str) or not _ARN.fullmatch(arn):
            text = f"Invalid Lambda function ARN: {arn}"
            raise refused("InvalidParameterException", text)
    if any(config.get(name) for name in _SENDERS) and not config.get("KMSKeyID"):
        text = "KMSKeyID is required when CustomSMSSender or CustomEmailSender is configured."
        raise refused("InvalidParameterException", text)
    both = config.get("PreTokenGenerationConfig")
    if both and config.get("PreTokenGeneration") not in (None, both.get("LambdaArn")):
        text = "PreTokenGeneration and PreTokenGenerationConfig must name the same function."
        raise refused("InvalidParameterException", text)
