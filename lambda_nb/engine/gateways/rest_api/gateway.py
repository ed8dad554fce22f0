"""Answers requests to REST APIs: finds the deployment, and frames what the pipeline does."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Mapping
from dataclasses import replace

from lambda_nb.engine.api.lambda_api.invoke import new_trace_header
from lambda_nb.engine.api.wire.http import HttpRequest, Reply, Send
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.configuration.rest.apis import RestConfiguration
from lambda_nb.engine.gateways.rest_api import framing
from lambda_nb.engine.gateways.rest_api.admission.authorizers import Authorizers
from lambda_nb.engine.gateways.rest_api.admission.callers import Callers
from lambda_nb.engine.gateways.rest_api.admission.usage import Usage
from lambda_nb.engine.gateways.rest_api.compiling import Place, compile_stage
from lambda_nb.engine.gateways.rest_api.deployed import Deployed
from lambda_nb.engine.gateways.rest_api.event import IDENTITY
from lambda_nb.engine.gateways.rest_api.exchange import Exchange
from lambda_nb.engine.gateways.rest_api.gateway_responses import Refusal
from lambda_nb.engine.gateways.rest_api.integrations.streaming import Stream
from lambda_nb.engine.gateways.rest_api.logs.access_log_variables import variables
from lambda_nb.engine.gateways.rest_api.logs.execution_log import ExecutionLog
from lambda_nb.engine.gateways.rest_api.pipeline import Pipeline
from lambda_nb.engine.gateways.rest_api.response_cache import ResponseCache
from lambda_nb.engine.gateways.rest_api.trials import Trials
from lambda_nb.engine.gateways.shared.addresses import Address
from lambda_nb.engine.gateways.shared.surroundings import Surroundings
from lambda_nb.engine.model import Operation

log = logging.getLogger(__name__)

_NOBODY: dict[str, str | None] = dict.fromkeys(IDENTITY)


class _Stage:
    """A stage, compiled: its deployment, its canary's, and how much goes to that."""

    __slots__ = ("canary", "main", "percent", "revision")

    def __init__(
        self, main: Deployed, canary: Deployed | None, percent: float, revision: int
    ) -> None:
        self.main = main
        self.canary = canary
        self.percent = percent
        self.revision = revision


class RestApis:
    """The REST APIs of one Region.

    Parameters
    ----------
    configuration
        What is configured.
    surroundings
        What the gateways of the Region work with.
    """

    def __init__(self, configuration: RestConfiguration, surroundings: Surroundings) -> None:
        self._configuration = configuration
        self._surroundings = surroundings
        self._place = Place(surroundings.account, surroundings.region)
        self._stages: dict[tuple[str, str], _Stage] = {}
        authorizers = Authorizers(surroundings, configuration.flushes)
        callers, usage = Callers(surroundings.gate), Usage(configuration)
        cache = ResponseCache(configuration.flushes)
        self._pipeline = Pipeline(surroundings, callers, authorizers, usage, cache)
        self._trials = Trials(configuration, self._place, self._pipeline, authorizers)

    def operations(self) -> dict[str, Operation]:
        """Handlers, by name, of those operations of ``apigateway`` that run something."""
        return self._trials.operations()

    async def answer(self, at: Address, request: HttpRequest, request_id: str, send: Send) -> None:
        """Answer one request."""
        if at.stage:
            stage_name, path, base = at.stage, at.path, at.base
        else:
            stage_name, slash, path = at.path[1:].partition("/")
            path, base = slash + path or "/", f"/{stage_name}"
        stage = self._stage(at.identifier, stage_name)
        if stage is None or (stage.main.domains_only and not at.stage):
            await framing.forbidden(request_id).send(send)
            return
        is_canary = stage.canary is not None and random.random() * 100 < stage.percent
        deployed = stage.canary if is_canary and stage.canary is not None else stage.main
        exchange = self._exchange(deployed, request, request_id, path)
        exchange.base, exchange.is_of_domain = base, bool(at.stage)
        exchange.is_canary = is_canary
        stream = Stream(send, exchange)
        reply: Reply | None
        try:
            exchange.body = await framing.body_of(request, exchange)
        except Refusal as refusal:
            reply = self._pipeline.refuse(refusal, exchange)
        else:
            reply = await self._pipeline.answer(exchange, request, stream)
        if reply is not None:
            framing.compress(reply, exchange)
            reply.headers += framing.own_headers(exchange)
            await reply.send(send)
        self._take_note(exchange, reply, stream)

    def fault(self, error: AWSError, at: Address, request: HttpRequest, request_id: str) -> Reply:
        """What the caller gets for an error outside of any API."""
        return framing.fault(error, request_id)

    def _stage(self, api_id: str, name: str) -> _Stage | None:
        revision = self._configuration.revision
        stage = self._stages.get((api_id, name))
        if stage is not None and stage.revision == revision:
            return stage
        served = self._configuration.served(api_id, name)
        if served is None:
            self._stages.pop((api_id, name), None)
            return None
        variables: Mapping[str, str] = served.stage.get("variables") or {}
        settings = served.stage.get("canarySettings") or {}
        overridden = {**variables, **(settings.get("stageVariableOverrides") or {})}
        shown = served.stage.get("clientCertificateId")
        certificate = self._configuration.client_certificate(shown) if shown else None
        try:
            main = compile_stage(self._place, served.stage, served.main, variables, certificate)
            canary = None
            if served.canary is not None:
                canary = compile_stage(
                    self._place, served.stage, served.canary, overridden, certificate
                )
                if settings.get("useStageCache"):
                    canary = replace(canary, cache=main.cache)
        except ValueError as error:
            log.warning("REST API %s, stage %s cannot be served: %s", api_id, name, error)
            raise AWSError("InternalServerErrorException", str(error), 500) from error
        percent = float(settings.get("percentTraffic") or 0)
        stage = self._stages[api_id, name] = _Stage(main, canary, percent, revision)
        return stage

    def _exchange(
        self, deployed: Deployed, request: HttpRequest, request_id: str, path: str
    ) -> Exchange:
        lowered = request.headers
        trace = lowered.get("x-amzn-trace-id") or new_trace_header()
        host = lowered.get("host", "")
        return Exchange(
            deployed=deployed,
            http_method=request.method,
            path=path,
            base="",
            query=request.query,
            headers=framing.event_headers(request, trace),
            body=b"",
            source_ip=request.peer,
            host=host,
            request_id=request_id,
            extended_request_id=framing.new_extended_id(),
            trace_header=trace,
            log=ExecutionLog(request_id),
            stage_variables=dict(deployed.variables),
            identity={
                **_NOBODY,
                "sourceIp": request.peer,
                "userAgent": lowered.get("user-agent"),
            },
        )

    def _take_note(self, exchange: Exchange, reply: Reply | None, stream: Stream) -> None:
        """Write the request's logs."""
        logs, deployed = self._surroundings.logs, exchange.deployed
        exchange.log.write(logs, deployed.api_id, deployed.stage_name)
        if deployed.access_log is not None:
            status = reply.status if reply is not None else stream.status
            length = len(reply.body) if reply is not None else stream.sent
            now_ms = time.time_ns() // 1_000_000
            look_up = variables(exchange, status, length, now_ms)
            deployed.access_log.write(logs, look_up, now_ms)
