"""The APIs of one Region: what is configured, and the three kinds that answer."""

from __future__ import annotations

from lambda_nb.engine.api.service_api import ServiceApi
from lambda_nb.engine.control.records.store import Store
from lambda_nb.engine.gateways.configuration.domains.domain_names import DomainNames
from lambda_nb.engine.gateways.configuration.rest.apis import RestConfiguration
from lambda_nb.engine.gateways.configuration.v2.apis import V2Configuration
from lambda_nb.engine.gateways.http_api.gateway import HttpApis
from lambda_nb.engine.gateways.rest_api.gateway import RestApis
from lambda_nb.engine.gateways.shared.surroundings import Surroundings
from lambda_nb.engine.gateways.websocket_api.gateway import WebSocketApis

Serving = HttpApis | RestApis | WebSocketApis


class Apis:
    """The APIs of one Region.

    Parameters
    ----------
    store
        What is configured.
    surroundings
        What its gateways work with.

    Attributes
    ----------
    service_api : ServiceApi
        Answers the APIs ``apigateway`` and ``apigatewayv2``.
    domain_names : DomainNames
        Custom domain names of all kinds of API.
    """

    def __init__(self, store: Store, surroundings: Surroundings) -> None:
        self._rest = RestConfiguration(store, surroundings)
        self._v2 = V2Configuration(store, surroundings)
        self.domain_names = DomainNames(store, surroundings, self._has_rest_stage)
        self._rest.also_tag(self.domain_names.tagged)
        self._rest.also_plan(self._has_web_socket_stage)
        self._rest_apis = RestApis(self._rest, surroundings)
        self._http_apis = HttpApis(self._v2, surroundings)
        self._web_sockets = WebSocketApis(self._v2, surroundings, self._rest)
        store.watch(self._web_sockets.changed)
        self.service_api = ServiceApi(
            surroundings.gate,
            {
                "apigateway": {
                    **self._rest.operations(),
                    **self._rest_apis.operations(),
                    **self.domain_names.operations_v1(),
                },
                "apigatewayv2": {**self._v2.operations(), **self.domain_names.operations_v2()},
            },
        )

    def close(self) -> None:
        """Keep what is not kept yet."""
        self._rest.close()

    def serving(self, api_id: str) -> Serving | None:
        """What answers for an API; ``None`` if there is no such API here."""
        if self._rest.has_api(api_id):
            return self._rest_apis
        match self._v2.protocol(api_id):
            case "HTTP":
                return self._http_apis
            case "WEBSOCKET":
                return self._web_sockets
        return None

    def _has_web_socket_stage(self, api_id: str, stage: str) -> bool:
        """Whether there is a WebSocket API with an id and a stage: only such have API keys, too."""
        is_one = self._v2.protocol(api_id) == "WEBSOCKET"
        return is_one and self._v2.served(api_id, stage) is not None

    def _has_rest_stage(self, api_id: str, stage: str) -> bool:
        """Whether there is a REST API with an id and, unless the name is empty, a stage."""
        if not stage:
            return self._rest.has_api(api_id)
        return self._rest.served(api_id, stage) is not None
