"""Let a distribution, and nobody else, read a bucket or call a function's URL.

CloudFront Developer Guide, "Restrict access to an Amazon S3 origin" and "Restrict access to an AWS
Lambda function URL origin", 2026: an origin access control signs, a policy lets in.
"""

from __future__ import annotations

import contextlib
import json
from typing import Any

from lambda_nb.notebook.edge.settings.origins import Source

SERVICE = "cloudfront.amazonaws.com"
_ACTIONS = ("InvokeFunctionUrl", "InvokeFunction")
"""Since October 2025 a function URL needs both."""


def control(cloudfront: Any, kind: str) -> str:
    """The id of the notebook's origin access control for a kind of origin; made once."""
    name = f"lambda-nb-{kind}"
    listed = cloudfront.list_origin_access_controls()["OriginAccessControlList"].get("Items", [])
    for one in listed:
        if one["Name"] == name:
            return str(one["Id"])
    made = cloudfront.create_origin_access_control(
        OriginAccessControlConfig={
            "Name": name,
            "SigningProtocol": "sigv4",
            "SigningBehavior": "always",
            "OriginAccessControlOriginType": kind,
        }
    )
    return str(made["OriginAccessControl"]["Id"])


def let_in(source: Source, distribution_arn: str, s3: Any) -> None:
    """Let a distribution use an origin; a second call changes nothing."""
    if source.kind == "s3":
        _let_read(s3, source.bucket, distribution_arn)
    elif source.kind == "lambda" and source.function is not None:
        for number, action in enumerate(_ACTIONS):
            only = {"InvokedViaFunctionUrl": True} if number else {"FunctionUrlAuthType": "AWS_IAM"}
            conflict = source.lambda_client.exceptions.ResourceConflictException
            with contextlib.suppress(conflict):
                source.lambda_client.add_permission(
                    **source.function,
                    StatementId=f"{_sid(distribution_arn)}-{number}",
                    Action=f"lambda:{action}",
                    Principal=SERVICE,
                    SourceArn=distribution_arn,
                    **only,
                )


def withdraw(bucket: str, distribution_arn: str, s3: Any) -> None:
    """Take back what :func:`let_in` allowed at a bucket."""
    policy = _policy(s3, bucket)
    kept = [one for one in policy["Statement"] if one.get("Sid") != _sid(distribution_arn)]
    if kept == policy["Statement"]:
        return
    if kept:
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({**policy, "Statement": kept}))
    else:
        s3.delete_bucket_policy(Bucket=bucket)


def _let_read(s3: Any, bucket: str, distribution_arn: str) -> None:
    policy = _policy(s3, bucket)
    if any(one.get("Sid") == _sid(distribution_arn) for one in policy["Statement"]):
        return
    partition = distribution_arn.split(":")[1]
    policy["Statement"].append(
        {
            "Sid": _sid(distribution_arn),
            "Effect": "Allow",
            "Principal": {"Service": SERVICE},
            "Action": "s3:GetObject",
            "Resource": f"arn:{partition}:s3:::{bucket}/*",
            "Condition": {"StringEquals": {"AWS:SourceArn": distribution_arn}},
        }
    )
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


def _policy(s3: Any, bucket: str) -> dict[str, Any]:
    try:
        policy: dict[str, Any] = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in ("NoSuchBucketPolicy", "NoSuchBucket"):
            raise
        return {"Version": "2012-10-17", "Statement": []}
    return policy


def _sid(distribution_arn: str) -> str:
    return f"LambdaNb{distribution_arn.rpartition('/')[2]}"
