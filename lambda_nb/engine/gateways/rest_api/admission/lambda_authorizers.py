"""Lambda authorizers of REST APIs: what they are asked, and what their answers mean."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.rest_api.compiling import with_variables
from lambda_nb.engine.gateways.rest_api.event import json_bytes, request_context, request_part
from lambda_nb.engine.gateways.rest_api.exchange import Exchange
from lambda_nb.engine.gateways.rest_api.gateway_responses import Refusal
from lambda_nb.engine.gateways.rest_api.waiting import within
from lambda_nb.engine.gateways.shared.invoke_policies import Policy, PolicyError
from lambda_nb.engine.gateways.shared.surroundings import Surroundings
from lambda_nb.engine.identifiers import uuid4
from lambda_nb.engine.model import InvocationResult, Throttled
from lambda_nb.engine.permissions.functions import (
    API_GATEWAY,
    Call,
    NotPermitted,
    function_of,
)

DENIED = "User is not authorized to access this resource"
EXPLICITLY_DENIED = "User is not authorized to access this resource with an explicit deny"

TIMEOUT_S = 29.0
"""How long an authorizer may take (as an integration; REST API quotas)."""

_MAPS = (
    "headers",
    "multiValueHeaders",
    "queryStringParameters",
    "multiValueQueryStringParameters",
    "pathParameters",
    "stageVariables",
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What a Lambda authorizer said about an identity; ``context`` has only texts."""

    principal: str
    policy: Policy
    document: str
    context: Mapping[str, str]
    usage_key: str | None
    latency_ms: int


class LambdaAuthorizers:
    """Asks Lambda authorizers.

    Parameters
    ----------
    surroundings
        What the gateways of the Region work with.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings

    async def ask(
        self, authorizer: Mapping[str, Any], identity: tuple[str, ...], exchange: Exchange
    ) -> Decision:
        """Invoke the function of an authorizer.

        Raises
        ------
        Refusal
            It says ``Unauthorized``, fails, or answers what no authorizer may answer.
        """
        log = exchange.log
        uri = with_variables(authorizer.get("authorizerUri") or "", exchange.stage_variables)
        function = function_of(uri)
        if function is None or not function.startswith("arn:"):
            log.failed(f"Execution failed due to configuration error: invalid URI {uri}")
            raise Refusal("AUTHORIZER_CONFIGURATION_ERROR", None)
        call = Call(
            function=function,
            payload=_event(authorizer, identity, exchange),
            principal=API_GATEWAY,
            source_arn=f"{exchange.deployed.arn}/authorizers/{authorizer['id']}",
            request_id=uuid4(),
            trace_header=exchange.trace_header,
            trusted=bool(authorizer.get("authorizerCredentials")),
        )
        log.data("Authorizer request body", call.payload)
        started = time.perf_counter()
        try:
            result = await within(TIMEOUT_S, self._surroundings.functions(function).invoke(call))
        except asyncio.TimeoutError as error:
            log.failed("Execution failed due to a timeout error")
            raise Refusal("AUTHORIZER_FAILURE", None) from error
        except (NotPermitted, AWSError, Throttled) as error:
            log.failed(f"Execution failed due to configuration error: {error}")
            raise Refusal("AUTHORIZER_CONFIGURATION_ERROR", None) from error
        latency_ms = round((time.perf_counter() - started) * 1000)
        log.data("Authorizer result body before parsing", result.payload)
        return _decision(result, latency_ms, exchange)


def _event(authorizer: Mapping[str, Any], identity: tuple[str, ...], exchange: Exchange) -> bytes:
    event: dict[str, Any] = {"type": authorizer["type"], "methodArn": exchange.method_arn}
    if authorizer["type"] == "TOKEN":
        event["authorizationToken"] = identity[0]
    else:
        event |= request_part(exchange)
        for name in _MAPS:  # here, unlike in events of integrations, an absent map is empty
            event[name] = event[name] or {}
        event["requestContext"] = request_context(exchange)
    return json_bytes(event)


def _decision(result: InvocationResult, latency_ms: int, exchange: Exchange) -> Decision:
    log = exchange.log
    try:
        answered = json.loads(result.payload)
    except (ValueError, RecursionError):
        answered = None
    if result.function_error is not None:
        message = answered.get("errorMessage") if isinstance(answered, dict) else None
        if message == "Unauthorized":
            log.failed(f"Unauthorized request: {exchange.request_id}")
            raise Refusal("UNAUTHORIZED", "Unauthorized")
        log.failed(f"Execution failed due to an internal error: {message}")
        raise Refusal("AUTHORIZER_FAILURE", None)
    try:
        return _parsed(answered, latency_ms)
    except (PolicyError, ValueError) as error:
        log.failed(
            f"Execution failed due to configuration error: Invalid JSON in response: {error}"
        )
        raise Refusal("AUTHORIZER_CONFIGURATION_ERROR", None) from error


def _parsed(answered: Any, latency_ms: int) -> Decision:
    if not isinstance(answered, dict):
        raise ValueError("the authorizer's answer is no object")
    principal = answered.get("principalId")
    if not isinstance(principal, (str, int)) or principal == "":
        raise ValueError("the authorizer's answer has no principalId")
    document = answered.get("policyDocument")
    if not isinstance(document, dict):
        raise ValueError("the authorizer's answer has no policyDocument")
    context = answered.get("context") or {}
    if not isinstance(context, dict):
        raise ValueError("context is no object")
    key = answered.get("usageIdentifierKey")
    return Decision(
        principal=str(principal),
        policy=Policy(document),
        document=json.dumps(document, separators=(",", ":")),
        context={name: _text(name, value) for name, value in context.items() if value is not None},
        usage_key=str(key) if key else None,
        latency_ms=latency_ms,
    )


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    raise ValueError(f"context: {name} is neither a string nor a number nor a boolean")
