"""The HTML pages that a website shows for errors, as S3 writes them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from html import escape
from http import HTTPStatus

from lambda_nb.engine.api.wire.http import Header, Reply


class SiteError(Exception):
    """An error of a website; ``detail`` has what else S3 tells, such as the key."""

    def __init__(
        self, status: int, code: str, message: str, detail: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.detail = dict(detail or {})


def access_denied() -> SiteError:
    """The object is not public."""
    return SiteError(403, "AccessDenied", "Access Denied")


def no_such_key(key: str) -> SiteError:
    """There is no such object."""
    return SiteError(404, "NoSuchKey", "The specified key does not exist.", {"Key": key})


def no_such_bucket(bucket: str) -> SiteError:
    """There is no such bucket."""
    text = "The specified bucket does not exist"
    return SiteError(404, "NoSuchBucket", text, {"BucketName": bucket})


def no_website(bucket: str) -> SiteError:
    """The bucket is no website."""
    text = "The specified bucket does not have a website configuration"
    return SiteError(404, "NoSuchWebsiteConfiguration", text, {"BucketName": bucket})


def method_not_allowed(method: str) -> SiteError:
    """A website can only be read."""
    text = "The specified method is not allowed against this resource."
    return SiteError(405, "MethodNotAllowed", text, {"Method": method, "ResourceType": "OBJECT"})


def page(error: SiteError, request_id: str, without_document: SiteError | None = None) -> Reply:
    """The page of an error.

    Parameters
    ----------
    without_document
        Why the website's own error document cannot be shown, if it has one.
    """
    title = f"{error.status} {HTTPStatus(error.status).phrase}"
    host_id = base64.b64encode(hashlib.sha256(request_id.encode()).digest()).decode()
    told = {**_told(error), "RequestId": request_id, "HostId": host_id}
    lines = ["<html>", f"<head><title>{title}</title></head>", "<body>", f"<h1>{title}</h1>"]
    lines += _listed(told)
    if without_document is not None:
        lines.append(
            "<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>"
        )
        lines += _listed(_told(without_document))
    lines += ["<hr/>", "</body>", "</html>", ""]
    return Reply(
        error.status,
        "\n".join(lines).encode(),
        [*headers(error), (b"x-amz-request-id", request_id.encode())],
        b"text/html; charset=utf-8",
    )


def headers(error: SiteError) -> list[Header]:
    """The headers in which S3 tells an error, beside its page."""
    told = {
        "x-amz-error-code": error.code,
        "x-amz-error-message": error.message,
        **{f"x-amz-error-detail-{name}": value for name, value in error.detail.items()},
    }
    return [
        (name.encode(), value.encode("ascii", "backslashreplace"))
        for name, value in told.items()
        if value.isprintable()
    ]


def _told(error: SiteError) -> dict[str, str]:
    return {"Code": error.code, "Message": error.message, **error.detail}


def _listed(told: dict[str, str]) -> list[str]:
    items = [f"<li>{name}: {escape(value)}</li>" for name, value in told.items()]
    return ["<ul>", *items, "</ul>"]
