"""Reads what a website needs from S3. All calls block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

from lambda_nb.engine.gateways.website.error_pages import (
    SiteError,
    access_denied,
    no_such_bucket,
    no_such_key,
    no_website,
)
from lambda_nb.engine.gateways.website.public_access import by_grants, by_policy

SMALL = 1 << 16
"""Bytes of a body that is read at once."""

_CONDITIONS = {
    "if-match": "IfMatch",
    "if-none-match": "IfNoneMatch",
    "if-modified-since": "IfModifiedSince",
    "if-unmodified-since": "IfUnmodifiedSince",
}
_NOTHING = {"NoSuchBucketPolicy", "NoSuchPublicAccessBlockConfiguration", "NoSuchCORSConfiguration"}


@dataclass(slots=True)
class Content:
    """An object's answer: of its body, ``first`` is read, and ``rest`` is still to be read."""

    status: int
    headers: dict[str, str]
    first: bytes = b""
    rest: Any = None

    @property
    def redirect(self) -> str | None:
        """Where a browser that asks for the object shall go instead."""
        return self.headers.get("x-amz-website-redirect-location")


@dataclass(slots=True)
class Site:
    """A bucket that is a website.

    ``configuration`` is what GetBucketWebsite shows; ``policy`` is JSON text.
    """

    client: Any
    bucket: str
    configuration: Mapping[str, Any]
    policy: str | None
    blocked: Mapping[str, bool] = field(default_factory=dict)

    @classmethod
    def of(cls, client: Any, bucket: str) -> Site:
        """Read what is configured.

        Raises
        ------
        SiteError
            There is no such bucket, or it is no website.
        """
        try:
            configuration = _asked(client.get_bucket_website, Bucket=bucket)
        except SiteError as error:
            if error.code == "NoSuchWebsiteConfiguration":
                raise no_website(bucket) from error
            raise no_such_bucket(bucket) if error.status == 404 else error from error
        policy = _asked(client.get_bucket_policy, Bucket=bucket).get("Policy")
        block = _asked(client.get_public_access_block, Bucket=bucket)
        blocked = block.get("PublicAccessBlockConfiguration", {})
        return cls(client, bucket, configuration, policy, blocked)

    def read(
        self, key: str, method: str, headers: Mapping[str, str], told: Mapping[str, str]
    ) -> Content:
        """Read an object that everybody may read.

        Parameters
        ----------
        key
            Its key, not encoded.
        method
            ``GET``, or ``HEAD`` for its headers alone.
        headers
            Those of the request; its range and its conditions count.
        told
            What conditions of the bucket's policy may ask about.

        Raises
        ------
        SiteError
            There is no such object, it is not public, or S3 answers with another error.
        """
        from botocore.exceptions import ClientError

        asked: dict[str, Any] = {"Bucket": self.bucket, "Key": key}
        if "range" in headers:
            asked["Range"] = headers["range"]
        for name, member in _CONDITIONS.items():
            if (value := _condition(name, headers.get(name))) is not None:
                asked[member] = value
        call = self.client.head_object if method == "HEAD" else self.client.get_object
        try:
            answer = call(**asked)
        except ClientError as error:
            refusal = _site_error(error, key)
            if refusal.status != 404:
                self._check(key, told)
            if refusal.status == 304:
                return Content(304, error.response["ResponseMetadata"]["HTTPHeaders"])
            raise refusal from error
        body = answer.get("Body")
        try:
            self._check(key, told)
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
            self.client.head_object(Bucket=self.bucket, Key=key)
        except ClientError:
            return False
        return True

    def cors_rules(self) -> list[dict[str, Any]]:
        """The rules by which pages of other origins may read the website."""
        rules: list[dict[str, Any]] = _asked(self.client.get_bucket_cors, Bucket=self.bucket).get(
            "CORSRules", []
        )
        return rules

    def _check(self, key: str, told: Mapping[str, str]) -> None:
        decision = by_policy(self.policy, f"arn:aws:s3:::{self.bucket}/{key}", told)
        if decision == "explicit deny":
            raise access_denied()
        if decision == "allow" and not self.blocked.get("RestrictPublicBuckets"):
            return
        if not self.blocked.get("IgnorePublicAcls"):
            acl = _asked(self.client.get_object_acl, Bucket=self.bucket, Key=key)
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


def _condition(name: str, value: str | None) -> Any:
    """A condition as boto3 takes it; ``None`` for a date that is none: HTTP ignores it."""
    if value is None or not name.endswith("since"):
        return value
    try:
        return parsedate_to_datetime(value)
    except ValueError:
        return None
