"""Whether everybody may read an object: by its bucket's policy or its access control list."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from lambda_nb.engine.gateways.shared.invoke_policies import Decision, Policy, PolicyError

log = logging.getLogger(__name__)

READ = "s3:GetObject"
_EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers"


def by_policy(policy: str | None, arn: str, told: Mapping[str, str]) -> Decision:
    """What a bucket's policy says about reading an object without a signature.

    Parameters
    ----------
    policy
        JSON text, if there is one.
    arn
        The object: ``arn:aws:s3:::BUCKET/KEY``.
    told
        What conditions may ask about, such as ``aws:sourceip``.
    """
    compiled = _compiled(policy) if policy else None
    return "implicit deny" if compiled is None else compiled.decides(arn, told)


@lru_cache(64)
def _compiled(policy: str) -> Policy | None:
    try:
        return Policy(policy, READ)
    except PolicyError as error:
        log.warning("a bucket's policy lets nobody in: %s", error)
        return None


def by_grants(grants: Sequence[Mapping[str, Any]]) -> bool:
    """Whether an object's access control list lets everybody read it.

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
