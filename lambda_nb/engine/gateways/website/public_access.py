"""Whether everybody may do something in a bucket: by its policy or an access control list."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from lambda_nb.engine.api.wire.http import HttpRequest
from lambda_nb.engine.gateways.shared.invoke_policies import Decision, Policy, PolicyError

log = logging.getLogger(__name__)

READ = "s3:GetObject"
LIST = "s3:ListBucket"
_EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers"


def by_policy(policy: str | None, action: str, arn: str, told: Mapping[str, str]) -> Decision:
    """What a bucket's policy says about a request without a signature.

    Parameters
    ----------
    policy
        JSON text, if there is one.
    action
        What the request does: ``READ`` or ``LIST``.
    arn
        The object, ``arn:aws:s3:::BUCKET/KEY``, or the bucket.
    told
        What conditions may ask about: see :func:`told_of`.
    """
    if not policy:
        return "implicit deny"
    compiled = _compiled(policy, action)
    return "explicit deny" if compiled is None else compiled.decides(arn, told)


@lru_cache(64)
def _compiled(policy: str, action: str) -> Policy | None:
    try:
        return Policy(policy, action, names_callers=True)
    except PolicyError as error:
        log.warning("a bucket's policy lets nobody in: %s", error)
        return None


def by_grants(grants: Sequence[Mapping[str, Any]]) -> bool:
    """Whether an access control list lets everybody read an object, or list a bucket.

    Examples
    --------
    >>> by_grants([{"Grantee": {"Type": "Group", "URI": _EVERYBODY}, "Permission": "READ"}])
    True
    """
    return any(
        grant.get("Grantee", {}).get("URI") == _EVERYBODY
        and grant.get("Permission") in ("READ", "FULL_CONTROL")
        for grant in grants
    )


def told_of(request: HttpRequest) -> dict[str, str]:
    """What conditions of a policy may ask about a request."""
    headers = request.headers
    told = {"aws:sourceip": request.peer, "aws:securetransport": "false"}
    if "referer" in headers:
        told["aws:referer"] = headers["referer"]
    if "user-agent" in headers:
        told["aws:useragent"] = headers["user-agent"]
    return told
