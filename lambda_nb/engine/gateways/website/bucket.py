"""Reads what is public of a bucket. All calls block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timezone
from email.utils import parsedate_to_datetime
from typing import Any

from lambda_nb.engine.api.neighbours.bucket_cors import allowed
from lambda_nb.engine.api.wire.http import Header, HttpRequest
from lambda_nb.engine.gateways.website.content import SMALL, Content
from lambda_nb.engine.gateways.website.error_pages import (
    SiteError,
    access_denied,
    no_such_bucket,
    no_such_key,
    no_website,
)
from lambda_nb.engine.gateways.website.public_access import (
    LIST,
    READ,
    by_grants,
    by_policy,
    told_of,
)

_CONDITIONS = {
    "if-match": "IfMatch",
    "if-none-match": "IfNoneMatch",
    "if-modified-since": "IfModifiedSince",
    "if-unmodified-since": "IfUnmodifiedSince",
}
_NOTHING = {"NoSuchBucketPolicy", "NoSuchPublicAccessBlockConfiguration", "NoSuchCORSConfiguration"}


@dataclass(slots=True)
class PublicBucket:
    """A bucket, as somebody sees it who does not sign.

    ``policy`` is JSON text; ``blocked`` is the bucket's public access block.
    """

    client: Any
    name: str
    policy: str | None
    blocked: Mapping[str, bool] = field(default_factory=dict)

    @classmethod
    def of(cls, client: Any, name: str) -> PublicBucket:
        """Read who may read it.

        Raises
        ------
        SiteError
            There is no such bucket.
        """
        try:
            policy = _asked(client.get_bucket_policy, Bucket=name).get("Policy")
            block = _asked(client.get_public_access_block, Bucket=name)
        except SiteError as error:
            raise no_such_bucket(name) if error.status == 404 else error from error
        return cls(client, name, policy, block.get("PublicAccessBlockConfiguration", {}))

    def website(self) -> Mapping[str, Any]:
        """How it is a website, as GetBucketWebsite shows it.

        Raises
        ------
        SiteError
            It is none.
        """
        try:
            configuration: Mapping[str, Any] = _asked(
                self.client.get_bucket_website, Bucket=self.name
            )
        except SiteError as error:
            raise no_website(self.name) if error.status == 404 else error from error
        return configuration

    def read(self, key: str, request: HttpRequest, *, whole: bool = False) -> Content:
        """Read an object that everybody may read.

        Parameters
        ----------
        key
            Its key, not encoded.
        request
            For a HEAD, only the object's headers are read. Range and conditions count, unless
            the ``whole`` object is wanted.

        Raises
        ------
        SiteError
            There is no such object, it is not public, or S3 answers with another error.
        """
        from botocore.exceptions import ClientError

        client = self.client
        call = client.head_object if request.method == "HEAD" else client.get_object
        conditions = {} if whole else _conditions(request.headers)
        try:
            answer = call(Bucket=self.name, Key=key, **conditions)
        except ClientError as error:
            refusal = _site_error(error, key)
            if refusal.status != 404:
                self._check(key, request)
            if refusal.status == 304:
                return Content(304, error.response["ResponseMetadata"]["HTTPHeaders"])
            raise refusal from error
        body = answer.get("Body")
        try:
            self._check(key, request)
        except SiteError:
            if body is not None:
                body.close()
            raise
        raw = answer["ResponseMetadata"]
        content = Content(raw["HTTPStatusCode"], raw["HTTPHeaders"])
        if body is not None:
            content.first = body.read(SMALL)
            if int(raw["HTTPHeaders"].get("content-length", 0)) > len(content.first):
                content.rest = body
            else:
                body.close()
        return content

    def has(self, key: str) -> bool:
        """Whether there is an object, public or not."""
        from botocore.exceptions import ClientError

        try:
            self.client.head_object(Bucket=self.name, Key=key)
        except ClientError:
            return False
        return True

    def may_be_listed(self, request: HttpRequest) -> bool:
        """Whether everybody may see which objects there are."""
        decision = by_policy(self.policy, LIST, f"arn:aws:s3:::{self.name}", told_of(request))
        if decision == "explicit deny":
            return False
        if decision == "allow" and not self.blocked.get("RestrictPublicBuckets"):
            return True
        if self.blocked.get("IgnorePublicAcls"):
            return False
        return by_grants(_asked(self.client.get_bucket_acl, Bucket=self.name).get("Grants", []))

    def cors(self, request: HttpRequest) -> list[Header]:
        """Headers that let a page of another origin read the answer, by the bucket's rules."""
        headers = request.headers
        if "origin" not in headers:
            return []
        rules = _asked(self.client.get_bucket_cors, Bucket=self.name).get("CORSRules", [])
        asked = {"origin": headers["origin"], "access-control-request-method": request.method}
        for rule in rules:
            if (told := allowed(rule, asked)) is not None:
                return told
        return []

    def _check(self, key: str, request: HttpRequest) -> None:
        arn = f"arn:aws:s3:::{self.name}/{key}"
        decision = by_policy(self.policy, READ, arn, told_of(request))
        if decision == "explicit deny":
            raise access_denied()
        if decision == "allow" and not self.blocked.get("RestrictPublicBuckets"):
            return
        if not self.blocked.get("IgnorePublicAcls"):
            acl = _asked(self.client.get_object_acl, Bucket=self.name, Key=key)
            if by_grants(acl.get("Grants", [])):
                return
        raise access_denied()


def _asked(call: Any, **asked: str) -> Any:
    """The answer of a call; nothing where S3 has an error for what is not configured."""
    from botocore.exceptions import ClientError

    try:
        return call(**asked)
    except ClientError as error:
        if error.response["Error"]["Code"] in _NOTHING:
            return {}
        raise _site_error(error, asked.get("Key", "")) from error


def _site_error(error: Any, key: str) -> SiteError:
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    told = error.response["Error"]
    if status == 404 and key:
        return no_such_key(key)
    return SiteError(status, told["Code"], told["Message"])


def _conditions(headers: Mapping[str, str]) -> dict[str, Any]:
    """Range and conditions of a request, as boto3 takes them."""
    asked: dict[str, Any] = {}
    if "range" in headers:
        asked["Range"] = headers["range"]
    for name, member in _CONDITIONS.items():
        value: Any = headers.get(name)
        if value is not None and name.endswith("since"):
            try:
                value = parsedate_to_datetime(value).astimezone(timezone.utc)
            except (ValueError, OverflowError):  # no date: HTTP says to ignore it
                continue
        if value is not None:
            asked[member] = value
    return asked
