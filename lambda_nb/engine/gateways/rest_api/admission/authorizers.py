"""Authorizers of methods: asks the one of a method, and remembers for a while what it said."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

from lambda_nb.engine.gateways.rest_api.admission.cognito import UserPools
from lambda_nb.engine.gateways.rest_api.admission.lambda_authorizers import (
    DENIED,
    EXPLICITLY_DENIED,
    Decision,
    LambdaAuthorizers,
)
from lambda_nb.engine.gateways.rest_api.exchange import Exchange
from lambda_nb.engine.gateways.rest_api.gateway_responses import Refusal
from lambda_nb.engine.gateways.shared.authorizer_cache import AuthorizerCache
from lambda_nb.engine.gateways.shared.surroundings import Surroundings

DEFAULT_TTL_S = 300
"""Seconds that a decision is kept, unless the authorizer says something else
(facts/events.md, "Authorizers")."""

UNAUTHORIZED = "Unauthorized"

_AUTHORIZATION = "method.request.header.Authorization"


class Authorizers:
    """The authorizers of all REST APIs of a Region.

    Parameters
    ----------
    surroundings
        What the gateways of the Region work with.
    flushes
        How often a stage of an API was to forget what its authorizers said, and another count.
    """

    def __init__(
        self, surroundings: Surroundings, flushes: Callable[[str, str], tuple[int, int]]
    ) -> None:
        self._functions = LambdaAuthorizers(surroundings)
        self._user_pools = UserPools(surroundings)
        self._flushes = flushes
        self._cache: AuthorizerCache[Decision] = AuthorizerCache()

    async def authorize(self, exchange: Exchange, *, allowed: bool = False) -> None:
        """Let a request's caller in, and take note of what the authorizer says.

        Parameters
        ----------
        allowed
            Whether the API's resource policy allows the request: then it is enough that the policy
            of a Lambda authorizer does not deny it.

        Raises
        ------
        Refusal
            The caller may not come in, or the authorizer failed.
        """
        method = exchange.method
        authorizer = method.authorizer
        if authorizer is None:
            exchange.log.failed("Execution failed due to configuration error: no authorizer")
            raise Refusal("AUTHORIZER_CONFIGURATION_ERROR", None)
        exchange.log.say(
            f"Starting authorizer: {authorizer['id']} for request: {exchange.request_id}"
        )
        if authorizer["type"] == "COGNITO_USER_POOLS":
            token = self.identity(authorizer, exchange)[0]
            exchange.authorizer = await self._user_pools.authorize(
                authorizer, token, method.scopes, exchange
            )
        else:
            decision = await self._decision(authorizer, exchange)
            self._admit(decision, exchange, allowed)
        exchange.log.say(
            f"Successfully completed authorizer execution for request: {exchange.request_id}"
        )

    async def ask(self, authorizer: Mapping[str, Any], exchange: Exchange) -> Decision:
        """Ask a Lambda authorizer, whatever is remembered.

        Raises
        ------
        Refusal
            It failed, or a source of the caller's identity is missing.
        """
        identity = self.identity(authorizer, exchange)
        return await self._functions.ask(authorizer, identity, exchange)

    async def claims(self, authorizer: Mapping[str, Any], exchange: Exchange) -> dict[str, str]:
        """What a user pool says of the user whose identity token it is.

        Raises
        ------
        Refusal
            The token does not count.
        """
        token = self.identity(authorizer, exchange)[0]
        answered = await self._user_pools.authorize(authorizer, token, (), exchange)
        claims: dict[str, str] = answered["claims"]
        return claims

    async def _decision(self, authorizer: Mapping[str, Any], exchange: Exchange) -> Decision:
        identity = self.identity(authorizer, exchange)
        ttl_s = authorizer.get("authorizerResultTtlInSeconds")
        ttl_s = DEFAULT_TTL_S if ttl_s is None else int(ttl_s)
        if not identity or ttl_s <= 0:
            return await self._functions.ask(authorizer, identity, exchange)
        deployed = exchange.deployed
        flushes = self._flushes(deployed.api_id, deployed.stage_name)[0]
        key = (
            deployed.api_id,
            deployed.stage_name,
            deployed.deployment_id,
            flushes,
            authorizer["id"],
            *identity,
        )
        decision = self._cache.get(key, time.monotonic())
        if decision is None:
            decision = await self._functions.ask(authorizer, identity, exchange)
            self._cache.put(key, decision, ttl_s, time.monotonic())
        return decision

    def _admit(self, decision: Decision, exchange: Exchange, allowed: bool) -> None:
        exchange.usage_key = decision.usage_key
        exchange.authorizer = {
            "principalId": decision.principal,
            "integrationLatency": decision.latency_ms,
            **decision.context,
        }
        said = decision.policy.decides(exchange.method_arn, {"aws:sourceip": exchange.source_ip})
        if said == "allow" or (allowed and said != "explicit deny"):
            exchange.log.say("Using valid authorizer policy for principal: " + _masked(decision))
            return
        exchange.log.failed(f"The client is not authorized to perform this operation: {said}.")
        text = EXPLICITLY_DENIED if said == "explicit deny" else DENIED
        raise Refusal("ACCESS_DENIED", text, capital=True)

    def identity(self, authorizer: Mapping[str, Any], exchange: Exchange) -> tuple[str, ...]:
        """The values of an authorizer's identity sources.

        Raises
        ------
        Refusal
            ``UNAUTHORIZED``: one is missing, or does not look as it should.
        """
        sources = authorizer.get("identitySource") or ""
        if not sources and authorizer["type"] != "REQUEST":
            sources = _AUTHORIZATION
        values = []
        for source in filter(None, (part.strip() for part in sources.split(","))):
            value = _value(source, exchange)
            if not value:
                exchange.log.failed("Unauthorized request: " + exchange.request_id)
                raise Refusal("UNAUTHORIZED", UNAUTHORIZED)
            values.append(value)
        expression = authorizer.get("identityValidationExpression")
        if expression and values and not _fits(expression, values[0], exchange):
            exchange.log.failed("Unauthorized request: " + exchange.request_id)
            raise Refusal("UNAUTHORIZED", UNAUTHORIZED)
        return tuple(values)


def _value(source: str, exchange: Exchange) -> str | None:
    first, _, rest = source.partition(".")
    if first == "stageVariables":
        return exchange.stage_variables.get(rest)
    if first == "context":
        found: Any = exchange.context()
        for part in rest.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        return None if found is None else str(found)
    location, _, name = source.removeprefix("method.request.").partition(".")
    return exchange.parameter(location, name)


def _fits(expression: str, value: str, exchange: Exchange) -> bool:
    try:
        return re.fullmatch(expression, value) is not None
    except re.error as error:
        exchange.log.failed(f"Execution failed due to configuration error: {error}")
        raise Refusal("AUTHORIZER_CONFIGURATION_ERROR", None) from error


def _masked(decision: Decision) -> str:
    principal = decision.principal
    return "*" * max(0, len(principal) - 4) + principal[-4:]
