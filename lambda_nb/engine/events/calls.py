"""Signed calls of AWS's JSON protocol, on the engine's loop.

Polling parks a request for seconds: with boto3 each would hold a thread. What comes back is the
service's own JSON, from which events are made without a detour through Python's types.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp

from lambda_nb.engine.endpoint import Endpoint

# Target prefix, version of the JSON protocol, name in the signature.
_PROTOCOLS = {
    "sqs": ("AmazonSQS", "1.0", "sqs"),
    "kinesis": ("Kinesis_20131202", "1.1", "kinesis"),
    "dynamodbstreams": ("DynamoDBStreams_20120810", "1.0", "dynamodb"),
}


class CallError(Exception):
    """A service refused a call: ``code`` and ``message`` are its own words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Calls:
    """Makes calls to SQS, Kinesis and DynamoDB Streams.

    Parameters
    ----------
    endpoint
        Where the services answer, once they do.
    keys
        Access key and secret.
    """

    def __init__(self, endpoint: Callable[[], Awaitable[Endpoint]], keys: tuple[str, str]) -> None:
        self._endpoint = endpoint
        self._keys = keys
        self._session: aiohttp.ClientSession | None = None

    async def __call__(
        self, service: str, region: str, operation: str, request: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Make one call; its answer, parsed.

        Raises
        ------
        CallError
            If the service refuses, or cannot be reached (``Unreachable``).
        """
        target, version, name = _PROTOCOLS[service]
        endpoint = await self._endpoint()
        url = endpoint.url + "/"
        body = json.dumps(request).encode()
        headers = {
            "Content-Type": f"application/x-amz-json-{version}",
            "X-Amz-Target": f"{target}.{operation}",
        }
        signed = self._signed(url, body, headers, name, region)
        try:
            if self._session is None:
                timeout = aiohttp.ClientTimeout(total=60)
                self._session = aiohttp.ClientSession(
                    connector=endpoint.connector(), timeout=timeout
                )
            async with self._session.post(url, data=body, headers=signed) as reply:
                content = await reply.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise CallError("Unreachable", f"{endpoint} {error!r}") from error
        return _answer(reply.status, content)

    def _signed(
        self, url: str, body: bytes, headers: Mapping[str, str], name: str, region: str
    ) -> dict[str, str]:
        # Imported late: an engine without mappings never needs it.
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        request = AWSRequest("POST", url, data=body, headers=dict(headers))
        SigV4Auth(Credentials(*self._keys), name, region).add_auth(request)
        return dict(request.headers.items())

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


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
