"""``AWS::CloudFront::*`` in stacks: made, referred to, changed, kept and deleted."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from cloudfront_lab import OPTIMIZED, CloudFront
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from engine_fixtures import Engine, error_of

PEM = (
    rsa.generate_private_key(65537, 2048)
    .public_key()
    .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    .decode()
)


@pytest.fixture(scope="module")
def cloudfront(engine: Engine) -> CloudFront:
    return CloudFront(engine)


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    """A resource of a template."""
    return {"Type": f"AWS::CloudFront::{kind}", "Properties": properties}


def ref(name: str, attribute: str = "") -> dict[str, Any]:
    """A reference to another resource."""
    return {"Fn::GetAtt": [name, attribute]} if attribute else {"Ref": name}


def site(name: str, comment: str) -> dict[str, Any]:
    """A template in CloudFormation's own spelling: plain lists, and its names of members."""
    nothing = {
        "HeadersConfig": {"HeaderBehavior": "none"},
        "CookiesConfig": {"CookieBehavior": "none"},
        "QueryStringsConfig": {"QueryStringBehavior": "whitelist", "QueryStrings": ["page"]},
    }
    distribution = {
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
                "OriginAccessControlId": ref("Control"),
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
            "CachePolicyId": ref("Cache"),
            "OriginRequestPolicyId": ref("Request"),
            "ResponseHeadersPolicyId": ref("Headers", "Id"),
            "TrustedKeyGroups": [ref("Group")],
            "RealtimeLogConfigArn": ref("Log", "Arn"),
            "FunctionAssociations": [
                {"EventType": "viewer-request", "FunctionARN": ref("Rewrite", "FunctionARN")}
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
    resources = {
        "Control": resource(
            "OriginAccessControl",
            OriginAccessControlConfig={
                "Name": name,
                "OriginAccessControlOriginType": "s3",
                "SigningBehavior": "always",
                "SigningProtocol": "sigv4",
            },
        ),
        "Identity": resource(
            "CloudFrontOriginAccessIdentity",
            CloudFrontOriginAccessIdentityConfig={"Comment": comment},
        ),
        "Cache": resource(
            "CachePolicy",
            CachePolicyConfig={
                "Name": name,
                "MinTTL": 1,
                "DefaultTTL": 2,
                "MaxTTL": 3,
                "ParametersInCacheKeyAndForwardedToOrigin": {
                    "EnableAcceptEncodingGzip": True,
                    **nothing,
                },
            },
        ),
        "Request": resource(
            "OriginRequestPolicy", OriginRequestPolicyConfig={"Name": name, **nothing}
        ),
        "Headers": resource(
            "ResponseHeadersPolicy",
            ResponseHeadersPolicyConfig={
                "Name": name,
                "CorsConfig": {
                    "AccessControlAllowCredentials": False,
                    "AccessControlAllowHeaders": {"Items": ["X-A"]},
                    "AccessControlAllowMethods": {"Items": ["GET"]},
                    "AccessControlAllowOrigins": {"Items": ["*"]},
                    "OriginOverride": True,
                },
            },
        ),
        "Key": resource(
            "PublicKey",
            PublicKeyConfig={"Name": name, "CallerReference": name, "EncodedKey": PEM},
        ),
        "Group": resource("KeyGroup", KeyGroupConfig={"Name": name, "Items": [ref("Key")]}),
        "Store": resource("KeyValueStore", Name=name, Comment=comment),
        "Rewrite": resource(
            "Function",
            Name=name,
            AutoPublish=True,
            FunctionCode=f"// {comment}\nfunction handler(event) {{ return event.request; }}",
            FunctionConfig={
                "Runtime": "cloudfront-js-2.0",
                "KeyValueStoreAssociations": [{"KeyValueStoreARN": ref("Store", "Arn")}],
            },
        ),
        "Log": resource(
            "RealtimeLogConfig",
            Name=name,
            SamplingRate=10,
            Fields=["timestamp"],
            EndPoints=[
                {
                    "StreamType": "Kinesis",
                    "KinesisStreamConfig": {
                        "RoleArn": "arn:aws:iam::000000000000:role/r",
                        "StreamArn": "arn:aws:kinesis:us-east-1:000000000000:stream/s",
                    },
                }
            ],
        ),
        "Site": resource(
            "Distribution",
            DistributionConfig=distribution,
            Tags=[{"Key": "stage", "Value": "test"}],
        ),
        "Metrics": resource(
            "MonitoringSubscription",
            DistributionId=ref("Site"),
            MonitoringSubscription={
                "RealtimeMetricsSubscriptionConfig": {
                    "RealtimeMetricsSubscriptionStatus": "Enabled"
                }
            },
        ),
    }
    outputs = {"Domain": ("Site", "DomainName"), "Function": ("Rewrite", "Stage")}
    return {
        "Resources": resources,
        "Outputs": {
            **{name: {"Value": ref(*held)} for name, held in outputs.items()},
            "Site": {"Value": ref("Site")},
            "Identity": {"Value": ref("Identity")},
        },
    }


def outputs(stacks: Any, name: str) -> dict[str, str]:
    """The outputs of a stack."""
    told = stacks.describe_stacks(StackName=name)["Stacks"][0]["Outputs"]
    return {output["OutputKey"]: output["OutputValue"] for output in told}


def test_a_site_is_made_changed_and_deleted(engine: Engine, cloudfront: CloudFront) -> None:
    stacks, api, name = engine.client("cloudformation"), cloudfront.api, engine.name("site")
    stacks.create_stack(StackName=name, TemplateBody=json.dumps(site(name, "first")))
    told = outputs(stacks, name)
    distribution = told["Site"]
    got = api.get_distribution(Id=distribution)["Distribution"]
    assert told["Domain"] == got["DomainName"]
    assert told["Function"] == "LIVE"
    config = got["DistributionConfig"]
    assert (config["IsIPV6Enabled"], config["Enabled"], config["Comment"]) == (True, True, "first")
    bucket, server = config["Origins"]["Items"]
    assert bucket["S3OriginConfig"]["OriginAccessIdentity"] == ""
    assert server["CustomOriginConfig"]["HTTPPort"] == 80
    assert server["CustomHeaders"]["Items"] == [{"HeaderName": "X-From", "HeaderValue": "edge"}]
    made = config["DefaultCacheBehavior"]
    assert made["AllowedMethods"]["CachedMethods"]["Quantity"] == 3
    assert made["TrustedKeyGroups"]["Enabled"] is True
    (legacy,) = config["CacheBehaviors"]["Items"]
    assert (legacy["DefaultTTL"], legacy["ForwardedValues"]["Cookies"]["Forward"]) == (60, "none")
    assert config["Restrictions"]["GeoRestriction"]["Items"] == ["AQ"]
    assert config["Logging"]["Enabled"] is True
    assert config["CustomErrorResponses"]["Items"][0]["ResponseCode"] == "200"
    tags = api.list_tags_for_resource(Resource=got["ARN"])["Tags"]["Items"]
    assert tags == [{"Key": "stage", "Value": "test"}]

    stacks.update_stack(StackName=name, TemplateBody=json.dumps(site(name, "second")))
    assert outputs(stacks, name)["Site"] == distribution
    changed = api.get_distribution_config(Id=distribution)["DistributionConfig"]
    assert changed["Comment"] == "second"
    assert changed["CallerReference"] == config["CallerReference"]
    code = api.get_function(Name=name, Stage="LIVE")["FunctionCode"].read()
    assert code.startswith(b"// second")

    stacks.delete_stack(StackName=name)
    assert error_of(lambda: api.get_distribution(Id=distribution))[0] == "NoSuchDistribution"
    assert error_of(lambda: api.describe_function(Name=name))[0] == "NoSuchFunctionExists"
    identity = told["Identity"]
    assert error_of(lambda: api.get_cloud_front_origin_access_identity(Id=identity))[0] == (
        "NoSuchCloudFrontOriginAccessIdentity"
    )


def test_a_refusal_has_cloudfronts_words(engine: Engine) -> None:
    stacks, name = engine.client("cloudformation"), engine.name("refused")
    config = {
        "Enabled": True,
        "Origins": [{"Id": "a", "DomainName": "a.example", "CustomOriginConfig": {
            "OriginProtocolPolicy": "http-only"}}],
        "DefaultCacheBehavior": {
            "TargetOriginId": "b",
            "ViewerProtocolPolicy": "allow-all",
            "CachePolicyId": OPTIMIZED,
        },
    }  # fmt: skip
    template = {"Resources": {"Site": resource("Distribution", DistributionConfig=config)}}
    code, told = error_of(
        lambda: stacks.create_stack(StackName=name, TemplateBody=json.dumps(template))
    )
    assert (code, "NoSuchOrigin" in told) == ("ValidationError", True)


def test_a_stack_survives_a_restart(start_engine: Callable[..., Engine]) -> None:
    name = "kept"
    config = {"OriginAccessControlConfig": {
        "Name": name,
        "OriginAccessControlOriginType": "s3",
        "SigningBehavior": "always",
        "SigningProtocol": "sigv4",
    }}  # fmt: skip
    template = {
        "Resources": {"Control": resource("OriginAccessControl", **config)},
        "Outputs": {"Id": {"Value": ref("Control", "Id")}},
    }
    before = start_engine()
    stacks = before.client("cloudformation")
    stacks.create_stack(StackName=name, TemplateBody=json.dumps(template))
    made = outputs(stacks, name)["Id"]
    assert before.stop() == 0
    after = start_engine()
    stacks = after.client("cloudformation")
    assert outputs(stacks, name)["Id"] == made
    stacks.delete_stack(StackName=name)
    api = CloudFront(after).api
    assert error_of(lambda: api.get_origin_access_control(Id=made))[0] == (
        "NoSuchOriginAccessControl"
    )
