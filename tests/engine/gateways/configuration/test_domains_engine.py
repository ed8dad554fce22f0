"""A custom domain name in a real engine: a Host header leads to an API's function."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

from api_gateway_console import CERTIFICATE
from engine_fixtures import Engine

CODE = """
def handler(event, context):
    return {
        "routeKey": event["routeKey"],
        "stage": event["requestContext"]["stage"],
        "domain": event["requestContext"]["domainName"],
        "parameters": event.get("pathParameters"),
    }
"""


def asked(engine: Engine, host: str, path: str) -> tuple[int, dict[str, object]]:
    """Status and answer of a GET of a path at a host."""
    request = urllib.request.Request(engine.url + path, headers={"Host": host})
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, json.loads(reply.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def test_a_host_leads_to_the_stage_that_its_base_path_is_mapped_to(engine: Engine) -> None:
    function = engine.create(CODE)
    arn = f"arn:aws:lambda:{engine.region}:{engine.account}:function:{function}"
    apis = engine.client("apigatewayv2")
    api_id = apis.create_api(Name=function, ProtocolType="HTTP")["ApiId"]
    engine.client().add_permission(
        FunctionName=function,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{engine.region}:{engine.account}:{api_id}/*",
    )
    integration = apis.create_integration(
        ApiId=api_id,
        IntegrationType="AWS_PROXY",
        IntegrationUri=arn,
        PayloadFormatVersion="2.0",
    )["IntegrationId"]
    target = f"integrations/{integration}"
    apis.create_route(ApiId=api_id, RouteKey="GET /items/{id}", Target=target)
    apis.create_stage(ApiId=api_id, StageName="live", AutoDeploy=True)
    host = f"{function}.example.com"
    configuration = {"CertificateArn": CERTIFICATE}
    apis.create_domain_name(DomainName=host, DomainNameConfigurations=[configuration])
    apis.create_api_mapping(DomainName=host, ApiId=api_id, Stage="live", ApiMappingKey="shop/v1")

    assert asked(engine, host, "/shop/v1/items/7") == (
        200,
        {
            "routeKey": "GET /items/{id}",
            "stage": "live",
            "domain": host,
            "parameters": {"id": "7"},
        },
    )
    assert asked(engine, f"{host}:80", "/shop/v1/other") == (404, {"message": "Not Found"})
    assert asked(engine, host, "/elsewhere") == (403, {"message": "Forbidden"})
    apis.delete_domain_name(DomainName=host)
