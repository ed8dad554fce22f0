"""Terraform's resources of HTTP and WebSocket APIs: applied, no drift, changed, destroyed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from engine_fixtures import Engine
from terraform_lab import terraform_for


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_http_and_web_socket_apis_are_applied_changed_and_destroyed(
    engine: Engine, tmp_path: Path
) -> None:
    terraform = terraform_for("terraform_http_api", tmp_path, engine)
    apis = engine.client("apigatewayv2")
    terraform("init")
    terraform("apply", "-auto-approve")
    made = json.loads((tmp_path / "terraform.tfstate").read_text())["outputs"]
    http, socket = made["http"]["value"], made["socket"]["value"]
    assert made["endpoint"]["value"].startswith("http://")
    assert apis.get_api(ApiId=http)["Tags"]["kind"] == "http"
    keys = {route["RouteKey"] for route in apis.get_routes(ApiId=http)["Items"]}
    assert {"GET /items", "GET /items/{id}", "$default"} <= keys
    settings = apis.get_stage(ApiId=socket, StageName="live")["DefaultRouteSettings"]
    assert settings["LoggingLevel"] == "INFO"

    # No drift: a second plan finds nothing to do.
    terraform("plan", "-detailed-exitcode", right=(0,))

    other = ["-var", "burst=70", "-var", "second_route=GET /things/{id}", "-var", "extra=two"]
    terraform("apply", "-auto-approve", *other)
    terraform("plan", "-detailed-exitcode", *other, right=(0,))
    stage = apis.get_stage(ApiId=http, StageName="$default")
    assert stage["DefaultRouteSettings"]["ThrottlingBurstLimit"] == 70
    assert stage["StageVariables"] == {"table": "two", "b": "1"}
    keys = {route["RouteKey"] for route in apis.get_routes(ApiId=http)["Items"]}
    assert "GET /things/{id}" in keys
    assert "GET /items/{id}" not in keys

    terraform("destroy", "-auto-approve", *other)
    left = {api["ApiId"] for api in apis.get_apis()["Items"]}
    assert not left & {http, socket}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_custom_domain_names_are_applied_changed_and_destroyed(
    engine: Engine, tmp_path: Path
) -> None:
    terraform = terraform_for("terraform_domain_names", tmp_path, engine)
    apis = engine.client("apigateway")
    terraform("init")
    terraform("apply", "-auto-approve")
    terraform("plan", "-detailed-exitcode", right=(0,))

    other = ["-var", "base_path=second"]
    terraform("apply", "-auto-approve", *other)
    terraform("plan", "-detailed-exitcode", *other, right=(0,))
    domains = {
        each["domainName"]: each
        for each in apis.get_domain_names()["items"]
        if each["tags"].get("base_path") == "second"
    }
    (name,) = domains
    paths = {each["basePath"] for each in apis.get_base_path_mappings(domainName=name)["items"]}
    assert paths == {"second", "several/levels"}

    terraform("destroy", "-auto-approve", *other)
    assert name not in {each["domainName"] for each in apis.get_domain_names()["items"]}
