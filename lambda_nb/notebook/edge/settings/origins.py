"""Where a distribution gets its objects from: a bucket, a function, an API, any server."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from lambda_nb.notebook.connection.reach import Handle
from lambda_nb.notebook.errors import UsageError
from lambda_nb.notebook.web.address import address_of, function_url, named
from lambda_nb.projects.endpoint import is_aws

FORMS = "'s3://BUCKET', 'https://HOST', 'http://127.0.0.1:8000', or the handle of a function"

_NOT_THERE = {"404", "NoSuchBucket", "NotFound"}
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Source:
    """An origin, before a distribution has it.

    Attributes
    ----------
    item
        The origin, as a distribution's configuration has it; without an access control.
    kind
        What access control signs requests for; ``""``: nobody needs to be let in.
    bucket
        Its name, of ``s3``.
    function
        ``FunctionName`` and perhaps ``Qualifier``, of ``lambda``.
    lambda_client
        The client of the function's Region.
    """

    item: dict[str, Any]
    kind: Literal["s3", "lambda", ""] = ""
    bucket: str = ""
    function: dict[str, str] | None = None
    lambda_client: Any = None


def source(origin: Any, s3: Any) -> Source:
    """What an origin is, in the forms that a notebook writes it.

    Parameters
    ----------
    origin
        A URL, or the handle of a function.
    s3
        The client that knows the buckets.

    Raises
    ------
    UsageError
        It has another form; the bucket is not there; or CloudFront could never reach it.
    """
    if isinstance(origin, Handle):
        return _of_function(origin)
    text = str(origin)
    if isinstance(origin, str) and text.startswith("s3://"):
        return _of_bucket(text, s3)
    if isinstance(origin, str) and re.match(r"https?://", text):
        return Source(_server(text, on_aws=is_aws(s3)))
    raise UsageError(f"origin={origin!r} is no origin: give {FORMS}")


def _of_bucket(text: str, s3: Any) -> Source:
    bucket, _, prefix = text.removeprefix("s3://").partition("/")
    try:
        place = s3.head_bucket(Bucket=bucket)["ResponseMetadata"]["HTTPHeaders"]
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in _NOT_THERE:
            raise
        raise UsageError(
            f"origin={text!r}: there is no bucket {bucket!r}; "
            f"lambda_nb.client('s3').create_bucket(Bucket={bucket!r}) makes it"
        ) from None
    region = place.get("x-amz-bucket-region") or s3.meta.region_name
    path = f"/{prefix.strip('/')}" if prefix.strip("/") else ""
    return Source(
        {
            "Id": f"s3-{bucket}{path.replace('/', '-')}",
            "DomainName": f"{bucket}.s3.{region}.amazonaws.com",
            "OriginPath": path,
            "S3OriginConfig": {"OriginAccessIdentity": ""},
        },
        "s3",
        bucket,
    )


def _of_function(handle: Handle) -> Source:
    """A function's API if it has routes; otherwise its URL, made for CloudFront if it has none."""
    client = handle.clients.client()
    function = named(handle.name, handle.qualifier)
    url = function_url(client, function)
    if not url:
        try:
            return Source(_server(address_of(handle.clients, handle.name), on_aws=is_aws(client)))
        except UsageError:
            made = client.create_function_url_config(**function, AuthType="AWS_IAM")
            url = str(made["FunctionUrl"])
    item = _server(url, on_aws=is_aws(client))
    if client.get_function_url_config(**function)["AuthType"] == "NONE":
        return Source(item)
    return Source(item, "lambda", function=function, lambda_client=client)


def _server(url: str, *, on_aws: bool) -> dict[str, Any]:
    try:
        there = urlsplit(url)
        port = there.port
    except ValueError as error:
        raise UsageError(f"origin={url!r}: {error}") from None
    host = there.hostname or ""
    if not host or there.query or there.fragment:
        raise UsageError(f"origin={url!r}: give scheme, host and perhaps a path, no query")
    if on_aws and (host in ("localhost", "127.0.0.1", "::1") or host.endswith(".localhost")):
        raise UsageError(f"origin={url!r}: CloudFront on AWS cannot reach this machine")
    ports = {**_PORTS, there.scheme: port or _PORTS[there.scheme]}
    path = there.path.rstrip("/")
    name = f"{host}-{port}" if port else host
    return {
        "Id": re.sub(r"[^\w.-]", "-", f"{name}{path}"),
        "DomainName": f"[{host}]" if ":" in host else host,
        "OriginPath": path,
        "CustomOriginConfig": {
            "HTTPPort": ports["http"],
            "HTTPSPort": ports["https"],
            "OriginProtocolPolicy": f"{there.scheme}-only",
            "OriginSslProtocols": {"Quantity": 1, "Items": ["TLSv1.2"]},
        },
    }
