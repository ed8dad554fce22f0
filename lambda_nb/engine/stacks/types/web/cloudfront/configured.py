"""Types that have an ID, an ETag and a configuration: distributions, policies, keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType
from lambda_nb.engine.stacks.types.web.cloudfront import calls
from lambda_nb.engine.stacks.types.web.cloudfront.parameters import parameters


class Configured(ResourceType):
    """A type whose resources are one configuration each: ``Ref`` is the ID.

    Attributes
    ----------
    noun
        Of the calls: ``CachePolicy`` for ``CreateCachePolicy``.
    configured
        The member that has the configuration, in properties and in calls.
    gone
        The error code that says that there is none.
    """

    noun: ClassVar[str]
    configured: ClassVar[str]
    gone: ClassVar[str]

    @property
    def shown(self) -> str:
        """The member of an answer that tells of one."""
        return self.noun

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one."""
        config = self._config(properties, context.token)
        return self._made(self.make(context, properties, config))

    def make(
        self, context: Context, properties: Properties, config: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The answer of the call that makes one."""
        return calls.call(context, f"Create{self.noun}", **{self.configured: config})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change one in place."""
        read = self._read(context, made)
        config = self._config(new, read[self.configured].get("CallerReference", ""))
        answer = calls.call(
            context,
            f"Update{self.noun}",
            Id=made.physical_id,
            IfMatch=read["ETag"],
            **{self.configured: config},
        )
        return self._made(answer)

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one."""
        with absence_is_fine(self.gone):
            read = self._read(context, made)
            etag = self.prepare_deletion(context, made, read)
            calls.call(context, f"Delete{self.noun}", Id=made.physical_id, IfMatch=etag)

    def prepare_deletion(self, context: Context, made: Made, read: Mapping[str, Any]) -> str:
        """Do what must be done before, and return the ETag."""
        return str(read["ETag"])

    def _read(self, context: Context, made: Made) -> dict[str, Any]:
        return calls.call(context, f"Get{self.configured}", Id=made.physical_id)

    def _config(self, properties: Properties, reference: str) -> dict[str, Any]:
        shape = calls.input_shape(f"Create{self.noun}").members[self.configured]
        config: dict[str, Any] = parameters(shape, properties[self.configured])
        if "CallerReference" in shape.members:
            config.setdefault("CallerReference", reference)
        return config

    def _made(self, answer: Mapping[str, Any]) -> Made:
        told = answer[self.shown]
        return Made(told["Id"], calls.texts(told))


class Distribution(Configured):
    """A distribution: it is disabled before it is deleted."""

    name = "AWS::CloudFront::Distribution"
    noun = "Distribution"
    configured = "DistributionConfig"
    gone = "NoSuchDistribution"

    def make(
        self, context: Context, properties: Properties, config: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Make one with its tags, if it has some."""
        tags = calls.tags(context, properties)
        if tags is None:
            return super().make(context, properties, config)
        tagged = {self.configured: config, "Tags": tags}
        return calls.call(context, "CreateDistributionWithTags", DistributionConfigWithTags=tagged)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change one and its tags."""
        changed = super().update(context, made, old, new)
        calls.tag_again(context, changed.attributes["ARN"], old, new)
        return changed

    def prepare_deletion(self, context: Context, made: Made, read: Mapping[str, Any]) -> str:
        """Disable one that is enabled."""
        config = read[self.configured]
        if not config["Enabled"]:
            return str(read["ETag"])
        disabled = calls.client(context).update_distribution(
            Id=made.physical_id,
            IfMatch=read["ETag"],
            DistributionConfig={**config, "Enabled": False},
        )
        return str(disabled["ETag"])


class OriginAccessIdentity(Configured):
    """An identity with which CloudFront reads buckets."""

    name = "AWS::CloudFront::CloudFrontOriginAccessIdentity"
    noun = "CloudFrontOriginAccessIdentity"
    configured = "CloudFrontOriginAccessIdentityConfig"
    gone = "NoSuchCloudFrontOriginAccessIdentity"


class OriginAccessControl(Configured):
    """How CloudFront signs requests to origins."""

    name = "AWS::CloudFront::OriginAccessControl"
    noun = "OriginAccessControl"
    configured = "OriginAccessControlConfig"
    gone = "NoSuchOriginAccessControl"


class CachePolicy(Configured):
    """What a cache keeps, by which key, and how long."""

    name = "AWS::CloudFront::CachePolicy"
    noun = "CachePolicy"
    configured = "CachePolicyConfig"
    gone = "NoSuchCachePolicy"


class OriginRequestPolicy(Configured):
    """What an origin is told of requests."""

    name = "AWS::CloudFront::OriginRequestPolicy"
    noun = "OriginRequestPolicy"
    configured = "OriginRequestPolicyConfig"
    gone = "NoSuchOriginRequestPolicy"


class ResponseHeadersPolicy(Configured):
    """Which headers viewers are sent."""

    name = "AWS::CloudFront::ResponseHeadersPolicy"
    noun = "ResponseHeadersPolicy"
    configured = "ResponseHeadersPolicyConfig"
    gone = "NoSuchResponseHeadersPolicy"


class PublicKey(Configured):
    """A key that signatures are verified with."""

    name = "AWS::CloudFront::PublicKey"
    noun = "PublicKey"
    configured = "PublicKeyConfig"
    gone = "NoSuchPublicKey"


class KeyGroup(Configured):
    """Keys of which any may sign."""

    name = "AWS::CloudFront::KeyGroup"
    noun = "KeyGroup"
    configured = "KeyGroupConfig"
    gone = "NoSuchResource"


class ContinuousDeploymentPolicy(Configured):
    """Which part of the traffic a staging distribution has."""

    name = "AWS::CloudFront::ContinuousDeploymentPolicy"
    noun = "ContinuousDeploymentPolicy"
    configured = "ContinuousDeploymentPolicyConfig"
    gone = "NoSuchContinuousDeploymentPolicy"


TYPES = (
    Distribution(),
    OriginAccessIdentity(),
    OriginAccessControl(),
    CachePolicy(),
    OriginRequestPolicy(),
    ResponseHeadersPolicy(),
    PublicKey(),
    KeyGroup(),
    ContinuousDeploymentPolicy(),
)
