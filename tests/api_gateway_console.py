"""API Gateway's configuration without an engine: what boto3 would get, quickly.

A request is checked and an answer is read by the service's model, so that a wrong member fails.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.model import OperationModel
from botocore.parsers import create_parser
from botocore.validate import ParamValidator

from lambda_nb.engine import service_model
from lambda_nb.engine.api.lambda_api import serialising
from lambda_nb.engine.control.records.store import Store
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.configuration.domains.domain_names import DomainNames
from lambda_nb.engine.gateways.configuration.v2.apis import V2Configuration
from lambda_nb.engine.gateways.shared.surroundings import Surroundings
from lambda_nb.engine.model import Caller, Operation

ACCOUNT, REGION = "000000000000", "us-east-1"
FUNCTION = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f"
URI = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{FUNCTION}/invocations"
CERTIFICATE = f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/c"
CALLER = cast(Caller, None)


class Console:
    """Calls operations by AWS's names: ``console("CreateApi", Name="a", ProtocolType="HTTP")``."""

    def __init__(self, path: Path, rest_stage: Callable[[str, str], bool]) -> None:
        self.store = Store(path)
        surroundings = cast(
            Surroundings,
            SimpleNamespace(
                account=ACCOUNT,
                region=REGION,
                addresses=SimpleNamespace(of=lambda kind, key: f"http://{key}.{kind}.localhost:1"),
            ),
        )
        self.v2 = V2Configuration(self.store, surroundings)
        self.domains = DomainNames(self.store, surroundings, rest_stage)
        self._v2 = {**self.v2.operations(), **self.domains.operations_v2()}
        self._v1 = self.domains.operations_v1()

    def __call__(self, name: str, /, **parameters: Any) -> dict[str, Any]:
        """An operation of ``apigatewayv2``."""
        return _call("apigatewayv2", self._v2, name, parameters)

    def v1(self, name: str, /, **parameters: Any) -> dict[str, Any]:
        """An operation of ``apigateway``."""
        return _call("apigateway", self._v1, name, parameters)

    def refused(self, name: str, /, **parameters: Any) -> tuple[str, str]:
        """The code and message with which an operation of ``apigatewayv2`` is refused."""
        with pytest.raises(AWSError) as error:
            self(name, **parameters)
        return error.value.code, error.value.message

    def refused_v1(self, name: str, /, **parameters: Any) -> tuple[str, str]:
        """The code and message with which an operation of ``apigateway`` is refused."""
        with pytest.raises(AWSError) as error:
            self.v1(name, **parameters)
        return error.value.code, error.value.message

    def api(self, protocol: str = "HTTP", **settings: Any) -> str:
        """The id of a new API."""
        if protocol == "WEBSOCKET":
            settings.setdefault("RouteSelectionExpression", "$request.body.action")
        api = self("CreateApi", **{"Name": "an-api", "ProtocolType": protocol, **settings})
        return str(api["ApiId"])

    def route(self, api_id: str, key: str, **settings: Any) -> str:
        """The id of a new route."""
        return str(self("CreateRoute", ApiId=api_id, RouteKey=key, **settings)["RouteId"])

    def integration(self, api_id: str, **settings: Any) -> str:
        """The id of a new integration of a function."""
        told = {"IntegrationType": "AWS_PROXY", "IntegrationUri": URI, **settings}
        if self.v2.protocol(api_id) == "HTTP":
            told.setdefault("PayloadFormatVersion", "2.0")
        return str(self("CreateIntegration", ApiId=api_id, **told)["IntegrationId"])

    def keys(self, api_id: str, stage: str) -> list[str]:
        """The keys of the routes that a stage serves."""
        served = self.v2.served(api_id, stage)
        assert served is not None
        return sorted(str(route["RouteKey"]) for route in served.routes)


def _call(
    service: str, operations: dict[str, Operation], name: str, parameters: dict[str, Any]
) -> dict[str, Any]:
    operation: OperationModel = service_model.operation(name, service)
    if operation.input_shape is not None:
        report = ParamValidator().validate(parameters, operation.input_shape)
        assert not report.has_errors(), report.generate_report()
    answer = operations[name](parameters, CALLER)
    assert isinstance(answer, dict)
    reply = serialising.serialise(operation, answer, "an-id")
    if operation.output_shape is None:
        return {}
    raw = {"status_code": reply.status, "headers": {}, "body": reply.body}
    parsed = create_parser("rest-json").parse(raw, operation.output_shape)
    parsed.pop("ResponseMetadata")
    return cast("dict[str, Any]", parsed)
