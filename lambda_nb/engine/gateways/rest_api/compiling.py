"""What a stage serves, compiled once for each revision of the configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.gateways.configuration.rest.deployed.method_settings import of_method
from lambda_nb.engine.gateways.configuration.rest.served import Snapshot
from lambda_nb.engine.gateways.mapping.models import Models
from lambda_nb.engine.gateways.rest_api.deployed import (
    Deployed,
    Integration,
    IntegrationResponse,
    Method,
    Settings,
)
from lambda_nb.engine.gateways.rest_api.routing import Routes
from lambda_nb.engine.gateways.shared.access_log import access_log
from lambda_nb.engine.gateways.shared.invoke_policies import Policy
from lambda_nb.engine.permissions.functions import function_of

DEFAULT_TIMEOUT_MS = 29_000
"""How long an integration may take, unless it says something else (facts/events.md)."""

_STAGE_VARIABLE = re.compile(r"\$\{?stageVariables\.([A-Za-z0-9_]+)\}?")
_PATH_VARIABLE = re.compile(r"\{[^}]+\}")
_LOCATIONS = ("path", "querystring", "header")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an API is."""

    account: str
    region: str


def compile_stage(
    place: Place,
    stage: Mapping[str, Any],
    snapshot: Snapshot,
    variables: Mapping[str, str],
    client_certificate: tuple[str, str] | None = None,
) -> Deployed:
    """Compile what a deployment serves on a stage.

    Parameters
    ----------
    stage
        As GetStage shows it.
    snapshot
        What was deployed.
    variables
        The stage's variables, a canary's own among them.
    client_certificate
        The stage's client certificate and its key, as PEM.

    Raises
    ------
    ValueError
        Something of it cannot be used; the message says what.
    """
    api = snapshot.api
    validators = snapshot.validators
    models = Models({name: model.get("schema") or "" for name, model in snapshot.models.items()})
    methods: dict[tuple[str, str], Method] = {}
    paths: list[tuple[str, dict[str, Method]]] = []
    for resource in snapshot.resources.values():
        of_resource = {}
        for http_method, described in (resource.get("resourceMethods") or {}).items():
            method = _method(
                resource,
                http_method,
                described,
                variables,
                snapshot.authorizers,
                validators,
                _settings(stage, resource["path"], http_method),
            )
            of_resource[http_method] = method
            methods[resource["id"], http_method] = method
        paths.append((resource["path"], of_resource))
    logs = stage.get("accessLogSettings") or {}
    policy = api.get("policy")
    return Deployed(
        api_id=api["id"],
        stage_name=stage["stageName"],
        deployment_id=snapshot.deployment_id,
        account=place.account,
        region=place.region,
        arn=f"arn:aws:execute-api:{place.region}:{place.account}:{api['id']}",
        variables=variables,
        routes=Routes(paths),
        resources=methods,
        authorizers=snapshot.authorizers,
        models=models,
        gateway_responses=dict(snapshot.gateway_responses),
        binary=frozenset(one.lower() for one in api.get("binaryMediaTypes") or ()),
        compression_from=api.get("minimumCompressionSize"),
        policy=Policy(policy) if policy else None,
        key_source=api.get("apiKeySource") or "HEADER",
        access_log=access_log(logs.get("destinationArn"), logs.get("format")),
        cache=snapshot.deployment_id,
        domains_only=bool(api.get("disableExecuteApiEndpoint")),
        client_certificate=client_certificate,
    )


def _method(
    resource: Mapping[str, Any],
    http_method: str,
    described: Mapping[str, Any],
    variables: Mapping[str, str],
    authorizers: Mapping[str, Mapping[str, Any]],
    validators: Mapping[str, Mapping[str, Any]],
    settings: Settings,
) -> Method:
    validator = validators.get(described.get("requestValidatorId") or "") or {}
    required = []
    if validator.get("validateRequestParameters"):
        for name, is_required in (described.get("requestParameters") or {}).items():
            _, _, location, own_name = name.split(".", 3)
            if is_required and location in _LOCATIONS:
                required.append((location, own_name))
    integration = described.get("methodIntegration")
    return Method(
        resource_id=resource["id"],
        resource_path=resource["path"],
        source_path=_PATH_VARIABLE.sub("*", resource["path"]),
        configured_method=http_method,
        operation_name=described.get("operationName") or "",
        authorization=described.get("authorizationType") or "NONE",
        authorizer=authorizers.get(described.get("authorizerId") or ""),
        scopes=tuple(described.get("authorizationScopes") or ()),
        needs_key=bool(described.get("apiKeyRequired")),
        required=tuple(required),
        checks_body=bool(validator.get("validateRequestBody")),
        body_models=described.get("requestModels") or {},
        integration=_integration(integration, variables) if integration else None,
        settings=settings,
    )


def _integration(described: Mapping[str, Any], variables: Mapping[str, str]) -> Integration:
    uri = with_variables(described.get("uri") or "", variables)
    responses = [
        _response(one) for _, one in sorted((described.get("integrationResponses") or {}).items())
    ]
    return Integration(
        kind=described.get("type") or "MOCK",
        http_method=described.get("httpMethod") or "",
        uri=uri,
        function=function_of(uri),
        credentials=with_variables(described.get("credentials") or "", variables),
        parameters=described.get("requestParameters") or {},
        templates=_by_media_type(described.get("requestTemplates")),
        passthrough=(described.get("passthroughBehavior") or "WHEN_NO_MATCH").upper(),
        content_handling=described.get("contentHandling") or "",
        timeout_s=(described.get("timeoutInMillis") or DEFAULT_TIMEOUT_MS) / 1000,
        responses=tuple(responses),
        streams=described.get("responseTransferMode") == "STREAM",
        cache_namespace=described.get("cacheNamespace") or "",
        cache_keys=tuple(described.get("cacheKeyParameters") or ()),
        verifies_tls=not (described.get("tlsConfig") or {}).get("insecureSkipVerification"),
    )


def _response(described: Mapping[str, Any]) -> IntegrationResponse:
    pattern = described.get("selectionPattern")
    return IntegrationResponse(
        status=int(described["statusCode"]),
        pattern=_pattern(pattern) if pattern else None,
        parameters=described.get("responseParameters") or {},
        templates=_by_media_type(described.get("responseTemplates")),
        content_handling=described.get("contentHandling") or "",
    )


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise ValueError(f"the selection pattern {text!r} is no pattern: {error}") from error


def _by_media_type(templates: Mapping[str, str | None] | None) -> dict[str, str]:
    return {name.lower(): text or "" for name, text in (templates or {}).items()}


def with_variables(text: str, variables: Mapping[str, str]) -> str:
    """A text with its ``${stageVariables.NAME}`` filled in; unknown ones are empty.

    Examples
    --------
    >>> with_variables("function:f:${stageVariables.alias}", {"alias": "live"})
    'function:f:live'
    """
    if "stageVariables" not in text:
        return text
    return _STAGE_VARIABLE.sub(lambda found: variables.get(found[1], ""), text)


def _settings(stage: Mapping[str, Any], path: str, http_method: str) -> Settings:
    found, every = of_method(dict(stage), path, http_method), of_method(dict(stage), "", "")
    return Settings(
        rate=float(found["throttlingRateLimit"]),
        burst=int(found["throttlingBurstLimit"]),
        log_level=found["loggingLevel"],
        logs_data=bool(found["dataTraceEnabled"]),
        bucket="" if found == every else f"{path}/{http_method}",
        caches=bool(
            stage.get("cacheClusterEnabled")
            and found["cachingEnabled"]
            and found["cacheTtlInSeconds"] > 0
            and (http_method == "GET" or found != every)
        ),
        cache_ttl_s=int(found["cacheTtlInSeconds"]),
        asks_for_fresh=bool(found["requireAuthorizationForCacheControl"]),
        otherwise=found["unauthorizedCacheControlHeaderStrategy"],
    )
