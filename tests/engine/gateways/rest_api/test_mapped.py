"""Integrations that map what passes through them: Lambda, HTTP, services and MOCK."""

from __future__ import annotations

import http.server
import json
import ssl
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from engine_fixtures import ROLE, Engine
from rest_api_lab import Api

FUNCTION = """
def handler(event, context):
    if isinstance(event, dict) and event.get("fail"):
        raise Exception(event["fail"])
    return {"got": event, "list": [1, 2]}
"""

JSON = "application/json"


@pytest.fixture(scope="module")
def api(engine: Engine) -> Api:
    function = engine.create(FUNCTION)
    api = Api.make(engine)
    api.permit(function)
    lambda_ = {"type": "AWS", "integrationHttpMethod": "POST", "uri": api.uri(function)}
    api.mapped("POST", "/plain", lambda_, {"200": {}})
    template = """
#set($root = $input.path('$'))
{
  "name": "$root.name", "id": "$input.params('id')", "colour": "$stageVariables.colour",
  "method": "$context.httpMethod", "ip": "$context.identity.sourceIp",
  "items": [#foreach($item in $root.items)$item#if($foreach.hasNext),#end#end],
  "raw": $input.json('$.items'),
  "agent": "$util.escapeJavaScript($input.params().header.get('User-Agent'))",
  "fail": $input.json('$.fail')
}"""
    api.mapped(
        "POST",
        "/mapped/{id}",
        {**lambda_, "requestTemplates": {JSON: template}, "passthroughBehavior": "NEVER"},
        {
            "200": {
                "responseTemplates": {
                    JSON: """#set($context.responseOverride.header.X-From = "template")
{"twice": [$input.json('$.got'), $input.json('$.list[0]')]}"""
                },
                "responseParameters": {
                    "method.response.header.X-Static": "'always'",
                    "method.response.header.X-Body": "integration.response.body.list[1]",
                    "method.response.header.X-Id": "context.requestId",
                },
            },
            "404": {
                "selectionPattern": "Not found: .*",
                "responseTemplates": {JSON: "{\"error\": $input.json('$.errorMessage')}"},
            },
        },
    )
    api.mapped(
        "POST",
        "/queued",
        {
            **lambda_,
            "requestParameters": {
                "integration.request.header.X-Amz-Invocation-Type": "'Event'",
            },
        },
        {"202": {}},
    )
    cors = {
        "Access-Control-Allow-Origin": "'*'",
        "Access-Control-Allow-Methods": "'GET,OPTIONS'",
    }
    api.mapped(
        "OPTIONS",
        "/mock",
        {"type": "MOCK", "requestTemplates": {JSON: '{"statusCode": 200}'}},
        {
            "200": {
                "responseParameters": {
                    f"method.response.header.{name}": value for name, value in cors.items()
                },
                "responseTemplates": {JSON: ""},
            }
        },
    )
    api.mapped(
        "GET",
        "/mock",
        {
            "type": "MOCK",
            "requestTemplates": {
                JSON: "{\"statusCode\": #if($input.params('gone') == 'yes')410#{else}200#end}"
            },
        },
        {
            "200": {"responseTemplates": {JSON: '{"from": "$context.resourcePath"}'}},
            "410": {"selectionPattern": "4\\d{2}", "responseTemplates": {JSON: '"gone"'}},
        },
    )
    api.mapped(
        "GET",
        "/overridden",
        {
            "type": "MOCK",
            "requestTemplates": {
                JSON: '#set($context.responseOverride.status = 418){"statusCode": 200}'
            },
        },
        {"200": {}},
    )
    api.mapped(  # as AWS's CDK writes it
        "OPTIONS",
        "/lenient",
        {"type": "MOCK", "requestTemplates": {JSON: "{ statusCode: 204 }"}},
        {"204": {"responseParameters": {"method.response.header.Vary": "'Origin'"}}},
    )
    api.mapped("GET", "/statusless", {"type": "MOCK"}, {"200": {}})
    api.mapped(
        "GET",
        "/unmatched",
        {"type": "MOCK", "requestTemplates": {JSON: '{"statusCode": 500}'}},
        {"200": {"selectionPattern": "200"}},
    )
    api.deploy(variables={"colour": "blue"})
    return api


def test_without_templates_bodies_pass(api: Api) -> None:
    got = api.call("/plain", "POST", b'{"a": 1}')
    assert got.json == {"got": {"a": 1}, "list": [1, 2]}
    assert got.headers["content-type"] == JSON


def test_templates_make_requests_and_answers(api: Api) -> None:
    body = json.dumps({"name": "Ada", "items": [1, 2]}).encode()
    got = api.call("/mapped/7", "POST", body, {"User-Agent": 'it"s'})
    assert got.status == 200, got.body
    event, first = got.json["twice"]
    assert first == 1
    assert event == {
        "name": "Ada",
        "id": "7",
        "colour": "blue",
        "method": "POST",
        "ip": "127.0.0.1",
        "items": [1, 2],
        "raw": [1, 2],
        "agent": 'it"s',
        "fail": "",
    }
    assert got.headers["x-static"] == "always"
    assert got.headers["x-body"] == "2"
    assert got.headers["x-id"] == got.headers["x-amzn-requestid"]
    assert got.headers["x-from"] == "template"


def test_errors_are_selected_by_their_message(api: Api) -> None:
    got = api.call("/mapped/7", "POST", b'{"fail": "Not found: it"}')
    assert (got.status, got.json) == (404, {"error": "Not found: it"})
    got = api.call("/mapped/7", "POST", b'{"fail": "Other"}')
    assert got.status == 200


def test_never_means_other_media_types_are_refused(api: Api) -> None:
    got = api.call("/mapped/7", "POST", b"<a/>", {"Content-Type": "text/xml"})
    assert (got.status, got.body) == (415, b'{"message":"Unsupported Media Type"}')


def test_events_are_queued(api: Api) -> None:
    got = api.call("/queued", "POST", b'{"a": 1}')
    assert (got.status, got.body) == (202, b"")


def test_bodies_that_are_no_json_are_no_events(api: Api) -> None:
    for body in (b"text", b"[" * 100_000):
        got = api.call("/plain", "POST", body)
        assert got.status == 400
        assert got.json["message"].startswith("Could not parse request body into json: ")


def test_cors_by_mock(api: Api) -> None:
    got = api.call(
        "/mock",
        "OPTIONS",
        headers={"Origin": "http://a", "Access-Control-Request-Method": "GET"},
    )
    assert (got.status, got.body) == (200, b"")
    assert got.headers["access-control-allow-origin"] == "*"
    assert got.headers["access-control-allow-methods"] == "GET,OPTIONS"


def test_mocks_read_json_leniently(api: Api) -> None:
    got = api.call("/lenient", "OPTIONS")
    assert (got.status, got.body, got.headers["vary"]) == (204, b"", "Origin")


def test_mocks_answer_by_their_status(api: Api) -> None:
    assert api.call("/mock").json == {"from": "/mock"}
    got = api.call("/mock?gone=yes")
    assert (got.status, got.json) == (410, "gone")
    assert api.call("/overridden").status == 418


@pytest.mark.parametrize("path", ["/statusless", "/unmatched"])
def test_what_is_not_configured_is_500(api: Api, path: str) -> None:
    got = api.call(path)
    assert (got.status, got.body) == (500, b'{"message":"Internal server error"}')


class _Echo(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        told = {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": self.rfile.read(length).decode(),
        }
        body = json.dumps(told).encode()
        self.send_response(404 if "missing" in self.path else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Backend", "echo")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = _answer

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Echo) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def http_api(engine: Engine, server: str) -> Api:
    api = Api.make(engine)
    at = api.method("ANY", "/{proxy+}", requestParameters={"method.request.path.proxy": True})
    api.client.put_integration(
        **at,
        type="HTTP_PROXY",
        integrationHttpMethod="ANY",
        uri=server + "/base/{proxy}",
        requestParameters={
            "integration.request.path.proxy": "method.request.path.proxy",
            "integration.request.header.X-Stage": "context.stage",
        },
    )
    api.mapped(
        "POST",
        "/custom/{id}",
        {
            "type": "HTTP",
            "integrationHttpMethod": "PUT",
            "uri": server + "/things/{thing}",
            "requestParameters": {
                "integration.request.path.thing": "method.request.path.id",
                "integration.request.querystring.q": "method.request.querystring.query",
                "integration.request.querystring.fixed": "'a b'",
                "integration.request.header.X-Name": "method.request.body.name",
            },
        },
        {
            "200": {
                "responseParameters": {
                    "method.response.header.X-Backend": "integration.response.header.X-Backend"
                }
            },
            "410": {"selectionPattern": "404"},
        },
        requestParameters={"method.request.path.id": True},
    )
    at = api.method("GET", "/unreachable")
    api.client.put_integration(
        **at, type="HTTP_PROXY", integrationHttpMethod="GET", uri="http://127.0.0.1:1/"
    )
    api.deploy()
    return api


def test_http_proxies_pass_everything(http_api: Api) -> None:
    got = http_api.call("/a/b?x=1&x=2", "POST", b"text", {"X-Own": "1", "Accept": "a/b"})
    assert got.headers["x-backend"] == "echo"
    told = got.json
    assert told["method"] == "POST"
    assert told["path"] == "/base/a/b?x=1&x=2"
    assert told["body"] == "text"
    assert told["headers"]["x-own"] == "1"
    assert told["headers"]["accept"] == "a/b"
    assert told["headers"]["x-stage"] == "prod"
    assert http_api.call("/missing").status == 404


def test_servers_below_localhost_are_found(api: Api) -> None:
    port = api.engine.url.rpartition(":")[2]
    there = Api.make(api.engine)
    there.client.put_integration(
        **there.method("GET", "/"),
        type="HTTP_PROXY",
        integrationHttpMethod="GET",
        uri=f"http://{api.id}.execute-api.localhost:{port}/prod/mock",
    )
    there.deploy()
    assert there.call("/").json == {"from": "/mock"}


def test_http_integrations_pass_what_is_mapped(http_api: Api) -> None:
    got = http_api.call("/custom/7?query=z&other=1", "POST", b'{"name": "Ada"}', {"X-Own": "1"})
    assert got.headers["x-backend"] == "echo"
    told = got.json
    assert told["method"] == "PUT"
    assert told["path"] == "/things/7?q=z&fixed=a%20b"
    assert told["headers"]["x-name"] == "Ada"
    assert "x-own" not in told["headers"]
    assert json.loads(told["body"]) == {"name": "Ada"}
    assert http_api.call("/custom/missing", "POST", b"{}").status == 410


def test_servers_that_are_not_there_are_504(http_api: Api) -> None:
    got = http_api.call("/unreachable")
    assert got.status == 504
    assert got.json == {"message": "Network error communicating with endpoint"}


def test_servers_are_shown_the_stage_s_certificate(engine: Engine, tmp_path: Path) -> None:
    shown: list[bytes | None] = []

    class Seen(_Echo):
        def do_GET(self) -> None:
            shown.append(self.connection.getpeercert(binary_form=True))  # type: ignore[attr-defined]
            self._answer()

    certificate = engine.client("apigateway").generate_client_certificate()
    (tmp_path / "ca.pem").write_text(certificate["pemEncodedCertificate"])
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(timezone.utc)
    own = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(1))
        .not_valid_after(now + timedelta(1))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (tmp_path / "own.pem").write_bytes(
        own.public_bytes(pem)
        + key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "own.pem")
    context.load_verify_locations(tmp_path / "ca.pem")
    context.verify_mode = ssl.CERT_OPTIONAL
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Seen) as running:
        running.socket = context.wrap_socket(running.socket, server_side=True)
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        api = Api.make(engine)
        for path, insecure in (("/trusting", True), ("/careful", False)):
            api.client.put_integration(
                **api.method("GET", path),
                type="HTTP_PROXY",
                integrationHttpMethod="GET",
                uri=f"https://127.0.0.1:{running.server_port}/",
                tlsConfig={"insecureSkipVerification": insecure},
            )
        api.deploy()
        assert api.call("/trusting").status == 200
        assert api.call("/careful").status == 504
        api.set_stage(("/clientCertificateId", certificate["clientCertificateId"]))
        assert api.call("/trusting").status == 200
        running.shutdown()
        thread.join()
    assert shown[0] is None
    assert shown[1] == ssl.PEM_cert_to_DER_cert(certificate["pemEncodedCertificate"])


def test_services_of_aws(engine: Engine) -> None:
    api = Api.make(engine)
    region = engine.region
    queue = engine.client("sqs").create_queue(QueueName=engine.name("q"))["QueueUrl"]
    name = queue.rpartition("/")[2]
    table = engine.name("t")
    engine.client("dynamodb").create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    bucket = engine.name("b")
    engine.client("s3").create_bucket(Bucket=bucket)
    base = {"type": "AWS", "integrationHttpMethod": "POST", "credentials": ROLE}
    api.mapped(
        "POST",
        "/queue",
        {
            **base,
            "uri": f"arn:aws:apigateway:{region}:sqs:path/{engine.account}/{name}",
            "requestParameters": {
                "integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"
            },
            "requestTemplates": {
                JSON: "Action=SendMessage&MessageBody=$util.urlEncode($input.body)"
            },
        },
        {"200": {"responseTemplates": {JSON: '{"sent": true}'}}},
    )
    item = json.dumps({"TableName": table, "Item": {"id": {"S": "$input.params('id')"}}})
    api.mapped(
        "POST",
        "/items/{id}",
        {
            **base,
            "uri": f"arn:aws:apigateway:{region}:dynamodb:action/PutItem",
            "requestTemplates": {JSON: item},
        },
        {"200": {"selectionPattern": "200"}, "400": {}},
    )
    api.mapped(
        "PUT",
        "/files/{key}",
        {
            **base,
            "integrationHttpMethod": "PUT",
            "uri": f"arn:aws:apigateway:{region}:s3:path/{bucket}/{{object}}",
            "requestParameters": {"integration.request.path.object": "method.request.path.key"},
        },
        {"200": {}},
        requestParameters={"method.request.path.key": True},
    )
    api.deploy()
    assert api.call("/queue", "POST", b'{"a": "b&c"}').json == {"sent": True}
    sent = engine.client("sqs").receive_message(QueueUrl=queue)["Messages"][0]["Body"]
    assert sent == '{"a": "b&c"}'
    assert api.call("/items/7", "POST", b"{}").status == 200
    found = engine.client("dynamodb").get_item(TableName=table, Key={"id": {"S": "7"}})
    assert found["Item"] == {"id": {"S": "7"}}
    assert api.call("/files/a.txt", "PUT", b"text", {"Content-Type": "text/plain"}).status == 200
    kept = engine.client("s3").get_object(Bucket=bucket, Key="a.txt")
    assert kept["Body"].read() == b"text"


def test_more_services_of_aws(engine: Engine) -> None:
    api = Api.make(engine)
    region, account = engine.region, engine.account
    name = engine.name("s")
    queue = engine.client("sqs").create_queue(QueueName=name)["QueueUrl"]
    topic = engine.client("sns").create_topic(Name=name)["TopicArn"]
    queue_arn = f"arn:aws:sqs:{region}:{account}:{name}"
    engine.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue_arn)
    engine.client("kinesis").create_stream(StreamName=name, ShardCount=1)
    machine = engine.client("stepfunctions").create_state_machine(
        name=name,
        roleArn=ROLE,
        definition='{"StartAt": "a", "States": {"a": {"Type": "Pass", "End": true}}}',
    )["stateMachineArn"]
    event = {"Source": "tests", "DetailType": "t", "Detail": "{}"}
    form = "'application/x-www-form-urlencoded'"
    base = {"type": "AWS", "integrationHttpMethod": "POST", "credentials": ROLE}
    for path, target, template, mapping in (
        (
            "/topic",
            "sns:path//",
            f"Action=Publish&TopicArn=$util.urlEncode('{topic}')&Message=$input.params('m')",
            {"integration.request.header.Content-Type": form},
        ),
        (
            "/send",
            "sqs:action/SendMessage",
            "",
            {
                "integration.request.querystring.QueueUrl": f"'{queue}'",
                "integration.request.querystring.MessageBody": "method.request.querystring.m",
            },
        ),
        (
            "/record",
            "kinesis:action/PutRecord",
            json.dumps({"StreamName": name, "PartitionKey": "k"})[:-1]
            + ', "Data": "$util.base64Encode($input.json(\'$.data\'))"}',
            {},
        ),
        (
            "/machine",
            "states:action/StartExecution",
            json.dumps({"stateMachineArn": machine})[:-1]
            + ', "input": "$util.escapeJavaScript($input.json(\'$\'))"}',
            {},
        ),
        ("/event", "events:action/PutEvents", json.dumps({"Entries": [event]}), {}),
    ):
        integration = {
            **base,
            "uri": f"arn:aws:apigateway:{region}:{target}",
            "requestParameters": mapping,
        }
        if template:
            integration["requestTemplates"] = {JSON: template}
        api.mapped("POST", path, integration, {"200": {"selectionPattern": "200"}, "500": {}})
    api.deploy()
    body = b'{"data": {"a": 1}}'
    answers = {path: api.call(path, "POST", body) for path in ("/record", "/machine", "/event")}
    answers |= {path: api.call(f"{path}?m=hello", "POST") for path in ("/topic", "/send")}
    assert {path: got.status for path, got in answers.items()} == dict.fromkeys(answers, 200), {
        path: got.body for path, got in answers.items()
    }
    assert "SequenceNumber" in answers["/record"].json
    assert "executionArn" in answers["/machine"].json
    assert answers["/event"].json["FailedEntryCount"] == 0
    bodies = set()
    for _ in range(2):
        (message,) = engine.client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=5)[
            "Messages"
        ]
        bodies.add(message["Body"] if message["Body"] == "hello" else "by topic")
        engine.client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    assert bodies == {"hello", "by topic"}
