"""The link that a confirmation request has (``enableUrl``): whoever follows it confirms."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import parse_qs

from lambda_nb.engine.api.admission.signature_v4 import claimed_service
from lambda_nb.engine.api.wire.http import HttpRequest, Reply, Send
from lambda_nb.engine.aws_calls.upstream import TooSlow, Unreachable, Upstream
from lambda_nb.engine.errors import AWSError

PATH = "/confirmdestination/"
_TIMEOUT_S = 30.0


def link(own_url: str, token: str, region: str) -> str:
    """The address that confirms a destination; AWS has the Region in its host."""
    return f"{own_url}{PATH}{token}?region={region}"


class ConfirmationDoor:
    """Confirms topic rule destinations for requests without a signature: the token is the proof.

    Parameters
    ----------
    upstream
        Makes the signed call.
    home
        The Region of links that name none.
    """

    def __init__(self, upstream: Callable[[], Upstream], home: str) -> None:
        self._upstream = upstream
        self._home = home

    def takes(self, request: HttpRequest) -> bool:
        """Whether somebody follows such a link."""
        unsigned = claimed_service(request.headers, request.query) is None
        return unsigned and request.method == "GET" and request.path.startswith(PATH)

    async def answer(self, request: HttpRequest, request_id: str, send: Send) -> None:
        """Confirm the destination.

        Raises
        ------
        AWSError
            There is none that waits for this token.
        """
        region = parse_qs(request.query).get("region", [self._home])[0]
        try:
            answer = await self._upstream().call_service(
                "iot", region, "GET", request.path, {}, b"", _TIMEOUT_S
            )
        except (Unreachable, TooSlow) as error:
            raise AWSError("ServiceUnavailableException", str(error), 503) from error
        await Reply(answer.status, answer.body).send(send)

    def fault(self, error: AWSError, request: HttpRequest, request_id: str) -> Reply:
        """What the caller gets for an error."""
        headers = [
            (b"x-amzn-RequestId", request_id.encode()),
            (b"x-amzn-ErrorType", error.code.encode()),
        ]
        return Reply(error.status, json.dumps({"message": error.message}).encode(), headers)
