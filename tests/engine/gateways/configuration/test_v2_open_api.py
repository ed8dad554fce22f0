"""HTTP APIs of OpenAPI 3.0 documents, and back."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
import yaml
from api_gateway_console import URI, Console
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.configuration.v2.open_api import base_paths, reading

LAMBDA = {
    "type": "aws_proxy",
    "httpMethod": "POST",
    "uri": URI,
    "payloadFormatVersion": "2.0",
    "timeoutInMillis": 5000,
}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.1",
    "info": {"title": "pets", "version": "7", "description": "all of them"},
    "servers": [{"url": "https://x/{basePath}", "variables": {"basePath": {"default": "a/b"}}}],
    "tags": [{"name": "team", "x-amazon-apigateway-tag-value": "red"}, {"name": "plain"}],
    "paths": {
        "/pets/{id}": {
            "get": {
                "operationId": "GetPet",
                "security": [{"jwt": ["pets/read"]}],
                "x-amazon-apigateway-integration": {
                    "$ref": "#/components/x-amazon-apigateway-integrations/f"
                },
            },
            "delete": {
                "security": [{"function": []}],
                "x-amazon-apigateway-integration": {
                    "$ref": "#/components/x-amazon-apigateway-integrations/f"
                },
            },
        },
        "/signed": {
            "x-amazon-apigateway-any-method": {
                "x-amazon-apigateway-auth": {"type": "AWS_IAM"},
                "x-amazon-apigateway-integration": {
                    "type": "http_proxy",
                    "httpMethod": "ANY",
                    "uri": "https://example.com/",
                    "payloadFormatVersion": 1.0,
                    "responseParameters": {"403": {"append:header.a": "b"}},
                },
            }
        },
        "/open": {
            "get": {"security": [{"open-id": []}], "x-amazon-apigateway-integration": LAMBDA}
        },
        "/$default": {
            "x-amazon-apigateway-any-method": {
                "isDefaultRoute": True,
                "x-amazon-apigateway-integration": LAMBDA,
            }
        },
    },
    "components": {
        "securitySchemes": {
            "jwt": {
                "type": "oauth2",
                "flows": {},
                "x-amazon-apigateway-authorizer": {
                    "type": "jwt",
                    "identitySource": "$request.header.Authorization",
                    "jwtConfiguration": {"issuer": "https://issuer.example", "audience": ["a"]},
                },
            },
            "open-id": {
                "type": "openIdConnect",
                "openIdConnectUrl": "https://other.example/.well-known/openid-configuration",
                "x-amazon-apigateway-authorizer": {
                    "type": "jwt",
                    "identitySource": "$request.header.Authorization",
                    "jwtConfiguration": {"audience": ["b"]},
                },
            },
            "function": {
                "type": "apiKey",
                "name": "Unused",
                "in": "header",
                "x-amazon-apigateway-authorizer": {
                    "$ref": "#/components/x-amazon-apigateway-authorizers/shared"
                },
            },
        },
        "x-amazon-apigateway-authorizers": {
            "shared": {
                "type": "request",
                "identitySource": "$request.header.Auth, $request.querystring.a",
                "authorizerUri": URI,
                "authorizerPayloadFormatVersion": "2.0",
                "authorizerResultTtlInSeconds": 30,
                "enableSimpleResponses": True,
            }
        },
        "x-amazon-apigateway-integrations": {"f": LAMBDA},
    },
    "x-amazon-apigateway-cors": {"allowOrigins": ["https://a.example"], "maxAge": 5},
    "x-amazon-apigateway-importexport-version": "1.0",
}


def shown(console: Console, api_id: str) -> dict[str, Any]:
    """What an API has, without identifiers that are new with each import."""
    authorizers = console("GetAuthorizers", ApiId=api_id)["Items"]
    names = {each["AuthorizerId"]: each["Name"] for each in authorizers}
    integrations = {
        f"integrations/{each.pop('IntegrationId')}": each
        for each in console("GetIntegrations", ApiId=api_id)["Items"]
    }
    routes = {}
    for route in console("GetRoutes", ApiId=api_id)["Items"]:
        del route["RouteId"]
        route["Target"] = integrations[route["Target"]]
        if "AuthorizerId" in route:
            route["AuthorizerId"] = names[route["AuthorizerId"]]
        routes[route.pop("RouteKey")] = route
    for each in authorizers:
        del each["AuthorizerId"]
    api = console("GetApi", ApiId=api_id)
    told = {name: api.get(name) for name in ("Name", "Version", "CorsConfiguration", "Tags")}
    return {
        "api": told,
        "authorizers": sorted(authorizers, key=lambda each: str(each["Name"])),
        "routes": routes,
    }


def test_a_document_becomes_an_api(console: Console) -> None:
    api = console("ImportApi", Body=json.dumps(DOCUMENT))
    assert (api["Name"], api["Version"], api["Description"]) == ("pets", "7", "all of them")
    assert api["CorsConfiguration"] == {"AllowOrigins": ["https://a.example"], "MaxAge": 5}
    assert api["Tags"] == {"team": "red"}
    assert "Warnings" not in api
    told = shown(console, api["ApiId"])
    assert sorted(told["routes"]) == [
        "$default",
        "ANY /signed",
        "DELETE /pets/{id}",
        "GET /open",
        "GET /pets/{id}",
    ]
    pet = told["routes"]["GET /pets/{id}"]
    assert (pet["OperationName"], pet["AuthorizationType"]) == ("GetPet", "JWT")
    assert (pet["AuthorizerId"], pet["AuthorizationScopes"]) == ("jwt", ["pets/read"])
    assert pet["Target"]["TimeoutInMillis"] == 5000
    assert told["routes"]["DELETE /pets/{id}"]["AuthorizationType"] == "CUSTOM"
    signed = told["routes"]["ANY /signed"]
    assert signed["AuthorizationType"] == "AWS_IAM"
    assert signed["Target"]["PayloadFormatVersion"] == "1.0"
    function, jwt, open_id = told["authorizers"]
    assert function["IdentitySource"] == ["$request.header.Auth", "$request.querystring.a"]
    assert function["EnableSimpleResponses"] is True
    assert jwt["JwtConfiguration"]["Audience"] == ["a"]
    assert open_id["JwtConfiguration"]["Issuer"] == "https://other.example"


def test_routes_that_refer_to_one_integration_share_it(console: Console) -> None:
    api_id = console("ImportApi", Body=json.dumps(DOCUMENT))["ApiId"]
    assert len(console("GetIntegrations", ApiId=api_id)["Items"]) == 4
    targets = {
        route["RouteKey"]: route["Target"] for route in console("GetRoutes", ApiId=api_id)["Items"]
    }
    assert targets["GET /pets/{id}"] == targets["DELETE /pets/{id}"]


@pytest.mark.parametrize("form", ["JSON", "YAML"])
def test_an_export_imported_is_the_same_api(console: Console, form: str) -> None:
    api_id = console("ImportApi", Body=yaml.safe_dump(DOCUMENT))["ApiId"]
    told = {"ApiId": api_id, "Specification": "OAS30", "OutputType": form}
    body = console("ExportApi", **told)["body"]
    again = console("ImportApi", Body=body)["ApiId"]
    assert shown(console, again) == shown(console, api_id)


def test_an_export_without_extensions_has_none(console: Console) -> None:
    api_id = console("ImportApi", Body=json.dumps(DOCUMENT))["ApiId"]
    body = console(
        "ExportApi",
        ApiId=api_id,
        Specification="OAS30",
        OutputType="JSON",
        IncludeExtensions=False,
    )["body"]
    assert "x-amazon-apigateway" not in body
    document = json.loads(body)
    assert document["openapi"] == "3.0.1"
    (parameter,) = document["paths"]["/pets/{id}"]["get"]["parameters"]
    assert (parameter["name"], parameter["in"], parameter["required"]) == ("id", "path", True)


def test_a_stage_is_exported_as_it_was_deployed(console: Console) -> None:
    api_id = console("ImportApi", Body=json.dumps(DOCUMENT))["ApiId"]
    console("CreateStage", ApiId=api_id, StageName="live")
    console("CreateDeployment", ApiId=api_id, StageName="live")
    console.route(api_id, "GET /later")
    told = {"ApiId": api_id, "Specification": "OAS30", "OutputType": "JSON"}
    assert "/later" in json.loads(console("ExportApi", **told)["body"])["paths"]
    document = json.loads(console("ExportApi", **told, StageName="live")["body"])
    assert "/later" not in document["paths"]
    assert document["servers"][0]["variables"] == {"basePath": {"default": "live"}}
    assert console.refused("ExportApi", **told, StageName="none")[0] == "NotFoundException"


def test_a_second_import_replaces_what_an_api_has(console: Console) -> None:
    api_id = console("ImportApi", Body=json.dumps(DOCUMENT))["ApiId"]
    console("CreateStage", ApiId=api_id, StageName="$default", AutoDeploy=True)
    document = copy.deepcopy(DOCUMENT)
    document["paths"] = {"/new": {"get": {"x-amazon-apigateway-integration": LAMBDA}}}
    del document["components"], document["x-amazon-apigateway-cors"]
    document["info"]["title"] = "new pets"
    api = console("ReimportApi", ApiId=api_id, Body=json.dumps(document))
    assert (api["ApiId"], api["Name"]) == (api_id, "new pets")
    assert "CorsConfiguration" not in api
    assert console.keys(api_id, "$default") == ["GET /new"]
    assert console("GetAuthorizers", ApiId=api_id)["Items"] == []
    assert len(console("GetIntegrations", ApiId=api_id)["Items"]) == 1


@pytest.mark.parametrize(
    ("mode", "key"), [("ignore", "GET /p"), ("prepend", "GET /a/b/p"), ("split", "GET /b/p")]
)
def test_the_base_path_of_the_server(console: Console, mode: str, key: str) -> None:
    document = copy.deepcopy(DOCUMENT)
    document["paths"] = {"/p": {"get": {"x-amazon-apigateway-integration": LAMBDA}}}
    api_id = console("ImportApi", Body=json.dumps(document), Basepath=mode)["ApiId"]
    assert [route["RouteKey"] for route in console("GetRoutes", ApiId=api_id)["Items"]] == [key]


@given(
    st.lists(st.from_regex(r"[a-z0-9]{1,4}", fullmatch=True), max_size=4),
    st.sampled_from(["prepend", "split"]),
)
def test_a_prefix_joins_to_a_path(parts: list[str], mode: str) -> None:
    document = {"servers": [{"url": "https://x/" + "/".join(parts)}]}
    prefix = base_paths.prefix(document, mode)
    assert prefix == "".join(f"/{part}" for part in (parts if mode == "prepend" else parts[1:]))


def test_an_operation_without_an_integration_is_a_warning(console: Console) -> None:
    document = {**DOCUMENT, "paths": {"/p": {"get": {}}}}
    api = console("ImportApi", Body=json.dumps(document))
    (warning,) = api["Warnings"]
    assert "GET /p" in warning
    code, text = console.refused("ImportApi", Body=json.dumps(document), FailOnWarnings=True)
    assert (code, warning in text) == ("BadRequestException", True)


BILLION_LAUGHS = "a0: &a0 [x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 12)
)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{",
        "a: &a [*a]\n",
        BILLION_LAUGHS,
        json.dumps({"swagger": "2.0", "info": {"title": "x"}}),
        json.dumps({"openapi": "3.0.1"}),
        json.dumps({**DOCUMENT, "paths": {"p": {}}}),
        json.dumps({**DOCUMENT, "paths": {"/p": []}}),
        json.dumps({**DOCUMENT, "paths": {"/p": {"get": {"security": [{"nobody": []}]}}}}),
        json.dumps(
            {
                **DOCUMENT,
                "paths": {"/p": {"get": {"x-amazon-apigateway-integration": {"$ref": "#/x"}}}},
            }
        ),
        json.dumps({**DOCUMENT, "paths": {"/p": {"get": {"x-amazon-apigateway-integration": {}}}}}),
    ],
)
def test_a_document_that_makes_no_api_is_refused_and_leaves_nothing(
    console: Console, body: str
) -> None:
    assert console.refused("ImportApi", Body=body)[0] == "BadRequestException"
    assert console("GetApis")["Items"] == []


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
PARTS = st.sampled_from(
    ["info", "servers", "tags", "paths", "components", "security", "x-amazon-apigateway-cors"]
)


@given(PARTS, JSON_VALUES)
def test_a_document_with_anything_in_it_is_read_or_refused(part: str, value: object) -> None:
    told = "read"
    try:
        reading.read(json.dumps({**DOCUMENT, part: value}), "prepend")
    except AWSError as error:
        told = error.code
    assert told in ("read", "BadRequestException")


def test_only_http_apis_are_exported(console: Console) -> None:
    told = {"Specification": "OAS30", "OutputType": "JSON"}
    socket = console.api("WEBSOCKET")
    assert console.refused("ExportApi", ApiId=socket, **told)[0] == "BadRequestException"
    http = console.api()
    for wrong in ({"OutputType": "XML"}, {"Specification": "OAS20"}, {"ExportVersion": "2"}):
        code, _ = console.refused("ExportApi", ApiId=http, **{**told, **wrong})
        assert code == "BadRequestException"
