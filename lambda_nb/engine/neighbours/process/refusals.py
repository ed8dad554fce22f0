"""What a client gets when the services of this process cannot answer it.

moto would answer a page of HTML, which no client of AWS can read. The engine turns these answers
into the protocol of the client, as it knows them by their header.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Response

from lambda_nb.engine.aws_calls.embedded import REFUSED

_SCOPE = re.compile(r"Credential=[^/,]+/[^/,]+/[^/,]*/([^/,]+)/")
_ELSEWHERE = (
    "Call AWS itself for it, or an endpoint of your own: the engine passes the calls on if it is "
    "started with --neighbour NAME=URL (NAME is boto3's for the service)."
)


class RefusedError(Exception):
    """A call that is not answered: ``code``, ``status`` and a sentence for the caller."""

    def __init__(self, code: str, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.status = status


def signed_for(environ: Mapping[str, Any]) -> str | None:
    """The service that a call is signed for; ``None`` if it is not signed."""
    found = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    return None if found is None else found[1]


def no_service(name: str) -> RefusedError:
    """Neither the engine nor moto has the service."""
    text = f"This engine has no service {name}. {_ELSEWHERE}"
    return RefusedError("NotImplementedException", 501, text)


def no_operation(service: str, what: str) -> RefusedError:
    """The service is there, but does not have all that AWS's has."""
    text = f"The service {service} of this engine does not have {what}. {_ELSEWHERE}"
    return RefusedError("NotImplementedException", 501, text)


def failed(service: str, error: Exception, log: object) -> RefusedError:
    """The service failed, which is its own fault."""
    text = (
        f"The service {service} of this engine failed: {error!r}. While the engine runs, {log} "
        "says more."
    )
    return RefusedError("InternalFailure", 500, text)


def answer(refused: RefusedError) -> Response:
    """The answer to a call that is refused."""
    told = {"__type": refused.code, "message": str(refused)}
    headers = {REFUSED: refused.code}
    return Response(json.dumps(told), refused.status, headers, content_type="application/json")
