"""HTTP and WebSocket APIs as ``apigatewayv2`` creates, shows, changes and deletes them."""

from __future__ import annotations

import pytest
from api_gateway_console import ACCOUNT, FUNCTION, Console


def test_an_http_api_has_aws_defaults(console: Console) -> None:
    api = console("CreateApi", Name="a", ProtocolType="HTTP")
    assert api.pop("CreatedDate").tzinfo is not None
    key = api.pop("ApiId")
    assert api == {
        "ApiEndpoint": f"http://{key}.execute-api.localhost:1",
        "ApiKeySelectionExpression": "$request.header.x-api-key",
        "DisableExecuteApiEndpoint": False,
        "IpAddressType": "ipv4",
        "Name": "a",
        "ProtocolType": "HTTP",
        "RouteSelectionExpression": "$request.method $request.path",
        "Tags": {},
    }
    assert len(key) == 10
    assert console.v2.protocol(key) == "HTTP"
    assert console.v2.protocol("nothing") is None


def test_the_address_of_a_web_socket_api_is_one_of_web_sockets(console: Console) -> None:
    api_id = console.api("WEBSOCKET")
    assert console("GetApi", ApiId=api_id)["ApiEndpoint"].startswith(f"ws://{api_id}.")
    assert console.v2.protocol(api_id) == "WEBSOCKET"


def test_a_web_socket_api_needs_a_route_selection_expression(console: Console) -> None:
    code, text = console.refused("CreateApi", Name="a", ProtocolType="WEBSOCKET")
    assert (code, "RouteSelectionExpression" in text) == ("BadRequestException", True)


@pytest.mark.parametrize(
    "selection", ["$request.method $request.path", "${request.method} ${request.path}"]
)
def test_an_http_api_selects_routes_in_one_way_only(console: Console, selection: str) -> None:
    api_id = console.api(RouteSelectionExpression=selection)
    assert console("GetApi", ApiId=api_id)["RouteSelectionExpression"] == selection


def test_an_unknown_api_is_named_with_its_account(console: Console) -> None:
    for name in ("GetApi", "DeleteApi", "GetRoutes", "GetStages", "CreateDeployment"):
        assert console.refused(name, ApiId="abc") == (
            "NotFoundException",
            f"Invalid API identifier specified {ACCOUNT}:abc",
        )


def test_a_change_leaves_the_rest_as_it_was_and_an_empty_text_removes(console: Console) -> None:
    api_id = console.api(Description="d", Version="1", Tags={"a": "b"})
    changed = console("UpdateApi", ApiId=api_id, Name="other", Description="")
    assert "Description" not in changed
    shown = console("GetApi", ApiId=api_id)
    assert (shown["Name"], shown["Version"], shown["Tags"]) == ("other", "1", {"a": "b"})


def test_cors_is_set_changed_as_a_whole_and_removed(console: Console) -> None:
    cors = {"AllowOrigins": ["https://a.example"], "MaxAge": 5, "AllowCredentials": True}
    api_id = console.api(CorsConfiguration=cors)
    assert console("GetApi", ApiId=api_id)["CorsConfiguration"] == cors
    console("UpdateApi", ApiId=api_id, CorsConfiguration={"AllowOrigins": ["*"]})
    assert console("GetApi", ApiId=api_id)["CorsConfiguration"] == {"AllowOrigins": ["*"]}
    console("DeleteCorsConfiguration", ApiId=api_id)
    assert "CorsConfiguration" not in console("GetApi", ApiId=api_id)


@pytest.mark.parametrize(
    ("cors", "told"),
    [
        (
            {"AllowOrigins": ["*"], "AllowCredentials": True},
            "allow-credentials is not supported if 'allow-origin' is *",
        ),
        ({"AllowOrigins": ["example.com"]}, "origin example.com"),
        ({"AllowMethods": ["BREW"]}, "BREW"),
        ({"MaxAge": 86401}, "86401"),
    ],
)
def test_cors_that_no_browser_could_use_is_refused(
    console: Console, cors: dict[str, object], told: str
) -> None:
    code, text = console.refused("CreateApi", Name="a", ProtocolType="HTTP", CorsConfiguration=cors)
    assert code == "BadRequestException"
    assert told in text


@pytest.mark.parametrize(
    "settings",
    [
        {"ApiKeySelectionExpression": "$request.header.other"},
        {"IpAddressType": "ipv6"},
        {"Name": ""},
        {"Name": "x" * 129},
        {"RouteSelectionExpression": "$request.body.action"},
        {"DisableSchemaValidation": True},
        {"Tags": {"aws:x": "y"}},
    ],
)
def test_settings_that_an_http_api_cannot_have_are_refused(
    console: Console, settings: dict[str, object]
) -> None:
    told = {"Name": "a", "ProtocolType": "HTTP", **settings}
    assert console.refused("CreateApi", **told)[0] == "BadRequestException"


def test_quick_create_makes_an_api_that_works_at_once(console: Console) -> None:
    api_id = console.api(Target=FUNCTION)
    (route,) = console("GetRoutes", ApiId=api_id)["Items"]
    (integration,) = console("GetIntegrations", ApiId=api_id)["Items"]
    (stage,) = console("GetStages", ApiId=api_id)["Items"]
    assert (route["RouteKey"], route["ApiGatewayManaged"]) == ("$default", True)
    assert route["Target"] == f"integrations/{integration['IntegrationId']}"
    assert integration["IntegrationType"] == "AWS_PROXY"
    assert integration["PayloadFormatVersion"] == "2.0"
    assert integration["IntegrationUri"] == FUNCTION
    assert (stage["StageName"], stage["AutoDeploy"]) == ("$default", True)
    assert console.keys(api_id, "$default") == ["$default"]


def test_quick_create_takes_a_url_a_route_key_and_a_role(console: Console) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/r"
    api_id = console.api(Target="https://example.com/", RouteKey="GET /a", CredentialsArn=role)
    (integration,) = console("GetIntegrations", ApiId=api_id)["Items"]
    assert integration["IntegrationType"] == "HTTP_PROXY"
    assert integration["CredentialsArn"] == role
    console("UpdateApi", ApiId=api_id, Target=FUNCTION, RouteKey="GET /b")
    assert console.keys(api_id, "$default") == ["GET /b"]
    (integration,) = console("GetIntegrations", ApiId=api_id)["Items"]
    assert integration["IntegrationType"] == "AWS_PROXY"


def test_quick_create_is_for_http_apis_with_a_target(console: Console) -> None:
    told = {"Name": "a", "ProtocolType": "HTTP", "RouteKey": "GET /a"}
    assert console.refused("CreateApi", **told)[0] == "BadRequestException"
    ordinary = console.api()
    assert console.refused("UpdateApi", ApiId=ordinary, Target=FUNCTION)[0] == "BadRequestException"


def test_a_deleted_api_takes_everything_along(console: Console) -> None:
    api_id = console.api(Target=FUNCTION)
    console("CreateModel", ApiId=api_id, Name="m", Schema="{}")
    socket = console.api("WEBSOCKET")
    integration = console.integration(socket)
    console(
        "CreateIntegrationResponse",
        ApiId=socket,
        IntegrationId=integration,
        IntegrationResponseKey="$default",
    )
    for gone in (api_id, socket):
        console("DeleteApi", ApiId=gone)
        assert console.v2.protocol(gone) is None
        assert console.v2.served(gone, "$default") is None
    rows = console.store._db.execute("SELECT * FROM records").fetchall()
    assert rows == []


def test_the_developer_portal_is_refused_with_a_sentence(console: Console) -> None:
    code, text = console.refused("ListPortals")
    assert (code, text) == (
        "NotImplementedException",
        "lambda_nb has no developer portals: it cannot do ListPortals.",
    )


def test_a_list_is_read_page_by_page(console: Console) -> None:
    made = {console.api(Name=f"api-{number}") for number in range(5)}
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = console("GetApis", MaxResults="2", **token)
        assert len(page["Items"]) <= 2
        seen += [api["ApiId"] for api in page["Items"]]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert sorted(seen) == sorted(made)


@pytest.mark.parametrize("told", [{"MaxResults": "none"}, {"MaxResults": "0"}, {"NextToken": "?"}])
def test_a_page_that_cannot_be_is_refused(console: Console, told: dict[str, str]) -> None:
    assert console.refused("GetApis", **told)[0] == "BadRequestException"


def test_every_operation_of_the_model_has_a_handler(console: Console) -> None:
    from lambda_nb.engine import service_model

    modelled = set(service_model.model("apigatewayv2").operation_names)
    ours = {**console.v2.operations(), **console.domains.operations_v2()}
    assert modelled == set(ours)
