"""Whether somebody may do something in a bucket: by its policy, or by access control lists.

Sources: CloudFront Developer Guide, "Restrict access to an Amazon S3 origin"; S3's user guide,
"Blocking public access" and "Access control list overview". All calls block.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lambda_nb.engine.edge.origins.s3_requests import LIST, READ, Asked
from lambda_nb.engine.gateways.shared.invoke_policies import Decision, Policy, PolicyError

log = logging.getLogger(__name__)

SERVICE = "cloudfront.amazonaws.com"
ANYBODY = "*"
_EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers"
_WITH_KEYS = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
_NOTHING = frozenset(
    {
        *("NoSuchBucketPolicy", "NoSuchPublicAccessBlockConfiguration", "NoSuchKey"),
        # Stores that are not S3 itself do not have everything.
        *("NotImplemented", "MethodNotAllowed", "404"),
    }
)
_GRANTS = {
    READ: ("READ", "FULL_CONTROL"),
    LIST: ("READ", "FULL_CONTROL"),
    "s3:PutObject": ("WRITE", "FULL_CONTROL"),
    "s3:DeleteObject": ("WRITE", "FULL_CONTROL"),
}


class NoSuchBucket(Exception):  # noqa: N818
    """There is no such bucket."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks a bucket.

    ``principal`` is CloudFront's :data:`SERVICE`, the ARN of an origin access identity, or
    :data:`ANYBODY`; ``canonical`` the canonical user id of an identity, if it has one. ``told`` is
    what conditions may ask about, by keys in lower case.
    """

    principal: str
    told: Mapping[str, str]
    canonical: str = ""


def identity_arn(identity: str) -> str:
    """The ARN of an origin access identity, for policies.

    Examples
    --------
    >>> identity_arn("origin-access-identity/cloudfront/E1")
    'arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1'
    """
    name = identity.rpartition("/")[2]
    return f"arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity {name}"


class BucketAccess:
    """Who may do what in one bucket, as it is now.

    Parameters
    ----------
    client
        Of S3.
    bucket
        Its name.

    Raises
    ------
    NoSuchBucket
        There is no such bucket.
    """

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self._policy: str = _told(client.get_bucket_policy, Bucket=bucket).get("Policy", "")
        self._blocked: Mapping[str, bool] | None = None

    def lets(self, asker: Asker, asked: Asked) -> bool:
        """Whether it lets somebody do something."""
        decision = self._decision(asker, asked, asker.principal)
        if decision != "explicit deny" and asker.canonical:
            other = self._decision(asker, asked, asker.canonical)
            decision = decision if other == "implicit deny" else other
        if decision == "explicit deny":
            return False
        if decision == "allow" and not self._is_restricted(asker, asked):
            return True
        return self._by_grants(asker, asked)

    def _decision(self, asker: Asker, asked: Asked, principal: str) -> Decision:
        if not self._policy or not asked.action:
            return "implicit deny"
        compiled = _compiled(self._policy, asked.action)
        if compiled is None:
            return "explicit deny"
        return compiled.decides(asked.resource, asker.told, principal)

    def _is_restricted(self, asker: Asker, asked: Asked) -> bool:
        """Whether a public policy counts only for services of AWS and the bucket's own account."""
        if asker.principal == SERVICE or not self._block("RestrictPublicBuckets"):
            return False
        return self._decision(asker, asked, ANYBODY) == "allow"

    def _by_grants(self, asker: Asker, asked: Asked) -> bool:
        permissions = _GRANTS.get(asked.action)
        if permissions is None:
            return False
        if asked.action == READ:
            call = self._client.get_object_acl
            told = _told(call, Bucket=self._bucket, Key=asked.key)
        else:
            told = _told(self._client.get_bucket_acl, Bucket=self._bucket)
        public = set() if self._block("IgnorePublicAcls") else {_EVERYBODY}
        if public and asker.principal != ANYBODY:
            public.add(_WITH_KEYS)
        for grant in told.get("Grants", []):
            grantee = grant.get("Grantee", {})
            named = asker.canonical and grantee.get("ID") == asker.canonical
            if grant.get("Permission") in permissions and (named or grantee.get("URI") in public):
                return True
        return False

    def _block(self, setting: str) -> bool:
        if self._blocked is None:
            told = _told(self._client.get_public_access_block, Bucket=self._bucket)
            self._blocked = told.get("PublicAccessBlockConfiguration", {})
        return bool(self._blocked.get(setting))


@lru_cache(256)
def _compiled(policy: str, action: str) -> Policy | None:
    try:
        return Policy(by_name(json.loads(policy)), action, names_callers=True)
    except (PolicyError, ValueError) as error:
        log.warning("a bucket's policy lets nobody in: %s", error)
        return None


def by_name(policy: Any) -> Any:
    """A policy whose principals are all told as names, whatever kind they are of.

    Examples
    --------
    >>> by_name({"Statement": {"Principal": {"Service": "a.amazonaws.com", "AWS": ["*"]}}})
    {'Statement': [{'Principal': {'AWS': ['a.amazonaws.com', '*']}}]}
    """
    if not isinstance(policy, Mapping):
        return policy
    statements = policy.get("Statement")
    listed = statements if isinstance(statements, list) else [statements]
    return {**policy, "Statement": [_named(statement) for statement in listed]}


def _named(statement: Any) -> Any:
    if not isinstance(statement, Mapping):
        return statement
    told = dict(statement)
    for member in ("Principal", "NotPrincipal"):
        if isinstance(told.get(member), Mapping):
            told[member] = {"AWS": [n for names in told[member].values() for n in _several(names)]}
    return told


def _several(value: Any) -> Iterable[Any]:
    return value if isinstance(value, list) else [value]


def _told(call: Any, **asked: str) -> Any:
    """The answer of a call; nothing where S3 has an error for what is not configured."""
    from botocore.exceptions import ClientError

    try:
        return call(**asked)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code == "NoSuchBucket":
            raise NoSuchBucket(asked["Bucket"]) from error
        if code in _NOTHING:
            return {}
        raise
