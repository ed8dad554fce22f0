"""Reads templates, policies and parts of templates that lie in S3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.operations import template_addresses
from lambda_nb.engine.stacks.templates import quotas

_MORE = (
    "For more information check http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
)


class Reader:
    """Reads texts in S3.

    Parameters
    ----------
    connect
        Returns boto3's client of S3.
    """

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = connect

    def __call__(self, url: str) -> str:
        """The text at an address.

        Parameters
        ----------
        url
            In any form that S3 has; ``s3://BUCKET/KEY`` too.

        Raises
        ------
        AWSError
            ``ValidationError``: it cannot be read, is too long, or is no text.
        """
        # Imported late: botocore takes a moment, and most engines read no template from S3.
        from botocore.exceptions import BotoCoreError, ClientError

        address = template_addresses.parsed(url)
        asked = {"Bucket": address.bucket, "Key": address.key}
        if address.version is not None:
            asked["VersionId"] = address.version
        try:
            answer = self._connect().get_object(**asked)
            size = answer["ContentLength"]
            if size > quotas.MOST_TEMPLATE_BYTES:
                answer["Body"].close()
                raise validation_error(
                    f"Template may not exceed {quotas.MOST_TEMPLATE_BYTES} bytes in size: {url} "
                    f"has {size}."
                )
            content = answer["Body"].read()
        except ClientError as error:
            told = error.response["Error"]
            code, text = told["Code"], told.get("Message")
            raise validation_error(f"S3 error: {text} ({code}, {url})\n{_MORE}") from error
        except BotoCoreError as error:  # no bucket and no key may be called so
            raise validation_error(
                f"TemplateURL must reference a valid S3 object to which you have access: {url!r} "
                f"names none. {error}"
            ) from error
        try:
            return str(content.decode())
        except UnicodeDecodeError:
            raise validation_error(f"Template format error: {url} is not UTF-8 text.") from None
