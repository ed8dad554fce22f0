"""What the tests of HTTP APIs share: APIs made by boto3, and requests to them."""

from __future__ import annotations

import contextlib
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any

from engine_fixtures import Engine


@dataclass
class Got:
    """An answer."""

    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Leaves redirects to the test."""

    def redirect_request(self, *arguments: Any) -> None:
        """Follow none."""


_OPENER = urllib.request.build_opener(NoRedirect)


def call(
    url: str,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Got:
    """Make a request and take whatever the answer is."""
    request = urllib.request.Request(url, body, dict(headers or {}), method=method)
    try:
        with _OPENER.open(request, timeout=60) as answer:
            return Got(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Got(error.code, error.headers, error.read())


@dataclass
class Api:
    """An HTTP API and how to add to it."""

    engine: Engine
    id: str

    @property
    def client(self) -> Any:
        """boto3's client."""
        return self.engine.client("apigatewayv2")

    @property
    def url(self) -> str:
        """Where it answers, by path."""
        return f"{self.engine.url}/execute-api/{self.id}"

    def call(self, path: str, method: str = "GET", **options: Any) -> Got:
        """Make a request to it."""
        return call(self.url + path, method, **options)

    def integrate(self, **settings: Any) -> str:
        """Create an integration; returns the target for routes."""
        made = self.client.create_integration(ApiId=self.id, **settings)
        return f"integrations/{made['IntegrationId']}"

    def to_function(self, name: str, version: str = "2.0", **settings: Any) -> str:
        """Integrate a function that lets this API in; returns the target for routes."""
        self.permit(name)
        return self.integrate(
            IntegrationType="AWS_PROXY",
            IntegrationUri=self.arn(name),
            PayloadFormatVersion=version,
            **settings,
        )

    def arn(self, name: str) -> str:
        """The ARN of a function."""
        engine = self.engine
        return f"arn:aws:lambda:{engine.region}:{engine.account}:function:{name}"

    def permit(self, name: str) -> None:
        """Let this API invoke a function."""
        client = self.engine.client()
        with contextlib.suppress(client.exceptions.ResourceConflictException):  # let in already
            client.add_permission(
                FunctionName=name,
                StatementId=f"api-{self.id}",
                Action="lambda:InvokeFunction",
                Principal="apigateway.amazonaws.com",
                SourceArn=f"arn:aws:execute-api:{self.engine.region}:{self.engine.account}:"
                f"{self.id}/*",
            )

    def route(self, key: str, target: str, **settings: Any) -> str:
        """Create a route; returns its id."""
        made = self.client.create_route(ApiId=self.id, RouteKey=key, Target=target, **settings)
        return str(made["RouteId"])


def new_api(engine: Engine, *, stage: str | None = "$default", **settings: Any) -> Api:
    """An HTTP API with a stage that deploys by itself."""
    client = engine.client("apigatewayv2")
    made = client.create_api(Name=engine.name("api"), ProtocolType="HTTP", **settings)
    api = Api(engine, made["ApiId"])
    if stage is not None:
        client.create_stage(ApiId=api.id, StageName=stage, AutoDeploy=True)
    return api


ECHO = "def handler(event, context): return event"
"""A function whose answer is its event: without a status code it is the body of a 200."""
