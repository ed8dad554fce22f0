"""The stages of WebSocket APIs as messages need them: compiled once per configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from lambda_nb.engine.gateways.configuration.v2.served import ServedStage
from lambda_nb.engine.gateways.shared.access_log import AccessLog, access_log
from lambda_nb.engine.gateways.shared.token_bucket import TokenBucket
from lambda_nb.engine.gateways.websocket_api.selection import Select, selector
from lambda_nb.engine.permissions.functions import function_of
from lambda_nb.rules import quotas

CONNECT = "$connect"
DISCONNECT = "$disconnect"
DEFAULT = "$default"
_RESERVED = (CONNECT, DISCONNECT, DEFAULT)
_VARIABLE = re.compile(r"\$\{stageVariables\.([A-Za-z0-9_]+)\}")


class Configuration(Protocol):
    """What is configured."""

    @property
    def revision(self) -> int:
        """Rises with every change."""

    def served(self, api_id: str, stage_name: str) -> ServedStage | None:
        """What is deployed to a stage; ``None`` if there is no such stage."""

    def authorizer_resets(self, api_id: str, stage_name: str) -> int:
        """How often what authorizers decided for a stage was to be forgotten."""


@dataclass(frozen=True, slots=True)
class Integration:
    """An integration, its stage variables filled in. ``function`` is an ARN, if it is Lambda's."""

    identifier: str
    record: Mapping[str, Any]
    uri: str
    function: str | None
    timeout_s: float

    @property
    def kind(self) -> str:
        """``AWS_PROXY`` and the like."""
        return str(self.record.get("IntegrationType", ""))


@dataclass(frozen=True, slots=True)
class Route:
    """A route; ``responds`` says that what the integration answers goes back to the client."""

    key: str
    record: Mapping[str, Any]
    integration: Integration | None
    authorizer: Mapping[str, Any] | None
    responds: bool
    limit: TokenBucket | None


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage, ready to serve."""

    served: ServedStage
    api_id: str
    name: str
    routes: Mapping[str, Route]
    select: Select
    variables: Mapping[str, str]
    access_log: AccessLog | None
    logs_errors: bool

    def route_of(self, message: str) -> Route | None:
        """The route of a message: the one that it asks for, else ``$default``."""
        key = self.select(message)
        if key is not None and key not in _RESERVED:
            found = self.routes.get(key)
            if found is not None:
                return found
        return self.routes.get(DEFAULT)


class Stages:
    """The stages that serve, by API and name.

    Parameters
    ----------
    configuration
        What is configured.
    """

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._revision = -1
        self._checked: dict[tuple[str, str], Stage | None] = {}
        self._compiled: dict[tuple[str, str], Stage] = {}

    def of(self, api_id: str, name: str) -> Stage | None:
        """A stage as it is deployed now; ``None`` if there is none, or nothing deployed to it."""
        if self._configuration.revision != self._revision:
            self._revision = self._configuration.revision
            self._checked.clear()
        key = (api_id, name)
        try:
            return self._checked[key]
        except KeyError:
            found = self._checked[key] = self._look(key)
            return found

    def _look(self, key: tuple[str, str]) -> Stage | None:
        served = self._configuration.served(*key)
        if served is None or not served.deployment_id:
            self._compiled.pop(key, None)
            return None
        before = self._compiled.get(key)
        # Unchanged, it is kept: its limits go on counting.
        if before is None or before.served != served:
            self._compiled[key] = compiled(served, *key)
        return self._compiled[key]


def compiled(served: ServedStage, api_id: str, name: str) -> Stage:
    """A stage, made ready to serve."""
    stage = served.stage
    variables = stage.get("StageVariables") or {}
    log = stage.get("AccessLogSettings") or {}
    default = stage.get("DefaultRouteSettings") or {}
    return Stage(
        served=served,
        api_id=api_id,
        name=name,
        routes={record["RouteKey"]: _route(served, record, variables) for record in served.routes},
        select=selector(served.api.get("RouteSelectionExpression") or ""),
        variables=variables,
        access_log=access_log(log.get("DestinationArn"), log.get("Format")),
        logs_errors=default.get("LoggingLevel") in ("ERROR", "INFO"),
    )


def _route(served: ServedStage, record: Mapping[str, Any], variables: Mapping[str, str]) -> Route:
    key = record["RouteKey"]
    target = str(record.get("Target") or "")
    integration = served.integrations.get(target.removeprefix("integrations/"))
    responses = served.route_responses.get(record.get("RouteId", ""), ())
    settings = {
        **(served.stage.get("DefaultRouteSettings") or {}),
        **(served.stage.get("RouteSettings") or {}).get(key, {}),
    }
    rate, burst = settings.get("ThrottlingRateLimit"), settings.get("ThrottlingBurstLimit")
    limited = rate is not None or burst is not None
    return Route(
        key=key,
        record=record,
        integration=None if integration is None else _integration(integration, variables),
        authorizer=served.authorizers.get(str(record.get("AuthorizerId") or "")),
        responds=bool(record.get("RouteResponseSelectionExpression"))
        and any(response.get("RouteResponseKey") == DEFAULT for response in responses),
        limit=TokenBucket(float(rate or 0), float(burst or 0)) if limited else None,
    )


def _integration(record: Mapping[str, Any], variables: Mapping[str, str]) -> Integration:
    uri = _VARIABLE.sub(lambda v: variables.get(v[1], ""), record.get("IntegrationUri") or "")
    return Integration(
        identifier=record["IntegrationId"],
        record=record,
        uri=uri,
        function=function_of(uri),
        timeout_s=(record.get("TimeoutInMillis") or quotas.WEBSOCKET_INTEGRATION_MS.value) / 1000,
    )
