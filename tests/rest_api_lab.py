"""What the tests of requests to REST APIs share: APIs made by boto3, and requests to them."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from engine_fixtures import Engine

Headers = Mapping[str, str] | Iterable[tuple[str, str]]


@dataclass
class Got:
    """An answer; names of headers in lower case."""

    status: int
    headers: dict[str, str]
    pairs: list[tuple[str, str]]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


def call(
    engine: Engine, path: str, method: str = "GET", body: bytes = b"", headers: Headers = ()
) -> Got:
    """Make a request to the engine, with headers spelt and repeated as given."""
    where = urlsplit(engine.url)
    connection = http.client.HTTPConnection(str(where.hostname), where.port, timeout=60)
    pairs = list(headers.items()) if isinstance(headers, Mapping) else list(headers)
    try:
        has_host = any(name.lower() == "host" for name, _ in pairs)
        connection.putrequest(method, path, skip_host=has_host, skip_accept_encoding=True)
        for name, value in pairs:
            connection.putheader(name, value)
        if body or method in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        given = answer.getheaders()
        return Got(
            answer.status, {name.lower(): value for name, value in given}, given, answer.read()
        )
    finally:
        connection.close()


@dataclass
class Api:
    """A REST API and how to add to it; nothing is served before :meth:`deploy`."""

    engine: Engine
    id: str
    resources: dict[str, str] = field(default_factory=dict)
    stage: str = "prod"

    @classmethod
    def make(cls, engine: Engine, **settings: Any) -> Api:
        """A new API."""
        made = engine.client("apigateway").create_rest_api(name=engine.name("api"), **settings)
        return cls(engine, made["id"], {"/": made["rootResourceId"]})

    @property
    def client(self) -> Any:
        """A client of API Gateway."""
        return self.engine.client("apigateway")

    def resource(self, path: str) -> str:
        """The id of a resource, made with those above it if need be."""
        if path not in self.resources:
            parent, _, part = path.rpartition("/")
            made = self.client.create_resource(
                restApiId=self.id, parentId=self.resource(parent or "/"), pathPart=part
            )
            self.resources[path] = made["id"]
        return self.resources[path]

    def method(self, method: str, path: str, **settings: Any) -> dict[str, Any]:
        """Add a method; returns what its other calls need."""
        at = {"restApiId": self.id, "resourceId": self.resource(path), "httpMethod": method}
        self.client.put_method(**at, **{"authorizationType": "NONE", **settings})
        return at

    def proxy(
        self, method: str, path: str, function: str, integration: Any = None, **settings: Any
    ) -> dict[str, Any]:
        """Add a method with a Lambda proxy integration."""
        at = self.method(method, path, **settings)
        self.client.put_integration(
            **at,
            type="AWS_PROXY",
            integrationHttpMethod="POST",
            uri=self.uri(function),
            **(integration or {}),
        )
        return at

    def mapped(
        self,
        method: str,
        path: str,
        integration: dict[str, Any],
        responses: Mapping[str, dict[str, Any]],
        **settings: Any,
    ) -> dict[str, Any]:
        """Add a method whose integration maps: ``responses`` are by status."""
        at = self.method(method, path, **settings)
        self.client.put_integration(**at, **integration)
        for status, response in responses.items():
            self.client.put_method_response(
                **at,
                statusCode=status,
                responseParameters=dict.fromkeys(response.get("responseParameters", ()), False),
            )
            self.client.put_integration_response(**at, statusCode=status, **response)
        return at

    def uri(self, function: str) -> str:
        """The URI of a function (by name, perhaps ``name:qualifier``) for integrations."""
        region = self.engine.region
        arn = f"arn:aws:lambda:{region}:{self.engine.account}:function:{function}"
        return f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{arn}/invocations"

    def permit(self, function: str, what: str = "*/*") -> None:
        """Let the API invoke a function, for ``STAGE/METHOD/path``."""
        self.engine.client().add_permission(
            FunctionName=function,
            StatementId=self.engine.name("s"),
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"{self.arn}/{what}",
        )

    @property
    def arn(self) -> str:
        """The API's ARN for policies."""
        return f"arn:aws:execute-api:{self.engine.region}:{self.engine.account}:{self.id}"

    def deploy(self, **settings: Any) -> None:
        """Deploy the API to its stage."""
        self.client.create_deployment(restApiId=self.id, stageName=self.stage, **settings)

    def set_stage(self, *changes: tuple[str, str]) -> None:
        """Replace values at paths of the stage."""
        self.client.update_stage(
            restApiId=self.id,
            stageName=self.stage,
            patchOperations=[
                {"op": "replace", "path": path, "value": value} for path, value in changes
            ],
        )

    def call(self, path: str, method: str = "GET", body: bytes = b"", headers: Headers = ()) -> Got:
        """Make a request to the stage."""
        return call(
            self.engine, f"/execute-api/{self.id}/{self.stage}{path}", method, body, headers
        )
