"""What API Gateway knows of an API and an export has not: a sentence for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lambda_nb.exports.reading.asking import pages
from lambda_nb.projects.endpoint import Clients

_STAGES_V2 = ("StageVariables", "AccessLogSettings", "DefaultRouteSettings", "RouteSettings")
_STAGES = ("variables", "accessLogSettings", "methodSettings", "cacheClusterEnabled", "webAclArn")
_METHODS = {
    "requestParameters": "required parameters",
    "requestModels": "models",
    "requestValidatorId": "validators",
    "authorizationScopes": "scopes",
}


def of_http_api(clients: Clients, api: Mapping[str, Any], elsewhere: int) -> Iterator[str]:
    """What is not exported of an HTTP API.

    Parameters
    ----------
    elsewhere
        How many of its routes lead to no function of the application.
    """
    name, gateway = api["Name"], clients.client("apigatewayv2")
    stages = {
        one["StageName"]: one for one in pages(gateway, "get_stages", "Items", ApiId=api["ApiId"])
    }
    others = sorted(stages.keys() - {"$default"})
    if others:
        yield f"{name}: its stages {', '.join(others)}; the export has the stage $default"
    yield from _of_stage(name, stages.get("$default", {}), _STAGES_V2)
    yield from _elsewhere(name, elsewhere, "routes")
    yield from _domains(clients, name, api["ApiId"])


def of_rest_api(
    clients: Clients,
    api: Mapping[str, Any],
    methods: list[Mapping[str, Any]],
    elsewhere: int,
    stage: Mapping[str, Any],
) -> Iterator[str]:
    """What is not exported of a REST API.

    Parameters
    ----------
    methods
        Those that are exported.
    elsewhere
        How many others it has.
    stage
        The stage that is exported.
    """
    name, gateway = api["name"], clients.client("apigateway")
    yield from _of_stage(name, stage, _STAGES)
    yield from _elsewhere(name, elsewhere, "methods", ", such as OPTIONS with an answer of its own")
    checks = [
        words for key, words in _METHODS.items() if any(method.get(key) for method in methods)
    ]
    if checks:
        yield f"{name}: what its methods check of a request: {', '.join(checks)}"
    if api.get("minimumCompressionSize") is not None:
        yield f"{name}: that it compresses its answers"
    answers = gateway.get_gateway_responses(restApiId=api["id"]).get("items", ())
    own = sorted(one["responseType"] for one in answers if not one.get("defaultResponse", True))
    if own:
        yield f"{name}: its gateway responses {', '.join(own)}"
    yield from _domains(clients, name, api["id"])


def _of_stage(name: str, stage: Mapping[str, Any], keys: tuple[str, ...]) -> Iterator[str]:
    told = [key for key in keys if stage.get(key)]
    # The default of a stage of API Gateway v2: nothing is set in it.
    settings = stage.get("DefaultRouteSettings")
    if settings is not None and not any(settings.values()) and "DefaultRouteSettings" in told:
        told.remove("DefaultRouteSettings")
    if told:
        yield f"{name}: of its stage {', '.join(told)}"


def _elsewhere(name: str, count: int, what: str, such: str = "") -> Iterator[str]:
    if count:
        yield f"{name}: {count} {what} that lead to none of these functions{such}"


def _domains(clients: Clients, name: str, identifier: str) -> Iterator[str]:
    gateway = clients.client("apigatewayv2")
    found = [
        domain["DomainName"]
        for domain in pages(gateway, "get_domain_names", "Items")
        for mapping in gateway.get_api_mappings(DomainName=domain["DomainName"])["Items"]
        if mapping["ApiId"] == identifier
    ]
    if found:
        yield f"{name}: its names {', '.join(sorted(found))}"
