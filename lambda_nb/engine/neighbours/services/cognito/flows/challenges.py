"""What comes between the first request of a sign-in and its tokens: RespondToAuthChallenge."""

from __future__ import annotations

import base64
import json
import secrets
from typing import Any

from lambda_nb.engine.neighbours.services.cognito import passwords, short_lived
from lambda_nb.engine.neighbours.services.cognito.flows import mfa
from lambda_nb.engine.neighbours.services.cognito.flows.custom_challenges import (
    CUSTOM,
    CustomChallenges,
    Results,
)
from lambda_nb.engine.neighbours.services.cognito.flows.srp import Exchange
from lambda_nb.engine.neighbours.services.cognito.flows.tokens import Tokens
from lambda_nb.engine.neighbours.services.cognito.lookups import (
    Parameters,
    check_secret,
    check_writable,
    client_in,
    client_of,
    not_authorized,
    pool_of,
    refused,
)
from lambda_nb.engine.neighbours.services.cognito.messages import Messages
from lambda_nb.engine.neighbours.services.cognito.triggers import Occasion, Triggers, request_of

PASSWORD_VERIFIER, NEW_PASSWORD = "PASSWORD_VERIFIER", "NEW_PASSWORD_REQUIRED"
_PREFIX = "userAttributes."
_TRY_AGAIN = (
    "InvalidPasswordException", "CodeMismatchException", "ExpiredCodeException",
    "InvalidParameterException",
)  # fmt: skip
"""Errors after which the same session takes another response."""


class Challenges:
    """Challenges, and what their right answers lead to."""

    def __init__(self, triggers: Triggers, tokens: Tokens, messages: Messages) -> None:
        self._triggers = triggers
        self._tokens = tokens
        self._messages = messages
        self._custom = CustomChallenges(triggers)

    def respond(self, asked: Parameters, account: str, region: str) -> dict[str, Any]:
        """RespondToAuthChallenge: by the user."""
        pool, client = client_of(asked)
        return self._respond(pool, client, asked)

    def respond_for(self, asked: Parameters, account: str, region: str) -> dict[str, Any]:
        """AdminRespondToAuthChallenge: by a server that has keys."""
        pool = pool_of(asked, account, region)
        return self._respond(pool, client_in(pool, asked["ClientId"]), asked)

    def after_password(
        self,
        pool: Any,
        client: Any,
        user: Any,
        metadata: Any,
        source: str = "Authentication",
        new_password: bool = True,
    ) -> dict[str, Any]:
        """What follows the right password: a new one, another factor, or tokens."""
        if new_password and user.status == "FORCE_CHANGE_PASSWORD":
            return _want_new_password(pool, client, user, [])
        factor = mfa.wanted(pool, user)
        if factor:
            return mfa.challenge(pool, client, user, factor, self._messages, source, metadata)
        return self._sign_in(pool, client, user, source, metadata)

    def go_on(
        self,
        pool: Any,
        client: Any,
        user: Any,
        username: str,
        results: Results,
        metadata: Any,
        client_public: str | None = None,
    ) -> dict[str, Any]:
        """Do what the Define trigger wants next."""
        name = self._custom.next(pool, client, user, username, results, metadata)
        if not name:
            return self._sign_in(pool, client, user, "Authentication", metadata)
        if name == CUSTOM:
            return self._custom.create(pool, client, user, username, results, metadata)
        if user is None:
            raise not_authorized("Incorrect username or password.")
        if name == PASSWORD_VERIFIER and client_public:
            return new_exchange(pool, client, user, client_public, results)
        if name == NEW_PASSWORD and user.status == "FORCE_CHANGE_PASSWORD":
            return _want_new_password(pool, client, user, results)
        text = f"Invalid challenge name {name} from the DefineAuthChallenge trigger"
        raise refused("InvalidLambdaResponseException", text)

    def _respond(self, pool: Any, client: Any, asked: Parameters) -> dict[str, Any]:
        from moto.core.exceptions import JsonRESTError

        given = asked.get("ChallengeResponses") or {}
        name = asked["ChallengeName"]
        username = given.get("USERNAME")
        if not username:
            raise refused("InvalidParameterException", "Missing required parameter USERNAME")
        check_secret(client, username, given.get("SECRET_HASH"))
        session = _session_in(given) if name == PASSWORD_VERIFIER else asked.get("Session")
        held = short_lived.take_session(pool, client, session)
        try:
            return self._settle(pool, client, held, name, username, asked, given)
        except JsonRESTError as error:
            if error.error_type in _TRY_AGAIN:
                short_lived.put_back(pool, session, held)
            raise

    def _settle(
        self,
        pool: Any,
        client: Any,
        held: dict[str, Any],
        name: str,
        username: str,
        asked: Parameters,
        given: Parameters,
    ) -> dict[str, Any]:
        kind = held["kind"]
        if name != kind:
            raise not_authorized("Invalid session for the user.")
        user = pool._get_user(held["username"])
        if user is not None and pool._get_user(username) is not user:
            raise not_authorized("Invalid session for the user.")
        if user is None and kind != CUSTOM:
            raise not_authorized("Incorrect username or password.")
        if user is not None and not user.enabled:
            raise not_authorized("User is disabled.")
        metadata = asked.get("ClientMetadata")
        if kind == PASSWORD_VERIFIER:
            return self._verify_password(pool, client, user, held, given, metadata)
        if kind == NEW_PASSWORD:
            return self._take_password(pool, client, user, held, given, metadata)
        if kind == CUSTOM:
            if "ANSWER" not in given:
                raise refused("InvalidParameterException", "Missing required parameter ANSWER")
            results = self._custom.verify(pool, client, user, held, given["ANSWER"], metadata)
            return self.go_on(pool, client, user, held["username"], results, metadata)
        if kind == mfa.SETUP:
            mfa.check_setup(user)
            return self._sign_in(pool, client, user, held["source"], metadata)
        if kind == mfa.SELECT:
            factor = mfa.chosen(user, given)
            return mfa.challenge(
                pool, client, user, factor, self._messages, held["source"], metadata
            )
        mfa.check(user, held, given)
        return self._sign_in(pool, client, user, held["source"], metadata)

    def _verify_password(
        self,
        pool: Any,
        client: Any,
        user: Any,
        held: dict[str, Any],
        given: Parameters,
        metadata: Any,
    ) -> dict[str, Any]:
        exchange = Exchange(
            pool.id.partition("_")[2],
            user.username,
            user.password or "",
            held["A"],
            held["salt"],
            held["private"],
        )
        right = exchange.verifies(
            given.get("PASSWORD_CLAIM_SECRET_BLOCK", ""),
            given.get("TIMESTAMP", ""),
            given.get("PASSWORD_CLAIM_SIGNATURE", ""),
        )
        passwords.settle(user, right)
        if user.status == "RESET_REQUIRED":
            text = "Password reset required for the user"
            raise refused("PasswordResetRequiredException", text)
        if not held["results"]:
            return self.after_password(pool, client, user, metadata)
        results = [
            *held["results"],
            {"challengeName": PASSWORD_VERIFIER, "challengeResult": True},
        ]
        return self.go_on(pool, client, user, user.username, results, metadata)

    def _take_password(
        self,
        pool: Any,
        client: Any,
        user: Any,
        held: dict[str, Any],
        given: Parameters,
        metadata: Any,
    ) -> dict[str, Any]:
        from moto.cognitoidp.models import UserStatus

        password = given.get("NEW_PASSWORD")
        if not password:
            text = "Missing required parameter NEW_PASSWORD"
            raise refused("InvalidParameterException", text)
        passwords.check(pool, password)
        told = {
            name.removeprefix(_PREFIX): value
            for name, value in given.items()
            if name.startswith(_PREFIX)
        }
        check_writable(client, told)
        missing = [name for name in _missing(pool, user) if not told.get(name)]
        if missing:
            problem = f"{missing[0]}: The attribute is required\n"
            text = f"Attributes did not conform to the schema: {problem}"
            raise refused("InvalidParameterException", text)
        user.update_attributes([{"Name": name, "Value": value} for name, value in told.items()])
        user.password = password
        user.status = UserStatus.CONFIRMED
        if held["results"]:
            results = [*held["results"], {"challengeName": NEW_PASSWORD, "challengeResult": True}]
            return self.go_on(pool, client, user, user.username, results, metadata)
        return self.after_password(pool, client, user, metadata, "NewPasswordChallenge", False)

    def _sign_in(
        self, pool: Any, client: Any, user: Any, source: str, metadata: Any
    ) -> dict[str, Any]:
        """Tokens, once the PostAuthentication trigger has run."""
        occasion = Occasion(pool, "PostAuthentication_Authentication", user.username, client)
        request = request_of(user, metadata, newDeviceUsed=False)
        self._triggers.call("PostAuthentication", occasion, request, {})
        result = self._tokens.issue(pool, client, user, source, metadata)
        return {"ChallengeParameters": {}, "AuthenticationResult": result}


def new_exchange(
    pool: Any, client: Any, user: Any, client_public: str | None, results: Results
) -> dict[str, Any]:
    """The challenge to prove knowledge of the password without telling it.

    Raises
    ------
    JsonRESTError
        ``InvalidParameterException`` for a bad ``SRP_A``.
    """
    if not client_public:
        raise refused("InvalidParameterException", "Missing required parameter SRP_A")
    try:
        exchange = Exchange(
            pool.id.partition("_")[2], user.username, user.password or "", client_public
        )
    except ValueError as error:
        raise refused("InvalidParameterException", "Invalid SRP_A value") from error
    held = {
        "kind": PASSWORD_VERIFIER,
        "A": client_public,
        "salt": exchange.salt,
        "private": exchange.private,
        "results": results,
    }
    session = short_lived.open_session(pool, client, user.username, **held)
    block = json.dumps([session, secrets.token_urlsafe(32)]).encode()
    return {
        "ChallengeName": PASSWORD_VERIFIER,
        "Session": session,
        "ChallengeParameters": {
            "SALT": exchange.salt,
            "SRP_B": exchange.public,
            "SECRET_BLOCK": base64.b64encode(block).decode(),
            "USERNAME": user.username,
            "USER_ID_FOR_SRP": user.username,
        },
    }


def _session_in(given: Parameters) -> str:
    """The session that a block of secrets names: old clients send no ``Session`` with it."""
    try:
        session = json.loads(base64.b64decode(given.get("PASSWORD_CLAIM_SECRET_BLOCK", "")))[0]
    except (ValueError, LookupError, TypeError):
        return ""
    return str(session)


def _want_new_password(pool: Any, client: Any, user: Any, results: Results) -> dict[str, Any]:
    held = {"kind": NEW_PASSWORD, "results": results}
    known = {n: v for n, v in user.attribute_lookup.items() if n != "sub"}
    return {
        "ChallengeName": NEW_PASSWORD,
        "Session": short_lived.open_session(pool, client, user.username, **held),
        "ChallengeParameters": {
            "USER_ID_FOR_SRP": user.username,
            "requiredAttributes": json.dumps([_PREFIX + name for name in _missing(pool, user)]),
            "userAttributes": json.dumps(known),
        },
    }


def _missing(pool: Any, user: Any) -> list[str]:
    return [
        name
        for name, attribute in pool.schema_attributes.items()
        if attribute.required and name != "sub" and not user.attribute_lookup.get(name)
    ]
