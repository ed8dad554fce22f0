"""Passwords of a user pool: the policy, and what to do when one is forgotten or changed."""

from __future__ import annotations

import secrets
import string
import threading
from typing import Any

from lambda_nb.engine.neighbours.services.cognito import short_lived
from lambda_nb.engine.neighbours.services.cognito.flows.migration import Migration
from lambda_nb.engine.neighbours.services.cognito.lookups import (
    Parameters,
    check_secret,
    client_of,
    hides_users,
    holder_of,
    not_authorized,
    pool_of,
    refused,
)
from lambda_nb.engine.neighbours.services.cognito.messages import (
    ATTRIBUTE_OF,
    EMAIL,
    Messages,
    Notice,
    masked,
    medium_for_recovery,
)
from lambda_nb.engine.neighbours.services.cognito.triggers import Occasion, Triggers, request_of

SYMBOLS = "^$*.[]{}()?-\"!@#%&/\\,><':;|_~`+= "
_SHORTEST = 6
_LONGEST = 256
_WRONG_BEFORE_LOCK = 5
"""Wrong passwords after which a user must wait (Cognito Developer Guide, "Lockout behavior")."""
_LONGEST_LOCK_S = 900


def check(pool: Any, password: str) -> None:
    """Check a new password against the pool's policy.

    Raises
    ------
    JsonRESTError
        ``InvalidPasswordException`` with AWS's words.
    """
    policy = (pool.extended_config.get("Policies") or {}).get("PasswordPolicy") or {}
    rules = (
        (len(password) >= policy.get("MinimumLength", _SHORTEST), "Password not long enough"),
        (
            not policy.get("RequireUppercase") or any(c.isupper() for c in password),
            "Password must have uppercase characters",
        ),
        (
            not policy.get("RequireLowercase") or any(c.islower() for c in password),
            "Password must have lowercase characters",
        ),
        (
            not policy.get("RequireNumbers") or any(c.isdigit() for c in password),
            "Password must have numeric characters",
        ),
        (
            not policy.get("RequireSymbols") or any(c in SYMBOLS for c in password.strip()),
            "Password must have symbol characters",
        ),
        (len(password) <= _LONGEST, "Password must not be longer than 256 characters"),
    )
    for kept, complaint in rules:
        if not kept:
            text = f"Password did not conform with policy: {complaint}"
            raise refused("InvalidPasswordException", text)


def drawn() -> str:
    """A temporary password that any policy accepts."""
    kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits, "!@#%^*")
    letters = [secrets.choice(kind) for kind in kinds for _ in range(4)]
    secrets.SystemRandom().shuffle(letters)
    return "".join(letters)


class Passwords:
    """What users and administrators do about passwords."""

    def __init__(self, triggers: Triggers, messages: Messages, migration: Migration) -> None:
        self._triggers = triggers
        self._messages = messages
        self._migration = migration

    def forgot(self, asked: Parameters, account: str, region: str) -> dict[str, Any]:
        """ForgotPassword: send a code to a verified address."""
        pool, client = client_of(asked)
        username = asked["Username"]
        check_secret(client, username, asked.get("SecretHash"))
        metadata = asked.get("ClientMetadata")
        user = pool._get_user(username)
        if user is None:
            user = self._migration.at_forgotten_password(pool, client, username, metadata)
        if user is None:
            if hides_users(client):
                return {"CodeDeliveryDetails": _made_up(username)}
            raise refused("UserNotFoundException", "Username/client id combination not found.")
        if not user.enabled:
            raise not_authorized("User is disabled.")
        if user.status == "FORCE_CHANGE_PASSWORD":
            raise not_authorized("User password cannot be reset in the current state.")
        return {"CodeDeliveryDetails": self._send_code(pool, client, user, metadata)}

    def confirm_forgotten(self, asked: Parameters, account: str, region: str) -> dict[str, Any]:
        """ConfirmForgotPassword: set a new password with the code."""
        pool, client = client_of(asked)
        check_secret(client, asked["Username"], asked.get("SecretHash"))
        user = pool._get_user(asked["Username"])
        if user is None:
            if hides_users(client):
                text = "Invalid verification code provided, please try again."
                raise refused("CodeMismatchException", text)
            raise refused("UserNotFoundException", "Username/client id combination not found.")
        check(pool, asked["Password"])
        attribute = short_lived.use_code(user, short_lived.FORGOTTEN, asked["ConfirmationCode"])
        user.password = asked["Password"]
        _set_status(user, "CONFIRMED")
        user.update_attributes([{"Name": f"{attribute}_verified", "Value": "true"}])
        self._triggers.call(
            "PostConfirmation",
            Occasion(pool, "PostConfirmation_ConfirmForgotPassword", user.username, client),
            request_of(user, asked.get("ClientMetadata")),
            {},
        )
        return {}

    def change(self, asked: Parameters, account: str, region: str) -> dict[str, Any]:
        """ChangePassword: by a user who is signed in."""
        pool, _, user = holder_of(asked["AccessToken"])
        verify(user, asked.get("PreviousPassword", ""))
        check(pool, asked["ProposedPassword"])
        user.password = asked["ProposedPassword"]
        return {}

    def reset(self, asked: Parameters, account: str, region: str) -> dict[str, Any]:
        """AdminResetUserPassword: the user must set a new one, with a code."""
        pool = pool_of(asked, account, region)
        user = pool._get_user(asked["Username"])
        if user is None:
            raise refused("UserNotFoundException", "User does not exist.")
        if not user.enabled:
            raise not_authorized("User is disabled.")
        if user.status not in ("CONFIRMED", "RESET_REQUIRED"):
            raise not_authorized("User password cannot be reset in the current state.")
        medium_for_recovery(pool, user)
        self._send_code(pool, None, user, asked.get("ClientMetadata"))
        _set_status(user, "RESET_REQUIRED")
        pool.sign_out(user.username)
        return {}

    def set_one(self, asked: Parameters, account: str, region: str) -> dict[str, Any]:
        """AdminSetUserPassword."""
        pool = pool_of(asked, account, region)
        user = pool._get_user(asked["Username"])
        if user is None:
            raise refused("UserNotFoundException", "User does not exist.")
        check(pool, asked["Password"])
        user.password = asked["Password"]
        _set_status(user, "CONFIRMED" if asked.get("Permanent") else "FORCE_CHANGE_PASSWORD")
        return {}

    def _send_code(self, pool: Any, client: Any, user: Any, metadata: Any) -> dict[str, str]:
        medium = medium_for_recovery(pool, user)
        code = short_lived.new_code(user, short_lived.FORGOTTEN, ATTRIBUTE_OF[medium])
        notice = Notice(pool, client, user, "ForgotPassword", medium, code, metadata)
        return self._messages.send(notice)


_guesses = threading.Lock()


def verify(user: Any, password: str) -> None:
    """Check a user's password; after five wrong ones in a row the user has to wait.

    Raises
    ------
    JsonRESTError
        ``NotAuthorizedException``.
    """
    settle(
        user,
        user.password is not None
        and secrets.compare_digest(user.password.encode(), password.encode()),
    )


def settle(user: Any, right: bool) -> None:
    """Count a right or wrong password of a user; raises as :func:`verify` does."""
    import time

    with _guesses:
        wrong, until = user.__dict__.setdefault("guesses", (0, 0.0))
        now = time.time()
        if now < until:
            raise not_authorized("Password attempts exceeded")
        if right:
            user.guesses = (0, 0.0)
            return
        wrong += 1
        late = wrong - _WRONG_BEFORE_LOCK
        lock_s = min(2**late, _LONGEST_LOCK_S) if late >= 0 else 0
        user.guesses = (wrong, now + lock_s if lock_s else 0.0)
    raise not_authorized("Incorrect username or password.")


def _set_status(user: Any, status: str) -> None:
    from moto.cognitoidp.models import UserStatus

    user.status = UserStatus(status)


def _made_up(username: str) -> dict[str, str]:
    """What a caller is told who must not learn that a user does not exist."""
    to = username if "@" in username else f"{username}@example.com"
    return {
        "Destination": masked(to),
        "DeliveryMedium": EMAIL,
        "AttributeName": ATTRIBUTE_OF[EMAIL],
    }
