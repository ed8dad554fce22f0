"""Cloud Control's API, of AWS's JSON protocol 1.0."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Any

from lambda_nb.engine import service_model
from lambda_nb.engine.api.admission.gate import Gate
from lambda_nb.engine.api.lambda_api import parsing, serialising
from lambda_nb.engine.api.wire.http import HttpRequest, Send
from lambda_nb.engine.errors import AWSError

SERVICE = "cloudcontrol"
_TARGET = "CloudApiService."
_JSON = "application/x-amz-json-1.0"
_BODY_LIMIT = 1 << 20  # bytes; what is asked here has two short names


class CloudControlApi:
    """Answers ``GetResource`` in one Region, and refuses all other operations.

    Parameters
    ----------
    gate
        Admits requests.
    get_resource
        Answers it; runs in a thread.
    threads
        In which it runs. Not the loop's own: what it asks may need one of those to answer.
    """

    def __init__(
        self,
        gate: Gate,
        get_resource: Callable[[Mapping[str, Any]], dict[str, Any]],
        threads: Executor,
    ) -> None:
        self._gate = gate
        self._threads = threads
        self._get_resource = get_resource

    async def answer(self, request: HttpRequest, request_id: str, send: Send) -> None:
        """Answer one request.

        Raises
        ------
        AWSError
            The error for the caller.
        """
        visitor = self._gate.glance(request)
        body = await request.body(_BODY_LIMIT, _too_large)
        visitor.admit(hashlib.sha256(body).hexdigest(), anywhere=True)
        name = request.headers.get("x-amz-target", "").removeprefix(_TARGET)
        if name not in service_model.model(SERVICE).operation_names:
            raise AWSError("UnknownOperationException", f"Cloud Control has no operation {name!r}.")
        if name != "GetResource":
            raise AWSError(
                "UnsupportedActionException",
                f"lambda_nb does not have the operation {name} of Cloud Control, only GetResource. "
                "Use CloudFormation, or the API of the resource's own service.",
            )
        operation = service_model.operation(name, SERVICE)
        asked = parsing.parse(operation, {}, "", request.headers, body)
        loop = asyncio.get_running_loop()
        answered = await loop.run_in_executor(self._threads, self._get_resource, asked)
        reply = serialising.serialise(operation, answered, request_id)
        await dataclasses.replace(reply, content_type=_JSON.encode()).send(send)


def _too_large(size: int) -> AWSError:
    text = f"Request must be smaller than {_BODY_LIMIT} bytes."
    return AWSError("RequestEntityTooLargeException", text, 413)
