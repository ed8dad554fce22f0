"""What requests ask of a bucket, as policies call it (Service Authorization Reference, S3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

LIST = "s3:ListBucket"
READ = "s3:GetObject"

# Actions by method and the parameter of the query that names something else than the object.
_OF_OBJECTS = {
    ("GET", ""): READ,
    ("GET", "acl"): "s3:GetObjectAcl",
    ("GET", "attributes"): "s3:GetObjectAttributes",
    ("GET", "tagging"): "s3:GetObjectTagging",
    ("GET", "uploadId"): "s3:ListMultipartUploadParts",
    ("GET", "versionId"): "s3:GetObjectVersion",
    ("PUT", ""): "s3:PutObject",
    ("PUT", "acl"): "s3:PutObjectAcl",
    ("PUT", "tagging"): "s3:PutObjectTagging",
    ("PUT", "uploadId"): "s3:PutObject",
    ("POST", "uploads"): "s3:PutObject",
    ("POST", "uploadId"): "s3:PutObject",
    ("POST", "restore"): "s3:RestoreObject",
    ("DELETE", ""): "s3:DeleteObject",
    ("DELETE", "tagging"): "s3:DeleteObjectTagging",
    ("DELETE", "uploadId"): "s3:AbortMultipartUpload",
    ("DELETE", "versionId"): "s3:DeleteObjectVersion",
}
_OF_BUCKETS = {
    ("GET", ""): LIST,
    ("GET", "uploads"): "s3:ListBucketMultipartUploads",
    ("GET", "versions"): "s3:ListBucketVersions",
    ("GET", "location"): "s3:GetBucketLocation",
}
_NAMES = {name for _, name in (*_OF_OBJECTS, *_OF_BUCKETS)} - {""}
# Headers that make a request ask for more than its method says, and what they ask.
_BY_HEADER = (
    ("x-amz-acl", "s3:PutObjectAcl"),
    ("x-amz-grant-", "s3:PutObjectAcl"),
    ("x-amz-tagging", "s3:PutObjectTagging"),
    ("x-amz-object-lock-legal-hold", "s3:PutObjectLegalHold"),
    ("x-amz-object-lock-", "s3:PutObjectRetention"),
    ("x-amz-bypass-governance-retention", "s3:BypassGovernanceRetention"),
)
_COPIED = "x-amz-copy-source"
# They name what the engine asks no policy about: nobody but the bucket's owner may do it.
_OWNERS = frozenset(
    {
        *("accelerate", "analytics", "cors", "delete", "encryption", "intelligent-tiering"),
        *("inventory", "legal-hold", "lifecycle", "logging", "metrics", "notification"),
        *("object-lock", "ownershipControls", "policy", "policyStatus", "publicAccessBlock"),
        *("replication", "requestPayment", "retention", "select", "torrent", "versioning"),
        *("website", "metadataTable", "renameObject", "session"),
    }
)


class Asked(NamedTuple):
    """What a request asks of a bucket; ``action`` is empty for what no policy can grant here."""

    action: str
    bucket: str
    key: str

    @property
    def resource(self) -> str:
        """The ARN of the object, or of the bucket."""
        bucket = f"arn:aws:s3:::{self.bucket}"
        return f"{bucket}/{self.key}" if self.key else bucket


def also_asked(what: Asked, headers: Iterable[tuple[str, str]]) -> list[Asked]:
    """What headers ask beside that: an access control list, tags, the object that is copied.

    Examples
    --------
    >>> put = Asked("s3:PutObject", "b", "k")
    >>> [(one.action, one.resource) for one in also_asked(put, [("X-Amz-Copy-Source", "/c/d%20e")])]
    [('s3:GetObject', 'arn:aws:s3:::c/d e')]
    """
    found = []
    for name, value in headers:
        lower = name.lower()
        if lower == _COPIED:
            path, _, version = value.partition("?")
            bucket, _, key = unquote(path).removeprefix("/").partition("/")
            found.append(Asked("s3:GetObjectVersion" if version else READ, bucket, key))
            continue
        action = next((action for begun, action in _BY_HEADER if lower.startswith(begun)), "")
        if action:
            found.append(what._replace(action=action))
    return found


def asked(method: str, bucket: str, path: str, query: str) -> Asked | None:
    """What a request asks; ``None`` for a method that S3 does not have.

    Parameters
    ----------
    path
        Of the object, percent-encoded, with a slash before it.

    Examples
    --------
    >>> asked("HEAD", "b", "/a%20b", "").resource
    'arn:aws:s3:::b/a b'
    >>> asked("GET", "b", "/", "prefix=x").action, asked("GET", "b", "/k", "acl").action
    ('s3:ListBucket', 's3:GetObjectAcl')
    """
    key = unquote(path[1:])
    if method not in ("GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"):
        return None
    parameters = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
    named = sorted(parameters & _NAMES)
    actions = _OF_OBJECTS if key else _OF_BUCKETS
    if parameters & _OWNERS or len(named) > 1:
        return Asked("", bucket, key)
    lookup = "GET" if method == "HEAD" else method
    return Asked(actions.get((lookup, named[0] if named else ""), ""), bucket, key)
