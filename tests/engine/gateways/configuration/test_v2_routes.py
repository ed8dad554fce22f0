"""Routes and their keys."""

from __future__ import annotations

import pytest
from api_gateway_console import URI, Console
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.configuration.v2.rules import route_keys

RIGHT = [
    "$default",
    "ANY /",
    "DELETE /a.b/c-d_e~f",
    "GET /",
    "GET /p/{id}",
    "GET /p/{id}/q/{other-id}",
    "GET /{proxy+}",
    "POST /a/{id}/{rest+}",
]
WRONG = [
    "",
    "/a",
    "FETCH /a",
    "GET",
    "GET /a b",
    "GET /a?b=1",
    "GET /a{id}",
    "GET /{a+}/b",
    "GET /{a}/{a}",
    "GET /{a",
    "GET /{}",
    "GET a",
    "get /a",
]


@pytest.mark.parametrize("key", RIGHT)
def test_a_route_key_of_an_http_api(key: str) -> None:
    route_keys.check(key, "HTTP")


@pytest.mark.parametrize("key", WRONG)
def test_what_is_no_route_key_of_an_http_api_is_refused(key: str) -> None:
    with pytest.raises(AWSError) as error:
        route_keys.check(key, "HTTP")
    assert error.value.code == "BadRequestException"


@given(st.text(min_size=1))
def test_a_key_is_taken_or_refused_and_nothing_else(key: str) -> None:
    refused = set()
    for protocol in ("HTTP", "WEBSOCKET"):
        try:
            route_keys.check(key, protocol)
        except AWSError as error:
            refused.add(error.code)
    assert refused <= {"BadRequestException"}


@given(st.lists(st.from_regex(r"[a-z0-9._~-]{1,8}", fullmatch=True), max_size=5))
def test_every_path_of_literals_is_taken(parts: list[str]) -> None:
    route_keys.check("GET /" + "/".join(parts), "HTTP")


def test_a_route_has_aws_defaults(console: Console) -> None:
    api_id = console.api()
    route = console("CreateRoute", ApiId=api_id, RouteKey="GET /p")
    assert len(route.pop("RouteId")) == 7
    assert route == {"ApiKeyRequired": False, "AuthorizationType": "NONE", "RouteKey": "GET /p"}


def test_a_key_is_had_once(console: Console) -> None:
    api_id = console.api()
    console.route(api_id, "GET /p")
    other = console.route(api_id, "GET /q")
    told = ("ConflictException", "Route with key GET /p already exists for this API")
    assert console.refused("CreateRoute", ApiId=api_id, RouteKey="GET /p") == told
    assert console.refused("UpdateRoute", ApiId=api_id, RouteId=other, RouteKey="GET /p") == told
    console("UpdateRoute", ApiId=api_id, RouteId=other, RouteKey="GET /q")


def test_a_target_must_be_there(console: Console) -> None:
    api_id = console.api()
    for target in ("integrations/abc", "lambda"):
        console.refused("CreateRoute", ApiId=api_id, RouteKey="GET /p", Target=target)
    integration = console.integration(api_id)
    key = console.route(api_id, "GET /p", Target=f"integrations/{integration}")
    shown = console("GetRoute", ApiId=api_id, RouteId=key)
    assert shown["Target"] == f"integrations/{integration}"
    console("UpdateRoute", ApiId=api_id, RouteId=key, Target="")
    assert "Target" not in console("GetRoute", ApiId=api_id, RouteId=key)


def test_an_authorizer_must_fit_the_authorization_type(console: Console) -> None:
    api_id = console.api()
    jwt = console(
        "CreateAuthorizer",
        ApiId=api_id,
        Name="jwt",
        AuthorizerType="JWT",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": "https://issuer.example", "Audience": ["a"]},
    )["AuthorizerId"]
    key = console.route(
        api_id, "GET /p", AuthorizationType="JWT", AuthorizerId=jwt, AuthorizationScopes=["a/b"]
    )
    wrong = [
        {"AuthorizationType": "CUSTOM", "AuthorizerId": jwt},
        {"AuthorizationType": "JWT"},
        {"AuthorizationType": "JWT", "AuthorizerId": "nobody"},
        {"AuthorizationType": "NONE", "AuthorizerId": jwt},
        {"AuthorizationType": "MAGIC"},
        {"AuthorizationScopes": ["a"]},
        {"ApiKeyRequired": True},
    ]
    for settings in wrong:
        code, _ = console.refused("CreateRoute", ApiId=api_id, RouteKey="GET /q", **settings)
        assert code == "BadRequestException"
    changed = console(
        "UpdateRoute",
        ApiId=api_id,
        RouteId=key,
        AuthorizationType="NONE",
        AuthorizationScopes=[],
    )
    assert "AuthorizerId" not in changed


def test_an_authorizer_of_a_web_socket_api_is_asked_at_connect_only(console: Console) -> None:
    api_id = console.api("WEBSOCKET")
    authorizer = console(
        "CreateAuthorizer",
        ApiId=api_id,
        Name="a",
        AuthorizerType="REQUEST",
        AuthorizerUri=URI,
        IdentitySource=["route.request.header.Auth"],
    )["AuthorizerId"]
    settings = {"AuthorizationType": "CUSTOM", "AuthorizerId": authorizer}
    console.route(api_id, "$connect", **settings)
    code, _ = console.refused("CreateRoute", ApiId=api_id, RouteKey="say", **settings)
    assert code == "BadRequestException"


def test_a_required_parameter_is_removed_by_name(console: Console) -> None:
    api_id = console.api("WEBSOCKET")
    name = "route.request.header.authorization"
    key = console.route(api_id, "$connect", RequestParameters={name: {"Required": True}})
    told = {"ApiId": api_id, "RouteId": key, "RequestParameterKey": name}
    console("DeleteRouteRequestParameter", **told)
    assert console("GetRoute", ApiId=api_id, RouteId=key)["RequestParameters"] == {}
    assert console.refused("DeleteRouteRequestParameter", **told)[0] == "NotFoundException"


def test_a_deleted_route_is_gone(console: Console) -> None:
    api_id = console.api()
    key = console.route(api_id, "GET /p")
    console("DeleteRoute", ApiId=api_id, RouteId=key)
    told = ("NotFoundException", "Invalid Route identifier specified")
    for name in ("GetRoute", "DeleteRoute", "UpdateRoute"):
        assert console.refused(name, ApiId=api_id, RouteId=key) == told
