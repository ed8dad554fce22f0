"""What is known of one request to a REST API while it is answered."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from lambda_nb.engine.gateways.rest_api.deployed import Deployed, Method
from lambda_nb.engine.gateways.rest_api.logs.execution_log import ExecutionLog

Pairs = list[tuple[str, str]]


@dataclass
class Exchange:
    """One request, and what becomes of it.

    Attributes
    ----------
    deployed
        The deployment that answers.
    http_method, path, query
        As they came; ``path`` is percent-encoded and without the stage, ``base`` what stands
        before it for the caller, such as ``/prod``.
    is_of_domain
        Whether it came to a custom domain name, whose mapping ``base`` is.
    headers
        Names and values in their order, with those that API Gateway adds.
    resource
        The method that answers; ``None`` until it is found.
    identity
        Who calls, as events show it.
    authorizer
        What an authorizer said, as events show it; ``None`` without one.
    request_override, response_override
        What templates set in ``$context.requestOverride`` and ``$context.responseOverride``.
    integration_status, integration_ms, integration_error
        How the integration ended; milliseconds until it answered.
    arn_stage
        The stage in :attr:`method_arn`, where that is another than the deployment's.
    """

    deployed: Deployed
    http_method: str
    path: str
    base: str
    query: str
    headers: Pairs
    body: bytes
    source_ip: str
    host: str
    request_id: str
    extended_request_id: str
    trace_header: str
    log: ExecutionLog
    stage_variables: dict[str, str]
    is_canary: bool = False
    is_of_domain: bool = False
    protocol: str = "HTTP/1.1"
    time_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)
    resource: Method | None = None
    path_parameters: dict[str, str] = field(default_factory=dict)
    identity: dict[str, str | None] = field(default_factory=dict)
    authorizer: dict[str, Any] | None = None
    usage_key: str | None = None
    error: dict[str, str | None] = field(default_factory=dict)
    request_override: dict[str, Any] = field(default_factory=dict)
    response_override: dict[str, Any] = field(default_factory=dict)
    integration_status: int | None = None
    integration_ms: int | None = None
    integration_error: str | None = None
    arn_stage: str = ""

    @property
    def method(self) -> Method:
        """The method that answers."""
        assert self.resource is not None
        return self.resource

    @cached_property
    def query_pairs(self) -> Pairs:
        """Query parameters, decoded."""
        return parse_qsl(self.query, keep_blank_values=True) if self.query else []

    @cached_property
    def lowered(self) -> dict[str, str]:
        """The last value of each header, by its name in lower case."""
        return {name.lower(): value for name, value in self.headers}

    def header(self, name: str) -> str | None:
        """The (last) value of a header; ``None`` if it is not there."""
        return self.lowered.get(name.lower())

    def parameter(self, location: str, name: str) -> str | None:
        """A parameter of the request: of its ``path``, ``querystring`` or ``header``."""
        if location == "header":
            return self.header(name)
        if location == "querystring":
            return dict(self.query_pairs).get(name)
        return self.path_parameters.get(name) if location == "path" else None

    @property
    def event_path(self) -> str:
        """The path as events have it: without the stage, with a domain's base path."""
        return self.base + self.path if self.is_of_domain else self.path

    @property
    def domain_prefix(self) -> str:
        """The first label of the host; the API's id for an address that is only a number."""
        first = self.host.partition(".")[0]
        return self.deployed.api_id if first.isdigit() or ":" in first else first

    @cached_property
    def content_type(self) -> str:
        """The body's media type in lower case, without parameters; JSON if none is said."""
        given = self.lowered.get("content-type", "").partition(";")[0].strip().lower()
        return given or "application/json"

    @cached_property
    def request_time(self) -> str:
        """When it came, such as ``02/Jan/2026:03:04:05 +0000``."""
        moment = datetime.fromtimestamp(self.time_ms / 1000, timezone.utc)
        return moment.strftime("%d/%b/%Y:%H:%M:%S +0000")

    @property
    def method_arn(self) -> str:
        """The ARN of the request, as authorizers and policies have it."""
        stage = self.arn_stage or self.deployed.stage_name
        return f"{self.deployed.arn}/{stage}/{self.http_method}{self.path}"

    @property
    def source_arn(self) -> str:
        """The ARN that a function's resource policy is asked about."""
        path = self.method.source_path
        return f"{self.deployed.arn}/{self.deployed.stage_name}/{self.http_method}{path}"

    def context(self) -> dict[str, Any]:
        """``$context`` as templates and parameters see it, without what comes after them."""
        deployed, resource = self.deployed, self.resource
        for part in ("header", "querystring", "path"):
            self.request_override.setdefault(part, {})
        self.response_override.setdefault("header", {})
        context: dict[str, Any] = {
            "accountId": deployed.account,
            "apiId": deployed.api_id,
            "awsEndpointRequestId": self.request_id,
            "deploymentId": deployed.deployment_id,
            "domainName": self.host,
            "domainPrefix": self.domain_prefix,
            "extendedRequestId": self.extended_request_id,
            "httpMethod": self.http_method,
            "identity": self.identity,
            "isCanaryRequest": "true" if self.is_canary else "false",
            "path": self.base + self.path,
            "protocol": self.protocol,
            "requestId": self.request_id,
            "requestOverride": self.request_override,
            "requestTime": self.request_time,
            "requestTimeEpoch": self.time_ms,
            "responseOverride": self.response_override,
            "stage": deployed.stage_name,
            "xrayTraceId": self.trace_header,
            "error": self.error,
        }
        if resource is not None:
            context["resourceId"] = resource.resource_id
            context["resourcePath"] = resource.resource_path
            if resource.operation_name:
                context["operationName"] = resource.operation_name
        if self.authorizer is not None:
            context["authorizer"] = self.authorizer
        return context
