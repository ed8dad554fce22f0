"""Sign-in by challenges of one's own: the Define, Create and Verify Auth Challenge triggers.

The Define trigger sees the results so far and says what comes next. It may let Cognito check the
password first (``SRP_A``, then ``PASSWORD_VERIFIER``).
"""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.neighbours.services.cognito import short_lived
from lambda_nb.engine.neighbours.services.cognito.lookups import (
    hides_users,
    not_authorized,
    refused,
)
from lambda_nb.engine.neighbours.services.cognito.triggers import (
    Occasion,
    Triggers,
    invalid,
    request_of,
)

CUSTOM = "CUSTOM_CHALLENGE"
_TURNS = 3
"""Wrong answers to a challenge in a row after which a sign-in ends."""

Results = list[dict[str, Any]]


class CustomChallenges:
    """The loop of custom challenges."""

    def __init__(self, triggers: Triggers) -> None:
        self._triggers = triggers

    def next(
        self, pool: Any, client: Any, user: Any, username: str, results: Results, metadata: Any
    ) -> str:
        """What the Define trigger wants next: the name of a challenge, or nothing for tokens.

        Raises
        ------
        JsonRESTError
            ``NotAuthorizedException`` if it ends the sign-in.
        """
        blank = {"challengeName": None, "issueTokens": None, "failAuthentication": None}
        request = self._request(user, metadata, session=results)
        if hides_users(client):
            request["userNotFound"] = user is None
        answer = self._triggers.call(
            "DefineAuthChallenge",
            self._occasion(pool, client, "DefineAuthChallenge", user, username),
            request,
            blank,
        )
        if answer is None:
            text = "Custom auth lambda trigger is not configured for the user pool."
            raise refused("InvalidParameterException", text)
        for field in ("issueTokens", "failAuthentication"):
            if not isinstance(answer.get(field), (bool, type(None))):
                raise invalid("Unrecognizable lambda output")
        if answer.get("failAuthentication"):
            raise not_authorized("Incorrect username or password.")
        if answer.get("issueTokens"):
            if user is None:
                raise not_authorized("Incorrect username or password.")
            return ""
        name = answer.get("challengeName")
        if not isinstance(name, str) or not name:
            raise invalid("Unrecognizable lambda output")
        return name

    def create(
        self,
        pool: Any,
        client: Any,
        user: Any,
        username: str,
        results: Results,
        metadata: Any,
    ) -> dict[str, Any]:
        """A new challenge, as the client gets it."""
        blank = {
            "publicChallengeParameters": None,
            "privateChallengeParameters": None,
            "challengeMetadata": None,
        }
        request = self._request(user, metadata, challengeName=CUSTOM, session=results)
        if hides_users(client):
            request["userNotFound"] = user is None
        answer = self._triggers.call(
            "CreateAuthChallenge",
            self._occasion(pool, client, "CreateAuthChallenge", user, username),
            request,
            blank,
        )
        if answer is None:
            text = "Custom auth lambda trigger is not configured for the user pool."
            raise refused("InvalidParameterException", text)
        public = _texts(answer.get("publicChallengeParameters"))
        held = {
            "kind": CUSTOM,
            "results": results,
            "private": _texts(answer.get("privateChallengeParameters")),
            "metadata": answer.get("challengeMetadata"),
        }
        session = short_lived.open_session(pool, client, username, **held)
        name = user.username if user is not None else username
        return {
            "ChallengeName": CUSTOM,
            "Session": session,
            "ChallengeParameters": {"USERNAME": name, **public},
        }

    def verify(
        self,
        pool: Any,
        client: Any,
        user: Any,
        held: dict[str, Any],
        answer_given: str,
        metadata: Any,
    ) -> Results:
        """The results so far, with that of an answer.

        Raises
        ------
        JsonRESTError
            ``NotAuthorizedException`` after three wrong answers in a row.
        """
        request = self._request(
            user,
            metadata,
            privateChallengeParameters=held["private"],
            challengeAnswer=answer_given,
        )
        if hides_users(client):
            request["userNotFound"] = user is None
        answer = self._triggers.call(
            "VerifyAuthChallengeResponse",
            self._occasion(pool, client, "VerifyAuthChallengeResponse", user, held["username"]),
            request,
            {"answerCorrect": None},
        )
        if answer is None:
            text = "Custom auth lambda trigger is not configured for the user pool."
            raise refused("InvalidParameterException", text)
        right = answer.get("answerCorrect")
        if not isinstance(right, (bool, type(None))):
            raise invalid("Unrecognizable lambda output")
        result = {"challengeName": CUSTOM, "challengeResult": bool(right)}
        if held["metadata"]:
            result["challengeMetadata"] = held["metadata"]
        results = [*held["results"], result]
        last = results[-_TURNS:]
        if len(last) == _TURNS and not any(one["challengeResult"] for one in last):
            raise not_authorized("Incorrect username or password.")
        return results

    @staticmethod
    def _occasion(pool: Any, client: Any, trigger: str, user: Any, username: str) -> Occasion:
        name = user.username if user is not None else username
        return Occasion(pool, f"{trigger}_Authentication", name, client)

    @staticmethod
    def _request(user: Any, metadata: Any, **more: Any) -> dict[str, Any]:
        if user is not None:
            return request_of(user, metadata, **more)
        request: dict[str, Any] = {"userAttributes": {}, **more}
        if metadata:
            request["clientMetadata"] = dict(metadata)
        return request


def _texts(given: Any) -> dict[str, str]:
    if given is None:
        return {}
    if not isinstance(given, dict) or any(not isinstance(v, str) for v in given.values()):
        raise invalid("Unrecognizable lambda output")
    return given
