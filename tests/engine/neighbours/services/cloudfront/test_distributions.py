"""Distributions: what is filled in, what is refused, and what belongs to one."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import pytest
from cloudfront_lab import (
    OPTIMIZED,
    CloudFront,
    Config,
    behaviour,
    bucket,
    distribution,
    everything,
    listed,
    server,
)
from engine_fixtures import Engine, error_of

CERTIFICATE = {
    "ACMCertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/a",
    "SSLSupportMethod": "sni-only",
}
LEGACY = {"QueryString": False, "Cookies": {"Forward": "none"}}


@pytest.fixture(scope="module")
def cloudfront(engine: Engine) -> CloudFront:
    return CloudFront(engine)


def default(**more: Any) -> Config:
    """A distribution's default behavior with a few more members."""
    return {"DefaultCacheBehavior": behaviour(**more)}


def legacy(**more: Any) -> Config:
    """A default behavior without policies."""
    made = behaviour(ForwardedValues={**LEGACY, **more.pop("forwarded", {})}, MinTTL=0, **more)
    del made["CachePolicyId"]
    return {"DefaultCacheBehavior": made}


def group(**more: Any) -> Config:
    """Two origins, and a group of them."""
    members = listed({"OriginId": "bucket"}, {"OriginId": "second"})
    criteria = {"StatusCodes": listed(500)}
    made = {"Id": "group", "FailoverCriteria": criteria, "Members": members, **more}
    return {"Origins": listed(bucket(), bucket("second")), "OriginGroups": listed(made)}


def test_a_distribution_leads_here_and_has_awss_defaults(
    engine: Engine, cloudfront: CloudFront
) -> None:
    origins = listed(bucket(), server())
    name, _ = cloudfront.create(Origins=origins)
    shown = cloudfront.api.get_distribution(Id=name)["Distribution"]
    port = engine.url.rpartition(":")[2]
    assert shown["DomainName"] == f"{name.lower()}.cloudfront.localhost:{port}"
    assert shown["ARN"] == f"arn:aws:cloudfront::{engine.account}:distribution/{name}"
    assert shown["Status"] == "Deployed"
    config = shown["DistributionConfig"]
    assert config["PriceClass"] == "PriceClass_All"
    assert config["HttpVersion"] == "http2"
    assert config["ViewerCertificate"]["CloudFrontDefaultCertificate"] is True
    made = config["DefaultCacheBehavior"]
    assert made["AllowedMethods"]["Items"] == ["HEAD", "GET"]
    assert made["AllowedMethods"]["CachedMethods"]["Items"] == ["HEAD", "GET"]
    assert (made["Compress"], made["SmoothStreaming"]) == (False, False)
    assert "MinTTL" not in made
    first, second = config["Origins"]["Items"]
    assert (first["ConnectionAttempts"], first["ConnectionTimeout"]) == (3, 10)
    assert second["CustomOriginConfig"]["OriginReadTimeout"] == 30
    summary = everything(cloudfront.api.list_distributions, "DistributionList")
    assert shown["DomainName"] in [item["DomainName"] for item in summary]


def test_a_behavior_without_policies_gets_the_old_defaults(cloudfront: CloudFront) -> None:
    name, _ = cloudfront.create(**legacy())
    config = cloudfront.api.get_distribution_config(Id=name)["DistributionConfig"]
    made = config["DefaultCacheBehavior"]
    assert (made["MinTTL"], made["DefaultTTL"], made["MaxTTL"]) == (0, 86_400, 31_536_000)
    assert made["ForwardedValues"]["Headers"] == {"Quantity": 0}


def test_any_regions_signature_reaches_the_same_distributions(
    engine: Engine, cloudfront: CloudFront
) -> None:
    name, etag = cloudfront.create()
    elsewhere = engine.client("cloudfront", region_name="ap-southeast-2")
    assert elsewhere.get_distribution(Id=name)["ETag"] == etag


REFUSED: dict[str, tuple[Config, str, str]] = {
    "origin twice": ({"Origins": listed(bucket(), bucket())}, "InvalidArgument", "there twice"),
    "scheme": (
        {"Origins": listed(server("bucket", "http://a"))},
        "InvalidArgument",
        "without a scheme",
    ),
    "origin path": ({"Origins": listed(bucket(OriginPath="/a/"))}, "InvalidArgument", "OriginPath"),
    "attempts": (
        {"Origins": listed(bucket(ConnectionAttempts=4))},
        "InvalidArgument",
        "ConnectionAttempts",
    ),
    "read timeout": (
        {"Origins": listed(server("bucket", OriginReadTimeout=121))},
        "InvalidOriginReadTimeout",
        "from 1 to 120",
    ),
    "keep-alive": (
        {"Origins": listed(server("bucket", OriginKeepaliveTimeout=0))},
        "InvalidOriginKeepaliveTimeout",
        "from 1 to 300",
    ),
    "port": ({"Origins": listed(server("bucket", HTTPPort=22))}, "InvalidArgument", "HTTPPort"),
    "header not added": (
        {
            "Origins": listed(
                bucket(CustomHeaders=listed({"HeaderName": "Host", "HeaderValue": "a"}))
            )
        },
        "InvalidArgument",
        "adds no 'host'",
    ),
    "headers": (
        {
            "Origins": listed(
                bucket(
                    CustomHeaders=listed(
                        *({"HeaderName": f"A{n}", "HeaderValue": ""} for n in range(31))
                    )
                )
            )
        },
        "TooManyOriginCustomHeaders",
        "at most 30",
    ),
    "website": (
        {
            "Origins": listed(
                {**bucket(), "DomainName": "bucket.s3-website-us-east-1.amazonaws.com"}
            )
        },
        "InvalidArgument",
        "is a website",
    ),
    "identity": (
        {
            "Origins": listed(
                bucket(
                    S3OriginConfig={
                        "OriginAccessIdentity": "origin-access-identity/cloudfront/ENONE"
                    }
                )
            )
        },
        "InvalidOriginAccessIdentity",
        "ENONE",
    ),
    "control": (
        {"Origins": listed(bucket(OriginAccessControlId="ENONE"))},
        "InvalidOriginAccessControl",
        "ENONE",
    ),
    "VPC": (
        {
            "Origins": listed(
                {"Id": "bucket", "DomainName": "a", "VpcOriginConfig": {"VpcOriginId": "vo"}}
            )
        },
        "InvalidArgument",
        "no VPC origins",
    ),
    "target": (default(TargetOriginId="none"), "NoSuchOrigin", "'none'"),
    "cache policy": (default(CachePolicyId="none"), "NoSuchCachePolicy", "'none'"),
    "origin request policy": (
        default(OriginRequestPolicyId="none"),
        "NoSuchOriginRequestPolicy",
        "'none'",
    ),
    "response headers policy": (
        default(ResponseHeadersPolicyId="none"),
        "NoSuchResponseHeadersPolicy",
        "'none'",
    ),
    "real-time log": (
        default(RealtimeLogConfigArn="arn:aws:cloudfront::000000000000:realtime-log-config/x"),
        "NoSuchRealtimeLogConfig",
        "realtime-log-config/x",
    ),
    "key group": (
        default(TrustedKeyGroups={"Enabled": True, **listed("none")}),
        "TrustedKeyGroupDoesNotExist",
        "'none'",
    ),
    "signers": (
        default(TrustedSigners={"Enabled": True, **listed("self")}),
        "TrustedSignerDoesNotExist",
        "use TrustedKeyGroups",
    ),
    "both": (
        default(ForwardedValues=LEGACY),
        "InvalidArgument",
        "cannot be used when a cache policy is associated",
    ),
    "neither": (default(CachePolicyId=""), "InvalidArgument", "ForwardedValues is required"),
    "TTLs": (legacy(MaxTTL=1), "InvalidTTLOrder", "in this order"),
    "cookies": (
        legacy(forwarded={"Cookies": {"Forward": "whitelist"}}),
        "InvalidForwardCookies",
        "whitelist",
    ),
    "keys of queries": (
        legacy(forwarded={"QueryStringCacheKeys": listed("q")}),
        "InvalidQueryStringParameters",
        "QueryString to be true",
    ),
    "forwarded headers": (
        legacy(forwarded={"Headers": listed(*(f"A{n}" for n in range(11)))}),
        "TooManyHeadersInForwardedValues",
        "at most 10",
    ),
    "methods": (
        default(AllowedMethods={**listed("GET", "POST")}),
        "InvalidArgument",
        "AllowedMethods",
    ),
    "cached methods": (
        default(
            AllowedMethods={
                **listed("GET", "HEAD"),
                "CachedMethods": listed("GET", "HEAD", "OPTIONS"),
            }
        ),
        "InvalidArgument",
        "CachedMethods",
    ),
    "a protocol": (
        default(ViewerProtocolPolicy="any"),
        "InvalidArgument",
        "DefaultCacheBehavior.ViewerProtocolPolicy is one of",
    ),
    "group of one": (
        group(Members=listed({"OriginId": "bucket"}, {"OriginId": "bucket"})),
        "InvalidArgument",
        "has bucket twice",
    ),
    "group of none": (
        group(Members=listed({"OriginId": "bucket"}, {"OriginId": "x"})),
        "NoSuchOrigin",
        "names no origin: x",
    ),
    "group's statuses": (
        group(FailoverCriteria={"StatusCodes": listed(418)}),
        "InvalidArgument",
        "[418]",
    ),
    "group and POST": (
        {
            **group(),
            **default(
                TargetOriginId="group",
                AllowedMethods=listed("GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"),
            ),
        },
        "InvalidArgument",
        "associated with an origin group",
    ),
    "behaviors": (
        {"CacheBehaviors": listed(*(behaviour(PathPattern=f"/{n}") for n in range(75)))},
        "TooManyCacheBehaviors",
        "at most 75",
    ),
    "pattern twice": (
        {"CacheBehaviors": listed(*(behaviour(PathPattern="/a") for _ in range(2)))},
        "InvalidArgument",
        "contains duplicates: /a",
    ),
    "pattern": (
        {"CacheBehaviors": listed(behaviour(PathPattern="/a b"))},
        "InvalidArgument",
        "'/a b'",
    ),
    "error code": (
        {"CustomErrorResponses": listed({"ErrorCode": 418})},
        "InvalidErrorCode",
        "not for 418",
    ),
    "error page alone": (
        {"CustomErrorResponses": listed({"ErrorCode": 404, "ResponsePagePath": "/a"})},
        "InvalidResponseCode",
        "go together",
    ),
    "error page": (
        {
            "CustomErrorResponses": listed(
                {"ErrorCode": 404, "ResponsePagePath": "a", "ResponseCode": "200"}
            )
        },
        "InvalidRelativePath",
        "begins with a slash",
    ),
    "response code": (
        {
            "CustomErrorResponses": listed(
                {"ErrorCode": 404, "ResponsePagePath": "/a", "ResponseCode": "302"}
            )
        },
        "InvalidResponseCode",
        "'302'",
    ),
    "root object": ({"DefaultRootObject": "/index.html"}, "InvalidDefaultRootObject", "slash"),
    "countries": (
        {"Restrictions": {"GeoRestriction": {"RestrictionType": "whitelist", "Quantity": 0}}},
        "InvalidGeoRestrictionParameter",
        "0 countries",
    ),
    "a country": (
        {"Restrictions": {"GeoRestriction": {"RestrictionType": "blacklist", **listed("Germany")}}},
        "InvalidGeoRestrictionParameter",
        "'Germany'",
    ),
    "log": (
        {"Logging": {"Enabled": True, "Bucket": "logs", "IncludeCookies": False, "Prefix": ""}},
        "InvalidArgument",
        "'logs'",
    ),
    "alias": ({"Aliases": listed("a.example")}, "InvalidViewerCertificate", "ACMCertificateArn"),
    "certificate": (
        {
            "ViewerCertificate": {
                "ACMCertificateArn": "arn:aws:acm:eu-west-1:000000000000:certificate/a",
                "SSLSupportMethod": "sni-only",
            }
        },
        "InvalidViewerCertificate",
        "us-east-1",
    ),
    "web ACL": ({"WebACLId": "arn:aws:wafv2:x"}, "InvalidWebACLId", "leave WebACLId out"),
    "gRPC": (default(GrpcConfig={"Enabled": True}), "InvalidArgument", "gRPC"),
    "smooth": (default(SmoothStreaming=True), "InvalidArgument", "Smooth Streaming"),
    "deployment policy": (
        {"ContinuousDeploymentPolicyId": "x"},
        "InvalidArgument",
        "not supported during distribution creation",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused_with_a_sentence(cloudfront: CloudFront, case: str) -> None:
    more, code, words = REFUSED[case]
    told = error_of(lambda: cloudfront.create(**more))
    assert told[0] == code, told
    assert words in told[1]
    assert len(told[1].split()) > 5


def test_what_is_right_is_taken(cloudfront: CloudFront) -> None:
    name, _ = cloudfront.create(
        **group(),
        **default(TargetOriginId="group"),
        CacheBehaviors=listed(*(behaviour(PathPattern=f"/{n}/*") for n in range(74))),
        CustomErrorResponses=listed(
            {"ErrorCode": 404, "ResponsePagePath": "/a", "ResponseCode": "200"}, {"ErrorCode": 500}
        ),
        Restrictions={"GeoRestriction": {"RestrictionType": "blacklist", **listed("DE", "FR")}},
        Logging={
            "Enabled": True,
            "Bucket": "logs.s3.amazonaws.com",
            "Prefix": "a/",
            "IncludeCookies": True,
        },
        DefaultRootObject="index.html",
        Aliases=listed(f"{cloudfront.engine.name('a')}.example"),
        ViewerCertificate=CERTIFICATE,
    )
    got = cloudfront.api.get_distribution_config(Id=name)["DistributionConfig"]
    assert got["CustomErrorResponses"]["Items"][1]["ErrorCachingMinTTL"] == 10
    assert got["ViewerCertificate"]["CertificateSource"] == "acm"
    assert got["OriginGroups"]["Items"][0]["Members"]["Quantity"] == 2


def control(cloudfront: CloudFront, kind: str) -> str:
    """The id of an origin access control."""
    made = cloudfront.api.create_origin_access_control(
        OriginAccessControlConfig={
            "Name": cloudfront.engine.name("oac"),
            "SigningProtocol": "sigv4",
            "SigningBehavior": "always",
            "OriginAccessControlOriginType": kind,
        }
    )
    return str(made["OriginAccessControl"]["Id"])


def test_an_origin_access_control_fits_its_origin(cloudfront: CloudFront) -> None:
    for_s3, for_lambda = control(cloudfront, "s3"), control(cloudfront, "lambda")
    url = "abc.lambda-url.us-east-1.on.aws"
    for origin in (
        {**server("bucket"), "OriginAccessControlId": for_s3},
        bucket(OriginAccessControlId=for_lambda),
        {**server("bucket", "example.com"), "OriginAccessControlId": for_lambda},
    ):
        told = error_of(partial(cloudfront.create, Origins=listed(origin)))
        assert told[0] == "InvalidDomainNameForOriginAccessControl"
    right = {**server("bucket", url), "OriginAccessControlId": for_lambda}
    cloudfront.create(Origins=listed(right))
    identity = cloudfront.api.create_cloud_front_origin_access_identity(
        CloudFrontOriginAccessIdentityConfig={
            "CallerReference": cloudfront.engine.name("oai"),
            "Comment": "",
        }
    )["CloudFrontOriginAccessIdentity"]["Id"]
    path = {"OriginAccessIdentity": f"origin-access-identity/cloudfront/{identity}"}
    two = bucket(OriginAccessControlId=for_s3, S3OriginConfig=path)
    told = error_of(lambda: cloudfront.create(Origins=listed(two)))
    assert told[0] == "IllegalOriginAccessConfiguration"
    name, _ = cloudfront.create(Origins=listed(bucket(S3OriginConfig=path)))
    etag = cloudfront.api.get_cloud_front_origin_access_identity(Id=identity)["ETag"]
    told = error_of(
        lambda: cloudfront.api.delete_cloud_front_origin_access_identity(Id=identity, IfMatch=etag)
    )
    assert told[0] == "CloudFrontOriginAccessIdentityInUse"
    cloudfront.delete(name)


def test_an_enabled_distribution_is_not_deleted(cloudfront: CloudFront) -> None:
    name, etag = cloudfront.create()
    told = error_of(lambda: cloudfront.api.delete_distribution(Id=name, IfMatch=etag))
    assert told[0] == "DistributionNotDisabled"
    cloudfront.delete(name)
    assert error_of(lambda: cloudfront.api.get_distribution(Id=name))[0] == "NoSuchDistribution"


def test_a_reference_stays(cloudfront: CloudFront) -> None:
    name, _ = cloudfront.create()

    def change(config: Config) -> None:
        config["CallerReference"] += "x"

    assert error_of(lambda: cloudfront.update(name, change))[0] == "IllegalUpdate"
    told = error_of(lambda: cloudfront.update(name, lambda config: config.update(Staging=True)))
    assert told[0] == "IllegalUpdate"


def test_an_alias_is_one_distributions_and_moves(cloudfront: CloudFront) -> None:
    api = cloudfront.api
    domain = cloudfront.engine.name("d") + ".example"
    alias, wild = f"www.{domain}", f"*.{domain}"
    first, _ = cloudfront.create(Aliases=listed(alias), ViewerCertificate=CERTIFICATE)
    same = alias.upper()
    told = error_of(lambda: cloudfront.create(Aliases=listed(same), ViewerCertificate=CERTIFICATE))
    assert told[0] == "CNAMEAlreadyExists"
    assert first in told[1]
    without, _ = cloudfront.create()
    told = error_of(lambda: api.associate_alias(TargetDistributionId=without, Alias=alias))
    assert told[0] == "InvalidViewerCertificate"
    second, _ = cloudfront.create(ViewerCertificate=CERTIFICATE)
    listing = api.list_conflicting_aliases(DistributionId=second, Alias=wild)
    found = listing["ConflictingAliasesList"]["Items"]
    assert [item["Alias"] for item in found] == [alias]
    assert found[0]["DistributionId"] == "*" * 7 + first[7:]

    def aliases(name: str) -> list[str]:
        config = api.get_distribution_config(Id=name)["DistributionConfig"]
        items: list[str] = config["Aliases"].get("Items", [])
        return items

    assert aliases(first) == [alias]
    api.associate_alias(TargetDistributionId=second, Alias=alias)
    assert (aliases(first), aliases(second)) == ([], [alias])


def test_tags_are_kept_with_a_distribution(engine: Engine, cloudfront: CloudFront) -> None:
    api = cloudfront.api
    made = api.create_distribution_with_tags(
        DistributionConfigWithTags={
            "DistributionConfig": distribution(engine.name("r")),
            "Tags": {"Items": [{"Key": "a", "Value": "1"}]},
        }
    )["Distribution"]
    arn = made["ARN"]
    api.tag_resource(Resource=arn, Tags={"Items": [{"Key": "b", "Value": "2"}]})
    listing = engine.client("resourcegroupstaggingapi", region_name="us-east-1").get_resources(
        ResourceTypeFilters=["cloudfront:distribution"],
        TagFilters=[{"Key": "b", "Values": ["2"]}],
    )
    assert arn in [item["ResourceARN"] for item in listing["ResourceTagMappingList"]]
    api.untag_resource(Resource=arn, TagKeys={"Items": ["a"]})
    tags = api.list_tags_for_resource(Resource=arn)["Tags"]["Items"]
    assert tags == [{"Key": "b", "Value": "2"}]
    told = error_of(lambda: api.list_tags_for_resource(Resource=arn + "X"))
    assert told[0] == "NoSuchResource"
    reserved = {"Items": [{"Key": "aws:a", "Value": ""}]}
    told = error_of(lambda: api.tag_resource(Resource=arn, Tags=reserved))
    assert told[0] == "InvalidTagging"


def test_a_staging_distribution_takes_its_primarys_place(cloudfront: CloudFront) -> None:
    api = cloudfront.api
    alias = cloudfront.engine.name("a") + ".example"
    primary, etag = cloudfront.create(Aliases=listed(alias), ViewerCertificate=CERTIFICATE)
    reference = cloudfront.engine.name("copy")
    copied = api.copy_distribution(
        PrimaryDistributionId=primary, IfMatch=etag, Staging=True, CallerReference=reference
    )
    staging = copied["Distribution"]
    config = staging["DistributionConfig"]
    assert (config["Staging"], config["Enabled"]) == (True, True)
    assert config["Aliases"] == {"Quantity": 0}
    weight = {"Weight": 0.1, "SessionStickinessConfig": {"IdleTTL": 300, "MaximumTTL": 600}}

    def policy(**more: Any) -> Config:
        return {
            "StagingDistributionDnsNames": listed(staging["DomainName"]),
            "Enabled": True,
            "TrafficConfig": {"Type": "SingleWeight", "SingleWeightConfig": weight},
            **more,
        }

    def traffic(kind: str, **config: Any) -> Config:
        return {"TrafficConfig": {"Type": kind, f"{kind}Config": config}}

    other = api.get_distribution(Id=primary)["Distribution"]["DomainName"]
    session = {"IdleTTL": 600, "MaximumTTL": 300}
    for wrong, words in (
        ({"StagingDistributionDnsNames": listed(other)}, "no staging distribution"),
        ({"StagingDistributionDnsNames": {"Quantity": 0}}, "one staging distribution"),
        ({"TrafficConfig": {"Type": "SingleWeight"}}, "has SingleWeightConfig alone"),
        (traffic("SingleWeight", Weight=0.2), "from 0 to 0.15"),
        (traffic("SingleWeight", Weight=0.1, SessionStickinessConfig=session), "in this order"),
        (traffic("SingleHeader", Header="x", Value="1"), "begins with aws-cf-cd-"),
    ):
        told = error_of(
            partial(
                api.create_continuous_deployment_policy,
                ContinuousDeploymentPolicyConfig=policy(**wrong),
            )
        )
        assert (told[0], words in told[1]) == ("InvalidArgument", True), told
    made = api.create_continuous_deployment_policy(ContinuousDeploymentPolicyConfig=policy())
    policy_id = made["ContinuousDeploymentPolicy"]["Id"]
    told = error_of(
        lambda: api.create_continuous_deployment_policy(ContinuousDeploymentPolicyConfig=policy())
    )
    assert told[0] == "StagingDistributionInUse"

    def promote(*names: str) -> Config:
        etags = [api.get_distribution(Id=name)["ETag"] for name in names]
        answer: Config = api.update_distribution_with_staging_config(
            Id=primary, StagingDistributionId=staging["Id"], IfMatch=", ".join(etags)
        )
        return answer

    assert error_of(lambda: promote(primary))[0] == "InvalidIfMatchVersion"
    assert error_of(lambda: promote(primary, staging["Id"]))[0] == "IllegalUpdate"
    cloudfront.update(primary, lambda config: config.update(ContinuousDeploymentPolicyId=policy_id))
    told = error_of(
        lambda: api.delete_continuous_deployment_policy(Id=policy_id, IfMatch=made["ETag"])
    )
    assert told[0] == "ContinuousDeploymentPolicyInUse"
    cloudfront.update(staging["Id"], lambda config: config.update(Comment="tried"))
    promoted = promote(primary, staging["Id"])["Distribution"]["DistributionConfig"]
    assert (promoted["Comment"], promoted["Staging"]) == ("tried", False)
    assert promoted["Aliases"]["Items"] == [alias]
    assert promoted["ContinuousDeploymentPolicyId"] == policy_id
    kept = api.get_continuous_deployment_policy(Id=policy_id)
    config = kept["ContinuousDeploymentPolicy"]["ContinuousDeploymentPolicyConfig"]
    assert config["Enabled"] is False

    told = error_of(lambda: cloudfront.delete(staging["Id"]))
    assert told[0] == "ResourceInUse"
    cloudfront.update(primary, lambda config: config.update(ContinuousDeploymentPolicyId=""))
    api.delete_continuous_deployment_policy(Id=policy_id, IfMatch=kept["ETag"])
    got = api.get_distribution(Id=staging["Id"])
    api.delete_distribution(Id=staging["Id"], IfMatch=got["ETag"])


def test_additional_metrics_are_subscribed_to(cloudfront: CloudFront) -> None:
    api = cloudfront.api
    name, _ = cloudfront.create()

    def subscription(status: str) -> Config:
        return {"RealtimeMetricsSubscriptionConfig": {"RealtimeMetricsSubscriptionStatus": status}}

    got = error_of(lambda: api.get_monitoring_subscription(DistributionId=name))
    assert got[0] == "NoSuchMonitoringSubscription"
    for status in ("Enabled", "Disabled"):
        told = subscription(status)
        api.create_monitoring_subscription(DistributionId=name, MonitoringSubscription=told)
        shown = api.get_monitoring_subscription(DistributionId=name)
        assert shown["MonitoringSubscription"] == told
    again = error_of(
        lambda: api.create_monitoring_subscription(
            DistributionId=name, MonitoringSubscription=subscription("Disabled")
        )
    )
    assert again[0] == "MonitoringSubscriptionAlreadyExists"
    api.delete_monitoring_subscription(DistributionId=name)
    got = error_of(lambda: api.delete_monitoring_subscription(DistributionId=name))
    assert got[0] == "NoSuchMonitoringSubscription"


def test_an_invalidation_is_done_at_once(cloudfront: CloudFront) -> None:
    api = cloudfront.api
    name, _ = cloudfront.create()

    def invalidate(reference: str, *paths: str) -> Config:
        batch = {"Paths": listed(*paths), "CallerReference": reference}
        answer = api.create_invalidation(DistributionId=name, InvalidationBatch=batch)
        made: Config = answer["Invalidation"]
        return made

    first = invalidate("1", "/a", "/b/*")
    assert first["Status"] == "Completed"
    assert invalidate("1", "/a", "/b/*")["Id"] == first["Id"]
    assert error_of(lambda: invalidate("1", "/c"))[0] == "InvalidationBatchAlreadyExists"
    second = invalidate("2", "/*")
    shown = api.get_invalidation(DistributionId=name, Id=first["Id"])["Invalidation"]
    assert shown["InvalidationBatch"]["Paths"]["Items"] == ["/a", "/b/*"]
    listing = api.list_invalidations(DistributionId=name)["InvalidationList"]
    assert [item["Id"] for item in listing["Items"]] == [second["Id"], first["Id"]]
    for paths, code in (
        (["a"], "InvalidArgument"),
        (["/a*b"], "InvalidArgument"),
        ([], "InvalidArgument"),
        ([f"/{n}" for n in range(3001)], "BatchTooLarge"),
    ):
        assert error_of(partial(invalidate, "3", *paths))[0] == code
    other, _ = cloudfront.create()
    told = error_of(lambda: api.get_invalidation(DistributionId=other, Id=first["Id"]))
    assert told[0] == "NoSuchInvalidation"
    told = error_of(lambda: api.list_invalidations(DistributionId="ENONE"))
    assert told[0] == "NoSuchDistribution"
    cloudfront.delete(name)


def test_a_real_time_log_has_a_name(engine: Engine, cloudfront: CloudFront) -> None:
    api, name = cloudfront.api, engine.name("log")
    arn = f"arn:aws:kinesis:us-east-1:{engine.account}:stream/logs"
    role = f"arn:aws:iam::{engine.account}:role/logs"
    endpoint = {"StreamType": "Kinesis", "KinesisStreamConfig": {"RoleARN": role, "StreamARN": arn}}
    right: Config = {
        "Name": name,
        "EndPoints": [endpoint],
        "Fields": ["timestamp", "c-ip"],
        "SamplingRate": 100,
    }
    wrong: Config
    for wrong in (
        {"SamplingRate": 0},
        {"Fields": ["what"]},
        {"EndPoints": []},
        {"EndPoints": [{"StreamType": "Kinesis"}]},
    ):
        told = error_of(partial(api.create_realtime_log_config, **{**right, **wrong}))
        assert told[0] == "InvalidArgument"
    made = api.create_realtime_log_config(**right)["RealtimeLogConfig"]
    assert made["ARN"] == f"arn:aws:cloudfront::{engine.account}:realtime-log-config/{name}"
    assert error_of(lambda: api.create_realtime_log_config(**right))[0] == (
        "RealtimeLogConfigAlreadyExists"
    )
    updated = api.update_realtime_log_config(ARN=made["ARN"], SamplingRate=7)["RealtimeLogConfig"]
    assert (updated["SamplingRate"], updated["Fields"]) == (7, ["timestamp", "c-ip"])
    assert api.get_realtime_log_config(Name=name)["RealtimeLogConfig"] == updated
    listing = api.list_realtime_log_configs()["RealtimeLogConfigs"]["Items"]
    assert name in [item["Name"] for item in listing]
    used, _ = cloudfront.create(**default(RealtimeLogConfigArn=made["ARN"]))
    found = api.list_distributions_by_realtime_log_config(RealtimeLogConfigName=name)
    assert [item["Id"] for item in found["DistributionList"]["Items"]] == [used]
    assert (
        error_of(lambda: api.delete_realtime_log_config(Name=name))[0] == "RealtimeLogConfigInUse"
    )
    cloudfront.delete(used)
    api.delete_realtime_log_config(Name=name)
    assert error_of(lambda: api.get_realtime_log_config(Name=name))[0] == "NoSuchRealtimeLogConfig"


def test_lists_by_a_policy_know_no_other(cloudfront: CloudFront) -> None:
    name, _ = cloudfront.create()
    by_policy = cloudfront.api.list_distributions_by_cache_policy_id
    assert name in everything(by_policy, "DistributionIdList", CachePolicyId=OPTIMIZED)
    listing = cloudfront.api.list_distributions_by_cache_policy_id(CachePolicyId="none")
    assert listing["DistributionIdList"]["Quantity"] == 0
    by_acl = cloudfront.api.list_distributions_by_web_acl_id
    without = everything(by_acl, "DistributionList", WebACLId="null")
    assert name in [item["Id"] for item in without]


@pytest.mark.parametrize(
    ("sent", "instead", "told"),
    [
        (
            b"<Enabled>true</Enabled>",
            b"",
            "The parameter DistributionConfig.Enabled is required.",
        ),
        (
            b"<Origins><Quantity>1",
            b"<Origins><Quantity>2",
            "DistributionConfig.Origins has 1 items and the quantity 2.",
        ),
        (
            re.compile(rb"<Items><Origin>.*</Origin></Items>"),
            b"<Items/>",
            "The parameter DistributionConfig.Origins.Items has 1 to",
        ),
    ],
    ids=["required", "quantity", "length"],
)
def test_what_boto3_would_not_send_is_refused(
    engine: Engine, cloudfront: CloudFront, sent: Any, instead: bytes, told: str
) -> None:
    def change(params: Any, **_: Any) -> None:
        params["body"] = re.sub(sent, instead, params["body"])

    client = engine.client("cloudfront", region_name="us-east-1")
    client.meta.events.register("before-call.cloudfront.CreateDistribution", change)
    config = distribution(engine.name("r"))
    _, message = error_of(lambda: client.create_distribution(DistributionConfig=config))
    assert told in message
