"""Second factors: codes by text message, and codes of an authenticator program (TOTP, RFC 6238)."""

from __future__ import annotations

import base64
import secrets
import time
from typing import Any

from lambda_nb.engine.neighbours.services.cognito import short_lived
from lambda_nb.engine.neighbours.services.cognito.lookups import (
    Parameters,
    client_of,
    holder_of,
    not_authorized,
    pools,
    refused,
)
from lambda_nb.engine.neighbours.services.cognito.messages import SMS, Messages, Notice, masked

TEXT, PROGRAM, SETUP = "SMS_MFA", "SOFTWARE_TOKEN_MFA", "MFA_SETUP"
_STEP_S = 30
_DRIFT = 1
"""Steps that an authenticator's clock may be off."""


def wanted(pool: Any, user: Any) -> str:
    """The second factor that a user needs; empty for none."""
    if pool.mfa_config == "OFF":
        return ""
    if user.preferred_mfa_setting == PROGRAM and user.software_token_mfa_enabled:
        return PROGRAM
    if user.sms_mfa_enabled and user.preferred_mfa_setting != PROGRAM:
        return TEXT
    if user.software_token_mfa_enabled:
        return PROGRAM
    if pool.mfa_config != "ON":
        return ""
    text_works = pool.sms_mfa_config and user.attribute_lookup.get("phone_number")
    if text_works:
        return TEXT
    return PROGRAM if user.token_verified else SETUP


def challenge(
    pool: Any,
    client: Any,
    user: Any,
    factor: str,
    messages: Messages,
    source: str,
    metadata: Any,
) -> dict[str, Any]:
    """Ask for a second factor."""
    held: dict[str, Any] = {"kind": factor, "source": source}
    told: dict[str, Any] = {"USER_ID_FOR_SRP": user.username}
    if factor == TEXT:
        if not user.attribute_lookup.get("phone_number"):
            raise refused("InvalidParameterException", "User has no phone number for SMS_MFA")
        held["code"] = f"{secrets.randbelow(1_000_000):06d}"
        notice = Notice(pool, client, user, "Authentication", SMS, held["code"], metadata)
        messages.send(notice)
        told["CODE_DELIVERY_DELIVERY_MEDIUM"] = SMS
        told["CODE_DELIVERY_DESTINATION"] = masked(user.attribute_lookup["phone_number"])
    if factor == SETUP:
        told["MFAS_CAN_SETUP"] = f'["{PROGRAM}"]'
    return {
        "ChallengeName": factor,
        "Session": short_lived.open_session(pool, client, user.username, **held),
        "ChallengeParameters": told,
    }


def check(user: Any, held: dict[str, Any], given: Parameters) -> None:
    """Check the code of a second factor.

    Raises
    ------
    JsonRESTError
        ``CodeMismatchException``.
    """
    code = given.get(f"{held['kind']}_CODE")
    if not code:
        text = f"Missing required parameter {held['kind']}_CODE"
        raise refused("InvalidParameterException", text)
    if held["kind"] == TEXT:
        right = short_lived.same(held["code"], code)
    else:
        right = _is_right(getattr(user, "totp_secret", ""), code)
    if not right:
        text = "Invalid code or auth state for the user."
        raise refused("CodeMismatchException", text)


def check_setup(user: Any) -> None:
    """Check that a user who had to has set up an authenticator program."""
    if not user.token_verified:
        raise not_authorized("User has not verified software token mfa")
    user.software_token_mfa_enabled = True


def associate(asked: Parameters, account: str, region: str) -> dict[str, Any]:
    """AssociateSoftwareToken: a new secret for the user's authenticator program."""
    pool, client, user, held = _asking(asked)
    user.totp_secret = base64.b32encode(secrets.token_bytes(32)).decode().rstrip("=")
    user.token_verified = False
    told = {"SecretCode": user.totp_secret}
    if held is not None:
        told["Session"] = _again(pool, client, held)
    return told


def verify(asked: Parameters, account: str, region: str) -> dict[str, Any]:
    """VerifySoftwareToken: the first code shows that the program has the secret."""
    pool, client, user, held = _asking(asked)
    if not _is_right(getattr(user, "totp_secret", ""), asked["UserCode"]):
        raise refused("EnableSoftwareTokenMFAException", "Code mismatch")
    user.token_verified = True
    told: dict[str, Any] = {"Status": "SUCCESS"}
    if held is not None:
        told["Session"] = _again(pool, client, held)
    return told


def _asking(asked: Parameters) -> tuple[Any, Any, Any, dict[str, Any] | None]:
    """Whose request it is: named by an access token or by the session of a sign-in."""
    if asked.get("AccessToken"):
        pool, client, user = holder_of(asked["AccessToken"])
        return pool, client, user, None
    session = asked.get("Session") or ""
    for pool in pools():
        kept = pool.__dict__.get("sign_ins", {}).get(session)
        if kept is not None and kept.get("kind", SETUP) == SETUP:
            _, client = client_of({"ClientId": kept["client"]})
            held = short_lived.take_session(pool, client, session)
            return pool, client, pool._get_user(held["username"]), held
    raise not_authorized("Invalid session for the user.")


def _again(pool: Any, client: Any, held: dict[str, Any]) -> str:
    kept = {k: v for k, v in held.items() if k not in ("client", "username", "until")}
    return short_lived.open_session(pool, client, held["username"], **kept)


def _is_right(secret: str, code: str) -> bool:
    from cryptography.hazmat.primitives.hashes import SHA1
    from cryptography.hazmat.primitives.twofactor import InvalidToken
    from cryptography.hazmat.primitives.twofactor.totp import TOTP

    if not secret:
        return False
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    totp = TOTP(key, 6, SHA1(), _STEP_S, enforce_key_length=False)  # noqa: S303
    for step in range(-_DRIFT, _DRIFT + 1):
        try:
            totp.verify(code.encode(), int(time.time()) + step * _STEP_S)
        except InvalidToken:
            continue
        return True
    return False
