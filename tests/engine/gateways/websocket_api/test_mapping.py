"""Integrations that are no proxies: templates, services of AWS, integration responses; and what
routes ask of messages: models, parameters, API keys."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from engine_fixtures import Engine
from web_socket_lab import STAGE, WebSocketApi, asked, make

ECHO = "def handler(event, context):\n    return event\n"
FAIL = "def handler(event, context):\n    raise ValueError('out of ' + event['what'])\n"


@pytest.fixture(scope="module")
def api(engine: Engine) -> WebSocketApi:
    """An API with one stage variable."""
    return make(engine, StageVariables={"colour": "blue"})


def test_a_function_gets_the_message_itself(engine: Engine, api: WebSocketApi) -> None:
    plain = api.integrate(engine.create(ECHO), kind="AWS")
    api.route("plain", plain, responds=True)
    with api.connect() as client:
        message = {"action": "plain", "n": [1, {"a": None}]}
        assert asked(client, message) == message


def test_a_function_gets_what_a_template_makes(engine: Engine, api: WebSocketApi) -> None:
    template = (
        '{"who": "$context.connectionId", "said": $input.json("$.text"), '
        '"colour": "$stageVariables.colour", "route": "$context.routeKey"}'
    )
    mapped = api.integrate(
        engine.create(ECHO),
        kind="AWS",
        TemplateSelectionExpression="\\$default",
        RequestTemplates={"$default": template},
    )
    api.route("mapped", mapped, responds=True)
    with api.connect() as client:
        answer = asked(client, {"action": "mapped", "text": 'a "b"'})
    assert len(answer.pop("who")) == 16
    assert answer == {"said": 'a "b"', "colour": "blue", "route": "mapped"}


def test_the_template_that_a_message_selects(engine: Engine, api: WebSocketApi) -> None:
    choosing = api.integrate(
        engine.create(ECHO),
        kind="AWS",
        TemplateSelectionExpression="${request.body.kind}",
        RequestTemplates={"a": '["first"]', "$default": '["other"]'},
    )
    api.route("choosing", choosing, responds=True)
    with api.connect() as client:
        assert asked(client, {"action": "choosing", "kind": "a"}) == ["first"]
        assert asked(client, {"action": "choosing", "kind": "b"}) == ["other"]


def test_without_a_template_it_may_not_pass(engine: Engine, api: WebSocketApi) -> None:
    strict = api.integrate(engine.create(ECHO), kind="AWS", PassthroughBehavior="NEVER")
    api.route("strict", strict, responds=True)
    with api.connect() as client:
        assert asked(client, {"action": "strict"})["message"] == "Unsupported Media Type"


def test_a_wrong_template(engine: Engine, api: WebSocketApi) -> None:
    wrong = api.integrate(engine.create(ECHO), kind="AWS", RequestTemplates={"$default": "#if($x)"})
    api.route("wrong", wrong, responds=True)
    with api.connect() as client:
        assert asked(client, {"action": "wrong"})["message"] == "Internal server error"


def test_integration_responses_of_a_function(engine: Engine, api: WebSocketApi) -> None:
    failing = api.integrate(engine.create(FAIL), kind="AWS")
    api.route("failing", failing, responds=True)
    with api.connect() as client:
        message = {"action": "failing", "what": "luck"}
        assert asked(client, message)["message"] == "Internal server error"
        api.v2.create_integration_response(
            ApiId=api.api_id,
            IntegrationId=failing,
            IntegrationResponseKey="/out of .*/",
            ResponseTemplates={"$default": '{"sorry": $input.json("$.errorMessage")}'},
        )
        assert asked(client, message) == {"sorry": "out of luck"}


def test_a_service_of_aws(engine: Engine, api: WebSocketApi) -> None:
    dynamodb, table = engine.client("dynamodb"), engine.name("seen")
    dynamodb.create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    template = (
        f'{{"TableName": "{table}", "Item": {{"id": {{"S": "$context.connectionId"}},'
        ' "text": {"S": $input.json("$.text")}}}'
    )
    storing = api.integration(
        IntegrationType="AWS",
        IntegrationMethod="POST",
        IntegrationUri=f"arn:aws:apigateway:{engine.region}:dynamodb:action/PutItem",
        CredentialsArn=f"arn:aws:iam::{engine.account}:role/any",
        RequestTemplates={"$default": template},
    )
    api.v2.create_integration_response(
        ApiId=api.api_id,
        IntegrationId=storing,
        IntegrationResponseKey="/2\\d\\d/",
        ResponseTemplates={"$default": '["stored"]'},
    )
    api.route("store", storing, responds=True)
    with api.connect() as client:
        assert asked(client, {"action": "store", "text": "hi"}) == ["stored"]
        (item,) = dynamodb.scan(TableName=table)["Items"]
        assert item["text"] == {"S": "hi"}
        api.management().post_to_connection(ConnectionId=item["id"]["S"], Data=b"found")
        assert client.recv(timeout=60) == "found"


def test_a_queue(engine: Engine, api: WebSocketApi) -> None:
    sqs = engine.client("sqs")
    url = sqs.create_queue(QueueName=engine.name("q"))["QueueUrl"]
    path = url.split("/", 3)[3]
    form = "Action=SendMessage&MessageBody=$util.urlEncode($input.body)"
    queueing = api.integration(
        IntegrationType="AWS",
        IntegrationMethod="POST",
        IntegrationUri=f"arn:aws:apigateway:{engine.region}:sqs:path/{path}",
        CredentialsArn=f"arn:aws:iam::{engine.account}:role/any",
        RequestParameters={
            "integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"
        },
        RequestTemplates={"$default": form},
    )
    api.v2.create_integration_response(
        ApiId=api.api_id,
        IntegrationId=queueing,
        IntegrationResponseKey="$default",
        ResponseTemplates={"$default": '["queued"]'},
    )
    api.route("queue", queueing, responds=True)
    message = json.dumps({"action": "queue", "text": "a&b"})
    with api.connect() as client:
        assert asked(client, message) == ["queued"]
    (received,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10)["Messages"]
    assert received["Body"] == message


class Server(BaseHTTPRequestHandler):
    """Answers with what it was sent."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer with the values of the headers that a mapping makes."""
        self.rfile.read(int(self.headers.get("content-length", 0)))
        body = json.dumps([self.headers.get_all(name) for name in ("x-room", "x-who")]).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self) -> None:
        """Answer a request."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.send_response(404 if b"missing" in body else 200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a server."""
    serving = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=serving.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{serving.server_port}/"
    serving.shutdown()
    thread.join()
    serving.server_close()


def test_http_with_templates(api: WebSocketApi, server: str) -> None:
    http = api.integration(
        IntegrationType="HTTP",
        IntegrationMethod="PUT",
        IntegrationUri=server,
        RequestTemplates={"$default": '{"sent": $input.json("$.text")}'},
    )
    for key, template in (
        ("/404/", '{"not": "found"}'),
        ("$default", '{"got": $input.json("$.sent")}'),
    ):
        api.v2.create_integration_response(
            ApiId=api.api_id,
            IntegrationId=http,
            IntegrationResponseKey=key,
            ResponseTemplates={"$default": template},
        )
    api.route("http", http, responds=True)
    with api.connect() as client:
        assert asked(client, {"action": "http", "text": "hi"}) == {"got": "hi"}
        assert asked(client, {"action": "http", "text": "missing"}) == {"not": "found"}


def test_parts_of_messages_become_parameters(api: WebSocketApi, server: str) -> None:
    http = api.integration(
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="POST",
        IntegrationUri=server,
        RequestParameters={
            "integration.request.header.x-room": "route.request.body.room.id",
            "integration.request.header.x-who": "route.request.body.nobody",
        },
    )
    api.route("parameters", http, responds=True)
    with api.connect() as client:
        message = {"action": "parameters", "room": {"id": "r1"}}
        assert asked(client, message) == [["r1"], None]
        message["room"] = {"id": "r1\r\nx-who: mallory"}
        assert asked(client, message)["message"] == "Internal server error"


def test_a_mock_that_answers(api: WebSocketApi) -> None:
    mock = api.integration(
        IntegrationType="MOCK",
        RequestTemplates={"$default": '#set($status = 200){"statusCode": $status}'},
    )
    api.v2.create_integration_response(
        ApiId=api.api_id,
        IntegrationId=mock,
        IntegrationResponseKey="/200/",
        ResponseTemplates={"$default": '{"you": "$context.connectionId"}'},
    )
    api.route("mock", mock, responds=True)
    with api.connect() as client:
        assert len(asked(client, {"action": "mock"})["you"]) == 16


def test_a_model(engine: Engine, api: WebSocketApi) -> None:
    schema = {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}}
    api.v2.create_model(
        ApiId=api.api_id, Name="Said", ContentType="application/json", Schema=json.dumps(schema)
    )
    echo = api.integrate(engine.create(ECHO), kind="AWS")
    api.route("model", echo, responds=True, RequestModels={"$default": "Said"})
    with api.connect() as client:
        assert asked(client, {"action": "model", "text": "hi"})["text"] == "hi"
        assert asked(client, {"action": "model", "text": 7})["message"] == "Invalid request body"
        assert asked(client, {"action": "model"})["message"] == "Invalid request body"


def test_required_parameters(engine: Engine) -> None:
    strict = make(engine)
    strict.route(
        "$connect",
        strict.integration(IntegrationType="MOCK"),
        RequestParameters={
            "route.request.querystring.room": {"Required": True},
            "route.request.header.X-Who": {"Required": True},
        },
    )
    status, body = strict.refused("?other=1")
    assert (status, body["message"]) == (
        400,
        "Missing required request parameters: [room, X-Who]",
    )
    with strict.connect("?room=1", additional_headers={"x-who": "ada"}):
        pass


def test_api_keys(engine: Engine) -> None:
    locked = make(engine)
    locked.route("$connect", locked.integration(IntegrationType="MOCK"), ApiKeyRequired=True)
    rest = engine.client("apigateway")
    key = rest.create_api_key(name=engine.name("key"), enabled=True)
    stranger = rest.create_api_key(name=engine.name("key"), enabled=True)
    plan = rest.create_usage_plan(
        name=engine.name("plan"),
        apiStages=[{"apiId": locked.api_id, "stage": STAGE}],
        quota={"limit": 2, "period": "DAY"},
        throttle={"rateLimit": 100.0},  # without a burst of its own it has the account's
    )
    rest.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    headers = {"x-api-key": key["value"]}
    for _ in range(2):
        with locked.connect(additional_headers=headers):
            pass
    for given, status, message in (
        (headers, 429, "Limit Exceeded"),
        ({"x-api-key": stranger["value"]}, 403, "Forbidden"),
        ({}, 403, "Forbidden"),
    ):
        answer, body = locked.refused(additional_headers=given)
        assert (answer, body["message"]) == (status, message)
