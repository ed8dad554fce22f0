"""Operations of ours in moto's AWS IoT: parsed by the service model, their state in the backend.

What moto keeps stays where moto keeps it. What it has no place for is in plain dictionaries, by
kind and name, in one attribute of its backend, and so in the same pickle.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

Parameters = dict[str, Any]
Operation = Callable[[Any, Parameters], "dict[str, Any] | None"]
"""Takes moto's backend of the Region and the parameters; returns the response's members."""

BESIDE = "beside the service model"
"""The key under which an operation returns fields that AWS's model does not have, by the members
of the response that get them: for the engine, clients do not see them."""

_KEPT = "kept_by_lambda_nb"
_PAGE = 250
"""Items on a page where the caller names no number; the most that AWS takes."""


_installed: dict[str, Operation] = {}


def install(operations: Mapping[str, Operation]) -> None:
    """Let functions answer operations, by AWS's names of these."""
    from moto.iot.responses import IoTResponse

    _installed.update(operations)
    for name, operation in operations.items():
        setattr(IoTResponse, _method(name), _answering(operation))


def installed(name: str) -> Operation:
    """The function that answers an operation."""
    return _installed[name]


def refuse_the_rest() -> None:
    """Refuse what neither moto nor this engine has, in a way that clients understand."""
    from moto.iot.responses import IoTResponse

    response_class: Any = IoTResponse
    original = response_class.call_action

    def call_action(self: Any) -> Any:
        try:
            return original(self)
        except NotImplementedError:
            code = "NotImplementedException"
            name = self._get_action()
            text = f"lambda_nb does not implement the operation {name} of AWS IoT."
            return 501, {"x-amzn-ErrorType": code}, json.dumps({"message": text})

    response_class.call_action = call_action


def one_at_a_time(beforehand: Mapping[tuple[str, str], Callable[[], None]]) -> None:
    """Answer one call at a time: moto's threads change and read the same dictionaries.

    Parameters
    ----------
    beforehand
        What a call does before its turn since it takes long, by its method and path.
    """
    from moto.iot.responses import IoTResponse

    response_class: Any = IoTResponse
    original = response_class._dispatch
    turn = threading.Lock()

    def dispatch(self: Any, request: Any, *arguments: Any, **more: Any) -> Any:
        prepare = beforehand.get((request.method, request.path))
        if prepare is not None:
            prepare()
        with turn:
            return original(self, request, *arguments, **more)

    response_class._dispatch = dispatch


def _method(name: str) -> str:
    from moto.core.utils import camelcase_to_underscores

    return str(camelcase_to_underscores(name))


def _answering(operation: Operation) -> Callable[[Any], Any]:
    from moto.core.responses import ActionResult

    def answer(self: Any) -> Any:
        self.parse_parameters(self.normalized_request)
        response = operation(self.iot_backend, dict(self.params)) or {}
        beside = response.pop(BESIDE, {})
        if not beside:
            return ActionResult(response)
        _, headers, body = self.serialized(ActionResult(response))
        document = json.loads(body)
        for member, fields in beside.items():
            document[member].update(fields)
        return 200, headers, json.dumps(document)

    return answer


def error(code: str, message: str, status: int = 400, **fields: str) -> Exception:
    """An error of AWS IoT, to raise; ``fields`` are further members of its body."""
    from moto.iot.exceptions import IoTClientError

    made: Any = IoTClientError(code, message)
    made.code = status
    made.description = json.dumps({"__type": code, "message": message, **fields})
    refused: Exception = made
    return refused


def invalid(message: str) -> Exception:
    """``InvalidRequestException``, to raise."""
    return error("InvalidRequestException", message)


def not_found(message: str) -> Exception:
    """``ResourceNotFoundException``, to raise."""
    return error("ResourceNotFoundException", message, 404)


def exists_already(message: str, name: str, arn: str) -> Exception:
    """``ResourceAlreadyExistsException``, to raise."""
    code = "ResourceAlreadyExistsException"
    return error(code, message, 409, resourceId=name, resourceArn=arn)


def kept(backend: Any, kind: str) -> dict[str, Any]:
    """What is kept of a kind in a Region, by name."""
    everything: dict[str, dict[str, Any]] = backend.__dict__.setdefault(_KEPT, {})
    return everything.setdefault(kind, {})


def arn(backend: Any, kind: str, name: str) -> str:
    """The ARN of something of AWS IoT."""
    return f"arn:aws:iot:{backend.region_name}:{backend.account_id}:{kind}/{name}"


def now() -> datetime:
    """The time, as moto writes it."""
    from moto.core.utils import utcnow

    moment: datetime = utcnow()
    return moment


def page(
    items: list[Any],
    parameters: Parameters,
    limit: str = "maxResults",
    token: str = "nextToken",  # noqa: S107
) -> tuple[list[Any], str | None]:
    """One page of a list, and the token of the next.

    Parameters
    ----------
    items
        The whole list.
    parameters
        Of the call.
    limit, token
        The names of the parameters that say how long a page is and where it begins.
    """
    given = str(parameters.get(token) or "0")
    if not given.isdecimal():
        raise invalid(f"The {token} is not valid.")
    begin, size = int(given), int(parameters.get(limit) or _PAGE)
    end = begin + size
    return items[begin:end], str(end) if end < len(items) else None


def in_order(items: list[Any], parameters: Parameters) -> list[Any]:
    """A list, turned round unless the caller asked for ascending order."""
    return items if parameters.get("ascendingOrder", True) else items[::-1]
