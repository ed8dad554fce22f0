"""Answers CORS preflights for S3: by its bucket's rules, may a page make the request?

A preflight carries no signature, so it is not passed on. The engine reads the rules with its own
signature and answers here. The request that follows is signed, as a presigned link is.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from fnmatch import translate
from typing import Any
from urllib.parse import unquote

from lambda_nb.engine.api.admission.host_names import path_with_bucket
from lambda_nb.engine.api.wire.http import Header, HttpRequest, Reply
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.machine.call_threads import in_call_thread

Connect = Callable[[str], Awaitable[Any]]
"""Returns a boto3 client for a service."""

_NOT_ALLOWED = (
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of "
    "Origin, request method / Access-Control-Request-Method or Access-Control-Request-Headers are "
    "not whitelisted by the resource's CORS spec."
)


class BucketCors:
    """Answers preflights for S3.

    Parameters
    ----------
    connect
        Returns clients. Their calls block and are made in threads.
    """

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    async def answer(self, request: HttpRequest) -> Reply:
        """S3's reply to a preflight.

        Raises
        ------
        AWSError
            As on AWS: ``AccessForbidden`` (403) if no rule of the bucket allows the request, or
            S3's own error if there is no such bucket.
        """
        bucket = bucket_of(request)
        if not bucket:
            raise AWSError("AccessForbidden", _NOT_ALLOWED, 403)
        return await self.of_bucket(bucket, request)

    async def of_bucket(self, bucket: str, request: HttpRequest) -> Reply:
        """The reply to a preflight that is for a bucket; raises as :meth:`answer` does."""
        client = await self._connect("s3")
        rules = await in_call_thread(_rules, client, bucket)
        for rule in rules:
            if (headers := allowed(rule, request.headers)) is not None:
                return Reply(200, b"", headers, None)
        raise AWSError("AccessForbidden", _NOT_ALLOWED, 403)


def bucket_of(request: HttpRequest) -> str:
    """The bucket of a request, by its host or its path; empty if it names none."""
    path = path_with_bucket(request.path, request.headers.get("host", ""))
    return unquote(path[1:].partition("/")[0])


def _rules(client: Any, bucket: str) -> list[dict[str, Any]]:
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    try:
        rules: list[dict[str, Any]] = client.get_bucket_cors(Bucket=bucket).get("CORSRules", [])
    except ClientError as error:
        code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
        if code == "NoSuchCORSConfiguration":
            text = "CORSResponse: CORS is not enabled for this bucket."
            raise AWSError("AccessForbidden", text, 403) from error
        if code == "NoSuchBucket":
            raise AWSError(code, message, 404) from error
        raise AWSError("AccessForbidden", _NOT_ALLOWED, 403) from error
    except (BotoCoreError, ResponseParserError) as error:  # no bucket has such a name
        raise AWSError("AccessForbidden", _NOT_ALLOWED, 403) from error
    return rules


def allowed(rule: Mapping[str, Any], headers: Mapping[str, str]) -> list[Header] | None:
    """Headers of the answer if a rule allows what a preflight asks for, else ``None``.

    Examples
    --------
    >>> rule = {"AllowedOrigins": ["https://*.page"], "AllowedMethods": ["PUT"]}
    >>> asks = {"access-control-request-method": "PUT", "origin": "https://a.page"}
    >>> allowed(rule, asks)[0]
    (b'access-control-allow-origin', b'https://a.page')
    >>> allowed(rule, {**asks, "origin": "http://a.page"}) is None
    True
    """
    origin = headers["origin"]
    names = headers.get("access-control-request-headers", "")
    asked = [name.strip().lower() for name in names.split(",") if name.strip()]
    patterns = [pattern.lower() for pattern in rule.get("AllowedHeaders") or []]
    if (
        not _matches(origin, rule["AllowedOrigins"])
        or headers["access-control-request-method"] not in rule["AllowedMethods"]
        or not all(_matches(name, patterns) for name in asked)
    ):
        return None
    anyone = "*" in rule["AllowedOrigins"]
    told = {
        "access-control-allow-origin": "*" if anyone else origin,
        "access-control-allow-methods": ", ".join(rule["AllowedMethods"]),
        "access-control-allow-headers": ", ".join(asked),
        "access-control-expose-headers": ", ".join(rule.get("ExposeHeaders") or []),
        "access-control-max-age": str(rule.get("MaxAgeSeconds") or ""),
        "access-control-allow-credentials": "" if anyone else "true",
        "vary": "Origin, Access-Control-Request-Headers, Access-Control-Request-Method",
    }
    return [(name.encode(), text.encode("latin-1")) for name, text in told.items() if text]


def _matches(text: str, patterns: list[str]) -> bool:
    """Whether a text matches one of the patterns, in which only ``*`` is a wildcard."""
    quoted = (re.sub(r"([\[\]?])", r"[\1]", pattern) for pattern in patterns)
    return any(re.match(translate(pattern), text) for pattern in quoted)
