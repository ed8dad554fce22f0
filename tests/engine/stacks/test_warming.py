"""Services are loaded once, when a template first shows signs of them."""

from __future__ import annotations

import queue
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from engine_fixtures import Engine

from lambda_nb.engine.stacks.warming import Warming

_SAM = """
Resources:
  F: {Type: AWS::Serverless::Function, Properties: {Events: {Get: {Type: Api}}}}
  Q: {Type: AWS::SQS::Queue}
  T: {Type: AWS::DynamoDB::Table}
"""


def test_the_services_of_a_template_are_called_once(engine: Engine) -> None:
    answers: queue.Queue[int] = queue.Queue()

    def connect(service: str) -> Any:
        client = engine.client(service, region_name=engine.region)
        client.meta.events.register(
            "after-call", lambda http_response, **_: answers.put(http_response.status_code)
        )
        return client

    warming = Warming(connect)
    warming.expect(_SAM)
    assert [answers.get(timeout=60) for _ in range(4)] == [200] * 4
    warming.expect(_SAM)
    warming.expect('{"Resources": {"B": {"Type": "AWS::S3::Bucket"}}}')
    assert answers.empty()


@pytest.mark.parametrize(
    ("text", "services"),
    [
        ('{"R": {"Type": "AWS::IAM::Role"}}', {"iam"}),
        ("R: {Type: AWS::ApiGateway::RestApi}", {"apigateway"}),
        ("R: {Type: AWS::Serverless::HttpApi}", set()),
        ('{"R": {"Type": "Api"}}', {"apigateway"}),
        ("R: {Type: HttpApi}", set()),
        ("R: {Type: AWS::Serverless::SimpleTable}", {"dynamodb"}),
    ],
)
def test_what_a_text_shows(text: str, services: set[str]) -> None:
    asked: queue.Queue[str] = queue.Queue()

    def connect(service: str) -> Any:
        asked.put(service)
        raise EndpointConnectionError(endpoint_url="http://nowhere")  # no stack fails by this

    Warming(connect).expect(text)
    assert {asked.get(timeout=60) for _ in services} == services
    assert asked.empty()
