"""What a deployment serves on a stage, compiled: the data that requests are answered by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.gateways.mapping.models import Models
from lambda_nb.engine.gateways.rest_api.routing import Routes
from lambda_nb.engine.gateways.shared.access_log import AccessLog
from lambda_nb.engine.gateways.shared.invoke_policies import Policy


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
    cache
        The deployment whose cache is used: its own, or for a canary perhaps the stage's.
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
    cache: str
    client_certificate: tuple[str, str] | None
