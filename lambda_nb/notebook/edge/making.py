"""Make a distribution with all that it needs, and take all of it away again."""

from __future__ import annotations

import contextlib
import re
import uuid
from typing import Any

from lambda_nb.notebook.edge.settings import access, behaviours, distributions
from lambda_nb.notebook.edge.settings.origins import Source
from lambda_nb.notebook.edge.settings.policies import ALL_BUT_HOST, Caching

READ = ("GET", "HEAD", "OPTIONS")
ALL = ("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE")
OF_ORIGIN = Caching(ttl=0, longest=31_536_000, query="all")
"""Caches what the origin says may be cached: for functions, APIs and other programs."""


def create(
    cloudfront: Any, s3: Any, name: str, source: Source, caching: Caching, root: str
) -> dict[str, Any]:
    """Create a distribution of one origin; returns it."""
    behaviour = {
        "TargetOriginId": source.item["Id"],
        "ViewerProtocolPolicy": "allow-all",
        "Compress": True,
        "CachePolicyId": caching.policy(cloudfront),
    }
    serve(behaviour, source)
    made = cloudfront.create_distribution(
        DistributionConfig={
            "CallerReference": uuid.uuid4().hex,
            "Comment": name,
            "Enabled": True,
            "DefaultRootObject": root,
            "HttpVersion": "http2and3",
            "Origins": {"Quantity": 1, "Items": [signed(cloudfront, source)]},
            "DefaultCacheBehavior": behaviour,
        }
    )
    distribution: dict[str, Any] = made["Distribution"]
    access.let_in(source, distribution["ARN"], s3)
    return distribution


def signed(cloudfront: Any, source: Source) -> dict[str, Any]:
    """The origin with the access control that it needs."""
    if not source.kind:
        return source.item
    return {**source.item, "OriginAccessControlId": access.control(cloudfront, source.kind)}


def serve(behaviour: dict[str, Any], source: Source) -> None:
    """Let a behaviour take the methods of its origin, and send on what the origin may need."""
    is_bucket = source.kind == "s3"
    methods = READ if is_bucket else ALL
    behaviour["AllowedMethods"] = {
        "Quantity": len(methods),
        "Items": list(methods),
        "CachedMethods": {"Quantity": 2, "Items": ["GET", "HEAD"]},
    }
    behaviour.pop("OriginRequestPolicyId", None)
    if not is_bucket:
        behaviour["OriginRequestPolicyId"] = ALL_BUT_HOST


def use(cloudfront: Any, config: dict[str, Any], path: str, source: Source) -> bool:
    """Make an origin that of a behaviour; whether anything changed."""
    behaviour, made = behaviours.of(config, path)
    items = config["Origins"]["Items"]
    if not any(one["Id"] == source.item["Id"] for one in items):
        items.append(signed(cloudfront, source))
        config["Origins"]["Quantity"] = len(items)
    elif behaviour["TargetOriginId"] == source.item["Id"] and not made:
        return False
    behaviour["TargetOriginId"] = source.item["Id"]
    serve(behaviour, source)
    return True


def log_to_bucket(cloudfront: Any, s3: Any, distribution: dict[str, Any], name: str) -> None:
    """Have a distribution write its log to the notebook's bucket for logs, made if need be."""
    account = distribution["ARN"].split(":")[4]
    region = s3.meta.region_name
    bucket = f"lambda-nb-edge-logs-{account}-{region}"
    place = {} if region == "us-east-1" else {"LocationConstraint": region}
    more = {"CreateBucketConfiguration": place} if place else {}
    with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        # CloudFront delivers by ACL: a bucket that has these switched off gets nothing.
        s3.create_bucket(Bucket=bucket, ObjectOwnership="BucketOwnerPreferred", **more)

    def edit(config: dict[str, Any]) -> None:
        config["Logging"] = {
            "Enabled": True,
            "IncludeCookies": True,
            "Bucket": f"{bucket}.s3.amazonaws.com",
            "Prefix": re.sub(r"[^\w.-]", "-", name) + "/",
        }

    distributions.change(cloudfront, distribution["Id"], edit)


def delete(cloudfront: Any, s3: Any, identifier: str, delay_s: float) -> None:
    """Disable and delete a distribution, with its log and what let it into buckets.

    Parameters
    ----------
    delay_s
        Seconds between two looks whether CloudFront has disabled it.
    """
    told = cloudfront.get_distribution(Id=identifier)["Distribution"]
    config = told["DistributionConfig"]

    def disable(config: dict[str, Any]) -> bool | None:
        was = config["Enabled"]
        config["Enabled"] = False
        return None if was else False

    distributions.change(cloudfront, identifier, disable)
    cloudfront.get_waiter("distribution_deployed").wait(
        Id=identifier, WaiterConfig={"Delay": delay_s, "MaxAttempts": 200}
    )
    etag = cloudfront.get_distribution_config(Id=identifier)["ETag"]
    cloudfront.delete_distribution(Id=identifier, IfMatch=etag)
    for origin in config["Origins"]["Items"]:
        if "S3OriginConfig" in origin:
            access.withdraw(origin["DomainName"].split(".s3.")[0], told["ARN"], s3)
    logging = config.get("Logging", {})
    if logging.get("Enabled") and logging["Bucket"].startswith("lambda-nb-edge-logs-"):
        _empty(s3, logging["Bucket"].split(".s3.")[0], f"{logging['Prefix']}{identifier}.")


def _empty(s3: Any, bucket: str, prefix: str) -> None:
    with contextlib.suppress(s3.exceptions.NoSuchBucket):
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        for page in pages:
            keys = [{"Key": one["Key"]} for one in page.get("Contents", [])]
            if keys:
                s3.delete_objects(Bucket=bucket, Delete={"Objects": keys})
