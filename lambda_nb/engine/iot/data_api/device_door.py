"""Finds the HTTPS requests of devices: with a certificate or a custom authorizer, not signed."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from lambda_nb.engine.api.admission.signature_v4 import claimed_service
from lambda_nb.engine.api.wire.http import HttpRequest, Reply, Send
from lambda_nb.engine.errors import AWSError

if TYPE_CHECKING:
    from lambda_nb.engine.iot.data_api.device_requests import DeviceRequests

_PATHS = ("/topics/", "/things/", "/retainedMessage", "/api/things/shadow/")
_AUTHORIZER = "x-amz-customauthorizer-name"


class DeviceHttpDoor:
    """Finds which requests are those of devices.

    Parameters
    ----------
    requests
        What answers them; asked for with the first one.
    """

    def __init__(self, requests: Callable[[HttpRequest], Awaitable[DeviceRequests]]) -> None:
        self._requests = requests

    def takes(self, request: HttpRequest) -> bool:
        """Whether a device sent it: unsigned, with a certificate or an authorizer's name."""
        if not request.path.startswith(_PATHS):
            return False
        if claimed_service(request.headers, request.query) is not None:
            return False
        if request.certificate is not None or _AUTHORIZER in request.headers:
            return True
        return _AUTHORIZER in urllib.parse.parse_qs(request.query)

    async def answer(self, request: HttpRequest, request_id: str, send: Send) -> None:
        """Answer it."""
        await (await self._requests(request)).answer(request, request_id, send)

    def fault(self, error: AWSError, request: HttpRequest, request_id: str) -> Reply:
        """What the device gets for an error."""
        headers = [
            (b"x-amzn-RequestId", request_id.encode()),
            (b"x-amzn-ErrorType", error.code.encode()),
        ]
        body = {"message": error.message, "traceId": error.fields.get("traceId", request_id)}
        return Reply(error.status, json.dumps(body).encode(), headers)
