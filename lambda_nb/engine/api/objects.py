"""Objects of the neighbours' S3, read for functions whose code lies there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from lambda_nb.engine.api.credentials import Credential
from lambda_nb.engine.model import FetchFailed


class ObjectReader:
    """Implements :class:`~lambda_nb.engine.model.FetchObject` over boto3.

    Parameters
    ----------
    url
        The neighbours' URL, once they answer.
    credential, region
        What requests are signed with.
    """

    def __init__(
        self, url: Callable[[], Awaitable[str]], credential: Credential, region: str
    ) -> None:
        self._url = url
        self._credential = credential
        self._region = region
        self._client: Any = None

    async def __call__(self, bucket: str, key: str, version: str | None) -> bytes:
        """Return the object's bytes.

        Raises
        ------
        FetchFailed
            With S3's own code and message.
        """
        url = await self._url()
        return await asyncio.to_thread(self._read, url, bucket, key, version)

    def _read(self, url: str, bucket: str, key: str, version: str | None) -> bytes:
        # Imported late: a quarter of a second that only code in S3 should cost.
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError

        if self._client is None:
            self._client = boto3.client(
                "s3",
                endpoint_url=url,
                region_name=self._region,
                aws_access_key_id=self._credential.access_key,
                aws_secret_access_key=self._credential.secret_key,
                config=Config(s3={"addressing_style": "path"}),
            )
        asked = {"Bucket": bucket, "Key": key, **({"VersionId": version} if version else {})}
        try:
            content: bytes = self._client.get_object(**asked)["Body"].read()
        except ClientError as error:
            detail = error.response["Error"]
            raise FetchFailed(detail["Code"], detail["Message"]) from error
        except BotoCoreError as error:
            raise FetchFailed("ServiceUnavailable", str(error)) from error
        return content
