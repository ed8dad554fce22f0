"""How users sign in: InitiateAuth and AdminInitiateAuth in all flows with passwords."""

from __future__ import annotations

import time
from typing import Any

from lambda_nb.engine.neighbours.services.cognito import passwords
from lambda_nb.engine.neighbours.services.cognito.flows.challenges import Challenges, new_exchange
from lambda_nb.engine.neighbours.services.cognito.flows.custom_challenges import CUSTOM
from lambda_nb.engine.neighbours.services.cognito.flows.migration import Migration
from lambda_nb.engine.neighbours.services.cognito.flows.tokens import Tokens
from lambda_nb.engine.neighbours.services.cognito.lookups import (
    Parameters,
    attributes_of,
    check_secret,
    client_in,
    client_of,
    hides_users,
    not_authorized,
    pool_of,
    refused,
    secret_hash,
)
from lambda_nb.engine.neighbours.services.cognito.triggers import Occasion, Triggers

_PASSWORD = ("USER_PASSWORD_AUTH", "ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH")
_REFRESH = ("REFRESH_TOKEN_AUTH", "REFRESH_TOKEN")
_USERS_FLOWS = ("USER_SRP_AUTH", "CUSTOM_AUTH", "USER_PASSWORD_AUTH", *_REFRESH)
_ADMINISTRATORS_FLOWS = (
    *("USER_SRP_AUTH", "CUSTOM_AUTH", "ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"),
    *_REFRESH,
)
_ALLOWED_UNSAID = ("ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")
"""Flows of a client that names none (API reference, ``ExplicitAuthFlows``)."""


class SignIn:
    """Begins sign-ins, and renews tokens."""

    def __init__(
        self, triggers: Triggers, challenges: Challenges, tokens: Tokens, migration: Migration
    ) -> None:
        self._triggers = triggers
        self._challenges = challenges
        self._tokens = tokens
        self._migration = migration

    def initiate(self, asked: Parameters, account: str, region: str) -> dict[str, Any]:
        """InitiateAuth: by the user."""
        pool, client = client_of(asked)
        return self._begin(pool, client, asked, _USERS_FLOWS)

    def initiate_for(self, asked: Parameters, account: str, region: str) -> dict[str, Any]:
        """AdminInitiateAuth: by a server that has keys."""
        pool = pool_of(asked, account, region)
        client = client_in(pool, asked["ClientId"])
        return self._begin(pool, client, asked, _ADMINISTRATORS_FLOWS)

    def refresh(self, asked: Parameters, account: str, region: str) -> dict[str, Any]:
        """GetTokensFromRefreshToken."""
        pool, client = client_of(asked)
        if client.generate_secret and asked.get("ClientSecret") != client.secret:
            raise not_authorized(f"Unable to verify secret for client {client.id}")
        metadata = asked.get("ClientMetadata")
        result = self._tokens.refresh(pool, client, asked["RefreshToken"], metadata)
        return {"AuthenticationResult": result}

    def _begin(
        self, pool: Any, client: Any, asked: Parameters, flows: tuple[str, ...]
    ) -> dict[str, Any]:
        flow = asked["AuthFlow"]
        if flow not in flows:
            raise refused("InvalidParameterException", _not_here(flow))
        _check_allowed(client, flow)
        given = asked.get("AuthParameters") or {}
        if flow in _REFRESH:
            return self._renew(pool, client, given)
        username = given.get("USERNAME")
        if not username:
            raise refused("InvalidParameterException", "Missing required parameter USERNAME")
        check_secret(client, username, given.get("SECRET_HASH"))
        validation = asked.get("ClientMetadata")
        if flow in _PASSWORD:
            return self._by_password(pool, client, username, given, validation)
        if flow == "CUSTOM_AUTH":
            return self._by_custom(pool, client, username, given, validation)
        return self._by_srp(pool, client, username, given, validation)

    def _renew(self, pool: Any, client: Any, given: Parameters) -> dict[str, Any]:
        token = given.get("REFRESH_TOKEN")
        if not token:
            raise refused("InvalidParameterException", "Missing required parameter REFRESH_TOKEN")
        user, _ = self._tokens.holder(pool, client, token)
        if client.generate_secret:
            names = {user.username, *user.attribute_lookup.values()}
            if given.get("SECRET_HASH") not in {secret_hash(client, name) for name in names}:
                raise not_authorized(f"SecretHash does not match for the client: {client.id}")
        result = self._tokens.refresh(pool, client, token)
        return {"ChallengeParameters": {}, "AuthenticationResult": result}

    def _by_password(
        self, pool: Any, client: Any, username: str, given: Parameters, validation: Any
    ) -> dict[str, Any]:
        password = given.get("PASSWORD")
        if not password:
            raise refused("InvalidParameterException", "Missing required parameter PASSWORD")
        user = pool._get_user(username)
        if user is None:
            user = self._migration.at_sign_in(pool, client, username, password, validation)
        user = self._admitted(pool, client, user, username, validation)
        passwords.verify(user, password)
        _check_state(user, pool)
        return self._challenges.after_password(pool, client, user, None)

    def _by_srp(
        self, pool: Any, client: Any, username: str, given: Parameters, validation: Any
    ) -> dict[str, Any]:
        user = self._admitted(pool, client, pool._get_user(username), username, validation)
        return new_exchange(pool, client, user, given.get("SRP_A"), [])

    def _by_custom(
        self, pool: Any, client: Any, username: str, given: Parameters, validation: Any
    ) -> dict[str, Any]:
        user = self._admitted(
            pool, client, pool._get_user(username), username, validation, unknown=True
        )
        if given.get("CHALLENGE_NAME") == "SRP_A":
            results = [{"challengeName": "SRP_A", "challengeResult": True}]
            client_public = given.get("SRP_A")
            return self._challenges.go_on(
                pool, client, user, username, results, None, client_public
            )
        if given.get("CHALLENGE_NAME") not in (None, CUSTOM):
            text = f"Invalid CHALLENGE_NAME {given['CHALLENGE_NAME']}"
            raise refused("InvalidParameterException", text)
        return self._challenges.go_on(pool, client, user, username, [], None)

    def _admitted(
        self,
        pool: Any,
        client: Any,
        user: Any,
        username: str,
        validation: Any,
        *,
        unknown: bool = False,
    ) -> Any:
        """The user, once the PreAuthentication trigger lets the sign-in go on.

        With ``unknown``, a user who does not exist may go on where callers must not learn of it.
        """
        if user is None and not hides_users(client):
            raise refused("UserNotFoundException", "User does not exist.")
        if user is not None:
            if not user.enabled:
                raise not_authorized("User is disabled.")
            if user.status == "UNCONFIRMED":
                raise refused("UserNotConfirmedException", "User is not confirmed.")
        request: dict[str, Any] = {
            "userAttributes": attributes_of(user) if user is not None else {},
            "validationData": dict(validation or {}) or None,
        }
        if hides_users(client):
            request["userNotFound"] = user is None
        name = user.username if user is not None else username
        occasion = Occasion(pool, "PreAuthentication_Authentication", name, client)
        self._triggers.call("PreAuthentication", occasion, request, {})
        if user is None and not unknown:
            raise not_authorized("Incorrect username or password.")
        return user


def _not_here(flow: str) -> str:
    if flow in ("USER_AUTH",):
        return (
            f"{flow} is not available here: use USER_SRP_AUTH, USER_PASSWORD_AUTH or CUSTOM_AUTH."
        )
    return "Initiate Auth method not supported."


def _check_allowed(client: Any, flow: str) -> None:
    given = client.extended_config.get("ExplicitAuthFlows") or []
    allowed = set(given or _ALLOWED_UNSAID)
    wanted = {
        "ADMIN_NO_SRP_AUTH": ("ADMIN_NO_SRP_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH"),
        "ADMIN_USER_PASSWORD_AUTH": ("ADMIN_NO_SRP_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH"),
        "USER_PASSWORD_AUTH": ("USER_PASSWORD_AUTH", "ALLOW_USER_PASSWORD_AUTH"),
        "CUSTOM_AUTH": ("CUSTOM_AUTH_FLOW_ONLY", "ALLOW_CUSTOM_AUTH"),
        "USER_SRP_AUTH": ("ALLOW_USER_SRP_AUTH",),
    }.get(flow)
    old = not any(name.startswith("ALLOW_") for name in allowed)
    if wanted is None or allowed.intersection(wanted):
        return
    if old and flow == "USER_SRP_AUTH" and "CUSTOM_AUTH_FLOW_ONLY" not in allowed:
        return
    if flow.startswith("ADMIN_"):
        text = "Auth flow not enabled for this client"
    else:
        text = f"{flow} flow not enabled for this client"
    raise refused("InvalidParameterException", text)


def _check_state(user: Any, pool: Any) -> None:
    """Check what else may keep a user with the right password out."""
    if user.status == "RESET_REQUIRED":
        text = "Password reset required for the user"
        raise refused("PasswordResetRequiredException", text)
    if user.status != "FORCE_CHANGE_PASSWORD":
        return
    config = pool.extended_config
    policy = (config.get("Policies") or {}).get("PasswordPolicy") or {}
    unused = (config.get("AdminCreateUserConfig") or {}).get("UnusedAccountValidityDays")
    days = policy.get("TemporaryPasswordValidityDays") or unused or 7
    if time.time() > getattr(user, "invited", time.time()) + days * 86_400:
        raise not_authorized(
            "Temporary password has expired and must be reset by an administrator."
        )
