"""A stage of an HTTP API, made ready to serve: what its configuration says, worked out once."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from lambda_nb.engine.api.wire.http import Reply
from lambda_nb.engine.aws_calls.services import Services
from lambda_nb.engine.gateways.configuration.v2.served import ServedStage
from lambda_nb.engine.gateways.http_api.authorizers import (
    Authorizer,
    IamAuthorizer,
    JwtAuthorizer,
)
from lambda_nb.engine.gateways.http_api.cors import Cors
from lambda_nb.engine.gateways.http_api.exchange import Exchange, StageNames
from lambda_nb.engine.gateways.http_api.faults import internal
from lambda_nb.engine.gateways.http_api.integrations.http_proxy import HttpProxy, Locate
from lambda_nb.engine.gateways.http_api.integrations.lambda_proxy import LambdaProxy
from lambda_nb.engine.gateways.http_api.integrations.private_link import ListenerAddress
from lambda_nb.engine.gateways.http_api.integrations.service_integration import ServiceIntegration
from lambda_nb.engine.gateways.http_api.lambda_authorizer import Decision, LambdaAuthorizer
from lambda_nb.engine.gateways.http_api.mapping import BadMapping
from lambda_nb.engine.gateways.http_api.parameters import RequestMapping, ResponseMapping
from lambda_nb.engine.gateways.http_api.routes import Router
from lambda_nb.engine.gateways.http_api.throttling import Throttling
from lambda_nb.engine.gateways.shared.access_log import AccessLog, access_log
from lambda_nb.engine.gateways.shared.authorizer_cache import AuthorizerCache
from lambda_nb.engine.gateways.shared.jwt import Tokens
from lambda_nb.engine.gateways.shared.surroundings import Surroundings
from lambda_nb.engine.permissions.functions import function_of
from lambda_nb.rules import quotas

log = logging.getLogger(__name__)

_LONGEST_MS = quotas.HTTP_API_INTEGRATION_S.value * 1000
_STAGE_VARIABLE = re.compile(r"\$\{stageVariables\.([A-Za-z0-9_]+)\}")
Record = Mapping[str, Any]


class Integration(Protocol):
    """What is behind a route."""

    async def answer(self, exchange: Exchange) -> Reply:
        """Answer a request. Raises ``Fault``."""


class _Broken:
    """An integration that cannot work; its problem goes to the logs."""

    def __init__(self, problem: str) -> None:
        self._problem = problem

    async def answer(self, exchange: Exchange) -> Reply:
        """Refuse."""
        raise internal(self._problem)

    async def admit(self, exchange: Exchange) -> None:
        """Refuse."""
        raise internal(self._problem)


@dataclass(frozen=True, slots=True)
class Route:
    """A route: its key, who may take it, what is behind it, and what changes of the answer."""

    key: str
    authorizer: Authorizer | None
    integration: Integration
    response: ResponseMapping | None


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage, ready to serve."""

    names: StageNames
    router: Router[Route]
    throttling: Throttling
    cors: Cors | None
    access_log: AccessLog | None
    default_endpoint: bool


class StageCompiler:
    """Makes stages ready.

    Parameters
    ----------
    surroundings
        What gateways work with.
    resets
        How often ResetAuthorizersCache was called for an API and a stage.
    """

    def __init__(self, surroundings: Surroundings, resets: Callable[[str, str], int]) -> None:
        self._surroundings = surroundings
        self._resets = resets
        self._tokens = Tokens(surroundings.upstream)
        self._services = Services(surroundings.upstream, surroundings.region)
        self._cache: AuthorizerCache[Decision] = AuthorizerCache()

    def compile(self, served: ServedStage, before: Stage | None) -> Stage:
        """A stage made ready.

        Parameters
        ----------
        served
            What is deployed to it.
        before
            What it was made into when it was last served.
        """
        api, stage = served.api, served.stage
        names = StageNames(
            self._surroundings.account,
            self._surroundings.region,
            str(api["ApiId"]),
            str(stage["StageName"]),
            stage.get("StageVariables") or {},
        )
        logs = stage.get("AccessLogSettings") or {}
        cors = api.get("CorsConfiguration")
        return Stage(
            names,
            Router(
                (str(route["RouteKey"]), self._route(route, served, names))
                for route in served.routes
            ),
            Throttling(stage, before.throttling if before else None),
            Cors(cors) if cors else None,
            access_log(logs.get("DestinationArn"), logs.get("Format")),
            not api.get("DisableExecuteApiEndpoint"),
        )

    def _route(self, route: Record, served: ServedStage, names: StageNames) -> Route:
        key = str(route["RouteKey"])
        target = str(route.get("Target") or "")
        integration = served.integrations.get(target.removeprefix("integrations/"))
        response: ResponseMapping | None = None
        behind: Integration
        try:
            if integration is None:
                raise BadMapping("the route has no integration")
            behind = self._integration(integration, names)
            if integration.get("ResponseParameters"):
                response = ResponseMapping(integration["ResponseParameters"])
        except BadMapping as bad:
            behind = self._broken(names, key, bad)
        authorizer: Authorizer | None
        try:
            authorizer = self._authorizer(route, served, names)
        except BadMapping as bad:
            authorizer = self._broken(names, key, bad)
        return Route(key, authorizer, behind, response)

    @staticmethod
    def _broken(names: StageNames, key: str, bad: BadMapping) -> _Broken:
        log.warning("%s/%s, route %s: %s", names.api_id, names.stage, key, bad)
        return _Broken(str(bad))

    def _integration(self, integration: Record, names: StageNames) -> Integration:
        kind = integration.get("IntegrationType")
        timeout_s = min(integration.get("TimeoutInMillis") or _LONGEST_MS, _LONGEST_MS) / 1000
        given = integration.get("RequestParameters") or {}
        subtype = integration.get("IntegrationSubtype")
        if subtype:
            return ServiceIntegration(self._services, subtype, given, timeout_s)
        mapping = RequestMapping(given) if given else None
        uri = _with_variables(str(integration.get("IntegrationUri") or ""), names.variables)
        if kind == "HTTP_PROXY":
            upstream = self._surroundings.upstream
            method = str(integration.get("IntegrationMethod") or "ANY")
            at: str | Locate = uri
            if integration.get("ConnectionType") == "VPC_LINK":
                at = ListenerAddress(self._services, upstream.own_url, uri)
            return HttpProxy(upstream, at, method, timeout_s, mapping)
        function = function_of(uri)
        if kind != "AWS_PROXY" or function is None:
            raise BadMapping(f"{uri!r} is no function for an integration of type {kind}")
        return LambdaProxy(
            self._surroundings.functions,
            function,
            str(integration.get("PayloadFormatVersion") or "1.0"),
            timeout_s,
            bool(integration.get("CredentialsArn")),
            mapping,
        )

    def _authorizer(
        self, route: Record, served: ServedStage, names: StageNames
    ) -> Authorizer | None:
        kind = route.get("AuthorizationType") or "NONE"
        if kind == "NONE":
            return None
        if kind == "AWS_IAM":
            return IamAuthorizer(self._surroundings.gate)
        authorizer = served.authorizers.get(str(route.get("AuthorizerId")))
        if authorizer is None:
            raise BadMapping(f"there is no authorizer {route.get('AuthorizerId')}")
        if kind == "JWT":
            scopes = route.get("AuthorizationScopes") or []
            return JwtAuthorizer(authorizer, scopes, self._tokens)
        uri = _with_variables(str(authorizer.get("AuthorizerUri") or ""), names.variables)
        function = function_of(uri)
        if function is None:
            raise BadMapping(f"{uri!r} is no function for an authorizer")
        return LambdaAuthorizer(
            authorizer,
            function,
            self._surroundings.functions,
            self._cache,
            lambda: self._resets(names.api_id, names.stage),
        )


def _with_variables(uri: str, variables: Mapping[str, str]) -> str:
    """A URI with the values of stage variables; one without a value becomes nothing."""
    return _STAGE_VARIABLE.sub(lambda found: variables.get(found[1], ""), uri)
