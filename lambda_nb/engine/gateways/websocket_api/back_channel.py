"""The way back to clients: ``/@connections/{connectionId}``, signed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import datetime, timezone
from urllib.parse import unquote

from lambda_nb.engine.api.admission.gate import Gate
from lambda_nb.engine.api.wire.http import HttpRequest, Reply
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.websocket_api.admission import signed_by
from lambda_nb.engine.gateways.websocket_api.connection import (
    NORMAL,
    BufferFull,
    Connection,
    Gone,
)
from lambda_nb.rules import quotas

_MOST = quotas.WEBSOCKET_MESSAGE_BYTES.value
_PATH = re.compile(r"/@connections/([^/]+)/?")
_CONNECTION_ID = re.compile(r"[A-Za-z0-9_-]{15}=")


def asked_for(path: str) -> str | None:
    """The connection id in a path below the stage; ``None`` if it is no way back.

    Examples
    --------
    >>> asked_for("/%40connections/L0SM9cOFvHcCIhw%3D")
    'L0SM9cOFvHcCIhw='
    """
    found = _PATH.fullmatch(unquote(path))
    return found[1] if found else None


class BackChannel:
    """Answers what backends ask of connections.

    Parameters
    ----------
    gate
        Checks signatures.
    connections
        Those that stand, by id.
    """

    def __init__(self, gate: Gate, connections: Mapping[str, Connection]) -> None:
        self._gate = gate
        self._connections = connections

    async def answer(self, api_id: str, stage: str, identifier: str, request: HttpRequest) -> Reply:
        """Answer one request about one connection.

        Raises
        ------
        AWSError
            What the caller gets.
        """
        body = await request.body(_MOST, _too_large)
        signed_by(self._gate, request, hashlib.sha256(body).hexdigest())
        if not _CONNECTION_ID.fullmatch(identifier):
            raise AWSError("BadRequestException", f"Invalid connectionId: {identifier}", 400)
        connection = self._connections.get(identifier)
        if (
            connection is None
            or connection.ending is not None
            or (connection.client.api_id, connection.client.stage) != (api_id, stage)
        ):
            raise _gone()
        if request.method == "POST":
            return await _post(connection, body)
        if request.method == "GET":
            return Reply(200, json.dumps(_shown(connection)).encode())
        if request.method == "DELETE":
            await connection.close(*NORMAL)
            return Reply(204)
        raise AWSError("ForbiddenException", "Forbidden", 403)


async def _post(connection: Connection, body: bytes) -> Reply:
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        message = f"Messages go to clients as text, but the data is no UTF-8: {error}"
        raise AWSError("BadRequestException", message, 400) from error
    try:
        await connection.post(text)
    except Gone as error:
        raise _gone() from error
    except BufferFull as error:
        text = "The client reads too slowly: its buffer is full"
        raise AWSError("LimitExceededException", text, 429) from error
    return Reply(200, b"")


def _shown(connection: Connection) -> dict[str, object]:
    client = connection.client
    identity = {"sourceIp": client.source_ip}
    if client.user_agent is not None:
        identity["userAgent"] = client.user_agent
    return {
        "connectedAt": _iso(connection.connected_ms),
        "identity": identity,
        "lastActiveAt": _iso(connection.active_ms),
    }


def _iso(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03}Z"


def fault(error: AWSError, request_id: str) -> Reply:
    """An error of the way back. A 410 has no body, as on AWS."""
    headers = [
        (b"x-amzn-RequestId", request_id.encode()),
        (b"x-amzn-ErrorType", error.code.encode()),
    ]
    body = json.dumps({"message": error.message}).encode() if error.message else b""
    return Reply(error.status, body, headers)


def _gone() -> AWSError:
    return AWSError("GoneException", "", 410)


def _too_large(size: int) -> AWSError:
    return AWSError("PayloadTooLargeException", "Message too long", 413)
