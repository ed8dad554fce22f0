"""Bucket policies in moto: whoever has keys is the owner, and conditions are not moto's to judge.

moto asks a bucket's policy about objects, whoever asks, and refuses what a statement
with a condition denies, or allows under another condition: it is told nothing that conditions ask
about. A bucket that insists on HTTPS, as CDK's ``enforceSSL`` makes it, would refuse everybody.
Strangers and CloudFront come by doors of the engine that do judge conditions.
"""

from __future__ import annotations

import json
from typing import Any

from lambda_nb.engine.neighbours.services.late_patches import when_loaded


def install() -> None:
    """Let moto's S3 count only statements without a condition."""
    when_loaded("moto.s3.models", _patch)


def _patch() -> None:
    from moto.iam.access_control import IAMPolicy, PermissionResult
    from moto.s3.models import FakeBucket

    def get_permission(self: Any, action: str, resource: str) -> Any:
        if self.policy is None:
            return PermissionResult.NEUTRAL
        policy = unconditional(self.policy.decode())
        return IAMPolicy(policy).is_action_permitted(action, resource)

    bucket: Any = FakeBucket
    bucket.get_permission = get_permission


def unconditional(policy: str) -> str:
    """A policy (JSON text) without those of its statements that have a condition.

    Examples
    --------
    >>> unconditional('{"Statement": [{"Sid": "a", "Condition": {"Bool": {}}}, {"Sid": "b"}]}')
    '{"Statement": [{"Sid": "b"}]}'
    """
    document = json.loads(policy)
    statements = document["Statement"]
    if not isinstance(statements, list):
        statements = [statements]
    kept = [statement for statement in statements if not statement.get("Condition")]
    return json.dumps({**document, "Statement": kept})
