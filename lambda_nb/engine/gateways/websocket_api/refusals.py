"""What clients of WebSocket APIs get when something fails."""

from __future__ import annotations

import json

from lambda_nb.engine.api.wire.http import Reply

FORBIDDEN = "Forbidden"
UNAUTHORIZED = "Unauthorized"
NOT_AUTHORIZED = "User is not authorized to access this resource"
DENIED = f"{NOT_AUTHORIZED} with an explicit deny"
TOO_MANY = "Too Many Requests"
SERVER_ERROR = "Internal server error"
TIMED_OUT = "Endpoint request timed out"


class Refused(Exception):  # noqa: N818
    """A handshake or a message is refused.

    Parameters
    ----------
    status
        The HTTP status, for a handshake.
    message
        What the client is told.
    reason
        What went wrong, for logs; empty where there is no more to say.
    """

    def __init__(self, status: int, message: str, reason: str = "") -> None:
        super().__init__(reason or message)
        self.status = status
        self.message = message
        self.reason = reason


def told(message: str, connection_id: str, request_id: str) -> str:
    """The text for a client.

    Examples
    --------
    >>> told("Forbidden", "c=", "r=")
    '{"message": "Forbidden", "connectionId":"c=", "requestId":"r="}'
    """
    return (
        f'{{"message": {json.dumps(message)}, "connectionId":"{connection_id}", '
        f'"requestId":"{request_id}"}}'
    )


def reply_to(refused: Refused, connection_id: str, request_id: str) -> Reply:
    """The answer to a handshake."""
    body = told(refused.message, connection_id, request_id).encode()
    return Reply(refused.status, body, [(b"x-amzn-RequestId", request_id.encode())])
