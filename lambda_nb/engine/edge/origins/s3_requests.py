"""What requests ask of a bucket, as policies call it (Service Authorization Reference, S3)."""

from __future__ import annotations

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
