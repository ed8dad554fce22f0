"""Lambda authorizers: a function says who may go on (facts/events.md, Authorizers)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.gateways.http_api import events
from lambda_nb.engine.gateways.http_api.authorizers import identity_sources
from lambda_nb.engine.gateways.http_api.exchange import Exchange
from lambda_nb.engine.gateways.http_api.faults import Fault, forbidden, internal, unauthorized
from lambda_nb.engine.gateways.http_api.function_calls import invoked
from lambda_nb.engine.gateways.shared.authorizer_cache import AuthorizerCache
from lambda_nb.engine.gateways.shared.invoke_policies import Policy, PolicyError
from lambda_nb.engine.identifiers import uuid4
from lambda_nb.engine.permissions.functions import API_GATEWAY, Call, Functions
from lambda_nb.rules import quotas

_TIMEOUT_S = float(quotas.HTTP_API_AUTHORIZER_S.value)


@dataclass(frozen=True, slots=True)
class Decision:
    """What an authorizer said: a simple answer, or a policy."""

    lets_in: bool
    policy: Policy | None
    principal: str | None
    context: Mapping[str, Any] | None


class LambdaAuthorizer:
    """A function that lets requests in.

    Parameters
    ----------
    authorizer
        As GetAuthorizer shows it.
    function
        ARN of the function.
    functions
        The functions of the Region that an ARN names.
    cache
        Keeps decisions.
    resets
        How often the stage's cache was reset.
    """

    def __init__(
        self,
        authorizer: Mapping[str, Any],
        function: str,
        functions: Callable[[str], Functions],
        cache: AuthorizerCache[Decision],
        resets: Callable[[], int],
    ) -> None:
        self._id = str(authorizer.get("AuthorizerId", ""))
        self._version = str(authorizer.get("AuthorizerPayloadFormatVersion") or "1.0")
        self._simple = bool(authorizer.get("EnableSimpleResponses"))
        self._sources = identity_sources(authorizer.get("IdentitySource") or [])
        self._ttl_s = int(authorizer.get("AuthorizerResultTtlInSeconds") or 0)
        self._trusted = bool(authorizer.get("AuthorizerCredentialsArn"))
        # With the function: a stage variable may lead to another one.
        self._settings = json.dumps([function, authorizer], sort_keys=True, default=str)
        self._function = function
        self._functions = functions
        self._cache = cache
        self._resets = resets

    async def admit(self, exchange: Exchange) -> None:
        """Return if the function, or what it said before, lets the request in."""
        identity = [source(exchange, None) for source in self._sources]
        if not all(identity):
            raise unauthorized()
        values = tuple(value or "" for value in identity)
        stage = exchange.stage
        key = (stage.api_id, stage.stage, self._settings, self._resets(), values)
        cached = bool(self._sources) and self._ttl_s > 0
        decision = self._cache.get(key, time.monotonic()) if cached else None
        if decision is None:
            try:
                decision = await self._ask(exchange, values)
            except Fault as fault:
                exchange.notes["authorizerError"] = fault.problem or fault.message
                raise
            if cached:
                self._cache.put(key, decision, self._ttl_s, time.monotonic())
        if not _lets_in(decision, exchange):
            raise forbidden("the authorizer keeps the request out")
        exchange.principal = decision.principal
        exchange.authorizer = {"lambda": decision.context}

    async def _ask(self, exchange: Exchange, identity: tuple[str, ...]) -> Decision:
        stage = exchange.stage
        call = Call(
            self._function,
            events.encoded(self._event(exchange, identity)),
            API_GATEWAY,
            f"arn:aws:execute-api:{stage.region}:{stage.account}:{stage.api_id}/authorizers/"
            f"{self._id}",
            uuid4(),
            exchange.trace_header,
            self._trusted,
        )
        try:
            result = await invoked(self._functions(self._function), call, _TIMEOUT_S)
        except Fault as fault:  # throttled or slow, it failed all the same
            raise internal(fault.problem) from fault
        if result.function_error is not None:
            text = result.payload.decode("utf-8", "replace")
            if _error_message(text) == "Unauthorized":
                raise unauthorized()
            raise internal(f"the authorizer failed: {text[:500]}")
        try:
            return decision(result.payload, simple=self._simple and self._version != "1.0")
        except (ValueError, RecursionError) as error:
            raise internal(f"the authorizer's answer: {error}") from error

    def _event(self, exchange: Exchange, identity: tuple[str, ...]) -> dict[str, Any]:
        message = events.Message.of(exchange)
        arn = exchange.method_arn
        if self._version == "1.0":
            text = ",".join(identity)
            told: dict[str, Any] = {
                "version": "1.0",
                "type": "REQUEST",
                "methodArn": arn,
                "identitySource": text,
                "authorizationToken": text,
            }
            told.update(events.version_1(exchange, message))
        else:
            told = {
                "version": "2.0",
                "type": "REQUEST",
                "routeArn": arn,
                "identitySource": list(identity) or None,
            }
            told.update(events.version_2(exchange, message))
        told.pop("body", None)
        told.pop("isBase64Encoded", None)
        return told


def decision(payload: bytes, *, simple: bool) -> Decision:
    """What an authorizer's answer says.

    Raises
    ------
    ValueError
        It has a wrong form.
    """
    answer = json.loads(payload)
    if not isinstance(answer, dict):
        raise ValueError("is no object")
    context = answer.get("context")
    if context is not None and not isinstance(context, dict):
        raise ValueError("its context is no object")
    if simple:
        lets_in = answer.get("isAuthorized")
        if not isinstance(lets_in, bool):
            raise ValueError("isAuthorized is neither true nor false")
        return Decision(lets_in, None, None, context)
    principal = answer.get("principalId")
    if not isinstance(principal, str):
        raise ValueError("principalId is no text")
    try:
        return Decision(True, Policy(answer.get("policyDocument") or {}), principal, context)
    except PolicyError as error:
        raise ValueError(str(error)) from error


def _lets_in(said: Decision, exchange: Exchange) -> bool:
    if said.policy is None:
        return said.lets_in
    told = {"aws:sourceip": exchange.request.peer}
    return said.policy.decides(exchange.method_arn, told) == "allow"


def _error_message(text: str) -> object:
    try:
        error = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return error.get("errorMessage") if isinstance(error, dict) else None
