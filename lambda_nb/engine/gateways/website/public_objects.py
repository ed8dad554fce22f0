"""Public objects of S3 for those who do not sign: a picture in a page, a download, a stored URL."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, unquote

from lambda_nb.engine.api.admission import signature_v2
from lambda_nb.engine.api.admission.host_names import path_with_bucket, service_in
from lambda_nb.engine.api.admission.signature_v4 import claimed_service
from lambda_nb.engine.api.faults import neighbour_fault
from lambda_nb.engine.api.lambda_api.routing import looks_like_lambda
from lambda_nb.engine.api.wire.http import Header, HttpRequest, Reply, Send
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.website.bucket import PublicBucket
from lambda_nb.engine.gateways.website.content import Content
from lambda_nb.engine.gateways.website.error_pages import SiteError, access_denied
from lambda_nb.engine.gateways.website.gateway import Connect
from lambda_nb.engine.machine.call_threads import in_call_thread

_BUCKET = re.compile(r"[A-Za-z0-9._-]{3,63}")
_OURS = ("/_lambda_nb/", "/snapshots/", "/moto-api/")
# With one of these a request is for something else than the object, or has to be signed.
_OTHER_THINGS = frozenset(
    {
        *("acl", "attributes", "legal-hold", "partNumber", "restore", "retention", "select"),
        *("tagging", "torrent", "uploadId", "uploads", "versionId", "Action"),
    }
)


class PublicObjectsDoor:
    """Answers unsigned requests that read an object; without it, all of them were refused.

    Parameters
    ----------
    connect
        Returns clients of S3.
    """

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    def takes(self, request: HttpRequest) -> bool:
        """Whether a request may be for a public object."""
        if request.method not in ("GET", "HEAD") or "authorization" in request.headers:
            return False
        path = request.path
        if looks_like_lambda(path) or path.startswith(_OURS):
            return False
        query = request.query
        return (
            _object_of(request) is not None
            and claimed_service(request.headers, query) is None
            and signature_v2.access_key(query) is None
            and service_in(request.headers.get("host", "")) is None
            and not _is_for_something_else(query)
        )

    async def answer(self, request: HttpRequest, request_id: str, send: Send) -> None:
        """Answer one request."""
        found = _object_of(request)
        assert found is not None
        client = await self._connect("s3")
        content, cors = await in_call_thread(_read, client, *found, request)
        await content.send(cors, request_id, send)

    def fault(self, error: AWSError, request: HttpRequest, request_id: str) -> Reply:
        """What the caller gets for an error."""
        return neighbour_fault(error, "s3", request, request_id)


def _object_of(request: HttpRequest) -> tuple[str, str] | None:
    """The bucket and the key that a request names."""
    path = path_with_bucket(request.path, request.headers.get("host", ""))
    bucket, _, key = path[1:].partition("/")
    return (bucket, unquote(key)) if key and _BUCKET.fullmatch(bucket) else None


def _is_for_something_else(query: str) -> bool:
    names = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
    return bool(names & _OTHER_THINGS) or any(name.startswith("response-") for name in names)


def _read(client: Any, name: str, key: str, request: HttpRequest) -> tuple[Content, list[Header]]:
    from botocore.exceptions import BotoCoreError

    try:
        bucket = PublicBucket.of(client, name)
        try:
            return bucket.read(key, request), bucket.cors(request)
        except SiteError as error:
            if error.code == "NoSuchKey" and not bucket.may_be_listed(request):
                raise access_denied() from error  # whether it exists is nobody's business
            raise
    except SiteError as error:
        if error.code == "NoSuchBucket":  # so that a stranger is refused at every path
            error = access_denied()
        raise AWSError(error.code, error.message, error.status) from error
    except BotoCoreError as error:
        raise AWSError("ServiceUnavailable", f"S3 does not answer: {error}", 503) from error
