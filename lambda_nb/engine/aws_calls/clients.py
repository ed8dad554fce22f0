"""boto3 clients for the engine's own calls: to the neighbours, and to Lambda at its own URL."""

from __future__ import annotations

import asyncio
from typing import Any

from lambda_nb.engine import service_model
from lambda_nb.engine.aws_calls.endpoint import Endpoint
from lambda_nb.engine.aws_calls.service_directory import Directory, signing_name
from lambda_nb.engine.machine.call_threads import in_call_thread
from lambda_nb.engine.model import FetchFailed


class Clients:
    """Creates each client once, when it is first needed.

    Parameters
    ----------
    services
        The endpoints of the services.
    own_url
        The engine's URL, for calls to Lambda itself.
    keys
        Access key and secret of the engine's user.
    region
        The Region of all calls.
    """

    def __init__(
        self,
        services: Directory,
        own_url: str,
        keys: tuple[str, str],
        region: str,
    ) -> None:
        self._services = services
        self._own_url = own_url
        self._keys = keys
        self._region = region
        self._session: Any = None
        self._clients: dict[str, Any] = {}
        self._making = asyncio.Lock()  # boto3's sessions are not thread-safe

    async def __call__(self, service: str) -> Any:
        """The client of a service. Its calls block: make them in a thread."""
        async with self._making:
            if service not in self._clients:
                at = await self._address(service)
                self._clients[service] = await asyncio.to_thread(self._make, service, at)
            return self._clients[service]

    async def _address(self, service: str) -> Endpoint:
        if service == "lambda":
            return Endpoint(self._own_url)
        if not self._services.elsewhere:
            return await self._services(service)
        return await self._services(await asyncio.to_thread(signing_name, service))

    def _make(self, service: str, at: Endpoint) -> Any:
        # Imported late: it takes a quarter of a second, and not every engine needs it.
        from botocore.config import Config

        if self._session is None:
            self._session = service_model.session(self._keys, self._region)
        config = Config(
            s3={"addressing_style": "path"},
            max_pool_connections=50,
            inject_host_prefix=".amazonaws.com" in at.url,  # only AWS has such names as sync-states
        )
        told: dict[str, Any] = {"endpoint_url": at.url, "config": config}
        if at.keys is not None:
            told["aws_access_key_id"] = at.keys.access_key
            told["aws_secret_access_key"] = at.keys.secret_key
            told["aws_session_token"] = at.keys.token
        return at.reach(self._session.client(service, **told))


class ObjectReader:
    """Reads code from S3; implements :class:`~lambda_nb.engine.model.FetchObject`."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    async def __call__(self, bucket: str, key: str, version: str | None) -> bytes:
        """Return the object's bytes.

        Raises
        ------
        FetchFailed
            With S3's own code and message.
        """
        client = await self._clients("s3")
        return await in_call_thread(_read, client, bucket, key, version)


def _read(client: Any, bucket: str, key: str, version: str | None) -> bytes:
    from botocore.exceptions import BotoCoreError, ClientError

    asked = {"Bucket": bucket, "Key": key, **({"VersionId": version} if version else {})}
    try:
        content: bytes = client.get_object(**asked)["Body"].read()
    except ClientError as error:
        detail = error.response["Error"]
        raise FetchFailed(detail["Code"], detail["Message"]) from error
    except BotoCoreError as error:
        raise FetchFailed("ServiceUnavailable", str(error)) from error
    return content
