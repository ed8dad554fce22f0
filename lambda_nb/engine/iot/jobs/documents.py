"""Job documents: where they come from, and what devices get of them."""

from __future__ import annotations

import json
import re
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from lambda_nb.engine.model import FetchFailed, FetchObject
from lambda_nb.rules.iot.job_executions import JobError

LARGEST = 32_768
"""Bytes of a job document (botocore's model of iot, JobDocument)."""

PRESIGNED_S = 3600
"""Seconds for which a link is valid, if the job does not say (apireference, PresignedUrlConfig)."""

_PLACEHOLDER = re.compile(r"\$\{aws:iot:s3-presigned-url(?:-v2)?:([^}]+)\}")
_PARAMETER = re.compile(r"\$\{aws:iot:parameter:[^}]+\}")


class Presign(Protocol):
    """Makes a link to an object of S3 that needs no signature of its own."""

    def __call__(self, bucket: str, key: str, expires_s: int) -> str:
        """The link."""


async def fetch(fetch_object: FetchObject, source: str) -> str:
    """Read a job document from S3.

    Parameters
    ----------
    fetch_object
        Reads objects.
    source
        ``documentSource``: an object's URL.

    Raises
    ------
    JobError
        ``InvalidRequest``: it is no such URL, or the object cannot be read.
    """
    bucket, key = place(source)
    try:
        content = await fetch_object(bucket, key, None)
        return content.decode()
    except FetchFailed as error:
        text = f"The job document {source} cannot be read: {error.code}: {error.message}"
        raise JobError("InvalidRequest", text) from error
    except UnicodeDecodeError:
        raise JobError("InvalidRequest", f"The job document {source} is not UTF-8.") from None


def check(document: str, presigned: dict[str, Any] | None, *, can_presign: bool) -> None:
    """Check a job document.

    Raises
    ------
    JobError
        ``InvalidRequest``.
    """
    if len(document.encode()) > LARGEST:
        raise JobError("InvalidRequest", f"A job document has at most {LARGEST} bytes.")
    try:
        json.loads(document)
    except (ValueError, RecursionError):
        raise JobError("InvalidRequest", "The job document is not valid JSON.") from None
    if _PARAMETER.search(document):
        text = "lambda_nb has no managed templates: a job document has no ${aws:iot:parameter:...}."
        raise JobError("InvalidRequest", text)
    links = _PLACEHOLDER.findall(document)
    for source in links:
        place(source)
    if links and not (presigned or {}).get("roleArn"):
        text = "presignedUrlConfig with a roleArn is required by the placeholders of the document."
        raise JobError("InvalidRequest", text)
    if links and not can_presign:
        text = "Presigned URLs need the S3 that runs in lambda_nb; S3 is elsewhere here."
        raise JobError("InvalidRequest", text)


def for_device(document: str, presigned: dict[str, Any] | None, presign: Presign | None) -> str:
    """A job document with links in the place of its placeholders."""
    if presign is None:
        return document
    expires_s = int((presigned or {}).get("expiresInSec") or PRESIGNED_S)

    def link(found: re.Match[str]) -> str:
        bucket, key = place(found[1])
        return json.dumps(presign(bucket, key, expires_s))[1:-1]

    return _PLACEHOLDER.sub(link, document)


def place(url: str) -> tuple[str, str]:
    """Bucket and key of an object's URL.

    Raises
    ------
    JobError
        ``InvalidRequest``: it is none.
    """
    parts = urlsplit(url)
    path = unquote(parts.path).lstrip("/")
    host = (parts.hostname or "").split(".")
    if parts.scheme == "s3":
        bucket, key = parts.netloc, path
    elif host[0] == "s3" or host[0].startswith("s3-") or "amazonaws" not in host:
        bucket, _, key = path.partition("/")
    else:
        before_s3 = next((n for n, part in enumerate(host) if part.startswith("s3")), 1)
        bucket, key = ".".join(host[:before_s3]), path
    if parts.scheme not in ("http", "https", "s3") or not bucket or not key:
        raise JobError("InvalidRequest", f"'{url}' is not the URL of an object of S3.")
    return bucket, key
