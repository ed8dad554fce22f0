"""Signed calls with AWS's JSON protocol, on the engine's event loop.

A poll waits for seconds: with boto3 each would hold a thread. The response is the service's own
JSON, and events are made from it without a conversion to Python's types.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from lambda_nb.engine.aws_calls.as_a_service import HEADER
from lambda_nb.engine.aws_calls.embedded import EmbeddedCalls
from lambda_nb.engine.aws_calls.endpoint import Endpoint, Keys
from lambda_nb.engine.aws_calls.service_directory import Directory

# Target prefix, version of the JSON protocol, name in the signature.
_PROTOCOLS = {
    "sqs": ("AmazonSQS", "1.0", "sqs"),
    "kinesis": ("Kinesis_20131202", "1.1", "kinesis"),
    "dynamodbstreams": ("DynamoDBStreams_20120810", "1.0", "dynamodb"),
    "events": ("AWSEvents", "1.1", "events"),
}

_PATIENCE_S = 60


class CallError(Exception):
    """A service refused a call: ``code`` and ``message`` are the service's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Calls:
    """Makes calls to SQS, Kinesis, DynamoDB Streams and EventBridge.

    Parameters
    ----------
    services
        Their endpoints.
    keys
        Access key and secret for endpoints without keys.
    """

    def __init__(self, services: Directory, keys: tuple[str, str]) -> None:
        self._services = services
        self._keys = Keys(*keys)
        self._sessions: dict[Endpoint, aiohttp.ClientSession] = {}
        self._embedded = EmbeddedCalls()

    async def __call__(
        self,
        service: str,
        region: str,
        operation: str,
        request: Mapping[str, Any],
        *,
        as_a_service: bool = False,
    ) -> dict[str, Any]:
        """Make one call; returns the parsed response.

        ``as_a_service``: a service of AWS makes it, which only the embedded services can be told.

        Raises
        ------
        CallError
            If the service refuses, or cannot be reached (``Unreachable``).
        """
        target, version, name = _PROTOCOLS[service]
        endpoint = await self._services(name)
        url = endpoint.url + "/"
        body = json.dumps(request).encode()
        headers = {
            "Content-Type": f"application/x-amz-json-{version}",
            "X-Amz-Target": f"{target}.{operation}",
        }
        keys = endpoint.keys or self._keys
        if endpoint.socket is not None:
            if as_a_service:
                headers[HEADER] = "yes"
            headers["Host"] = urlsplit(url).netloc
            headers["Authorization"] = keys.scope(name, region)
            return await self._call_embedded(endpoint.socket, headers, body)
        signed = keys.sign(name, region, "POST", url, headers, body)
        try:
            session = self._session(endpoint)
            async with session.post(url, data=body, headers=signed) as reply:
                content = await reply.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise CallError("Unreachable", f"{endpoint} {error!r}") from error
        return _answer(reply.status, content)

    async def _call_embedded(
        self, path: str, headers: Mapping[str, str], body: bytes
    ) -> dict[str, Any]:
        async def call() -> dict[str, Any]:
            async with self._embedded(path, "POST", "/", headers, body) as answer:
                return _answer(answer.status, await answer.read())

        try:
            return await asyncio.wait_for(call(), _PATIENCE_S)
        except (OSError, asyncio.TimeoutError) as error:
            raise CallError("Unreachable", f"unix:{path} {error!r}") from error

    def _session(self, endpoint: Endpoint) -> aiohttp.ClientSession:
        if endpoint not in self._sessions:
            self._sessions[endpoint] = aiohttp.ClientSession(
                connector=endpoint.connector(), timeout=aiohttp.ClientTimeout(total=_PATIENCE_S)
            )
        return self._sessions[endpoint]

    async def close(self) -> None:
        """Close the connections."""
        await self._embedded.close()
        for session in self._sessions.values():
            await session.close()


def _answer(status: int, content: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(content or b"{}")
    except ValueError as error:
        raise CallError(str(status), content[:200].decode("utf-8", "replace")) from error
    if status >= 300:
        code = str(answer.get("__type", status)).rpartition("#")[2]
        raise CallError(code, str(answer.get("message") or answer.get("Message") or ""))
    assert isinstance(answer, dict)
    return answer
