"""TestInvokeMethod and TestInvokeAuthorizer: a method or an authorizer as it is configured now,
without a deployment, and without asking who calls."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping, MutableMapping
from typing import Any

from lambda_nb.engine.api.lambda_api.invoke import new_trace_header
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.configuration.rest.apis import RestConfiguration
from lambda_nb.engine.gateways.rest_api import framing
from lambda_nb.engine.gateways.rest_api.admission.authorizers import Authorizers
from lambda_nb.engine.gateways.rest_api.compiling import Place, compile_stage
from lambda_nb.engine.gateways.rest_api.deployed import Deployed
from lambda_nb.engine.gateways.rest_api.event import IDENTITY, several
from lambda_nb.engine.gateways.rest_api.exchange import Exchange, Pairs
from lambda_nb.engine.gateways.rest_api.gateway_responses import Refusal
from lambda_nb.engine.gateways.rest_api.integrations.streaming import Stream
from lambda_nb.engine.gateways.rest_api.logs.execution_log import ExecutionLog
from lambda_nb.engine.gateways.rest_api.pipeline import Pipeline
from lambda_nb.engine.gateways.rest_api.routing import Routes
from lambda_nb.engine.identifiers import uuid4
from lambda_nb.engine.model import Caller, Operation, Request, Response

STAGE = "test-invoke-stage"

_STAGE_OF_AUTHORIZERS = "ESTestInvoke-stage"
"""What AWS writes into the ARN that an authorizer under test is asked about."""

_SOURCE_IP = "test-invoke-source-ip"
_USER_AGENT = "lambda_nb"


class Trials:
    """Answers the operations of the API ``apigateway`` that run something.

    Parameters
    ----------
    configuration
        What is configured.
    place
        Where the APIs are.
    pipeline, authorizers
        Run what is tested.
    """

    def __init__(
        self,
        configuration: RestConfiguration,
        place: Place,
        pipeline: Pipeline,
        authorizers: Authorizers,
    ) -> None:
        self._configuration = configuration
        self._place = place
        self._pipeline = pipeline
        self._authorizers = authorizers

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "TestInvokeMethod": self._invoke_method,
            "TestInvokeAuthorizer": self._invoke_authorizer,
        }

    async def _invoke_method(self, request: Request, caller: Caller) -> Response:
        deployed = self._deployed(request)
        resources, resource = deployed.resources, request["resourceId"]
        method = resources.get((resource, request["httpMethod"])) or resources.get(
            (resource, "ANY")  # how else could one say with which method to try it?
        )
        if method is None:
            raise AWSError("NotFoundException", "Invalid Method identifier specified", 404)
        exchange = _exchange(deployed, request, caller)
        exchange.http_method = request["httpMethod"]
        if exchange.http_method == "ANY":
            exchange.http_method = "POST" if request.get("body") else "GET"
        exchange.resource = method
        found = Routes([(method.resource_path, {"ANY": method})]).find("GET", exchange.path)
        if found is not None:
            exchange.path_parameters = found.path_parameters
        kept = _Kept()
        started = time.perf_counter()
        reply = await self._pipeline.execute(exchange, Stream(kept, exchange))
        latency_ms = round((time.perf_counter() - started) * 1000)
        if reply is None:
            status, pairs, body = kept.status, kept.headers, kept.body
        else:
            pairs = [(b"Content-Type", reply.content_type)] if reply.content_type else []
            pairs += [header for header in reply.headers if header[0] != b"x-amzn-ErrorType"]
            status, body = reply.status, reply.body
        texts = [(name.decode(), value.decode("utf-8", "replace")) for name, value in pairs]
        texts.append(("X-Amzn-Trace-Id", exchange.trace_header))
        return {
            "status": status,
            "body": _text(body),
            "headers": dict(texts),
            "multiValueHeaders": several(texts),
            "log": exchange.log.text(),
            "latency": latency_ms,
        }

    async def _invoke_authorizer(self, request: Request, caller: Caller) -> Response:
        deployed = self._deployed(request)
        authorizer = deployed.authorizers.get(request["authorizerId"])
        if authorizer is None:
            raise AWSError("NotFoundException", "Invalid Authorizer identifier specified", 404)
        exchange = _exchange(deployed, request, caller)
        exchange.arn_stage = _STAGE_OF_AUTHORIZERS
        started = time.perf_counter()
        answered: dict[str, Any] = {"clientStatus": 200}
        exchange.log.say(f"Starting authorizer: {authorizer['id']}")
        try:
            if authorizer["type"] == "COGNITO_USER_POOLS":
                answered["claims"] = await self._authorizers.claims(authorizer, exchange)
            else:
                decision = await self._authorizers.ask(authorizer, exchange)
                answered["principalId"] = decision.principal
                answered["policy"] = decision.document
                answered["authorization"] = {
                    name: [value] for name, value in decision.context.items()
                }
        except Refusal as refusal:
            answered["clientStatus"] = refusal.status
        answered["log"] = exchange.log.text()
        answered["latency"] = round((time.perf_counter() - started) * 1000)
        return answered

    def _deployed(self, request: Request) -> Deployed:
        snapshot = self._configuration.now(request["restApiId"])
        if snapshot is None:
            raise AWSError("NotFoundException", "Invalid API identifier specified", 404)
        try:
            variables = request.get("stageVariables") or {}
            return compile_stage(
                self._place, {"stageName": STAGE}, snapshot, variables, self._certificate(request)
            )
        except ValueError as error:
            raise AWSError("BadRequestException", str(error), 400) from error

    def _certificate(self, request: Request) -> tuple[str, str] | None:
        identifier = request.get("clientCertificateId")
        if not identifier:
            return None
        certificate = self._configuration.client_certificate(identifier)
        if certificate is None:
            text = "Invalid Client Certificate identifier specified"
            raise AWSError("NotFoundException", text, 404)
        return certificate


class _Kept:
    """Keeps what is streamed."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        """Take a message of ASGI."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], message["headers"]
        else:
            self.body += message["body"]


def _exchange(deployed: Deployed, request: Request, caller: Caller) -> Exchange:
    target: str = request.get("pathWithQueryString") or "/"
    path, _, query = target.partition("?")
    request_id = uuid4()
    log = ExecutionLog(request_id, "INFO", data=True)
    identity = dict.fromkeys(IDENTITY) | {
        "accessKey": caller.access_key,
        "accountId": caller.account,
        "apiKey": "test-invoke-api-key",
        "apiKeyId": "test-invoke-api-key-id",
        "caller": caller.access_key,
        "sourceIp": _SOURCE_IP,
        "user": caller.access_key,
        "userAgent": _USER_AGENT,
        "userArn": caller.arn,
    }
    return Exchange(
        deployed=deployed,
        http_method="GET",
        path=path if path.startswith("/") else f"/{path}",
        base="",
        query=query,
        headers=_headers(request),
        body=(request.get("body") or "").encode(),
        source_ip=_SOURCE_IP,
        host="testPrefix.testDomainName",
        request_id=request_id,
        extended_request_id=framing.new_extended_id(),
        trace_header=new_trace_header(),
        log=log,
        stage_variables=dict(request.get("stageVariables") or {}),
        identity=identity,
    )


def _headers(request: Request) -> Pairs:
    many: Mapping[str, list[str]] = request.get("multiValueHeaders") or {}
    pairs = [(name, value) for name, values in many.items() for value in values]
    one: Mapping[str, str] = request.get("headers") or {}
    return pairs + [(name, value) for name, value in one.items() if name not in many]


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return base64.b64encode(body).decode()
