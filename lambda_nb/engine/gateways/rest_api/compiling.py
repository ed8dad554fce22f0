"""What a stage serves, compiled once for each revision of the configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.gateways.configuration.rest.deployed.method_settings import of_method
from lambda_nb.engine.gateways.configuration.rest.served import Snapshot
from lambda_nb.engine.gateways.rest_api.admission.models import Models
from lambda_nb.engine.gateways.rest_api.logs.access_logs import access_log_of
from lambda_nb.engine.gateways.rest_api.routing import Routes
from lambda_nb.engine.gateways.shared.access_log import AccessLog
from lambda_nb.engine.gateways.shared.functions import function_of
from lambda_nb.engine.gateways.shared.invoke_policies import Policy

DEFAULT_TIMEOUT_MS = 29_000
"""How long an integration may take, unless it says something else (facts/events.md)."""

_STAGE_VARIABLE = re.compile(r"\$\{?stageVariables\.([A-Za-z0-9_]+)\}?")
_PATH_VARIABLE = re.compile(r"\{[^}]+\}")
_LOCATIONS = ("path", "querystring", "header")


@dataclass(frozen=True, slots=True)
class IntegrationResponse:
    """What becomes of some of an integration's answers.

    ``pattern`` is matched with the whole of an error message or a status; ``None`` takes what no
    other takes.
    """

    status: int
    pattern: re.Pattern[str] | None
    parameters: Mapping[str, str]
    templates: Mapping[str, str]
    content_handling: str


@dataclass(frozen=True, slots=True)
class Integration:
    """What is behind a method. ``function`` is the ARN of the function that ``uri`` names."""

    kind: str
    http_method: str
    uri: str
    function: str | None
    credentials: str
    parameters: Mapping[str, str]
    templates: Mapping[str, str]
    passthrough: str
    content_handling: str
    timeout_s: float
    responses: tuple[IntegrationResponse, ...]
    streams: bool
    verifies_tls: bool
    cache_namespace: str
    cache_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """A stage's settings for a method; a negative rate is no limit.

    ``bucket`` names what the limit counts: the method, or for an empty text all of the stage.
    ``asks_for_fresh`` is whether only those who sign may have a fresh answer instead of a cached
    one, and ``otherwise`` AWS's name for what happens to others that want one.
    """

    rate: float
    burst: int
    log_level: str
    logs_data: bool
    bucket: str
    caches: bool
    cache_ttl_s: int
    asks_for_fresh: bool
    otherwise: str


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a resource.

    ``source_path`` is its path as permissions of functions name it. ``required`` has the kind and
    name of each parameter that must be there; ``models`` are by content type.
    """

    resource_id: str
    resource_path: str
    source_path: str
    configured_method: str
    operation_name: str
    authorization: str
    authorizer: Mapping[str, Any] | None
    scopes: tuple[str, ...]
    needs_key: bool
    required: tuple[tuple[str, str], ...]
    checks_body: bool
    body_models: Mapping[str, str]
    integration: Integration | None
    settings: Settings


@dataclass(frozen=True)
class Deployed:
    """A deployment on a stage.

    Attributes
    ----------
    arn
        The API's, as policies have it: ``arn:aws:execute-api:REGION:ACCOUNT:API``.
    binary
        The media types whose bodies are binary.
    domains_only
        Whether the API answers only at custom domain names.
    client_certificate
        What servers behind the API are shown, and its key, as PEM.
    """

    api_id: str
    stage_name: str
    deployment_id: str
    account: str
    region: str
    arn: str
    variables: Mapping[str, str]
    routes: Routes[Method]
    resources: Mapping[tuple[str, str], Method]
    authorizers: Mapping[str, Mapping[str, Any]]
    models: Models
    gateway_responses: Mapping[str, Mapping[str, Any]]
    binary: frozenset[str]
    compression_from: int | None
    policy: Policy | None
    key_source: str
    access_log: AccessLog | None
    domains_only: bool
    client_certificate: tuple[str, str] | None


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
        access_log=access_log_of(stage.get("accessLogSettings") or {}),
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
