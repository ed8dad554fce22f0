"""What a user pool remembers for a while: codes sent to users, and sign-ins under way.

Both are kept on moto's objects as plain values, so they outlive a restart with the pool.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from typing import Any

from lambda_nb.engine.neighbours.services.cognito.lookups import not_authorized, refused

SIGN_UP = "sign-up"
FORGOTTEN = "forgotten-password"
_VALID_S = {SIGN_UP: 24 * 3600.0, FORGOTTEN: 3600.0}
"""Seconds for which a code is valid (Cognito Developer Guide, "Quotas": code validity)."""
_ATTRIBUTE_S = 24 * 3600.0
_TRIES = 5
_TRIES_AN_HOUR = 20
"""Wrong codes of an hour after which new codes do not help, either (Cognito Developer Guide,
"Lockout behavior for forgotten passwords": 5 to 20 attempts)."""
_SESSION_MINUTES = 3
"""``AuthSessionValidity`` of a client that has none."""
_MOST_SESSIONS = 10_000
_USED = "used"
_lock = threading.Lock()


def new_code(user: Any, purpose: str, attribute: str = "") -> str:
    """A new six-digit code for a user; older ones for the purpose are void.

    Parameters
    ----------
    purpose
        :data:`SIGN_UP`, :data:`FORGOTTEN` or the name of an attribute that is to be verified.
    attribute
        The attribute that the code is sent to.
    """
    code = f"{secrets.randbelow(1_000_000):06d}"
    kept = user.__dict__.setdefault("codes", {})
    until = time.time() + _VALID_S.get(purpose, _ATTRIBUTE_S)
    with _lock:
        before = kept.get(purpose, {}).get("guesses", ())
        kept[purpose] = {
            "code": code,
            "until": until,
            "attribute": attribute,
            "wrong": 0,
            "guesses": [at for at in before if at > time.time() - 3600],
        }
    return code


def use_code(user: Any, purpose: str, given: str) -> str:
    """Use up a code and return the attribute that it was sent to.

    Raises
    ------
    JsonRESTError
        ``CodeMismatchException``, ``ExpiredCodeException``; ``LimitExceededException`` after five
        wrong codes, or twenty of an hour however often a new one was sent.
    """
    with _lock:
        kept = user.__dict__.get("codes", {})
        found = kept.get(purpose)
        if found is None or found["until"] < time.time():
            text = "Invalid code provided, please request a code again."
            raise refused("ExpiredCodeException", text)
        guesses = found.setdefault("guesses", [])
        if found["wrong"] >= _TRIES or len(guesses) >= _TRIES_AN_HOUR:
            raise refused(
                "LimitExceededException", "Attempt limit exceeded, please try after some time."
            )
        if not same(found["code"], given):
            found["wrong"] += 1
            guesses.append(time.time())
            text = "Invalid verification code provided, please try again."
            raise refused("CodeMismatchException", text)
        del kept[purpose]
    return str(found["attribute"])


def same(secret: str, given: str) -> bool:
    """Whether somebody knows a secret; how long it takes does not tell."""
    return hmac.compare_digest(secret.encode(), given.encode("utf-8", "replace"))


def open_session(pool: Any, client: Any, username: str, **held: Any) -> str:
    """Remember a sign-in under way; the secret text by which its next request names it."""
    sessions = pool.__dict__.setdefault("sign_ins", {})
    now = time.time()
    if len(sessions) > _MOST_SESSIONS:
        for old in [name for name, one in sessions.items() if one["until"] < now]:
            del sessions[old]
    minutes = client.extended_config.get("AuthSessionValidity") or _SESSION_MINUTES
    session = secrets.token_urlsafe(48)
    sessions[session] = {
        **held,
        "client": client.id,
        "username": username,
        "until": now + minutes * 60,
    }
    return session


def take_session(pool: Any, client: Any, session: str | None) -> dict[str, Any]:
    """What was remembered of a sign-in; its name cannot be used again.

    Raises
    ------
    JsonRESTError
        ``NotAuthorizedException``.
    """
    with _lock:
        sessions = pool.__dict__.setdefault("sign_ins", {})
        held: dict[str, Any] | None = sessions.get(session or "")
        if held is None or held["client"] != client.id:
            raise not_authorized("Invalid session for the user.")
        if held.get(_USED):
            raise not_authorized("Invalid session for the user, session can only be used once.")
        if held["until"] < time.time():
            raise not_authorized("Invalid session for the user, session is expired.")
        sessions[session] = {"client": client.id, "until": held["until"], _USED: True}
        return held


def put_back(pool: Any, session: str | None, held: dict[str, Any]) -> None:
    """Let a session be used again: the response was wrong in a way that may be mended.

    After five wrong responses it ends.
    """
    held["wrong"] = held.get("wrong", 0) + 1
    if held["wrong"] < _TRIES:
        pool.sign_ins[session] = held
