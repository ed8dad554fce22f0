"""Users of another directory, who move into a user pool when they sign in or forget a password."""

from __future__ import annotations

import threading
from typing import Any

from lambda_nb.engine.neighbours.services.cognito.lookups import not_authorized
from lambda_nb.engine.neighbours.services.cognito.triggers import Occasion, Triggers, invalid

_BLANK: dict[str, Any] = {
    "userAttributes": None,
    "forceAliasCreation": None,
    "enableSMSMFA": None,
    "finalUserStatus": None,
    "messageAction": None,
    "desiredDeliveryMediums": None,
}
_adding = threading.Lock()


class Migration:
    """Asks the UserMigration trigger for users that a pool does not know."""

    def __init__(self, triggers: Triggers) -> None:
        self._triggers = triggers

    def at_sign_in(
        self, pool: Any, client: Any, username: str, password: str, validation: Any
    ) -> Any:
        """The new user of a pool who signs in with a password; ``None`` without the trigger.

        Raises
        ------
        JsonRESTError
            The trigger's error: it does not know the user, or the password is wrong.
        """
        request = {"password": password, "validationData": dict(validation or {}) or None}
        return self._moved(pool, client, username, "Authentication", request, password)

    def at_forgotten_password(self, pool: Any, client: Any, username: str, metadata: Any) -> Any:
        """The new user of a pool who forgot the password; ``None`` without the trigger."""
        request: dict[str, Any] = {"validationData": None}
        if metadata:
            request["clientMetadata"] = dict(metadata)
        return self._moved(pool, client, username, "ForgotPassword", request, None)

    def _moved(
        self,
        pool: Any,
        client: Any,
        username: str,
        source: str,
        request: dict[str, Any],
        password: str | None,
    ) -> Any:
        occasion = Occasion(pool, f"UserMigration_{source}", username, client)
        answer = self._triggers.call("UserMigration", occasion, request, dict(_BLANK))
        if answer is None:
            return None
        given = answer.get("userAttributes")
        if not isinstance(given, dict) or not given:
            raise not_authorized("Incorrect username or password.")
        if any(not isinstance(value, str) for value in given.values()):
            raise invalid("Unrecognizable lambda output")
        return _added(pool, username, given, answer.get("finalUserStatus"), password)


def _added(
    pool: Any, username: str, given: dict[str, str], status: Any, password: str | None
) -> Any:
    from moto.cognitoidp.models import CognitoIdpUser, UserStatus

    name: str | None = given.get("username", username)
    kinds = pool.extended_config.get("UsernameAttributes") or []
    if kinds:
        name = None
        kind = "email" if "@" in username else "phone_number"
        if kind in kinds:
            given = {kind: username, **given}
    attributes = [
        {"Name": key, "Value": value} for key, value in given.items() if key != "username"
    ]
    final = UserStatus.CONFIRMED if status == "CONFIRMED" else UserStatus.RESET_REQUIRED
    with _adding:
        known = pool._get_user(username)
        if known is not None:  # another request was faster
            return known
        user = CognitoIdpUser(pool.id, name, password, final, attributes)
        pool.users[user.username] = user
        return user
