"""The OpenAPI document that an API's properties give: in the template, or as an object of S3."""

from __future__ import annotations

import json
from collections.abc import Mapping

from lambda_nb.engine.stacks.model import Properties, Refused
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import given


def definition_of(context: Context, properties: Properties) -> bytes | None:
    """The document of ``Body`` or ``BodyS3Location``; ``None`` if neither is given.

    Raises
    ------
    Refused
        Both are given, or the object is another than ``ETag`` says.
    botocore.exceptions.ClientError
        There is no such object.
    """
    body, location = properties.get("Body"), properties.get("BodyS3Location")
    if body is not None and location is not None:
        raise Refused("Give Body or BodyS3Location, not both.", "InvalidRequest")
    if location is not None:
        return _read(context, location)
    if body is None:
        return None
    return (body if isinstance(body, str) else json.dumps(body)).encode()


def _read(context: Context, location: Mapping[str, str]) -> bytes:
    found = context.client("s3").get_object(
        **given(
            Bucket=location.get("Bucket"),
            Key=location.get("Key"),
            VersionId=location.get("Version"),
        )
    )
    with found["Body"] as stream:
        content: bytes = stream.read()
    expected = str(location.get("Etag", location.get("ETag", ""))).strip('"')
    if expected and expected != found["ETag"].strip('"'):
        raise Refused(
            f"The ETag of s3://{location.get('Bucket')}/{location.get('Key')} is {found['ETag']}, "
            f"not {expected}: the object was replaced.",
            "InvalidRequest",
        )
    return content
