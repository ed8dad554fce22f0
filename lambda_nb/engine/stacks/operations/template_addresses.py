"""Where a template lies: the bucket and the key that a ``TemplateURL`` names."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

from lambda_nb.engine.stacks.model import validation_error

_REGION = r"[a-z]{2,4}(?:-[a-z]+)+-\d+"
_BY_PATH = re.compile(
    rf"s3(?:[.-](?:dualstack\.)?{_REGION})?\.(?:amazonaws\.com(?:\.cn)?|localhost(?:\.localstack\.cloud)?)"
    r"|localhost\.localstack\.cloud|host\.docker\.internal"
    r"|\d+\.\d+\.\d+\.\d+|[\da-f:.]*:[\da-f:.]*"
    r"|[\w-]+"  # the engine by its name in a network of containers, or localhost
)
_BY_HOST = re.compile(
    rf"(?P<bucket>.+?)\.(?:s3(?:[.-](?:dualstack\.)?{_REGION})?\.)?"
    r"(?:amazonaws\.com(?:\.cn)?|localhost(?:\.localstack\.cloud)?)"
)

_HERE = re.compile(
    r"""(\b(?:TemplateURL|Location)["']?\s*:\s*["']?)"""
    r"https?://(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?/"
    r"""(?=[^\s"']+\.template\b)"""  # as the SAM CLI and the AWS CLI name what they upload
)


class Address(NamedTuple):
    """An object of S3, and the version of it, if one was named."""

    bucket: str
    key: str
    version: str | None = None


def parsed(url: str) -> Address:
    """The object that a URL names.

    Raises
    ------
    AWSError
        ``ValidationError``: it names none.

    Examples
    --------
    >>> parsed("https://s3.amazonaws.com/b/dir/t.yaml")
    Address(bucket='b', key='dir/t.yaml', version=None)
    >>> parsed("https://b.s3.eu-west-1.amazonaws.com/t.yaml?versionId=3")
    Address(bucket='b', key='t.yaml', version='3')
    >>> parsed("http://127.0.0.1:4571/b/t.yaml") == parsed("s3://b/t.yaml")
    True
    """
    try:
        parts = urlsplit(url)
        path = unquote(parts.path, errors="strict").lstrip("/")
    except ValueError as error:
        raise validation_error(f"TemplateURL must be a URL: {url!r} is none ({error}).") from None
    version = parse_qs(parts.query).get("versionId", [None])[0]
    if parts.scheme == "s3":
        found = Address(parts.netloc, path, version)
    elif parts.scheme not in ("http", "https"):
        raise validation_error(
            f"TemplateURL must be a supported URL: {url!r} does not begin with https://, http:// "
            "or s3://."
        )
    else:
        found = _in_s3(parts.hostname or "", path, version, url)
    if not found.bucket or not found.key:
        raise validation_error(
            f"TemplateURL must name a bucket of Amazon S3 and an object in it: {url!r} does not."
        )
    return found


def as_on_aws(template: str) -> str:
    """A template's text whose nested templates in the engine's S3 have AWS's address.

    Programs that upload them write the engine's own address, and the SAM CLI, which wrote it,
    cannot read it: ``sam delete`` knows ``https://s3`` alone.

    Examples
    --------
    >>> as_on_aws("TemplateURL: http://127.0.0.1:4571/b/k.template")
    'TemplateURL: https://s3.amazonaws.com/b/k.template'
    >>> as_on_aws('{"Location": "http://localhost:4571/b/k.template"}')
    '{"Location": "https://s3.amazonaws.com/b/k.template"}'
    >>> as_on_aws("Location: http://127.0.0.1:4571/b/page.html")
    'Location: http://127.0.0.1:4571/b/page.html'
    """
    return _HERE.sub(r"\1https://s3.amazonaws.com/", template)


def _in_s3(host: str, path: str, version: str | None, url: str) -> Address:
    if _BY_PATH.fullmatch(host):
        bucket, _, key = path.partition("/")
        return Address(bucket, key, version)
    named = _BY_HOST.fullmatch(host)
    if named is None:
        raise validation_error(
            f"TemplateURL must reference a valid S3 object to which you have access: {url!r} is "
            "no address of Amazon S3."
        )
    return Address(named["bucket"], path, version)
