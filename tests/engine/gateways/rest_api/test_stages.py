"""What belongs to stages: variables, canaries, logs, limits of time; and trials without one."""

from __future__ import annotations

import gzip
import json
import time
from typing import Any

import pytest
from engine_fixtures import Engine
from rest_api_lab import Api, call

JSON = "application/json"
ECHO = """
import json, time
def handler(event, context):
    if event["path"] == "/slow":
        time.sleep(5)
    return {"statusCode": 200, "body": json.dumps({
        "arn": context.invoked_function_arn,
        "variables": event["stageVariables"],
        "canary": event["requestContext"].get("isCanaryRequest"),
        "path": event["path"],
        "context_path": event["requestContext"]["path"],
        "ip": event["requestContext"]["identity"]["sourceIp"],
        "parameters": event["pathParameters"],
        "long": "x" * 2000,
    })}
"""


@pytest.fixture(scope="module")
def function(engine: Engine) -> str:
    name = engine.create(ECHO, Timeout=10)
    version = engine.client().publish_version(FunctionName=name)["Version"]
    for alias in ("blue", "green"):
        engine.client().create_alias(FunctionName=name, Name=alias, FunctionVersion=version)
    return name


@pytest.fixture(scope="module")
def api(engine: Engine, function: str) -> Api:
    api = Api.make(engine, minimumCompressionSize=1000)
    api.proxy("GET", "/alias", function + ":${stageVariables.alias}")
    api.proxy("GET", "/slow", function, {"timeoutInMillis": 100})
    api.proxy("GET", "/{id}", function)
    for qualifier in ("blue", "green"):
        engine.client().add_permission(
            FunctionName=function,
            Qualifier=qualifier,
            StatementId="s",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"{api.arn}/*/GET/alias",
        )
    api.permit(function, "*/*/slow")
    api.permit(function, "test-invoke-stage/*/*")
    api.deploy(variables={"alias": "blue"})
    return api


def test_variables_choose_the_function(api: Api) -> None:
    told = api.call("/alias").json
    assert told["arn"].endswith(":blue")
    assert told["variables"] == {"alias": "blue"}
    api.set_stage(("/variables/alias", "green"))
    assert api.call("/alias").json["arn"].endswith(":green")
    api.set_stage(("/variables/alias", "blue"))


def test_slow_functions_are_504(api: Api) -> None:
    got = api.call("/slow")
    assert (got.status, got.json) == (504, {"message": "Endpoint request timed out"})


def test_functions_must_be_permitted(api: Api, function: str) -> None:
    got = api.call("/other")
    assert (got.status, got.json) == (500, {"message": "Internal server error"})
    assert got.headers["x-amzn-errortype"] == "InternalServerErrorException"
    log = api.engine.log_file.read_text()
    assert f"aws lambda add-permission --function-name {function}" in log
    assert f"{api.arn}/prod/GET/*" in log


def test_answers_are_compressed_for_those_who_ask(api: Api) -> None:
    got = api.call("/alias", headers={"Accept-Encoding": "gzip"})
    assert got.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(got.body))["variables"] == {"alias": "blue"}
    assert "content-encoding" not in api.call("/alias").headers


def test_canaries_take_their_part(engine: Engine, function: str) -> None:
    api = Api.make(engine)
    at = api.proxy("GET", "/alias", function + ":${stageVariables.alias}")
    del at
    for qualifier in ("blue", "green"):
        engine.client().add_permission(
            FunctionName=function,
            Qualifier=qualifier,
            StatementId=f"canary-{qualifier}",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"{api.arn}/*",
        )
    api.deploy(variables={"alias": "blue"})
    assert api.call("/alias").json["canary"] is None
    api.deploy(
        canarySettings={"percentTraffic": 100.0, "stageVariableOverrides": {"alias": "green"}}
    )
    told = api.call("/alias").json
    assert told["arn"].endswith(":green")
    assert told["canary"] is True
    api.set_stage(("/canarySettings/percentTraffic", "0.0"))
    assert api.call("/alias").json["arn"].endswith(":blue")


def logged(engine: Engine, group: str, wanted: str) -> list[str]:
    """The lines of a log group, once one of them has a text."""
    deadline = time.monotonic() + 30
    while True:
        logs = engine.client("logs")
        lines: list[str] = []
        if logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
            lines = [e["message"] for e in logs.filter_log_events(logGroupName=group)["events"]]
        if any(wanted in line for line in lines) or time.monotonic() > deadline:
            return lines
        time.sleep(0.05)


def test_stages_log(api: Api) -> None:
    engine, group = api.engine, f"access-{api.id}"
    arn = f"arn:aws:logs:{engine.region}:{engine.account}:log-group:{group}"
    engine.client("logs").create_log_group(logGroupName=group)
    form = (
        '{"id":"$context.requestId","status":"$context.status","path":"$context.resourcePath",'
        '"length":"$context.responseLength","ip":"$context.identity.sourceIp"}'
    )
    api.set_stage(
        ("/accessLogSettings/destinationArn", arn),
        ("/accessLogSettings/format", form),
        ("/*/*/logging/loglevel", "INFO"),
        ("/*/*/logging/dataTrace", "true"),
    )
    got = api.call("/alias")
    request_id = got.headers["x-amzn-requestid"]
    (line,) = (one for one in logged(engine, group, request_id) if request_id in one)
    assert json.loads(line) == {
        "id": request_id,
        "status": "200",
        "path": "/alias",
        "length": str(len(got.body)),
        "ip": "127.0.0.1",
    }
    lines = logged(
        engine,
        f"API-Gateway-Execution-Logs_{api.id}/prod",
        f"({request_id}) Method completed with status: 200",
    )
    mine = [one.partition(") ")[2] for one in lines if one.startswith(f"({request_id})")]
    assert f"Starting execution for request: {request_id}" in mine
    assert "HTTP Method: GET, Resource Path: /alias" in mine
    assert any(one.startswith("Endpoint request URI: ") for one in mine)
    assert any(one.startswith("Method response body after transformations: ") for one in mine)
    assert mine[-1] == "Method completed with status: 200"


def test_a_trial_needs_no_deployment(api: Api) -> None:
    answered: dict[str, Any] = api.client.test_invoke_method(
        restApiId=api.id,
        resourceId=api.resources["/{id}"],
        httpMethod="GET",
        pathWithQueryString="/7?a=1",
        headers={"X-Own": "1"},
        stageVariables={"colour": "red"},
    )
    assert answered["status"] == 200
    told = json.loads(answered["body"])
    assert told["variables"] == {"colour": "red"}
    assert told["parameters"] == {"id": "7"}
    assert told["path"] == "/7"
    assert told["ip"] == "test-invoke-source-ip"
    assert answered["headers"]["Content-Type"] == JSON
    assert answered["multiValueHeaders"]["Content-Type"] == [JSON]
    assert answered["latency"] >= 0
    first, second, *_ = answered["log"].splitlines()
    assert first.startswith("Execution log for request ")
    assert " : Starting execution for request: " in second
    assert "Method completed with status: 200" in answered["log"]


def test_a_trial_says_which_method_any_is_to_be(engine: Engine) -> None:
    api = Api.make(engine)
    api.mapped(
        "ANY",
        "/tried",
        {"type": "MOCK", "requestTemplates": {JSON: '{"statusCode": 200}'}},
        {"200": {"responseTemplates": {JSON: "$context.httpMethod"}}},
    )
    for given, seen in (("PATCH", "PATCH"), ("ANY", "GET")):
        answered = api.client.test_invoke_method(
            restApiId=api.id, resourceId=api.resources["/tried"], httpMethod=given
        )
        assert answered["body"] == seen


def test_a_trial_of_an_authorizer(engine: Engine) -> None:
    code = (
        "def handler(event, context):\n"
        "    if event['authorizationToken'] == 'bad': raise Exception('Unauthorized')\n"
        "    return {'principalId': 'me', 'policyDocument':"
        " {'Version': '2012-10-17', 'Statement': []},"
        " 'context': {'a': 1, 'arn': event['methodArn']}}\n"
    )
    function = engine.create(code)
    api = Api.make(engine)
    api.permit(function, "authorizers/*")
    made = api.client.create_authorizer(
        restApiId=api.id,
        name="a",
        type="TOKEN",
        authorizerUri=api.uri(function),
        identitySource="method.request.header.Authorization",
    )
    ask = {"restApiId": api.id, "authorizerId": made["id"]}
    answered = api.client.test_invoke_authorizer(**ask, headers={"Authorization": "good"})
    assert answered["clientStatus"] == 200
    assert answered["principalId"] == "me"
    assert json.loads(answered["policy"]) == {"Version": "2012-10-17", "Statement": []}
    told = answered["authorization"]
    assert told["a"] == ["1"]
    assert told["arn"][0].endswith(f":{api.id}/ESTestInvoke-stage/GET/")
    answered = api.client.test_invoke_authorizer(**ask, headers={"Authorization": "bad"})
    assert answered["clientStatus"] == 401


def test_apis_can_be_for_custom_domain_names_only(engine: Engine) -> None:
    api = Api.make(engine, disableExecuteApiEndpoint=True)
    mock = {"type": "MOCK", "requestTemplates": {JSON: '{"statusCode": 200}'}}
    api.mapped("GET", "/", mock, {"200": {}})
    api.deploy()
    got = api.call("/")
    assert (got.status, got.json) == (403, {"message": "Forbidden"})


def test_apis_answer_at_their_hosts(api: Api) -> None:
    for host in (
        f"{api.id}.execute-api.localhost",
        f"{api.id}.execute-api.{api.engine.region}.amazonaws.com",
    ):
        got = call(api.engine, "/prod/alias", headers={"Host": host})
        assert got.json["path"] == "/alias"
        assert got.json["context_path"] == "/prod/alias"


def test_stages_cache(engine: Engine) -> None:
    count = "n = 0\ndef handler(event, context):\n    global n\n    n += 1\n"
    function = engine.create(count + "    return {'statusCode': 200, 'body': str(n)}\n")
    api = Api.make(engine)
    api.proxy(
        "GET",
        "/counted",
        function,
        {"cacheKeyParameters": ["method.request.querystring.page"]},
        requestParameters={"method.request.querystring.page": False},
    )
    api.permit(function)
    api.deploy(cacheClusterEnabled=True, cacheClusterSize="0.5")
    fresh = [api.call("/counted").body for _ in range(2)]
    assert fresh == [b"1", b"2"]
    api.set_stage(("/*/*/caching/enabled", "true"))
    kept = [api.call(path).body for path in ("/counted", "/counted?x=1", "/counted?page=2")]
    assert kept == [b"3", b"3", b"4"]
    got = api.call("/counted", headers={"Cache-Control": "max-age=0"})
    assert got.body == b"3"
    assert got.headers["warning"].startswith("199 ")
    api.set_stage(("/*/*/caching/requireAuthorizationForCacheControl", "false"))
    got = api.call("/counted", headers={"Cache-Control": "max-age=0"})
    assert got.body == b"5"
    api.client.flush_stage_cache(restApiId=api.id, stageName=api.stage)
    assert api.call("/counted").body == b"6"


@pytest.mark.parametrize(("shares", "answers"), [("true", "main"), ("false", "canary")])
def test_a_canary_may_use_the_cache_of_its_stage(engine: Engine, shares: str, answers: str) -> None:
    mock = {"type": "MOCK", "requestTemplates": {JSON: '{"statusCode": 200}'}}
    api = Api.make(engine)
    at = api.mapped("GET", "/who", mock, {"200": {"responseTemplates": {JSON: "main"}}})
    api.deploy(cacheClusterEnabled=True, cacheClusterSize="0.5")
    api.set_stage(("/*/*/caching/enabled", "true"))
    assert api.call("/who").body == b"main"
    api.client.put_integration_response(**at, statusCode="200", responseTemplates={JSON: "canary"})
    api.deploy(canarySettings={"percentTraffic": 100.0, "useStageCache": shares == "true"})
    assert api.call("/who").body.decode() == answers


def test_apis_answer_at_custom_domain_names(engine: Engine, function: str) -> None:
    api = Api.make(engine, disableExecuteApiEndpoint=True)
    api.proxy("GET", "/{id}", function)
    api.permit(function)
    api.deploy()
    domain = f"{engine.name('d')}.example.com"
    arn = f"arn:aws:acm:{engine.region}:{engine.account}:certificate/c"
    api.client.create_domain_name(
        domainName=domain,
        regionalCertificateArn=arn,
        endpointConfiguration={"types": ["REGIONAL"]},
    )
    api.client.create_base_path_mapping(
        domainName=domain, basePath="v1", restApiId=api.id, stage=api.stage
    )
    told = call(engine, "/v1/7", headers={"Host": domain}).json
    assert told["path"] == told["context_path"] == "/v1/7"
    assert told["parameters"] == {"id": "7"}
    api.client.create_base_path_mapping(domainName=domain, basePath="any", restApiId=api.id)
    told = call(engine, f"/any/{api.stage}/7", headers={"Host": domain}).json
    assert told["parameters"] == {"id": "7"}
    got = call(engine, "/none/7", headers={"Host": domain})
    assert got.status == 403
