"""A service of AWS's REST-JSON protocol: passes each operation of its model to its handler."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Mapping

from lambda_nb.engine import service_model
from lambda_nb.engine.api.admission.gate import Gate
from lambda_nb.engine.api.lambda_api import parsing, serialising
from lambda_nb.engine.api.lambda_api.routing import Router
from lambda_nb.engine.api.wire.http import HttpRequest, Reply, Send
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.model import Operation

_BODY_LIMIT = 12 << 20  # an imported definition has at most 6 MB; base64 and room beside it


class ServiceApi:
    """Answers one service's operations in one Region.

    Parameters
    ----------
    gate
        Admits requests.
    services
        For each service, by botocore's name, its handlers by AWS's names of operations.
    respell
        The path that the model has for a request's path: what a client may leave unencoded is to
        be encoded.
    """

    def __init__(
        self,
        gate: Gate,
        services: Mapping[str, Mapping[str, Operation]],
        respell: Callable[[str], str] = str,
    ) -> None:
        self._gate = gate
        self._services = services
        self._respell = respell
        self._routers: dict[str, Router] = {}

    async def answer(self, request: HttpRequest, request_id: str, send: Send) -> None:
        """Answer one request.

        Raises
        ------
        AWSError
            The error for the caller.
        """
        visitor = self._gate.glance(request)
        body = await request.body(_BODY_LIMIT, _too_large)
        caller = visitor.admit(hashlib.sha256(body).hexdigest(), anywhere=True)
        service, name, labels = self._find(request)
        handler = self._services[service].get(name)
        if handler is None:
            text = f"lambda_nb does not implement the operation {name} of {service} yet."
            raise AWSError("NotImplementedException", text, 501)
        operation = service_model.operation(name, service)
        parameters = parsing.parse(operation, labels, request.query, request.headers, body)
        missing = [
            member
            for member in (operation.input_shape.required_members if operation.input_shape else ())
            if member not in parameters
        ]
        if missing:
            text = f"{', '.join(missing)} is missing: {name} requires it."
            raise AWSError("BadRequestException", text, 400)
        response = handler(parameters, caller)
        if inspect.isawaitable(response):
            response = await response
        await serialising.serialise(operation, response, request_id).send(send)

    def fault(self, error: AWSError, request_id: str) -> Reply:
        """An error of these APIs."""
        headers = [
            (b"x-amzn-RequestId", request_id.encode()),
            (b"x-amzn-ErrorType", error.code.encode()),
        ]
        body = {"message": error.message, **error.fields}
        return Reply(error.status, json.dumps(body).encode(), headers)

    def _find(self, request: HttpRequest) -> tuple[str, str, dict[str, str]]:
        path = self._respell(request.path)
        for service in self._services:
            if service not in self._routers:
                self._routers[service] = Router(service)
            found = self._routers[service].find(request.method, path, request.query)
            if found is not None:
                return service, *found
        raise AWSError(
            "UnknownOperationException", f"No operation is {request.method} {request.path}.", 404
        )


def _too_large(size: int) -> AWSError:
    text = f"Request must be smaller than {_BODY_LIMIT} bytes."
    return AWSError("RequestEntityTooLargeException", text, 413)
