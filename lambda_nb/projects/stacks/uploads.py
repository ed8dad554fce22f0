"""Artifacts in a bucket, by their content: what did not change is not uploaded again."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping
from typing import Any

from lambda_nb.projects.endpoint import Clients, is_aws
from lambda_nb.projects.errors import ProjectError, aws_errors

_ANYBODY: Mapping[str, str] = {}
"""No demand on whose a bucket is."""


class Uploads:
    """Puts artifacts into one bucket.

    Parameters
    ----------
    bucket
        Its name. Default: a bucket for this account and Region, made when it is not there.
    prefix
        Before each key.

    Attributes
    ----------
    sent
        Bytes that were uploaded.
    """

    def __init__(self, clients: Clients, bucket: str = "", prefix: str = "") -> None:
        self._clients = clients
        self._bucket = bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix else ""
        self._lock = threading.Lock()
        self._ready = False
        self._owner: dict[str, str] = {}
        self._there: set[str] = set()
        self.sent = 0

    def put(self, data: bytes, ending: str) -> tuple[str, str]:
        """Upload an artifact unless it is there; its bucket and key."""
        bucket = self._usable()
        key = f"{self._prefix}{hashlib.sha256(data).hexdigest()}{ending}"
        if key not in self._there:
            s3 = self._clients.client("s3")
            with aws_errors():
                if not _has(s3, bucket, key, self._owner):
                    s3.put_object(Bucket=bucket, Key=key, Body=data, **self._owner)
                    with self._lock:
                        self.sent += len(data)
            self._there.add(key)
        return bucket, key

    def put_named(self, bucket: str, key: str, data: bytes) -> None:
        """Upload an artifact under the name that somebody else gave it, unless it is there.

        Raises
        ------
        ProjectError
            AWS has no such bucket: one that is made here would stop `cdk bootstrap` later.
        """
        s3 = self._clients.client("s3")
        with aws_errors():
            if not _is_there(s3, bucket):
                if is_aws(s3):
                    raise ProjectError(
                        f"there is no bucket {bucket}: prepare the account and Region with "
                        "`cdk bootstrap` first"
                    )
                _make(s3, bucket)
            if not _has(s3, bucket, key):
                s3.put_object(Bucket=bucket, Key=key, Body=data)
                self.sent += len(data)

    def template_url(self, bucket: str, key: str) -> str:
        """The address of a template in the bucket, as CloudFormation takes it."""
        region = self._clients.client("s3").meta.region_name
        ending = ".cn" if region.startswith("cn-") else ""
        return f"https://s3.{region}.amazonaws.com{ending}/{bucket}/{key}"

    def _usable(self) -> str:
        with self._lock:
            if not self._ready:
                s3 = self._clients.client("s3")
                with aws_errors():
                    if not self._bucket:
                        account = self._clients.client("sts").get_caller_identity()["Account"]
                        self._bucket = f"lambda-nb-artifacts-{account}-{s3.meta.region_name}"
                        # The name can be guessed: a stranger's bucket must not get the code.
                        self._owner = {"ExpectedBucketOwner": account}
                    if not _is_there(s3, self._bucket, self._owner):
                        _make(s3, self._bucket)
                self._ready = True
        return self._bucket


def _has(s3: Any, bucket: str, key: str, owner: Mapping[str, str] = _ANYBODY) -> bool:
    from botocore.exceptions import ClientError

    try:
        s3.head_object(Bucket=bucket, Key=key, **owner)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
            return False
        raise
    return True


def _is_there(s3: Any, bucket: str, owner: Mapping[str, str] = _ANYBODY) -> bool:
    from botocore.exceptions import ClientError

    try:
        s3.head_bucket(Bucket=bucket, **owner)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if status == 403:
            raise ProjectError(
                f"the bucket {bucket} belongs to somebody else, or these keys may not use it: give "
                "another with --s3-bucket"
            ) from None
        if status != 404:
            raise
        return False
    return True


def _make(s3: Any, bucket: str) -> None:
    region = s3.meta.region_name
    where = {} if region == "us-east-1" else {"LocationConstraint": region}
    s3.create_bucket(Bucket=bucket, **({"CreateBucketConfiguration": where} if where else {}))
    if is_aws(s3):
        s3.get_waiter("bucket_exists").wait(Bucket=bucket)
