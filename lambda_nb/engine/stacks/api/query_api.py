"""A service of AWS's query protocol: passes each operation of its model to its handler."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping

from lambda_nb.engine import service_model
from lambda_nb.engine.api.admission.gate import Gate
from lambda_nb.engine.api.faults import query_fault
from lambda_nb.engine.api.neighbours.watched_calls import changes
from lambda_nb.engine.api.wire.http import HttpRequest, Reply, Send
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.model import Operation
from lambda_nb.engine.stacks.api import form, xml

_BODY_LIMIT = 4 << 20  # bytes; a template has at most 51,200, and a form spells it longer


class QueryApi:
    """Answers one service's operations in one Region.

    Parameters
    ----------
    service
        Botocore's name of it.
    gate
        Admits requests.
    operations
        The handlers by AWS's names of operations.
    changed
        Called after each operation that may have changed something.
    """

    def __init__(
        self,
        service: str,
        gate: Gate,
        operations: Mapping[str, Operation],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._service = service
        self._gate = gate
        self._operations = operations
        self._changed = changed

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
        given = form.fields(request.query, body)
        name = given.get("Action", "")
        if name not in service_model.model(self._service).operation_names:
            version = given.get("Version", "NO_VERSION")
            text = f"Could not find operation {name} for version {version}"
            raise AWSError("InvalidAction", text)
        handler = self._operations.get(name)
        if handler is None:
            text = f"lambda_nb does not implement the operation {name} of {self._service} yet."
            raise AWSError("NotImplemented", text, 501)
        operation = service_model.operation(name, self._service)
        answered = handler(form.parameters(operation, given), caller)
        if inspect.isawaitable(answered):
            answered = await answered
        if changes(name, request.method, request.path):
            self._changed()
        content = xml.response(operation, answered, request_id)
        headers = [(b"x-amzn-RequestId", request_id.encode())]
        await Reply(200, content, headers, b"text/xml").send(send)

    def fault(self, error: AWSError, request_id: str) -> Reply:
        """An error of the service."""
        return query_fault(error, request_id)


def _too_large(size: int) -> AWSError:
    text = f"Request must be smaller than {_BODY_LIMIT} bytes."
    return AWSError("RequestEntityTooLarge", text, 413)
