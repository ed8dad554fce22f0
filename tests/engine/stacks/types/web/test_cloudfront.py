"""``AWS::CloudFront::*``: a site is made of its parts, changed, visited and deleted."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from cloudfront_lab import OPTIMIZED, CloudFront
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from engine_fixtures import Engine, error_of
from http_apis import call
from stack_types_lab import Lab, Resource

from lambda_nb.engine.stacks.types.registry import find

PEM = (
    rsa.generate_private_key(65537, 2048)
    .public_key()
    .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    .decode()
)
NOTHING = {
    "HeadersConfig": {"HeaderBehavior": "none"},
    "CookiesConfig": {"CookieBehavior": "none"},
    "QueryStringsConfig": {"QueryStringBehavior": "whitelist", "QueryStrings": ["page"]},
}


class Site:
    """The parts of a site in one stack, by their logical IDs."""

    def __init__(self, engine: Engine) -> None:
        self.lab = Lab(engine, {"team": "web"})
        self.parts: dict[str, Resource] = {}

    def make(self, logical_id: str, kind: str, **properties: Any) -> Resource:
        """Make a part."""
        found = find(f"AWS::CloudFront::{kind}")
        assert found is not None
        self.parts[logical_id] = self.lab.create(found, properties, logical_id)
        return self.parts[logical_id]

    def ref(self, logical_id: str, attribute: str = "") -> Any:
        """What ``Ref`` or ``Fn::GetAtt`` gives."""
        part = self.parts[logical_id]
        return part.attribute(attribute) if attribute else part.ref

    def delete(self) -> None:
        """Delete all, the last one first."""
        for part in reversed(self.parts.values()):
            self.lab.delete(part)


def parts(site: Site, name: str) -> None:
    """What a distribution refers to."""
    site.make(
        "Control",
        "OriginAccessControl",
        OriginAccessControlConfig={
            "Name": name,
            "OriginAccessControlOriginType": "s3",
            "SigningBehavior": "always",
            "SigningProtocol": "sigv4",
        },
    )
    identity = {"Comment": name}
    site.make(
        "Identity",
        "CloudFrontOriginAccessIdentity",
        CloudFrontOriginAccessIdentityConfig=identity,
    )
    cache = {
        "Name": name,
        "MinTTL": 1,
        "DefaultTTL": 2,
        "MaxTTL": 3,
        "ParametersInCacheKeyAndForwardedToOrigin": {
            "EnableAcceptEncodingGzip": True,
            **NOTHING,
        },
    }
    site.make("Cache", "CachePolicy", CachePolicyConfig=cache)
    site.make("Request", "OriginRequestPolicy", OriginRequestPolicyConfig={"Name": name, **NOTHING})
    cors = {
        "AccessControlAllowCredentials": False,
        "AccessControlAllowHeaders": {"Items": ["X-A"]},
        "AccessControlAllowMethods": {"Items": ["GET"]},
        "AccessControlAllowOrigins": {"Items": ["*"]},
        "OriginOverride": True,
    }
    site.make(
        "Headers",
        "ResponseHeadersPolicy",
        ResponseHeadersPolicyConfig={"Name": name, "CorsConfig": cors},
    )
    key = {"Name": name, "CallerReference": name, "EncodedKey": PEM}
    site.make("Key", "PublicKey", PublicKeyConfig=key)
    site.make("Group", "KeyGroup", KeyGroupConfig={"Name": name, "Items": [site.ref("Key")]})
    site.make("Store", "KeyValueStore", Name=name, Comment="first")
    site.make(
        "Rewrite",
        "Function",
        Name=name,
        AutoPublish=True,
        FunctionCode="// first\nfunction handler(event) { return event.request; }",
        FunctionConfig={
            "Runtime": "cloudfront-js-2.0",
            "KeyValueStoreAssociations": [{"KeyValueStoreARN": site.ref("Store", "Arn")}],
        },
    )
    stream = {
        "RoleArn": "arn:aws:iam::000000000000:role/r",
        "StreamArn": "arn:aws:kinesis:us-east-1:000000000000:stream/s",
    }
    site.make(
        "Log",
        "RealtimeLogConfig",
        Name=name,
        SamplingRate=10,
        Fields=["timestamp"],
        EndPoints=[{"StreamType": "Kinesis", "KinesisStreamConfig": stream}],
    )


def distribution(site: Site, comment: str) -> dict[str, Any]:
    """A configuration in CloudFormation's own spelling: plain lists, and its names of members."""
    return {
        "Enabled": "true",
        "Comment": comment,
        "IPV6Enabled": True,
        "HttpVersion": "http2",
        "DefaultRootObject": "index.html",
        "Origins": [
            {
                "Id": "bucket",
                "DomainName": "bucket.s3.us-east-1.amazonaws.com",
                "S3OriginConfig": {},
                "OriginAccessControlId": site.ref("Control"),
            },
            {
                "Id": "server",
                "DomainName": "server.example",
                "OriginCustomHeaders": [{"HeaderName": "X-From", "HeaderValue": "edge"}],
                "CustomOriginConfig": {
                    "OriginProtocolPolicy": "https-only",
                    "OriginSSLProtocols": ["TLSv1.2"],
                },
            },
        ],
        "OriginGroups": {
            "Quantity": 1,
            "Items": [
                {
                    "Id": "either",
                    "FailoverCriteria": {"StatusCodes": {"Quantity": 1, "Items": [503]}},
                    "Members": {
                        "Quantity": 2,
                        "Items": [{"OriginId": "bucket"}, {"OriginId": "server"}],
                    },
                }
            ],
        },
        "DefaultCacheBehavior": {
            "TargetOriginId": "either",
            "ViewerProtocolPolicy": "redirect-to-https",
            "AllowedMethods": ["GET", "HEAD", "OPTIONS"],
            "CachedMethods": ["GET", "HEAD", "OPTIONS"],
            "Compress": True,
            "CachePolicyId": site.ref("Cache"),
            "OriginRequestPolicyId": site.ref("Request"),
            "ResponseHeadersPolicyId": site.ref("Headers", "Id"),
            "TrustedKeyGroups": [site.ref("Group")],
            "RealtimeLogConfigArn": site.ref("Log", "Arn"),
            "FunctionAssociations": [
                {"EventType": "viewer-request", "FunctionARN": site.ref("Rewrite", "FunctionARN")}
            ],
        },
        "CacheBehaviors": [
            {
                "PathPattern": "/legacy/*",
                "TargetOriginId": "server",
                "ViewerProtocolPolicy": "allow-all",
                "ForwardedValues": {"QueryString": True, "Headers": ["Origin"]},
                "MinTTL": 0,
                "DefaultTTL": "60",
            }
        ],
        "CustomErrorResponses": [
            {"ErrorCode": 404, "ResponseCode": 200, "ResponsePagePath": "/index.html"}
        ],
        "Restrictions": {"GeoRestriction": {"RestrictionType": "blacklist", "Locations": ["AQ"]}},
        "Logging": {"Bucket": "logs.s3.amazonaws.com", "Prefix": "site/"},
        "ViewerCertificate": {"CloudFrontDefaultCertificate": True},
    }


def test_a_site_is_made_changed_and_deleted(engine: Engine) -> None:
    api, name = CloudFront(engine).api, engine.name("site")
    site = Site(engine)
    parts(site, name)
    made = site.make(
        "Site",
        "Distribution",
        DistributionConfig=distribution(site, "first"),
        Tags=[{"Key": "stage", "Value": "test"}],
    )
    metrics = {"RealtimeMetricsSubscriptionStatus": "Enabled"}
    subscription = {
        "DistributionId": made.ref,
        "MonitoringSubscription": {"RealtimeMetricsSubscriptionConfig": metrics},
    }
    kind = find("AWS::CloudFront::MonitoringSubscription")
    assert kind is not None
    assert kind.taken(made.context, subscription) is None
    site.make("Metrics", "MonitoringSubscription", **subscription)
    assert kind.taken(made.context, subscription) == made.ref  # another would overwrite it
    got = api.get_distribution(Id=made.ref)["Distribution"]
    assert made.attribute("DomainName") == got["DomainName"]
    assert site.ref("Rewrite", "Stage") == "LIVE"
    config = got["DistributionConfig"]
    assert (config["IsIPV6Enabled"], config["Enabled"], config["Comment"]) == (True, True, "first")
    bucket, server = config["Origins"]["Items"]
    assert bucket["S3OriginConfig"]["OriginAccessIdentity"] == ""
    assert server["CustomOriginConfig"]["HTTPPort"] == 80
    assert server["CustomHeaders"]["Items"] == [{"HeaderName": "X-From", "HeaderValue": "edge"}]
    default = config["DefaultCacheBehavior"]
    assert default["AllowedMethods"]["CachedMethods"]["Quantity"] == 3
    assert default["TrustedKeyGroups"]["Enabled"] is True
    (legacy,) = config["CacheBehaviors"]["Items"]
    assert (legacy["DefaultTTL"], legacy["ForwardedValues"]["Cookies"]["Forward"]) == (60, "none")
    assert config["Restrictions"]["GeoRestriction"]["Items"] == ["AQ"]
    assert config["Logging"]["Enabled"] is True
    assert config["CustomErrorResponses"]["Items"][0]["ResponseCode"] == "200"

    def tags() -> dict[str, str]:
        found = api.list_tags_for_resource(Resource=got["ARN"])["Tags"]["Items"]
        return {tag["Key"]: tag["Value"] for tag in found}

    assert tags() == {"stage": "test", "team": "web"}
    site.lab.update(made, {"DistributionConfig": distribution(site, "second")})
    changed = api.get_distribution_config(Id=made.ref)["DistributionConfig"]
    assert changed["Comment"] == "second"
    assert changed["CallerReference"] == config["CallerReference"]
    assert tags() == {"team": "web"}
    rewrite = site.parts["Rewrite"]
    code = rewrite.properties["FunctionCode"].replace("first", "second")
    site.lab.update(rewrite, {**rewrite.properties, "FunctionCode": code})
    live = api.get_function(Name=name, Stage="LIVE")["FunctionCode"].read()
    assert live.startswith(b"// second")
    store = site.lab.update(site.parts["Store"], {"Name": name, "Comment": "second"})
    assert api.describe_key_value_store(Name=store.ref)["KeyValueStore"]["Comment"] == "second"

    site.delete()
    assert error_of(lambda: api.get_distribution(Id=made.ref))[0] == "NoSuchDistribution"
    assert error_of(lambda: api.describe_function(Name=name))[0] == "NoSuchFunctionExists"
    identity = site.ref("Identity")
    assert error_of(lambda: api.get_cloud_front_origin_access_identity(Id=identity))[0] == (
        "NoSuchCloudFrontOriginAccessIdentity"
    )


def test_visitors_get_what_a_function_of_the_stack_answers(engine: Engine) -> None:
    site = Site(engine)
    site.make(
        "Answer",
        "Function",
        Name=engine.name("answer"),
        AutoPublish="true",
        FunctionCode="function handler(e) { return {statusCode: 418, statusDescription: 'Tea'}; }",
        FunctionConfig={"Runtime": "cloudfront-js-2.0", "Comment": ""},
    )
    config = {
        "Enabled": True,
        "Origins": [
            {
                "Id": "a",
                "DomainName": "a.example",
                "CustomOriginConfig": {"OriginProtocolPolicy": "http-only"},
            }
        ],
        "DefaultCacheBehavior": {
            "TargetOriginId": "a",
            "ViewerProtocolPolicy": "allow-all",
            "CachePolicyId": OPTIMIZED,
            "FunctionAssociations": [
                {"EventType": "viewer-request", "FunctionARN": site.ref("Answer")}
            ],
        },
    }
    made = site.make("Site", "Distribution", DistributionConfig=config)
    host = {"Host": made.attribute("DomainName")}
    assert call(engine.url + "/", headers=host).status == 418
    site.delete()


def test_a_refusal_has_cloudfronts_words(engine: Engine) -> None:
    config = {
        "Enabled": True,
        "Origins": [
            {
                "Id": "a",
                "DomainName": "a.example",
                "CustomOriginConfig": {"OriginProtocolPolicy": "http-only"},
            }
        ],
        "DefaultCacheBehavior": {
            "TargetOriginId": "b",
            "ViewerProtocolPolicy": "allow-all",
            "CachePolicyId": OPTIMIZED,
        },
    }
    with pytest.raises(ClientError, match="NoSuchOrigin"):
        Site(engine).make("Site", "Distribution", DistributionConfig=config)
