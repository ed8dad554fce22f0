"""Lambda triggers of a user pool: the pool waits for the function, and its error stops the caller.

Sources: Cognito Developer Guide, "Customizing user pool workflows with Lambda triggers" (2026) and
the messages that clients of Cognito report. A function has 5 seconds and up to three attempts;
its own errors and Lambda's 5xx are not tried again.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.neighbours.services.cognito.lookups import attributes_of, refused
from lambda_nb.engine.neighbours.to_engine.functions import (
    FunctionError,
    Functions,
    InvocationError,
)

log = logging.getLogger(__name__)

TIMEOUT_S = 5.0
ATTEMPTS = 3
PRINCIPAL = "cognito-idp.amazonaws.com"
NO_CLIENT = "CLIENT_ID_NOT_APPLICABLE"
"""``clientId`` in the events of what an administrator does."""

_SDK = "aws-sdk-unknown-unknown"


@dataclass(frozen=True)
class Occasion:
    """What a trigger is called for.

    ``source`` is the event's ``triggerSource``; ``username`` its ``userName``. ``client`` is
    ``None`` for what an administrator does.
    """

    pool: Any
    source: str
    username: str
    client: Any = None
    version: str = "1"


class Triggers:
    """Calls the functions that user pools name in their ``LambdaConfig``."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions

    def arn(self, pool: Any, name: str) -> str | None:
        """The function of a trigger, such as ``PreSignUp``, if the pool has that trigger."""
        config: Mapping[str, Any] = pool.extended_config.get("LambdaConfig") or {}
        nested = config.get("PreTokenGenerationConfig" if name == "PreTokenGeneration" else name)
        if isinstance(nested, dict):
            return nested.get("LambdaArn")
        found = config.get(name)
        return found if isinstance(found, str) and found else None

    def call(
        self, name: str, occasion: Occasion, request: dict[str, Any], response: dict[str, Any]
    ) -> dict[str, Any] | None:
        """Run a trigger and return the ``response`` that its function filled in.

        Parameters
        ----------
        name
            The trigger, such as ``PreSignUp``.
        request, response
            These parts of the event.

        Returns
        -------
        dict or None
            ``None`` if the pool has no such trigger.

        Raises
        ------
        JsonRESTError
            ``UserLambdaValidationException`` (the function failed), ``UnexpectedLambdaException``
            (it could not run, or not in time) or ``InvalidLambdaResponseException``.
        """
        arn = self.arn(occasion.pool, name)
        if arn is None:
            return None
        event = _event(occasion, request, response)
        return _response_in(self._run(name, occasion.pool, arn, event), response)

    def notify(self, name: str, occasion: Occasion, request: dict[str, Any]) -> None:
        """Run a custom sender, which no caller waits for; log its failure."""
        arn = self.arn(occasion.pool, name)
        if arn is None:
            return
        try:
            self._run(name, occasion.pool, arn, _event(occasion, request, {}))
        except Exception as error:
            log.warning("%s of user pool %s: %s", name, occasion.pool.id, error)

    def _run(self, name: str, pool: Any, arn: str, event: dict[str, Any]) -> bytes:
        if not self._functions.permit(arn, PRINCIPAL, pool.arn, pool.account_id):
            raise _not_invoked(name, "AccessDeniedException")
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._functions.invoke(arn, event, TIMEOUT_S)
            except FunctionError as error:
                text = f"{name} failed with error {error}."
                raise refused("UserLambdaValidationException", text) from error
            except InvocationError as error:
                if error.timed_out:
                    reason = "Socket timeout while invoking Lambda function"
                else:
                    reason = error.code
                again = error.timed_out or error.code == "TooManyRequestsException"
                if not again or attempt == ATTEMPTS:
                    raise _not_invoked(name, reason) from error
        raise AssertionError("a loop of attempts ends with an answer or an error")


def _event(occasion: Occasion, request: dict[str, Any], response: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": occasion.version,
        "region": occasion.pool.region,
        "userPoolId": occasion.pool.id,
        "userName": occasion.username,
        "callerContext": {
            "awsSdkVersion": _SDK,
            "clientId": occasion.client.id if occasion.client is not None else NO_CLIENT,
        },
        "triggerSource": occasion.source,
        "request": request,
        "response": response,
    }


def _not_invoked(name: str, reason: str) -> Exception:
    return refused("UnexpectedLambdaException", f"{name} invocation failed due to error {reason}.")


def _response_in(payload: bytes, given: dict[str, Any]) -> dict[str, Any]:
    """The ``response`` of an event that a function returned."""
    try:
        told = json.loads(payload)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise invalid("Invalid lambda function output : Invalid JSON")
    response = told.get("response")
    if not isinstance(response, dict):
        raise invalid("Unrecognizable lambda output")
    for field, value in response.items():
        if isinstance(given.get(field), bool) and not isinstance(value, (bool, type(None))):
            raise invalid("Unrecognizable lambda output")
    return response


def invalid(text: str) -> Exception:
    """``InvalidLambdaResponseException``, to be raised."""
    return refused("InvalidLambdaResponseException", text)


def request_of(user: Any, metadata: Any = None, **more: Any) -> dict[str, Any]:
    """The ``request`` of most events: the user's attributes, and what the client added."""
    request: dict[str, Any] = {"userAttributes": attributes_of(user), **more}
    if metadata:
        request["clientMetadata"] = dict(metadata)
    return request
