"""Integrations, and what WebSocket APIs send back."""

from __future__ import annotations

from typing import Any

import pytest
from api_gateway_console import ACCOUNT, FUNCTION, REGION, URI, Console

ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
SQS = {
    "IntegrationType": "AWS_PROXY",
    "IntegrationSubtype": "SQS-SendMessage",
    "CredentialsArn": ROLE,
    "PayloadFormatVersion": "1.0",
    "RequestParameters": {"QueueUrl": "u", "MessageBody": "$request.body"},
}


def test_an_integration_of_a_function_has_aws_defaults(console: Console) -> None:
    integration = console(
        "CreateIntegration",
        ApiId=console.api(),
        IntegrationType="AWS_PROXY",
        IntegrationUri=FUNCTION,
        PayloadFormatVersion="2.0",
    )
    assert len(integration.pop("IntegrationId")) == 7
    assert integration == {
        "ConnectionType": "INTERNET",
        "IntegrationMethod": "POST",
        "IntegrationType": "AWS_PROXY",
        "IntegrationUri": FUNCTION,
        "PayloadFormatVersion": "2.0",
        "TimeoutInMillis": 30000,
    }


def test_an_integration_of_a_web_socket_api_has_aws_defaults(console: Console) -> None:
    api_id = console.api("WEBSOCKET")
    mock = console("CreateIntegration", ApiId=api_id, IntegrationType="MOCK")
    mock.pop("IntegrationId")
    assert mock == {
        "ConnectionType": "INTERNET",
        "IntegrationResponseSelectionExpression": "${integration.response.statuscode}",
        "IntegrationType": "MOCK",
        "PassthroughBehavior": "WHEN_NO_MATCH",
        "PayloadFormatVersion": "1.0",
        "TimeoutInMillis": 29000,
    }


@pytest.mark.parametrize("kind", ["AWS", "HTTP", "MOCK"])
def test_an_http_api_has_proxy_integrations_only(console: Console, kind: str) -> None:
    told = {"IntegrationType": kind, "PayloadFormatVersion": "1.0"}
    assert console.refused("CreateIntegration", ApiId=console.api(), **told) == (
        "BadRequestException",
        "Currently, an API with a protocol type of HTTP may only be associated with proxy "
        "integrations (AWS_PROXY, HTTP_PROXY)",
    )


def test_an_http_api_needs_a_payload_format(console: Console) -> None:
    told = {"IntegrationType": "AWS_PROXY", "IntegrationUri": URI}
    assert console.refused("CreateIntegration", ApiId=console.api(), **told) == (
        "BadRequestException",
        "PayloadFormatVersion is a required parameter for integration",
    )


@pytest.mark.parametrize(
    "change",
    [
        {"ConnectionId": "abc"},
        {"ConnectionType": "VPC_LINK"},
        {"ConnectionType": "VPC_LINK", "ConnectionId": "nobody"},
        {"IntegrationMethod": "BREW"},
        {"IntegrationType": "HTTP_PROXY", "IntegrationMethod": "GET"},
        {"IntegrationUri": "https://example.com/"},
        {"PayloadFormatVersion": "3.0"},
        {"RequestParameters": {"integration.request.header.a": "b"}},
        {"ResponseParameters": {"100": {"append:header.a": "b"}}},
        {"ResponseParameters": {"200": {"overwrite:path": "b"}}},
        {"TimeoutInMillis": 30001},
    ],
)
def test_an_integration_that_could_not_work_is_refused(
    console: Console, change: dict[str, Any]
) -> None:
    right = {"IntegrationType": "AWS_PROXY", "IntegrationUri": URI, "PayloadFormatVersion": "2.0"}
    code, _ = console.refused("CreateIntegration", ApiId=console.api(), **{**right, **change})
    assert code == "BadRequestException"


@pytest.mark.parametrize(
    "change",
    [
        {"CredentialsArn": ""},
        {"IntegrationSubtype": "SQS-BrewMessage"},
        {"PayloadFormatVersion": "2.0"},
        {"RequestParameters": {"QueueUrl": "u"}},
    ],
)
def test_a_call_of_a_service_needs_a_role_and_its_parameters(
    console: Console, change: dict[str, Any]
) -> None:
    api_id = console.api()
    console("CreateIntegration", ApiId=api_id, **SQS)
    code, _ = console.refused("CreateIntegration", ApiId=api_id, **{**SQS, **change})
    assert code == "BadRequestException"


def test_parameters_are_added_and_removed_by_an_empty_value(console: Console) -> None:
    api_id = console.api()
    key = console.integration(
        api_id,
        RequestParameters={"append:header.a": "1", "append:header.b": "2"},
        ResponseParameters={"403": {"append:header.c": "3"}, "404": {"append:header.d": "4"}},
    )
    changed = console(
        "UpdateIntegration",
        ApiId=api_id,
        IntegrationId=key,
        RequestParameters={"append:header.a": "", "overwrite:path": "/x"},
        ResponseParameters={"403": {}},
        Description="d",
    )
    assert changed["RequestParameters"] == {"append:header.b": "2", "overwrite:path": "/x"}
    assert changed["ResponseParameters"] == {"404": {"append:header.d": "4"}}
    assert changed["Description"] == "d"


def test_an_integration_in_use_is_not_deleted(console: Console) -> None:
    api_id = console.api()
    key = console.integration(api_id)
    route = console.route(api_id, "GET /p", Target=f"integrations/{key}")
    assert console.refused("DeleteIntegration", ApiId=api_id, IntegrationId=key) == (
        "ConflictException",
        f"Cannot delete Integration because it is referenced by the following Routes with Ids: "
        f"[{route}]",
    )
    console("DeleteRoute", ApiId=api_id, RouteId=route)
    console("DeleteIntegration", ApiId=api_id, IntegrationId=key)
    assert console.refused("GetIntegration", ApiId=api_id, IntegrationId=key) == (
        "NotFoundException",
        "Invalid Integration identifier specified",
    )


def test_a_vpc_link_leads_to_an_integration_until_it_is_unused(console: Console) -> None:
    link = console("CreateVpcLink", Name="l", SubnetIds=["subnet-1"])
    assert (link["VpcLinkStatus"], link["VpcLinkVersion"]) == ("AVAILABLE", "V2")
    key = link["VpcLinkId"]
    assert console("UpdateVpcLink", VpcLinkId=key, Name="m")["Name"] == "m"
    api_id = console.api()
    integration = console.integration(
        api_id,
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="GET",
        IntegrationUri=f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:listener/app/a/1/2",
        PayloadFormatVersion="1.0",
        ConnectionType="VPC_LINK",
        ConnectionId=key,
    )
    assert console.refused("DeleteVpcLink", VpcLinkId=key)[0] == "BadRequestException"
    console("DeleteIntegration", ApiId=api_id, IntegrationId=integration)
    console("DeleteVpcLink", VpcLinkId=key)
    assert console("GetVpcLinks")["Items"] == []


def test_integration_responses_are_of_web_socket_apis(console: Console) -> None:
    api_id = console.api("WEBSOCKET")
    key = console.integration(api_id, IntegrationType="AWS")
    at = {"ApiId": api_id, "IntegrationId": key}
    response = console("CreateIntegrationResponse", **at, IntegrationResponseKey="/200/")
    one = {**at, "IntegrationResponseId": response["IntegrationResponseId"]}
    console("UpdateIntegrationResponse", **one, ResponseTemplates={"application/json": "x"})
    assert console("GetIntegrationResponse", **one)["ResponseTemplates"]
    code, _ = console.refused("CreateIntegrationResponse", **at, IntegrationResponseKey="/200/")
    assert code == "ConflictException"
    for setting in (
        {"IntegrationResponseKey": "200"},
        {"IntegrationResponseKey": "/(/"},
        {"ResponseParameters": {"method.response.header.a": "'b'"}},
        {"ContentHandlingStrategy": "CONVERT_TO_BINARY"},
    ):
        told = {**at, "IntegrationResponseKey": "/201/", **setting}
        assert console.refused("CreateIntegrationResponse", **told)[0] == "BadRequestException"
    console("CreateStage", ApiId=api_id, StageName="live", AutoDeploy=True)
    console.route(api_id, "say", Target=f"integrations/{key}")
    served = console.v2.served(api_id, "live")
    assert served is not None
    assert [each["IntegrationResponseKey"] for each in served.integration_responses[key]] == [
        "/200/"
    ]
    console("DeleteIntegrationResponse", **one)
    assert console("GetIntegrationResponses", **at)["Items"] == []
    http = console.api()
    other = {"ApiId": http, "IntegrationId": console.integration(http)}
    code, _ = console.refused("CreateIntegrationResponse", **other, IntegrationResponseKey="/1/")
    assert code == "BadRequestException"


def test_a_route_has_one_response(console: Console) -> None:
    api_id = console.api("WEBSOCKET")
    at = {"ApiId": api_id, "RouteId": console.route(api_id, "say")}
    response = console("CreateRouteResponse", **at, RouteResponseKey="$default")
    one = {**at, "RouteResponseId": response["RouteResponseId"]}
    assert console("GetRouteResponses", **at)["Items"] == [console("GetRouteResponse", **one)]
    for setting in (
        {"ModelSelectionExpression": "action"},
        {"ResponseModels": {"action": "message"}},
        {"ResponseParameters": {"route.response.header.a": {"Required": False}}},
    ):
        code, message = console.refused("UpdateRouteResponse", **one, **setting)
        assert code == "BadRequestException"
        assert next(iter(setting)) in message
    code, _ = console.refused("CreateRouteResponse", **at, RouteResponseKey="other")
    assert code == "BadRequestException"
    console("DeleteRouteResponse", **one)
    told = ("NotFoundException", "Invalid RouteResponse identifier specified")
    assert console.refused("GetRouteResponse", **one) == told


@pytest.mark.parametrize(
    "change",
    [
        {"ContentHandlingStrategy": "CONVERT_TO_BINARY"},
        {"ResponseParameters": {"200": {"append:header.a": "b"}}},
    ],
)
def test_a_web_socket_api_refuses_what_would_have_no_effect(
    console: Console, change: dict[str, Any]
) -> None:
    right = {"IntegrationType": "AWS", "IntegrationUri": URI}
    code, _ = console.refused(
        "CreateIntegration", ApiId=console.api("WEBSOCKET"), **right, **change
    )
    assert code == "BadRequestException"


def test_a_route_response_is_selected_by_default_only(console: Console) -> None:
    told = {"RouteKey": "say", "RouteResponseSelectionExpression": "$request.body.a"}
    code, _ = console.refused("CreateRoute", ApiId=console.api("WEBSOCKET"), **told)
    assert code == "BadRequestException"
