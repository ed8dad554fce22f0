"""Answers calls to the service ``iot`` that are about jobs, in the embedded service's place."""

from __future__ import annotations

import asyncio
import inspect
import json
import re
from collections.abc import Awaitable, Callable, Mapping

from lambda_nb.engine import service_model
from lambda_nb.engine.api.lambda_api import parsing, serialising
from lambda_nb.engine.api.lambda_api.routing import Router
from lambda_nb.engine.api.neighbours.watched_calls import WatchedCall
from lambda_nb.engine.api.wire.http import Reply
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.identifiers import uuid4
from lambda_nb.engine.model import Caller, Operation

_PATH = re.compile(r"/jobs(/|$)|/things/[^/]+/jobs(/|$)")

Operations = Callable[[str], Awaitable[Mapping[str, Operation]]]
"""The operations on jobs of a Region (its name, or empty for the home Region)."""


class JobCalls:
    """Watches the calls to ``iot``.

    Parameters
    ----------
    operations
        Those of a Region; asked for only when one is called.
    caller
        Whom the operations are told of: the proxy has checked the signature.
    """

    def __init__(self, operations: Operations, caller: Caller) -> None:
        self._operations = operations
        self._caller = caller
        self._router: Router | None = None

    async def asked(self, call: WatchedCall) -> Reply | None:
        """The answer to a call about jobs; ``None`` to leave it to the service."""
        if _PATH.match(call.path) is None:
            return None
        if self._router is None:  # reading the service's model takes a tenth of a second
            self._router = await asyncio.to_thread(Router, "iot")
        found = self._router.find(call.method, call.path, call.query)
        if found is None:
            return None
        name, labels = found
        request_id = uuid4()
        try:
            handler = (await self._operations(call.region)).get(name)
            if handler is None:
                return None
            operation = service_model.operation(name, "iot")
            parameters = parsing.parse(operation, labels, call.query, call.headers, call.body)
            response = handler(parameters, self._caller)
            if inspect.isawaitable(response):
                response = await response
        except AWSError as error:
            headers = [
                (b"x-amzn-RequestId", request_id.encode()),
                (b"x-amzn-ErrorType", error.code.encode()),
            ]
            return Reply(error.status, json.dumps({"message": error.message}).encode(), headers)
        return serialising.serialise(operation, response, request_id)

    def answered(self, call: WatchedCall) -> None:
        """Takes note of nothing: calls that it answers are not passed on."""
