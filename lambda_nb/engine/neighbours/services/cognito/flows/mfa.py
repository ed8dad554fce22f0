"""Second factors: codes by text message, and codes of an authenticator program (TOTP, RFC 6238)."""

from __future__ import annotations

import base64
import json
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

TEXT, PROGRAM = "SMS_MFA", "SOFTWARE_TOKEN_MFA"
SETUP, SELECT = "MFA_SETUP", "SELECT_MFA_TYPE"
_STEP_S = 30
_DRIFT = 1
"""Steps that an authenticator's clock may be off."""


def wanted(pool: Any, user: Any) -> str:
    """The challenge of a user's second factor; empty for none."""
    if pool.mfa_config == "OFF":
        return ""
    enabled = _enabled(user)
    if user.preferred_mfa_setting in enabled:
        return str(user.preferred_mfa_setting)
    if enabled:
        return enabled[0] if len(enabled) == 1 else SELECT
    if pool.mfa_config != "ON":
        return ""
    text_works = pool.sms_mfa_config and user.attribute_lookup.get("phone_number")
    if text_works:
        return TEXT
    return PROGRAM if user.token_verified else SETUP


def _enabled(user: Any) -> list[str]:
    """The second factors that a user has switched on."""
    switches = {TEXT: user.sms_mfa_enabled, PROGRAM: user.software_token_mfa_enabled}
    return [factor for factor, on in switches.items() if on]


def challenge(
    pool: Any,
    client: Any,
    user: Any,
    factor: str,
    messages: Messages,
    source: str,
    metadata: Any,
) -> dict[str, Any]:
    """Ask for a second factor, or which one it shall be."""
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
    if factor == SELECT:
        told["MFAS_CAN_CHOOSE"] = json.dumps(_enabled(user), separators=(",", ":"))
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
        ``CodeMismatchException``, or ``ExpiredCodeException`` if it was used before.
    """
    code = given.get(f"{held['kind']}_CODE")
    if not code:
        text = f"Missing required parameter {held['kind']}_CODE"
        raise refused("InvalidParameterException", text)
    if held["kind"] == PROGRAM:
        if not _uses_up(user, getattr(user, "totp_secret", ""), code):
            raise refused("CodeMismatchException", "Invalid code received for user")
    elif not short_lived.same(held["code"], code):
        raise refused("CodeMismatchException", "Invalid code or auth state for the user.")


def chosen(user: Any, given: Parameters) -> str:
    """The second factor that a user has chosen.

    Raises
    ------
    JsonRESTError
        ``InvalidParameterException``: none, or one that the user has not switched on.
    """
    answer = given.get("ANSWER")
    if not answer:
        raise refused("InvalidParameterException", "Missing required parameter ANSWER")
    if answer not in _enabled(user):
        raise refused("InvalidParameterException", f"{answer} is not enabled for the user.")
    return str(answer)


def check_setup(user: Any) -> None:
    """Check that a user who had to has set up an authenticator program."""
    if not user.token_verified:
        raise not_authorized("User has not verified software token mfa")
    user.software_token_mfa_enabled = True


def associate(asked: Parameters, account: str, region: str) -> dict[str, Any]:
    """AssociateSoftwareToken: a new secret for the user's authenticator program.

    One that was verified before counts until the new one is verified.
    """
    pool, client, user, held = _asking(asked)
    user.totp_offered = base64.b32encode(secrets.token_bytes(32)).decode().rstrip("=")
    told = {"SecretCode": user.totp_offered}
    if held is not None:
        told["Session"] = _again(pool, client, held)
    return told


def verify(asked: Parameters, account: str, region: str) -> dict[str, Any]:
    """VerifySoftwareToken: the first code shows that the program has the secret."""
    pool, client, user, held = _asking(asked)
    offered = getattr(user, "totp_offered", "")
    if not _uses_up(user, offered, asked["UserCode"]):
        text = "Code mismatch and fail enable Software Token MFA"
        raise refused("EnableSoftwareTokenMFAException", text)
    user.totp_secret, user.totp_offered = offered, ""
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


def _uses_up(user: Any, secret: str, code: str) -> bool:
    """Whether a code is right. It is only once: RFC 6238, section 5.2.

    Raises
    ------
    JsonRESTError
        ``ExpiredCodeException``.
    """
    step = _step_of(secret, code)
    if step is None:
        return False
    used_secret, last = user.__dict__.get("totp_used", ("", 0))
    if used_secret == secret and step <= last:
        raise refused("ExpiredCodeException", "Your software token has already been used once.")
    user.totp_used = (secret, step)
    return True


def _step_of(secret: str, code: str) -> int | None:
    """The time step of a code, counted from 1970; ``None`` if it is of no step near now."""
    from cryptography.hazmat.primitives.hashes import SHA1
    from cryptography.hazmat.primitives.twofactor import InvalidToken
    from cryptography.hazmat.primitives.twofactor.totp import TOTP

    if not secret:
        return None
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    totp = TOTP(key, 6, SHA1(), _STEP_S, enforce_key_length=False)  # noqa: S303
    now = int(time.time()) // _STEP_S
    for step in range(now - _DRIFT, now + _DRIFT + 1):
        try:
            totp.verify(code.encode(), step * _STEP_S)
        except InvalidToken:
            continue
        return step
    return None
