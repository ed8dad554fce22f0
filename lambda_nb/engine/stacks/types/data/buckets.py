"""``AWS::S3::Bucket`` and ``AWS::S3::BucketPolicy``."""

from __future__ import annotations

from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError

from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types import shapes
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.data.bucket_settings import SETTINGS, Setting
from lambda_nb.engine.stacks.types.reading import like
from lambda_nb.engine.stacks.types.resource_type import ResourceType, refuse_unknown
from lambda_nb.engine.stacks.types.tagging import Tagging
from lambda_nb.engine.stacks.types.values import is_true, text_of

_ABSENT = ("404", "NoSuchBucket")
_TAGGING = Tagging(reserved=False)
_WORKS = frozenset({*SETTINGS, "BucketName", "ObjectLockEnabled", "Tags"})
_WEBSITE_WITH_HYPHEN = frozenset(
    {"us-east-1", "us-west-1", "us-west-2", "ap-southeast-1", "ap-southeast-2"}
    | {"ap-northeast-1", "eu-west-1", "sa-east-1", "us-gov-west-1"}
)
"""Regions whose website endpoints are ``s3-website-REGION`` and not ``s3-website.REGION`` (AWS
General Reference, Amazon S3 website endpoints, 2026)."""


_KEPT_ONLY = ("LifecycleConfiguration", "ReplicationConfiguration")
"""Properties that say what S3 does by itself, which does not happen here."""


class Bucket(ResourceType):
    """A bucket with its settings; what a new template leaves out is taken away."""

    name = "AWS::S3::Bucket"

    def create(self, context: Context, properties: Properties) -> Made:
        refuse_unknown(self.name, properties, _WORKS)
        client = context.client("s3")
        name = properties.get("BucketName") or context.name(63, lower=True)
        if _exists(client, name):
            # Making one's own bucket once more is no error for S3, but it is for a stack.
            raise Refused(f"{name} already exists", "AlreadyExists")
        client.create_bucket(Bucket=name, **_placement(context.region, properties))
        context.made(name)
        self._set(context, name, {}, properties)
        tags = _TAGGING.wanted(context, properties)
        if tags:
            client.put_bucket_tagging(Bucket=name, Tagging={"TagSet": _TAGGING.form(tags)})
        return _made(context, name)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        refuse_unknown(self.name, new, _WORKS)
        client = context.client("s3")
        name = made.physical_id
        self._set(context, name, old, new)
        tags = _TAGGING.wanted(context, new)
        if tags:
            client.put_bucket_tagging(Bucket=name, Tagging={"TagSet": _TAGGING.form(tags)})
        else:
            client.delete_bucket_tagging(Bucket=name)
        return _made(context, name)

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        with absence_is_fine(*_ABSENT):
            context.client("s3").delete_bucket(Bucket=made.physical_id)

    def remark(self, properties: Properties) -> str | None:
        idle = [name for name in _KEPT_ONLY if properties.get(name)]
        if not idle:
            return None
        return f"lambda_nb keeps {' and '.join(idle)}, and does nothing with the bucket's objects."

    def read(self, context: Context, made: Made, properties: Properties) -> Properties | None:
        client = context.client("s3")
        if not _exists(client, made.physical_id):
            return None
        return {
            name: _setting_now(client, made.physical_id, SETTINGS[name], value)
            if name in SETTINGS
            else value
            for name, value in properties.items()
        }

    @staticmethod
    def _set(context: Context, bucket: str, old: Properties, new: Properties) -> None:
        client = context.client("s3")
        for name, setting in SETTINGS.items():
            before, wanted = old.get(name), new.get(name)
            if before == wanted:
                continue
            if wanted is None and setting.remove:
                getattr(client, xform_name(setting.remove))(Bucket=bucket)
                continue
            value = setting.translate(setting.nothing if wanted is None else wanted)
            parameters = shapes.parameters("s3", setting.put, {setting.parameter: value})
            getattr(client, xform_name(setting.put))(Bucket=bucket, **parameters)


class BucketPolicy(ResourceType):
    """A bucket's policy; its physical ID is the bucket."""

    name = "AWS::S3::BucketPolicy"

    def create(self, context: Context, properties: Properties) -> Made:
        client = context.client("s3")
        bucket = properties["Bucket"]
        found = None
        with absence_is_fine("NoSuchBucketPolicy"):
            found = client.get_bucket_policy(Bucket=bucket)["Policy"]
        if found:
            raise Refused(f"The bucket policy already exists on bucket {bucket}.", "AlreadyExists")
        self._put(client, properties)
        return Made(bucket)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        self._put(context.client("s3"), new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        with absence_is_fine(*_ABSENT, "NoSuchBucketPolicy"):
            context.client("s3").delete_bucket_policy(Bucket=made.physical_id)

    @staticmethod
    def _put(client: Any, properties: Properties) -> None:
        text = text_of(properties["PolicyDocument"])
        client.put_bucket_policy(Bucket=properties["Bucket"], Policy=text)


def _setting_now(client: Any, bucket: str, setting: Setting, given: Any) -> Any:
    """A setting as it is: as it was given if it means the same, else as S3 tells it."""
    if setting.parameter == "ACL":  # S3 tells grants, and not which canned list they came from
        return given
    try:
        found = getattr(client, xform_name(setting.put.replace("Put", "Get", 1)))(Bucket=bucket)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
            raise
        return {}
    found = found.get(setting.parameter, found)
    found.pop("ResponseMetadata", None)
    wanted = setting.translate(given)
    return given if like(wanted, found) == wanted else found


def _exists(client: Any, name: str) -> bool:
    try:
        client.head_bucket(Bucket=name)
    except ClientError as error:
        if error.response["Error"]["Code"] in _ABSENT:
            return False
        raise
    return True


def _placement(region: str, properties: Properties) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if region != "us-east-1":
        given["CreateBucketConfiguration"] = {"LocationConstraint": region}
    if is_true(properties.get("ObjectLockEnabled")):
        given["ObjectLockEnabledForBucket"] = True
    return given


def _made(context: Context, name: str) -> Made:
    region = context.region
    join = "-" if region in _WEBSITE_WITH_HYPHEN else "."
    return Made(
        name,
        {
            "Arn": f"arn:{context.partition}:s3:::{name}",
            "DomainName": f"{name}.s3.amazonaws.com",
            "DualStackDomainName": f"{name}.s3.dualstack.{region}.amazonaws.com",
            "RegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
            "WebsiteURL": f"http://{name}.s3-website{join}{region}.amazonaws.com",
        },
    )


TYPES: tuple[ResourceType, ...] = (Bucket(), BucketPolicy())
