"""Deployments and stages: what is served is a picture of what was deployed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rest_configuration_lab import Lab, made

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.configuration.domains.kept import MAPPING
from lambda_nb.engine.gateways.configuration.rest.deployed import method_settings


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    yield from made(tmp_path / "apis.sqlite")


def refusal(lab: Lab, operation: str, **request: Any) -> tuple[str, str]:
    """Code and message of the error that a call gets."""
    with pytest.raises(AWSError) as caught:
        lab(operation, **request)
    return caught.value.code, caught.value.message


def update(lab: Lab, api: Any, *operations: tuple[str, ...]) -> Any:
    """The stage ``live`` after operations of (op, path, value)."""
    patches = [dict(zip(("op", "path", "value", "from"), one, strict=False)) for one in operations]
    return lab("UpdateStage", restApiId=api["id"], stageName="live", patchOperations=patches)


def test_only_a_complete_api_is_deployed(lab: Lab) -> None:
    api = lab.new_api()
    assert refusal(lab, "CreateDeployment", restApiId=api["id"]) == (
        "BadRequestException",
        "The REST API doesn't contain any methods",
    )
    at = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
    lab("PutMethod", **at, authorizationType="NONE")
    assert refusal(lab, "CreateDeployment", restApiId=api["id"])[1] == (
        "No integration defined for method"
    )


def test_a_stage_serves_what_was_deployed(lab: Lab) -> None:
    api = lab.new_api()
    lab.add_method(api, "pets")
    before = lab.configuration.revision
    first = lab("CreateDeployment", restApiId=api["id"], stageName="live", variables={"a": "b"})
    assert lab.configuration.revision > before
    lab.add_method(api, "later")
    served = lab.configuration.served(api["id"], "live")
    assert served is not None
    assert served.deployment_id == first["id"]
    assert sorted(r["path"] for r in served.resources.values()) == ["/", "/pets"]
    assert served.stage["variables"] == {"a": "b"}
    assert served.gateway_responses["THROTTLED"]["statusCode"] == "429"
    assert served.canary is None
    now = lab.configuration.now(api["id"])
    assert now is not None
    assert "/later" in {r["path"] for r in now.resources.values()}
    second = lab("CreateDeployment", restApiId=api["id"], stageName="live", description="two")
    served = lab.configuration.served(api["id"], "live")
    assert served is not None
    assert served.deployment_id == second["id"]
    assert lab.configuration.served(api["id"], "other") is None
    summary = lab(
        "GetDeployment", restApiId=api["id"], deploymentId=first["id"], embed=["apisummary"]
    )
    assert summary["apiSummary"] == {
        "/pets": {"GET": {"authorizationType": "NONE", "apiKeyRequired": False}}
    }


def test_a_deployment_in_use_is_not_deleted(lab: Lab) -> None:
    api = lab.new_api()
    lab.add_method(api)
    first = lab("CreateDeployment", restApiId=api["id"], stageName="live")["id"]
    asked = {"restApiId": api["id"], "deploymentId": first}
    assert refusal(lab, "DeleteDeployment", **asked) == (
        "BadRequestException",
        "Active stages pointing to this deployment must be moved or deleted",
    )
    second = lab("CreateDeployment", restApiId=api["id"])["id"]
    update(lab, api, ("replace", "/deploymentId", second))
    lab("DeleteDeployment", **asked)
    listed = lab("GetDeployments", restApiId=api["id"])["items"]
    assert [one["id"] for one in listed] == [second]
    assert refusal(
        lab,
        "UpdateStage",
        restApiId=api["id"],
        stageName="live",
        patchOperations=[{"op": "replace", "path": "/deploymentId", "value": "nope"}],
    ) == ("BadRequestException", "Deployment id does not exist")


def test_a_canary_is_created_and_promoted(lab: Lab) -> None:
    api = lab.new_api()
    lab.add_method(api)
    first = lab("CreateDeployment", restApiId=api["id"], stageName="live")["id"]
    second = lab(
        "CreateDeployment",
        restApiId=api["id"],
        stageName="live",
        canarySettings={"percentTraffic": 25.0, "stageVariableOverrides": {"v": "2"}},
    )["id"]
    served = lab.configuration.served(api["id"], "live")
    assert served is not None
    assert served.canary is not None
    assert (served.deployment_id, served.canary.deployment_id) == (first, second)
    assert served.stage["canarySettings"] == {
        "percentTraffic": 25.0,
        "useStageCache": False,
        "stageVariableOverrides": {"v": "2"},
        "deploymentId": second,
    }
    changed = update(
        lab,
        api,
        ("copy", "/deploymentId", "", "/canarySettings/deploymentId"),
        ("copy", "/variables", "", "/canarySettings/stageVariableOverrides"),
        ("remove", "/canarySettings"),
    )
    assert changed["deploymentId"] == second
    assert changed["variables"] == {"v": "2"}
    assert "canarySettings" not in changed
    code, _ = refusal(
        lab,
        "CreateDeployment",
        restApiId=api["id"],
        stageName="new",
        canarySettings={"percentTraffic": 1.0},
    )
    assert code == "BadRequestException"
    assert (
        refusal(
            lab, "CreateDeployment", restApiId=api["id"], canarySettings={"percentTraffic": 1.0}
        )[0]
        == "BadRequestException"
    )


def test_a_stage_is_changed_by_patches(lab: Lab) -> None:
    api = lab.new_api()
    lab.add_method(api)
    lab("CreateDeployment", restApiId=api["id"], stageName="live")
    group = "arn:aws:logs:us-east-1:000000000000:log-group:g"
    changed = update(
        lab,
        api,
        ("replace", "/variables/colour", "blue"),
        ("replace", "/accessLogSettings/destinationArn", group),
        ("replace", "/accessLogSettings/format", "$context.requestId"),
        ("replace", "/cacheClusterEnabled", "true"),
        ("replace", "/cacheClusterSize", "1.6"),
        ("replace", "/tracingEnabled", "true"),
        ("replace", "/description", "d"),
    )
    assert changed["variables"] == {"colour": "blue"}
    assert changed["accessLogSettings"] == {"destinationArn": group, "format": "$context.requestId"}
    assert (changed["cacheClusterStatus"], changed["cacheClusterSize"]) == ("AVAILABLE", "1.6")
    for wrong in (
        ("replace", "/variables/a-b", "x"),
        ("replace", "/variables/a", "x y"),
        ("replace", "/accessLogSettings/format", "no id"),
        (
            "replace",
            "/accessLogSettings/destinationArn",
            "arn:aws:firehose:us-east-1:000000000000:deliverystream/amazon-apigateway-x",
        ),
        ("replace", "/cacheClusterSize", "7"),
        ("replace", "/documentationVersion", "nope"),
        ("replace", "/stageName", "x"),
        ("replace", "/canarySettings/percentTraffic", "101"),
        ("replace", "/*/*/throttling/rateLimit", "fast"),
        ("replace", "/*/*/logging/loglevel", "LOUD"),
        ("replace", "/*/*/throttling/speed", "1"),
        ("jump", "/description", "x"),
    ):
        with pytest.raises(AWSError) as caught:
            update(lab, api, wrong)
        assert caught.value.code == "BadRequestException"
    assert lab("GetStage", restApiId=api["id"], stageName="live") == changed
    gone = update(lab, api, ("remove", "/variables/colour"), ("remove", "/accessLogSettings"))
    assert "variables" not in gone
    assert "accessLogSettings" not in gone


def test_method_settings_are_the_methods_own_or_those_of_all(lab: Lab) -> None:
    api = lab.new_api()
    lab.add_method(api)
    lab("CreateDeployment", restApiId=api["id"], stageName="live")
    stage = update(
        lab,
        api,
        ("replace", "/*/*/throttling/rateLimit", "3"),
        ("replace", "/~1pets~1{id}/GET/throttling/burstLimit", "7"),
        ("replace", "/hello/GET/logging/loglevel", "ERROR"),
    )
    assert stage["methodSettings"]["*/*"]["throttlingRateLimit"] == 3.0
    assert stage["methodSettings"]["*/*"]["throttlingBurstLimit"] == 5000
    own = method_settings.of_method(stage, "/pets/{id}", "GET")
    assert (own["throttlingBurstLimit"], own["throttlingRateLimit"]) == (7, 10000.0)
    assert method_settings.of_method(stage, "/hello", "GET")["loggingLevel"] == "ERROR"
    assert method_settings.of_method(stage, "/hello", "POST")["throttlingRateLimit"] == 3.0
    stage = update(lab, api, ("replace", "/*/*/throttling/burstLimit", "-1"))
    every = method_settings.of_method(stage, "/hello", "POST")
    assert (every["throttlingRateLimit"], every["throttlingBurstLimit"]) == (3.0, 5000)
    stage = update(lab, api, ("remove", "/*/*"), ("remove", "/hello/GET"))
    assert list(stage["methodSettings"]) == ["~1pets~1{id}/GET"]
    assert method_settings.of_method(stage, "/hello", "GET") == method_settings.DEFAULT


def test_stages_are_created_listed_and_deleted(lab: Lab) -> None:
    api = lab.new_api()
    lab.add_method(api)
    deployment = lab("CreateDeployment", restApiId=api["id"])["id"]
    base = {"restApiId": api["id"], "deploymentId": deployment}
    made_one = lab("CreateStage", **base, stageName="b", tags={"k": "v"})
    assert made_one["cacheClusterStatus"] == "NOT_AVAILABLE"
    lab("CreateStage", **base, stageName="a")
    assert refusal(lab, "CreateStage", **base, stageName="a") == (
        "ConflictException",
        "Stage already exists",
    )
    assert refusal(lab, "CreateStage", **base, stageName="a b")[0] == "BadRequestException"
    assert refusal(lab, "CreateStage", **{**base, "deploymentId": "x"}, stageName="c")[0] == (
        "BadRequestException"
    )
    listed = lab("GetStages", restApiId=api["id"])["item"]
    assert [stage["stageName"] for stage in listed] == ["a", "b"]
    assert lab("GetStages", restApiId=api["id"], deploymentId="x")["item"] == []
    lab("DeleteStage", restApiId=api["id"], stageName="a")
    assert refusal(lab, "DeleteStage", restApiId=api["id"], stageName="a")[0] == "NotFoundException"


def test_what_a_domain_name_leads_to_is_not_deleted(lab: Lab) -> None:
    api = lab.new_api()
    lab.add_method(api)
    lab("CreateDeployment", restApiId=api["id"], stageName="live")
    mapping = {"ApiId": api["id"], "Stage": "live", "ApiMappingKey": ""}
    with lab.store.write() as batch:
        batch.put(MAPPING, "example.com", "m", mapping)
    assert refusal(lab, "DeleteStage", restApiId=api["id"], stageName="live") == (
        "BadRequestException",
        "Please remove all base path mappings related to the stage in your domains",
    )
    assert refusal(lab, "DeleteRestApi", restApiId=api["id"])[0] == "BadRequestException"
    with lab.store.write() as batch:
        batch.delete(MAPPING, "example.com", "m")
    lab("DeleteStage", restApiId=api["id"], stageName="live")
    lab("DeleteRestApi", restApiId=api["id"])


def test_flushing_counts(lab: Lab) -> None:
    api = lab.new_api()
    lab.add_method(api)
    lab("CreateDeployment", restApiId=api["id"], stageName="live")
    assert lab.configuration.flushes(api["id"], "live") == (0, 0)
    lab("FlushStageAuthorizersCache", restApiId=api["id"], stageName="live")
    lab("FlushStageCache", restApiId=api["id"], stageName="live")
    lab("FlushStageAuthorizersCache", restApiId=api["id"], stageName="live")
    assert lab.configuration.flushes(api["id"], "live") == (2, 1)


def test_a_documentation_version_of_a_stage_stays(lab: Lab) -> None:
    api = lab.new_api()
    lab.add_method(api)
    lab("CreateDeployment", restApiId=api["id"], stageName="live")
    base = {"restApiId": api["id"]}
    lab("CreateDocumentationPart", **base, location={"type": "API"}, properties="{}")
    lab("CreateDocumentationVersion", **base, documentationVersion="1", stageName="live")
    assert lab("GetStage", **base, stageName="live")["documentationVersion"] == "1"
    assert refusal(lab, "DeleteDocumentationVersion", **base, documentationVersion="1")[0] == (
        "BadRequestException"
    )
