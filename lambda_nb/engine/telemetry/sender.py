"""One HTTP session to a service that takes log lines or metrics.

Calls are made with aiohttp on the engine's loop; through botocore a batch would cost ten times the
processor time.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

import aiohttp

from lambda_nb.engine.aws_calls.endpoint import Endpoint, NotStartedError

CLOSE_WITHIN_S = 5.0
"""Seconds that sending what is left may take when the engine ends."""

_SCOPE = (
    "AWS4-HMAC-SHA256 Credential=lambda-nb/20260101/{region}/{service}/aws4_request, "
    "SignedHeaders=host, Signature=0"
)
"""Tells an AWS-compatible endpoint which service is meant; nobody on loopback checks it."""


class RefusedError(RuntimeError):
    """The neighbours will never take this call, however often it is made."""


class Sender:
    """One HTTP session to a service."""

    def __init__(self, neighbours: Callable[[], Endpoint], region: str) -> None:
        self._neighbours = neighbours
        self._region = region
        self._session: aiohttp.ClientSession | None = None

    async def post(self, service: str, headers: Mapping[str, str], body: bytes) -> None:
        """Make one call; that something exists already is no error."""
        at = self._neighbours()
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=at.connector(), timeout=aiohttp.ClientTimeout(total=60)
            )
        url = at.url + "/"
        if at.keys is not None:
            signed = at.keys.sign(service, self._region, "POST", url, headers, body)
        else:
            scope = _SCOPE.format(region=self._region, service=service)
            signed = {"Authorization": scope, **headers}
        async with self._session.post(url, data=body, headers=signed) as reply:
            text = await reply.text()
            if reply.status >= 300 and "AlreadyExists" not in text:
                final = reply.status == 400 and "Throttl" not in text
                raise (RefusedError if final else RuntimeError)(
                    f"{service} answered {reply.status}: {text[:300]}"
                )

    async def logs(self, operation: str, payload: Mapping[str, Any]) -> None:
        """Make one call of CloudWatch Logs."""
        headers = {
            "X-Amz-Target": f"Logs_20140328.{operation}",
            "Content-Type": "application/x-amz-json-1.1",
        }
        await self.post("logs", headers, json.dumps(payload).encode())

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()


def level(error: BaseException) -> int:
    """How loudly to say that sending failed: that the neighbours still start is no news."""
    return logging.DEBUG if isinstance(error, NotStartedError) else logging.WARNING
