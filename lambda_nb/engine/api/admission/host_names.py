"""What a Host says of a request to an API of AWS: a bucket of S3, or a service and its Region.

Signed requests say the service and the Region in their signature, but not the bucket.
"""

from __future__ import annotations

import re

_HERE = r"localhost(?:\.localstack\.cloud)?"
_AT_AWS = r"amazonaws\.com(?:\.cn)?"
_REGION = r"[a-z]{2,4}(?:-[a-z]+)+-\d+"
_OF_S3 = rf"s3(?:[.-]{_REGION}|\.dualstack\.{_REGION}|-accelerate(?:\.dualstack)?)?"
_BY_PATH = re.compile(rf"(?:{_OF_S3}\.)?(?:{_HERE}|{_AT_AWS})")
_BY_HOST = (
    re.compile(rf"(?P<bucket>.+)\.{_OF_S3}\.(?:{_HERE}|{_AT_AWS})"),
    re.compile(rf"(?P<bucket>.+)\.{_HERE}"),
)
_SERVICE = re.compile(
    rf"(?P<service>[a-z0-9-]+)\.(?P<region>{_REGION})\.(?:{_HERE}|{_AT_AWS})"
    rf"|(?P<region_1>{_REGION})\.(?P<service_1>queue)\.{_AT_AWS}"
    rf"|(?P<service_2>[a-z0-9-]+)\.{_AT_AWS}"
)
_SIGNING = {"queue": "sqs", "email": "ses"}


def host_name(host: str) -> str:
    """The name in a Host header: in lower case, without a port or the root's dot.

    Examples
    --------
    >>> host_name("WWW.Example.com.:80"), host_name("[::1]:80")
    ('www.example.com', '[::1]')
    """
    if host.startswith("["):  # an address of IPv6
        return host.partition("]")[0] + "]"
    return host.partition(":")[0].lower().removesuffix(".")


def bucket_in(host: str) -> str | None:
    """The bucket that the Host of a request to S3 names.

    Empty if the path begins with the bucket; ``None`` for a name that is not S3's.

    Examples
    --------
    >>> [bucket_in(host) for host in ("b.s3.eu-west-1.amazonaws.com", "b.c.s3.localhost:4571")]
    ['b', 'b.c']
    >>> bucket_in("b.localhost"), bucket_in("s3.us-east-1.amazonaws.com"), bucket_in("127.0.0.1")
    ('b', '', None)
    """
    name = host_name(host)
    if _BY_PATH.fullmatch(name):
        return ""
    for pattern in _BY_HOST:
        found = pattern.fullmatch(name)
        if found is not None:
            return found["bucket"]
    return None


def path_with_bucket(path: str, host: str) -> str:
    """The path of a request to S3 as if its Host named no bucket.

    Examples
    --------
    >>> path_with_bucket("/k", "b.s3.amazonaws.com"), path_with_bucket("/b/k", "localhost")
    ('/b/k', '/b/k')
    """
    bucket = bucket_in(host)
    return f"/{bucket}{path}" if bucket else path


def service_in(host: str) -> tuple[str, str] | None:
    """The service, as signatures call it, and the Region (or nothing) that a Host names.

    ``None`` for S3, whose names are those of buckets too.

    Examples
    --------
    >>> service_in("sqs.eu-west-1.localhost.localstack.cloud:4566")
    ('sqs', 'eu-west-1')
    >>> service_in("iam.amazonaws.com"), service_in("b.s3.amazonaws.com"), service_in("localhost")
    (('iam', ''), None, None)
    """
    name = host_name(host)
    found = _SERVICE.fullmatch(name)
    if found is None or _BY_PATH.fullmatch(name):
        return None
    service = found["service"] or found["service_1"] or found["service_2"]
    return _SIGNING.get(service, service), found["region"] or found["region_1"] or ""
