"""Integrations with functions, which get an event of API Gateway or a body of their own."""

from __future__ import annotations

import json
from typing import Any

from lambda_nb.engine.gateways.websocket_api.integrations.asked import Asked
from lambda_nb.engine.gateways.websocket_api.integrations.outcome import Outcome, outcome_of
from lambda_nb.engine.gateways.websocket_api.integrations.templates import (
    answer_body,
    chosen_response,
    request_body,
)
from lambda_nb.engine.gateways.websocket_api.lambda_calls import LambdaCalls
from lambda_nb.engine.gateways.websocket_api.refusals import SERVER_ERROR, Refused
from lambda_nb.engine.gateways.websocket_api.stages import Integration, Route, Stage
from lambda_nb.engine.model import InvocationResult


class FunctionIntegrations:
    """Runs integrations with functions.

    Parameters
    ----------
    calls
        Calls functions.
    arn
        ARN of ``execute-api`` without the API: ``arn:aws:execute-api:REGION:ACCOUNT``.
    """

    def __init__(self, calls: LambdaCalls, arn: str) -> None:
        self._calls = calls
        self._arn = arn

    async def proxy(
        self, stage: Stage, route: Route, integration: Integration, asked: Asked
    ) -> Outcome:
        """Hand over an event of API Gateway; the function says what the answer is.

        Raises
        ------
        Refused
            It fails, or its response has another shape.
        """
        event: dict[str, Any] = {**asked.extra, "requestContext": asked.context}
        if stage.variables:
            event["stageVariables"] = dict(stage.variables)
        if asked.body is not None:
            event["body"] = asked.body
        event["isBase64Encoded"] = False
        payload = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
        result = await self._invoked(stage, route, integration, payload, asked)
        if result.function_error is not None:
            raise _failed(result)
        return outcome_of(result.payload)

    async def plain(
        self, stage: Stage, route: Route, integration: Integration, asked: Asked
    ) -> Outcome:
        """Hand over the message, or what a template makes of it; the response is the answer.

        Raises
        ------
        Refused
            It fails, and no integration response is for that.
        """
        payload = request_body(integration, stage, asked) or "{}"
        result = await self._invoked(stage, route, integration, payload, asked)
        responses = stage.served.integration_responses.get(integration.identifier, ())
        body = result.payload.decode(errors="replace")
        message = ""
        if result.function_error is not None:
            message = _error_message(result)
            if chosen_response(responses, message) is None:
                raise _failed(result)
        return Outcome(200, answer_body(responses, message, body, stage, asked)[1])

    async def _invoked(
        self, stage: Stage, route: Route, integration: Integration, payload: str, asked: Asked
    ) -> InvocationResult:
        assert integration.function is not None
        return await self._calls.invoke(
            integration.function,
            payload.encode("utf-8", "surrogatepass"),
            f"{self._arn}:{stage.api_id}/{stage.name}/{route.key}",
            trusted=bool(integration.record.get("CredentialsArn")),
            trace_header=asked.trace_header,
            timeout_s=integration.timeout_s,
        )


def _failed(result: InvocationResult) -> Refused:
    return Refused(502, SERVER_ERROR, f"the function failed: {result.payload[:500]!r}")


def _error_message(result: InvocationResult) -> str:
    try:
        document = json.loads(result.payload)
    except (ValueError, RecursionError):
        return ""
    return str(document.get("errorMessage", "")) if isinstance(document, dict) else ""
