"""Who may connect: Lambda authorizers and signatures on ``$connect``."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.api.admission.gate import Gate
from lambda_nb.engine.api.admission.signature_v4 import EMPTY_SHA256
from lambda_nb.engine.api.wire.http import HttpRequest
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.shared.access_log import found_in
from lambda_nb.engine.gateways.shared.authorizer_cache import AuthorizerCache
from lambda_nb.engine.gateways.shared.invoke_policies import Decision, Policy, PolicyError
from lambda_nb.engine.gateways.websocket_api.events import Handshake
from lambda_nb.engine.gateways.websocket_api.lambda_calls import LambdaCalls
from lambda_nb.engine.gateways.websocket_api.refusals import (
    DENIED,
    FORBIDDEN,
    NOT_AUTHORIZED,
    SERVER_ERROR,
    UNAUTHORIZED,
    Refused,
)
from lambda_nb.engine.gateways.websocket_api.stages import CONNECT, Route, Stage
from lambda_nb.engine.model import Caller
from lambda_nb.engine.permissions.functions import function_of

_SERVICE = "execute-api"


@dataclass(frozen=True, slots=True)
class Decided:
    """What an authorizer decided, and what it said about the caller."""

    policy: Policy
    context: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Admitted:
    """Somebody who may connect; ``authorizer`` is what events show."""

    caller: Caller | None = None
    authorizer: Mapping[str, Any] | None = None


class Admission:
    """Lets clients in, or keeps them out.

    Parameters
    ----------
    gate
        Checks signatures.
    calls
        Calls authorizers.
    arn
        ARN of the API's ``execute-api`` without the API: ``arn:aws:execute-api:REGION:ACCOUNT``.
    """

    def __init__(self, gate: Gate, calls: LambdaCalls, arn: str) -> None:
        self._gate = gate
        self._calls = calls
        self._arn = arn
        self._cache: AuthorizerCache[Decided] = AuthorizerCache()
        self._resets: dict[tuple[str, str], int] = {}

    async def admit(
        self,
        stage: Stage,
        route: Route,
        request: HttpRequest,
        handshake: Handshake,
        context: Mapping[str, Any],
        resets: int,
    ) -> Admitted:
        """Decide about one client.

        Parameters
        ----------
        context
            ``requestContext`` of the event ``$connect``.
        resets
            How often the decisions of authorizers were to be forgotten.

        Raises
        ------
        Refused
            It may not connect.
        """
        kind = route.record.get("AuthorizationType") or "NONE"
        if kind == "NONE":
            return Admitted()
        if kind == "AWS_IAM":
            return Admitted(caller=self._signer(request))
        if kind == "CUSTOM" and route.authorizer is not None:
            return await self._authorized(stage, route.authorizer, handshake, context, resets)
        raise Refused(500, SERVER_ERROR, f"$connect has no authorizer for {kind}")

    def _signer(self, request: HttpRequest) -> Caller:
        try:
            return signed_by(self._gate, request, EMPTY_SHA256)
        except AWSError as error:
            message = FORBIDDEN if error.code.startswith("Missing") else error.message
            raise Refused(403, message, error.message) from error

    async def _authorized(
        self,
        stage: Stage,
        authorizer: Mapping[str, Any],
        handshake: Handshake,
        context: Mapping[str, Any],
        resets: int,
    ) -> Admitted:
        identity = [
            identified(source, stage, handshake, context)
            for source in authorizer.get("IdentitySource") or ()
        ]
        if not all(identity):
            raise Refused(401, UNAUTHORIZED, "an identity source is missing")
        owner = (stage.api_id, stage.name)
        if self._resets.get(owner, resets) != resets:
            self._cache.reset(*owner)
        self._resets[owner] = resets
        key = (*owner, authorizer["AuthorizerId"], *identity)
        decided = self._cache.get(key, time.monotonic())
        latency_ms = 0
        method_arn = f"{self._arn}:{stage.api_id}/{stage.name}/{CONNECT}"
        if decided is None:
            event = {
                "type": "REQUEST",
                "methodArn": method_arn,
                **handshake.members(),
                "stageVariables": dict(stage.variables),
                "requestContext": context,
            }
            began = time.monotonic()
            decided = await self._asked(stage, authorizer, event)
            latency_ms = round((time.monotonic() - began) * 1000)
            # Without an identity source, one client's decision would do for all others.
            ttl = authorizer.get("AuthorizerResultTtlInSeconds") or 0 if identity else 0
            self._cache.put(key, decided, ttl, time.monotonic())
        source = {"aws:sourceip": str(context["identity"]["sourceIp"])}
        decision: Decision = decided.policy.decides(method_arn, source)
        if decision != "allow":
            message = DENIED if decision == "explicit deny" else NOT_AUTHORIZED
            raise Refused(403, message, f"the authorizer's policy: {decision}")
        return Admitted(authorizer={**decided.context, "integrationLatency": latency_ms})

    async def _asked(
        self, stage: Stage, authorizer: Mapping[str, Any], event: dict[str, Any]
    ) -> Decided:
        function = function_of(authorizer.get("AuthorizerUri") or "")
        if function is None:
            raise Refused(500, SERVER_ERROR, "the authorizer's URI names no function")
        result = await self._calls.invoke(
            function,
            json.dumps(event, separators=(",", ":")).encode(),
            f"{self._arn}:{stage.api_id}/authorizers/{authorizer['AuthorizerId']}",
            trusted=bool(authorizer.get("AuthorizerCredentialsArn")),
        )
        if result.function_error is not None:
            if _message(result.payload) == UNAUTHORIZED:
                raise Refused(401, UNAUTHORIZED, "the authorizer says Unauthorized")
            raise Refused(500, SERVER_ERROR, f"the authorizer failed: {result.payload[:500]!r}")
        return decision_of(result.payload)


def signed_by(gate: Gate, request: HttpRequest, payload_hash: str) -> Caller:
    """Who signed a request for ``execute-api``.

    Raises
    ------
    AWSError
        The 403 that the caller gets.
    """
    return gate.glance(request).admit(payload_hash, service=_SERVICE)


def identified(
    source: str, stage: Stage, handshake: Handshake, context: Mapping[str, Any]
) -> str | None:
    """The value of an identity source; ``None`` or empty if the client does not give it."""
    where, _, name = source.removeprefix("route.").partition(".")
    if where == "request":
        part, _, name = name.partition(".")
        if part == "header":
            return handshake.header(name)
        if part == "querystring":
            return next(reversed(handshake.query.get(name, ())), None)
        return None
    if where == "stageVariables":
        return stage.variables.get(name)
    value = found_in(context, name) if where == "context" else None
    return None if value is None else str(value)


def decision_of(payload: bytes) -> Decided:
    """What an authorizer's response says.

    Raises
    ------
    Refused
        It is none.
    """
    try:
        response = json.loads(payload)
        policy = Policy(response["policyDocument"])
        principal = response["principalId"]
        context = response.get("context") or {}
        if not isinstance(principal, str) or not isinstance(context, dict):
            raise PolicyError("principalId is a text and context an object")
        if any(value is None or isinstance(value, (dict, list)) for value in context.values()):
            raise PolicyError("values of context are texts, numbers and booleans")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        text = f"the authorizer's response is none: {error!r}"
        raise Refused(500, SERVER_ERROR, text) from error
    texts = {name: v if isinstance(v, str) else json.dumps(v) for name, v in context.items()}
    key = response.get("usageIdentifierKey")
    if isinstance(key, str):
        texts["usageIdentifierKey"] = key
    return Decided(policy, {**texts, "principalId": principal})


def _message(payload: bytes) -> object:
    try:
        document = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    return document.get("errorMessage") if isinstance(document, dict) else None
