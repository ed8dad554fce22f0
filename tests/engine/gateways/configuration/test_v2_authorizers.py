"""Authorizers, models and tags."""

from __future__ import annotations

import json
from typing import Any

import pytest
from api_gateway_console import REGION, URI, Console

JWT = {
    "Name": "jwt",
    "AuthorizerType": "JWT",
    "IdentitySource": ["$request.header.Authorization"],
    "JwtConfiguration": {"Issuer": "https://issuer.example", "Audience": ["a"]},
}
REQUEST = {
    "Name": "function",
    "AuthorizerType": "REQUEST",
    "AuthorizerUri": URI,
    "AuthorizerPayloadFormatVersion": "2.0",
    "IdentitySource": ["$request.header.Authorization"],
}


def test_a_jwt_authorizer(console: Console) -> None:
    made = console("CreateAuthorizer", ApiId=console.api(), **JWT)
    assert len(made.pop("AuthorizerId")) == 6
    assert made == JWT


def test_an_authorizer_by_a_function_has_aws_defaults(console: Console) -> None:
    made = console("CreateAuthorizer", ApiId=console.api(), **REQUEST)
    assert (made["AuthorizerResultTtlInSeconds"], made["EnableSimpleResponses"]) == (300, False)


@pytest.mark.parametrize(
    "wrong",
    [
        {**JWT, "AuthorizerUri": URI},
        {**JWT, "IdentitySource": ["$context.routeKey"]},
        {**JWT, "IdentitySource": []},
        {**JWT, "JwtConfiguration": {"Issuer": "https://issuer.example"}},
        {**JWT, "JwtConfiguration": {"Issuer": "issuer", "Audience": ["a"]}},
        {**JWT, "Name": ""},
        {**REQUEST, "AuthorizerPayloadFormatVersion": "1.0", "EnableSimpleResponses": True},
        {**REQUEST, "AuthorizerPayloadFormatVersion": "3.0"},
        {**REQUEST, "AuthorizerResultTtlInSeconds": 60, "IdentitySource": []},
        {**REQUEST, "AuthorizerUri": "https://example.com"},
        {**REQUEST, "IdentitySource": ["route.request.header.Auth"]},
        {**REQUEST, "JwtConfiguration": JWT["JwtConfiguration"]},
        {**REQUEST, "AuthorizerPayloadFormatVersion": ""},
    ],
)
def test_an_authorizer_that_could_not_work_is_refused(
    console: Console, wrong: dict[str, Any]
) -> None:
    code, _ = console.refused("CreateAuthorizer", ApiId=console.api(), **wrong)
    assert code == "BadRequestException"


@pytest.mark.parametrize("wrong", [JWT, REQUEST, {**REQUEST, "IdentitySource": ["x"]}])
def test_a_web_socket_api_has_authorizers_of_its_own(
    console: Console, wrong: dict[str, Any]
) -> None:
    api_id = console.api("WEBSOCKET")
    code, _ = console.refused("CreateAuthorizer", ApiId=api_id, **wrong)
    assert code == "BadRequestException"
    right = {
        "Name": "function",
        "AuthorizerType": "REQUEST",
        "AuthorizerUri": URI,
        "IdentitySource": ["route.request.header.Auth"],
    }
    made = console("CreateAuthorizer", ApiId=api_id, **right)
    assert {name: made[name] for name in right} == right


def test_an_authorizer_is_changed_and_has_its_name_alone(console: Console) -> None:
    api_id = console.api()
    key = console("CreateAuthorizer", ApiId=api_id, **REQUEST)["AuthorizerId"]
    other = console("CreateAuthorizer", ApiId=api_id, **JWT)["AuthorizerId"]
    assert console.refused("CreateAuthorizer", ApiId=api_id, **JWT)[0] == "BadRequestException"
    one = {"ApiId": api_id, "AuthorizerId": key}
    changed = console("UpdateAuthorizer", **one, AuthorizerResultTtlInSeconds=0)
    assert changed["AuthorizerResultTtlInSeconds"] == 0
    assert console.refused("UpdateAuthorizer", **one, Name="jwt")[0] == "BadRequestException"
    found = {each["AuthorizerId"] for each in console("GetAuthorizers", ApiId=api_id)["Items"]}
    assert found == {key, other}


def test_an_authorizer_in_use_is_not_deleted(console: Console) -> None:
    api_id = console.api()
    key = console("CreateAuthorizer", ApiId=api_id, **REQUEST)["AuthorizerId"]
    route = console.route(api_id, "POST /p", AuthorizationType="CUSTOM", AuthorizerId=key)
    one = {"ApiId": api_id, "AuthorizerId": key}
    assert console.refused("DeleteAuthorizer", **one) == (
        "ConflictException",
        "Cannot delete authorizer 'function', is referenced in route: POST /p",
    )
    console("UpdateRoute", ApiId=api_id, RouteId=route, AuthorizationType="NONE")
    console("DeleteAuthorizer", **one)
    assert console.refused("GetAuthorizer", **one) == (
        "NotFoundException",
        "Invalid Authorizer identifier specified",
    )


def test_a_model_and_a_sample_of_it(console: Console) -> None:
    api_id = console.api("WEBSOCKET")
    schema = {
        "type": "object",
        "properties": {
            "n": {"type": "integer"},
            "s": {"type": "string"},
            "l": {"type": "array", "items": {"type": "boolean"}},
        },
    }
    made = console("CreateModel", ApiId=api_id, Name="m", Schema=json.dumps(schema))
    one = {"ApiId": api_id, "ModelId": made["ModelId"]}
    assert made["ContentType"] == "application/json"
    sample = json.loads(console("GetModelTemplate", **one)["Value"])
    assert sample == {"n": 0, "s": "", "l": [False]}
    assert console("UpdateModel", **one, Description="d")["Description"] == "d"
    route = console.route(api_id, "say", RequestModels={"a": "m"})
    assert console.refused("DeleteModel", **one)[0] == "ConflictException"
    console("DeleteRoute", ApiId=api_id, RouteId=route)
    console("DeleteModel", **one)
    assert console("GetModels", ApiId=api_id)["Items"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"Name": "a b", "Schema": "{}"},
        {"Name": "m", "Schema": "[]"},
        {"Name": "m", "Schema": "no JSON"},
        {"Name": "m", "Schema": " " * 32769},
    ],
)
def test_a_model_that_could_not_be_is_refused(console: Console, wrong: dict[str, str]) -> None:
    code, _ = console.refused("CreateModel", ApiId=console.api("WEBSOCKET"), **wrong)
    assert code == "BadRequestException"


def test_what_can_have_tags(console: Console) -> None:
    api_id = console.api(Tags={"a": "1"})
    console("CreateStage", ApiId=api_id, StageName="live", Tags={"a": "1"})
    link = console("CreateVpcLink", Name="l", SubnetIds=["s"], Tags={"a": "1"})["VpcLinkId"]
    arn = f"arn:aws:apigateway:{REGION}::/"
    for path in (f"apis/{api_id}", f"apis/{api_id}/stages/live", f"vpclinks/{link}"):
        console("TagResource", ResourceArn=arn + path, Tags={"b": "2", "c": "3"})
        console("UntagResource", ResourceArn=arn + path, TagKeys=["a", "b", "x"])
        assert console("GetTags", ResourceArn=arn + path) == {"Tags": {"c": "3"}}
    assert console("GetApi", ApiId=api_id)["Tags"] == {"c": "3"}
    assert console("GetStage", ApiId=api_id, StageName="live")["Tags"] == {"c": "3"}


def test_what_cannot_have_tags_is_refused(console: Console) -> None:
    api_id = console.api()
    arn = f"arn:aws:apigateway:{REGION}::/apis/{api_id}"
    for wrong in (f"{arn}/routes/x", "x", arn.replace(REGION, "eu-west-1")):
        code, _ = console.refused("TagResource", ResourceArn=wrong, Tags={"a": "b"})
        assert code == "BadRequestException"
    code, _ = console.refused("GetTags", ResourceArn=f"{arn}x")
    assert code == "NotFoundException"
    many = {str(number): "" for number in range(51)}
    assert console.refused("TagResource", ResourceArn=arn, Tags=many)[0] == "BadRequestException"
