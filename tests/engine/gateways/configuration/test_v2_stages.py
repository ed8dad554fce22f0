"""Stages and deployments: what is served, and from when on."""

from __future__ import annotations

from typing import Any

import pytest
from api_gateway_console import ACCOUNT, REGION, Console
from hypothesis import given, settings
from hypothesis import strategies as st

FIREHOSE = "arn:aws:firehose:us-east-1:000000000000:deliverystream/amazon-apigateway-x"
LOGS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:access"
NO_ROUTES = "Unable to deploy API because no routes exist in this API"


def auto_deployed(console: Console, api_id: str) -> list[str]:
    """The ids of the automatic deployments of an API."""
    found = console("GetDeployments", ApiId=api_id)["Items"]
    return [each["DeploymentId"] for each in found if each["AutoDeployed"]]


def test_a_stage_has_aws_defaults(console: Console) -> None:
    api_id = console.api()
    stage = console("CreateStage", ApiId=api_id, StageName="live")
    del stage["CreatedDate"], stage["LastUpdatedDate"]
    assert stage == {
        "AutoDeploy": False,
        "DefaultRouteSettings": {"DetailedMetricsEnabled": False},
        "RouteSettings": {},
        "StageName": "live",
        "StageVariables": {},
        "Tags": {},
    }


def test_a_stage_of_a_web_socket_api_has_aws_defaults(console: Console) -> None:
    stage = console("CreateStage", ApiId=console.api("WEBSOCKET"), StageName="live")
    assert stage["DefaultRouteSettings"] == {
        "DataTraceEnabled": False,
        "DetailedMetricsEnabled": False,
        "LoggingLevel": "OFF",
    }


def test_a_stage_serves_nothing_until_something_is_deployed(console: Console) -> None:
    api_id = console.api()
    console.route(api_id, "GET /p")
    console("CreateStage", ApiId=api_id, StageName="live")
    assert console.keys(api_id, "live") == []
    served = console.v2.served(api_id, "live")
    assert served is not None
    assert served.deployment_id == ""
    assert served.api["ApiEndpoint"].startswith("http://")
    assert console.v2.served(api_id, "other") is None


def test_a_stage_serves_what_was_deployed_whatever_changes(console: Console) -> None:
    api_id = console.api()
    console.route(api_id, "GET /p")
    console("CreateStage", ApiId=api_id, StageName="live")
    first = console("CreateDeployment", ApiId=api_id, StageName="live", Description="one")
    assert (first["AutoDeployed"], first["DeploymentStatus"]) == (False, "DEPLOYED")
    console.route(api_id, "GET /q")
    assert console.keys(api_id, "live") == ["GET /p"]
    second = console("CreateDeployment", ApiId=api_id)["DeploymentId"]
    assert console.keys(api_id, "live") == ["GET /p"]
    console("UpdateStage", ApiId=api_id, StageName="live", DeploymentId=second)
    assert console.keys(api_id, "live") == ["GET /p", "GET /q"]
    back = {"ApiId": api_id, "StageName": "live", "DeploymentId": first["DeploymentId"]}
    console("UpdateStage", **back)
    assert console.keys(api_id, "live") == ["GET /p"]


def test_an_auto_deployed_stage_has_every_change_at_once(console: Console) -> None:
    api_id = console.api()
    console.route(api_id, "GET /p")
    console("CreateStage", ApiId=api_id, StageName="$default", AutoDeploy=True)
    integration = console.integration(api_id)
    key = console.route(api_id, "GET /q", Target=f"integrations/{integration}")
    assert console.keys(api_id, "$default") == ["GET /p", "GET /q"]
    console("UpdateIntegration", ApiId=api_id, IntegrationId=integration, TimeoutInMillis=100)
    served = console.v2.served(api_id, "$default")
    assert served is not None
    assert served.integrations[integration]["TimeoutInMillis"] == 100
    console("UpdateApi", ApiId=api_id, CorsConfiguration={"AllowOrigins": ["*"]})
    served = console.v2.served(api_id, "$default")
    assert served is not None
    assert served.api["CorsConfiguration"] == {"AllowOrigins": ["*"]}
    console("DeleteRoute", ApiId=api_id, RouteId=key)
    assert console.keys(api_id, "$default") == ["GET /p"]


def test_automatic_deployments_do_not_pile_up(console: Console) -> None:
    api_id = console.api()
    console.route(api_id, "GET /p")
    console("CreateStage", ApiId=api_id, StageName="$default", AutoDeploy=True)
    seen = set()
    for number in range(5):
        console.route(api_id, f"GET /{number}")
        (deployment,) = auto_deployed(console, api_id)
        seen.add(deployment)
        stage = console("GetStage", ApiId=api_id, StageName="$default")
        assert stage["DeploymentId"] == deployment
        assert stage["LastDeploymentStatusMessage"] == (
            f"Successfully deployed stage with deployment ID '{deployment}'"
        )
    assert len(seen) == 5


def test_a_stage_that_deploys_no_more_stays_as_it_was(console: Console) -> None:
    api_id = console.api()
    console.route(api_id, "GET /p")
    console("CreateStage", ApiId=api_id, StageName="live", AutoDeploy=True)
    console("UpdateStage", ApiId=api_id, StageName="live", AutoDeploy=False)
    console.route(api_id, "GET /q")
    assert console.keys(api_id, "live") == ["GET /p"]
    console("UpdateStage", ApiId=api_id, StageName="live", AutoDeploy=True)
    assert console.keys(api_id, "live") == ["GET /p", "GET /q"]


def test_another_stage_keeps_an_automatic_deployment(console: Console) -> None:
    api_id = console.api()
    console.route(api_id, "GET /p")
    automatic = console("CreateStage", ApiId=api_id, StageName="$default", AutoDeploy=True)
    kept = automatic["DeploymentId"]
    console("CreateStage", ApiId=api_id, StageName="live", DeploymentId=kept)
    console.route(api_id, "GET /q")
    assert console.keys(api_id, "live") == ["GET /p"]
    assert console.keys(api_id, "$default") == ["GET /p", "GET /q"]
    assert len(auto_deployed(console, api_id)) == 2
    console("DeleteStage", ApiId=api_id, StageName="live")
    assert kept not in auto_deployed(console, api_id)


def test_an_api_without_routes_is_not_deployed(console: Console) -> None:
    api_id = console.api()
    assert console.refused("CreateDeployment", ApiId=api_id) == ("BadRequestException", NO_ROUTES)
    stage = console("CreateStage", ApiId=api_id, StageName="$default", AutoDeploy=True)
    assert "DeploymentId" not in stage
    assert stage["LastDeploymentStatusMessage"] == f"Deployment attempt failed: {NO_ROUTES}"
    console.route(api_id, "GET /p")
    assert "DeploymentId" in console("GetStage", ApiId=api_id, StageName="$default")


def test_a_deployment_in_use_is_not_deleted(console: Console) -> None:
    api_id = console.api()
    console.route(api_id, "GET /p")
    console("CreateStage", ApiId=api_id, StageName="live")
    key = console("CreateDeployment", ApiId=api_id, StageName="live")["DeploymentId"]
    one = {"ApiId": api_id, "DeploymentId": key}
    assert console.refused("DeleteDeployment", **one) == (
        "BadRequestException",
        "Active stages pointing to this deployment must be moved or deleted",
    )
    assert console("UpdateDeployment", **one, Description="d")["Description"] == "d"
    console("DeleteStage", ApiId=api_id, StageName="live")
    console("DeleteDeployment", **one)
    assert console.refused("GetDeployment", **one) == (
        "NotFoundException",
        "Invalid Deployment identifier specified",
    )


def test_a_deployment_is_not_forced_on_a_stage_that_deploys_itself(console: Console) -> None:
    api_id = console.api()
    console.route(api_id, "GET /p")
    key = console("CreateDeployment", ApiId=api_id)["DeploymentId"]
    told = {"ApiId": api_id, "StageName": "live", "AutoDeploy": True, "DeploymentId": key}
    stage = console("CreateStage", **told)
    assert stage["DeploymentId"] in auto_deployed(console, api_id)
    assert console.refused("UpdateStage", **told)[0] == "BadRequestException"
    unknown = {"ApiId": api_id, "StageName": "other", "DeploymentId": "abcdef"}
    assert console.refused("CreateStage", **unknown)[0] == "BadRequestException"


def test_settings_of_a_stage_need_no_deployment(console: Console) -> None:
    api_id = console.api()
    console.route(api_id, "GET /p")
    at = {"ApiId": api_id, "StageName": "live"}
    console("CreateStage", **at, StageVariables={"a": "1", "b": "2"})
    log = {"DestinationArn": LOGS, "Format": "$context.requestId"}
    throttled = {"ThrottlingBurstLimit": 5, "ThrottlingRateLimit": 2.5}
    stage = console(
        "UpdateStage",
        **at,
        StageVariables={"a": "", "c": "3"},
        AccessLogSettings=log,
        DefaultRouteSettings=throttled,
        RouteSettings={"GET /p": throttled},
    )
    assert stage["StageVariables"] == {"b": "2", "c": "3"}
    assert stage["AccessLogSettings"] == log
    assert stage["DefaultRouteSettings"] == {"DetailedMetricsEnabled": False, **throttled}
    served = console.v2.served(api_id, "live")
    assert served is not None
    assert served.stage["RouteSettings"] == {"GET /p": throttled}
    console("DeleteAccessLogSettings", **at)
    console("DeleteRouteSettings", **at, RouteKey="GET /p")
    stage = console("GetStage", **at)
    assert "AccessLogSettings" not in stage
    assert stage["RouteSettings"] == {}
    told = (
        "NotFoundException",
        "Unable to find Route by key GET /p within the provided RouteSettings",
    )
    assert console.refused("DeleteRouteSettings", **at, RouteKey="GET /p") == told


def test_settings_of_a_route_that_is_not_there_are_refused(console: Console) -> None:
    told = {"StageName": "live", "RouteSettings": {"GET /x": {"ThrottlingBurstLimit": 1}}}
    assert console.refused("CreateStage", ApiId=console.api(), **told) == (
        "NotFoundException",
        "Unable to find Route by key GET /x within the provided RouteSettings",
    )


@pytest.mark.parametrize(
    "change",
    [
        {"AccessLogSettings": {"DestinationArn": "logs", "Format": "$context.requestId"}},
        {"AccessLogSettings": {"DestinationArn": LOGS, "Format": "$context.status"}},
        {"AccessLogSettings": {"DestinationArn": FIREHOSE, "Format": "$context.requestId"}},
        {"DefaultRouteSettings": {"DataTraceEnabled": True}},
        {"DefaultRouteSettings": {"LoggingLevel": "INFO"}},
        {"DefaultRouteSettings": {"ThrottlingBurstLimit": -1}},
        {"StageName": "a b"},
        {"StageName": "a/b"},
        {"StageVariables": {"a-b": "c"}},
        {"StageVariables": {"a": "c d"}},
    ],
)
def test_a_stage_that_could_not_be_is_refused(console: Console, change: dict[str, Any]) -> None:
    told = {"StageName": "live", **change}
    code, _ = console.refused("CreateStage", ApiId=console.api(), **told)
    assert code == "BadRequestException"


def test_only_http_apis_have_a_default_stage(console: Console) -> None:
    socket = console.api("WEBSOCKET")
    code, _ = console.refused("CreateStage", ApiId=socket, StageName="$default")
    assert code == "BadRequestException"


def test_a_stage_is_had_once_and_is_gone_when_deleted(console: Console) -> None:
    at = {"ApiId": console.api(), "StageName": "live"}
    console("CreateStage", **at)
    assert console.refused("CreateStage", **at)[0] == "ConflictException"
    console("DeleteStage", **at)
    assert console.refused("GetStage", **at) == (
        "NotFoundException",
        "Invalid stage identifier specified",
    )


def test_a_reset_of_what_authorizers_said_can_be_seen(console: Console) -> None:
    at = {"ApiId": console.api(), "StageName": "live"}
    console("CreateStage", **at)
    assert console.v2.authorizer_resets(at["ApiId"], "live") == 0
    console("ResetAuthorizersCache", **at)
    assert console.v2.authorizer_resets(at["ApiId"], "live") == 1
    assert console.v2.authorizer_resets(at["ApiId"], "other") == 0


def test_the_revision_rises_with_every_change(console: Console) -> None:
    before = console.v2.revision
    api_id = console.api()
    between = console.v2.revision
    console.route(api_id, "GET /p")
    assert before < between < console.v2.revision
    now = console.v2.revision
    console("GetApi", ApiId=api_id)
    assert console.v2.revision == now


CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("route"), st.sampled_from("abcd")),
        st.tuples(st.just("deploy"), st.sampled_from(("one", "two"))),
        st.tuples(st.just("automatic"), st.sampled_from(("one", "two"))),
        st.tuples(st.just("by hand"), st.sampled_from(("one", "two"))),
    ),
    max_size=12,
)


@settings(max_examples=25)
@given(changes=CHANGES)
def test_a_stage_serves_what_a_simple_model_says(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[str, str]]
) -> None:
    console = Console(tmp_path_factory.mktemp("apis") / "apis.sqlite", lambda api_id, stage: False)
    api_id = console.api()
    routes = {"$default": console.route(api_id, "$default")}
    deployed: dict[str, set[str]] = {"one": set(), "two": set()}
    automatic: set[str] = set()
    for stage in deployed:
        console("CreateStage", ApiId=api_id, StageName=stage)
    for what, which in changes:
        match what:
            case "route":
                key = f"GET /{which}"
                if key in routes:
                    console("DeleteRoute", ApiId=api_id, RouteId=routes.pop(key))
                else:
                    routes[key] = console.route(api_id, key)
            case "deploy":
                console("CreateDeployment", ApiId=api_id, StageName=which)
                deployed[which] = set(routes)
            case "automatic":
                automatic.add(which)
                console("UpdateStage", ApiId=api_id, StageName=which, AutoDeploy=True)
            case _:
                automatic.discard(which)
                console("UpdateStage", ApiId=api_id, StageName=which, AutoDeploy=False)
        for stage in automatic:
            deployed[stage] = set(routes)
        assert {stage: set(console.keys(api_id, stage)) for stage in deployed} == deployed
    console.store.close()
