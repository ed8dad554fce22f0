"""Origin access controls and the older origin access identities."""

from __future__ import annotations

import hashlib
from typing import Any

from lambda_nb.engine.neighbours.services.cloudfront.documents import (
    CloudFrontDocument,
    Store,
    invalid,
    new_id,
)
from lambda_nb.engine.neighbours.services.cloudfront.lifecycle import Kind
from lambda_nb.engine.neighbours.services.cloudfront.references import IDENTITY_PREFIX, users
from lambda_nb.rules import quotas


def _check_control(_: Store, config: dict[str, Any], __: CloudFrontDocument | None) -> None:
    kind = config["OriginAccessControlOriginType"]
    if kind not in ("s3", "lambda"):
        raise invalid(
            f"lambda_nb has no origins of the type {kind}: OriginAccessControlOriginType is s3 or "
            "lambda here."
        )
    if config["SigningProtocol"] != "sigv4":
        raise invalid("lambda_nb signs requests to origins with sigv4 only: use it.")
    if config["SigningBehavior"] == "always-amz-auth":
        raise invalid(
            "lambda_nb has no SigningBehavior always-amz-auth: use always, never or no-override."
        )


def _canonical_user(_: Store, document: CloudFrontDocument) -> dict[str, Any]:
    """The user of S3 that an identity is: bucket policies may name it."""
    return {"S3CanonicalUserId": hashlib.sha512(document.id.encode()).hexdigest()[:96]}


CONTROL = Kind(
    name="OriginAccessControl",
    lists="ListOriginAccessControls",
    path="origin-access-control",
    missing="NoSuchOriginAccessControl",
    taken="OriginAccessControlAlreadyExists",
    draw=lambda: new_id("E"),
    too_many=("TooManyOriginAccessControls", quotas.CF_ACCESS_CONTROLS),
    in_use="OriginAccessControlInUse",
    fill=lambda config: {"Description": "", **config},
    check=_check_control,
    used=lambda store, document: bool(users(store, "OriginAccessControlId", document.id)),
)
IDENTITY = Kind(
    name="CloudFrontOriginAccessIdentity",
    lists="ListCloudFrontOriginAccessIdentities",
    path="origin-access-identity/cloudfront",
    missing="NoSuchCloudFrontOriginAccessIdentity",
    taken="CloudFrontOriginAccessIdentityAlreadyExists",
    draw=lambda: new_id("E"),
    too_many=("TooManyCloudFrontOriginAccessIdentities", quotas.CF_ACCESS_IDENTITIES),
    in_use="CloudFrontOriginAccessIdentityInUse",
    unique="CallerReference",
    repeats=True,
    used=lambda store, document: bool(
        users(store, "OriginAccessIdentity", IDENTITY_PREFIX + document.id)
    ),
    view=_canonical_user,
)
