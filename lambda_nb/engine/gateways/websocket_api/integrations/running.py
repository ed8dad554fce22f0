"""Runs the integration of a route, of whatever kind it is."""

from __future__ import annotations

import json

from lambda_nb.engine.aws_calls.upstream import Upstream
from lambda_nb.engine.gateways.websocket_api.integrations.asked import Asked
from lambda_nb.engine.gateways.websocket_api.integrations.functions import FunctionIntegrations
from lambda_nb.engine.gateways.websocket_api.integrations.outcome import Outcome, status_of
from lambda_nb.engine.gateways.websocket_api.integrations.servers import ServerIntegrations
from lambda_nb.engine.gateways.websocket_api.integrations.templates import (
    answer_body,
    request_body,
)
from lambda_nb.engine.gateways.websocket_api.lambda_calls import LambdaCalls
from lambda_nb.engine.gateways.websocket_api.refusals import SERVER_ERROR, Refused
from lambda_nb.engine.gateways.websocket_api.stages import Integration, Route, Stage


class Integrations:
    """Runs integrations.

    Parameters
    ----------
    calls
        Calls functions.
    upstream
        Makes HTTP requests.
    arn
        ARN of ``execute-api`` without the API: ``arn:aws:execute-api:REGION:ACCOUNT``.
    """

    def __init__(self, calls: LambdaCalls, upstream: Upstream, arn: str) -> None:
        self._functions = FunctionIntegrations(calls, arn)
        self._servers = ServerIntegrations(upstream)

    async def run(self, stage: Stage, route: Route, asked: Asked) -> Outcome:
        """Run a route's integration.

        Raises
        ------
        Refused
            It failed; ``status`` and ``message`` are what a client gets.
        """
        integration = route.integration
        if integration is None:
            raise Refused(500, SERVER_ERROR, f"the route {route.key} has no integration")
        if integration.record.get("ContentHandlingStrategy") == "CONVERT_TO_BINARY":
            text = "lambda_nb does not convert messages of WebSockets to binary"
            raise Refused(500, SERVER_ERROR, text)
        kind = integration.kind
        if integration.function is not None and kind == "AWS_PROXY":
            return await self._functions.proxy(stage, route, integration, asked)
        if integration.function is not None and kind == "AWS":
            return await self._functions.plain(stage, route, integration, asked)
        if kind in ("HTTP_PROXY", "HTTP"):
            return await self._servers.http(stage, integration, asked)
        if kind == "AWS":
            return await self._servers.service(stage, integration, asked)
        if kind == "MOCK":
            return _mocked(stage, integration, asked)
        raise Refused(500, SERVER_ERROR, f"{integration.uri!r} is no function's URI")


def _mocked(stage: Stage, integration: Integration, asked: Asked) -> Outcome:
    """A mock answers with the status that its request template says; 200 without one."""
    status = 200
    if integration.record.get("RequestTemplates"):
        text = request_body(integration, stage, asked)
        try:
            status = status_of(json.loads(text)["statusCode"])
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            reason = f"a mock's template has to make JSON with a statusCode, not {text[:200]!r}"
            raise Refused(500, SERVER_ERROR, reason) from error
    responses = stage.served.integration_responses.get(integration.identifier, ())
    body = answer_body(responses, str(status), "", stage, asked)[1]
    return Outcome(status, body or None)
