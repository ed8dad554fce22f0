"""Answers requests to HTTP APIs."""

from __future__ import annotations

from lambda_nb.engine.api.wire.http import HttpRequest, Reply, Send
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.configuration.v2.apis import V2Configuration
from lambda_nb.engine.gateways.shared.addresses import Address
from lambda_nb.engine.gateways.shared.surroundings import Surroundings


class HttpApis:
    """The HTTP APIs of one Region."""

    def __init__(self, configuration: V2Configuration, surroundings: Surroundings) -> None:
        self._configuration = configuration
        self._surroundings = surroundings

    async def answer(self, at: Address, request: HttpRequest, request_id: str, send: Send) -> None:
        """Answer one request."""
        raise AWSError("NotImplementedException", "not yet", 501)

    def fault(self, error: AWSError, at: Address, request: HttpRequest, request_id: str) -> Reply:
        """What the caller gets for an error."""
        return Reply(error.status, b'{"message":"Internal Server Error"}')
