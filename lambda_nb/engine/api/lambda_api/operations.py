"""The Lambda REST API: passes each operation of the service model to its handler."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import logging
from collections.abc import Mapping
from urllib.parse import parse_qs, unquote

from lambda_nb.engine import service_model
from lambda_nb.engine.api.admission.gate import Gate, Visitor
from lambda_nb.engine.api.lambda_api import parsing, required_members, serialising
from lambda_nb.engine.api.lambda_api.invoke import SYNC_LIMIT, Call, Invoker
from lambda_nb.engine.api.lambda_api.routing import Router
from lambda_nb.engine.api.wire.busypoll import BusyPoll
from lambda_nb.engine.api.wire.http import HttpRequest, Reply, Send
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.model import Caller, Operation

log = logging.getLogger(__name__)

_CODE_LIMIT = 70167211  # bytes of a request that carries code (facts/api.md section 5)
_CARRY_CODE = {"CreateFunction", "UpdateFunctionCode", "PublishLayerVersion"}
_HASHED_ASIDE = 1 << 20
_INVOKE_PREFIX = "/2015-03-31/functions/"
_INVOKE_SUFFIX = "/invocations"


class LambdaAPI:
    """Answers Lambda's operations.

    Parameters
    ----------
    gate
        Admits requests.
    invoker
        Answers the three operations that invoke functions.
    operations
        Handlers of all others, by AWS's names; an operation without one gets a clear error.
    busy_poll
        Keeps the event loop awake while a function is invoked, also by others.
    """

    def __init__(
        self,
        gate: Gate,
        invoker: Invoker,
        operations: Mapping[str, Operation],
        busy_poll: BusyPoll | None = None,
    ) -> None:
        self._gate = gate
        self._invoker = invoker
        self._operations = operations
        self._router: Router | None = None
        self._busy_poll = busy_poll or BusyPoll()

    async def answer(self, request: HttpRequest, request_id: str, send: Send) -> None:
        """Answer one request.

        Raises
        ------
        AWSError
            The error for the caller.
        """
        path = request.path
        if (
            request.method == "POST"
            and path.startswith(_INVOKE_PREFIX)
            and path.endswith(_INVOKE_SUFFIX)
        ):
            name = path[len(_INVOKE_PREFIX) : -len(_INVOKE_SUFFIX)]
            if name and "/" not in name:
                await self._invoke("Invoke", unquote(name), request, request_id, send)
                return
        found = self._find(request)
        if found is None:
            await self._enter(request, SYNC_LIMIT, "unknown")
            raise AWSError(
                "AccessDeniedException",
                "Unable to determine service/operation name to be authorized",
                403,
            )
        operation, labels = found
        if operation in ("Invoke", "InvokeAsync", "InvokeWithResponseStream"):
            await self._invoke(operation, labels["FunctionName"], request, request_id, send)
            return
        reply = await self._operate(operation, labels, request, request_id)
        await reply.send(send)

    def _find(self, request: HttpRequest) -> tuple[str, dict[str, str]] | None:
        if self._router is None:
            self._router = Router()
        return self._router.find(request.method, request.path, request.query)

    async def _invoke(
        self, operation: str, name: str, request: HttpRequest, request_id: str, send: Send
    ) -> None:
        with self._busy_poll:
            await self._invoked(operation, name, request, request_id, send)

    async def _invoked(
        self, operation: str, name: str, request: HttpRequest, request_id: str, send: Send
    ) -> None:
        visitor = self._gate.glance(request)
        query = parse_qs(request.query) if request.query else {}
        headers = request.headers
        if operation == "InvokeAsync":
            headers = {**headers, "x-amz-invocation-type": "Event"}
        call = Call.of(name, query.get("Qualifier", [None])[0], headers)
        payload = await request.body(call.limit, call.too_large)
        await self._admit(visitor, payload)
        if operation == "Invoke":
            await (await self._invoker.invoke(call, payload, request_id)).send(send)
        elif operation == "InvokeAsync":
            await (await self._invoker.invoke_async(call, payload, request_id)).send(send)
        else:
            await self._invoker.stream(call, payload, request_id, send)

    async def _operate(
        self, name: str, labels: Mapping[str, str], request: HttpRequest, request_id: str
    ) -> Reply:
        limit = _CODE_LIMIT if name in _CARRY_CODE else SYNC_LIMIT
        body, caller = await self._enter(request, limit, name)
        handler = self._operations.get(name)
        if handler is None:
            raise AWSError(
                "NotImplementedException",
                f"lambda_nb does not implement the operation {name} yet.",
                501,
            )
        operation = service_model.operation(name)
        parameters = parsing.parse(operation, labels, request.query, request.headers, body)
        required_members.check(operation, parameters)
        response = handler(parameters, caller)
        if inspect.isawaitable(response):
            response = await response
        return serialising.serialise(operation, response, request_id)

    async def _enter(self, request: HttpRequest, limit: int, name: str) -> tuple[bytes, Caller]:
        visitor = self._gate.glance(request)

        def too_large(_: int) -> AWSError:
            text = f"Request must be smaller than {limit} bytes for the {name} operation"
            return AWSError("RequestEntityTooLargeException", text, 413)

        body = await request.body(limit, too_large)
        return body, await self._admit(visitor, body)

    async def _admit(self, visitor: Visitor, body: bytes) -> Caller:
        if self._gate.open:
            return self._gate.anyone
        if len(body) > _HASHED_ASIDE:
            digest = await asyncio.to_thread(hashlib.sha256, body)
        else:
            digest = hashlib.sha256(body)
        return visitor.admit(digest.hexdigest())
