"""API Gateway in one Region: what is configured, and the three kinds of API that answer."""

from __future__ import annotations

from pathlib import Path

from lambda_nb.engine.control.records.store import Store
from lambda_nb.engine.gateways.configuration.rest.apis import RestConfiguration
from lambda_nb.engine.gateways.configuration.service_api import ServiceApi
from lambda_nb.engine.gateways.configuration.v2.apis import V2Configuration
from lambda_nb.engine.gateways.http_api.gateway import HttpApis
from lambda_nb.engine.gateways.rest_api.gateway import RestApis
from lambda_nb.engine.gateways.shared.surroundings import Surroundings
from lambda_nb.engine.gateways.websocket_api.gateway import WebSocketApis

Serving = HttpApis | RestApis | WebSocketApis


class ApiGateway:
    """API Gateway in one Region.

    Parameters
    ----------
    path
        The database of what is configured.
    surroundings
        What its gateways work with.

    Attributes
    ----------
    service_api : ServiceApi
        Answers the APIs ``apigateway`` and ``apigatewayv2``.
    web_sockets : WebSocketApis
        Takes WebSocket connections.
    """

    def __init__(self, path: Path, surroundings: Surroundings) -> None:
        self._store = Store(path)
        self._rest = RestConfiguration(self._store, surroundings)
        self._v2 = V2Configuration(self._store, surroundings)
        self._rest_apis = RestApis(self._rest, surroundings)
        self._http_apis = HttpApis(self._v2, surroundings)
        self.web_sockets = WebSocketApis(self._v2, surroundings)
        self.service_api = ServiceApi(
            surroundings.gate,
            {"apigateway": self._rest.operations(), "apigatewayv2": self._v2.operations()},
        )

    def close(self) -> None:
        """Release the database."""
        self._store.close()

    def serving(self, api_id: str) -> Serving | None:
        """What answers for an API; ``None`` if there is no such API here."""
        if self._rest.has_api(api_id):
            return self._rest_apis
        match self._v2.protocol(api_id):
            case "HTTP":
                return self._http_apis
            case "WEBSOCKET":
                return self.web_sockets
        return None
