"""API Gateway's configuration in a real engine: by boto3, and kept over a restart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from api_gateway_console import CERTIFICATE, FUNCTION, URI
from botocore.exceptions import ClientError
from engine_fixtures import Engine


def configured(engine: Engine) -> dict[str, Any]:
    """Everything that an engine shows of its APIs, without times and addresses."""
    apis, rest = engine.client("apigatewayv2"), engine.client("apigateway")
    shown: dict[str, Any] = {"domains": apis.get_domain_names()["Items"], "apis": []}
    for domain in shown["domains"]:
        name = domain["DomainName"]
        domain["Mappings"] = apis.get_api_mappings(DomainName=name)["Items"]
        domain["BasePaths"] = rest.get_base_path_mappings(domainName=name)["items"]
    for api in apis.get_apis()["Items"]:
        at = {"ApiId": api["ApiId"]}
        del api["ApiEndpoint"]
        lists = {
            "routes": apis.get_routes,
            "integrations": apis.get_integrations,
            "stages": apis.get_stages,
            "deployments": apis.get_deployments,
            "authorizers": apis.get_authorizers,
            "models": apis.get_models,
        }
        shown["apis"].append({**api, **{name: ask(**at)["Items"] for name, ask in lists.items()}})
    return shown


def test_everything_is_as_it_was_after_a_restart(start_engine: Callable[..., Engine]) -> None:
    engine = start_engine(directory="kept")
    apis = engine.client("apigatewayv2")
    http = apis.create_api(Name="a", ProtocolType="HTTP", Target=FUNCTION)["ApiId"]
    apis.create_stage(ApiId=http, StageName="live", StageVariables={"a": "b"})
    apis.create_deployment(ApiId=http, StageName="live")
    apis.create_route(ApiId=http, RouteKey="GET /later")
    apis.create_authorizer(
        ApiId=http,
        Name="f",
        AuthorizerType="REQUEST",
        AuthorizerUri=URI,
        AuthorizerPayloadFormatVersion="2.0",
        IdentitySource=["$request.header.Auth"],
    )
    socket = apis.create_api(
        Name="b", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
    )["ApiId"]
    apis.create_model(ApiId=socket, Name="m", Schema="{}")
    domain = {"CertificateArn": CERTIFICATE}
    apis.create_domain_name(DomainName="a.example.com", DomainNameConfigurations=[domain])
    apis.create_api_mapping(DomainName="a.example.com", ApiId=http, Stage="live")
    before = configured(engine)
    assert len(before["apis"]) == 2
    assert before["domains"][0]["BasePaths"][0]["restApiId"] == http
    engine.stop()

    assert configured(start_engine(directory="kept")) == before


def test_an_error_is_one_of_the_service(engine: Engine) -> None:
    apis = engine.client("apigatewayv2")
    try:
        apis.get_api(ApiId="abc")
    except apis.exceptions.NotFoundException as error:
        told = error.response
    assert told["ResponseMetadata"]["HTTPStatusCode"] == 404
    text = f"Invalid API identifier specified {engine.account}:abc"
    assert (told["Error"]["Code"], told["Error"]["Message"]) == ("NotFoundException", text)


def test_names_with_slashes_and_spaces_arrive_whole(engine: Engine) -> None:
    apis = engine.client("apigatewayv2")
    api_id = apis.create_api(Name=engine.name("api"), ProtocolType="HTTP")["ApiId"]
    apis.create_route(ApiId=api_id, RouteKey="GET /p/{id}")
    apis.create_stage(
        ApiId=api_id,
        StageName="live",
        RouteSettings={"GET /p/{id}": {"ThrottlingBurstLimit": 5}},
    )
    apis.delete_route_settings(ApiId=api_id, StageName="live", RouteKey="GET /p/{id}")
    assert apis.get_stage(ApiId=api_id, StageName="live")["RouteSettings"] == {}
    arn = f"arn:aws:apigateway:{engine.region}::/apis/{api_id}"
    apis.tag_resource(ResourceArn=arn, Tags={"a/b": "c d"})
    assert apis.get_tags(ResourceArn=arn)["Tags"] == {"a/b": "c d"}
    apis.untag_resource(ResourceArn=arn, TagKeys=["a/b"])
    assert apis.get_tags(ResourceArn=arn)["Tags"] == {}
    apis.delete_api(ApiId=api_id)


def test_a_region_has_apis_of_its_own(engine: Engine) -> None:
    here = engine.client("apigatewayv2")
    there = engine.client("apigatewayv2", region_name="eu-west-1")
    api_id = there.create_api(Name=engine.name("api"), ProtocolType="HTTP")["ApiId"]
    assert api_id not in {api["ApiId"] for api in here.get_apis(MaxResults="500")["Items"]}
    there.delete_api(ApiId=api_id)
    try:
        here.delete_api(ApiId=api_id)
        code = ""
    except ClientError as error:
        code = error.response["Error"]["Code"]
    assert code == "NotFoundException"


def test_the_first_service_tags_domain_names_too(engine: Engine) -> None:
    rest = engine.client("apigateway")
    name = f"{engine.name('domain')}.example.com"
    made = rest.create_domain_name(
        domainName=name,
        regionalCertificateArn=CERTIFICATE,
        endpointConfiguration={"types": ["REGIONAL"]},
        tags={"a": "1"},
    )
    arn = made["domainNameArn"]
    rest.tag_resource(resourceArn=arn, tags={"b": "2"})
    rest.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert rest.get_tags(resourceArn=arn)["tags"] == {"b": "2"}
    assert engine.client("apigatewayv2").get_domain_name(DomainName=name)["Tags"] == {"b": "2"}
    rest.delete_domain_name(domainName=name)
