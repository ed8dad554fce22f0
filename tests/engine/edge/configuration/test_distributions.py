"""Distributions as they are compiled from CloudFront's documents."""

from __future__ import annotations

from typing import Any

import pytest
from edge_configuration_lab import METHODS, MOMENT, Kept, default_behaviour, listed, server

from lambda_nb.engine.edge.configuration.behaviours import behaviour_of, forwarding
from lambda_nb.engine.edge.configuration.distributions import distribution
from lambda_nb.engine.edge.configuration.reading import Reader
from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.settings import (
    Behaviour,
    ContinuousDeployment,
    Distribution,
    ErrorResponse,
    LambdaAssociation,
    Origin,
    OriginGroup,
    RealtimeLog,
    Selection,
    StandardLog,
)
from lambda_nb.rules.edge import origin_requests
from lambda_nb.rules.edge.origin_requests import LEGACY_REMOVED

NOTHING, ALL = Selection(), Selection("all")


@pytest.fixture
def kept() -> Kept:
    return Kept()


def some(*names: str) -> Selection:
    return Selection("some", frozenset(names))


def compiled(kept: Kept, said: list[str] | None = None, **config: Any) -> Distribution:
    name = kept.distribution(**config)
    domains = {"staging.cloudfront.localhost": "E9STAGING"}
    return distribution(
        Reader(kept), name, domains.get, said.append if said is not None else pytest.fail
    )


def behaviour(kept: Kept, said: list[str] | None = None, **told: Any) -> Behaviour:
    """The default behaviour, compiled."""
    found = compiled(kept, said, DefaultCacheBehavior=default_behaviour(**told))
    return found.behaviours[-1]


def an_origin(kept: Kept, told: dict[str, Any], said: list[str] | None = None) -> Origin:
    return compiled(kept, said, Origins=listed(server(), told)).origins[told["Id"]]


def test_the_least_that_a_distribution_has(kept: Kept) -> None:
    found = compiled(kept)
    assert found.id == "E2ABC"
    assert found.arn == "arn:aws:cloudfront::000000000000:distribution/E2ABC"
    assert found.domain == "e2abc.cloudfront.localhost:4566"
    assert found.enabled
    assert not found.staging
    assert (found.aliases, found.root_object) == ((), "")
    assert (found.groups, found.errors, found.standard_log) == ({}, {}, None)
    assert (found.geo_allowed, found.geo_blocked) == (None, frozenset())
    assert found.origins == {"server": Origin("server", "origin.example.com")}
    (default,) = found.behaviours
    assert default.pattern == "*"
    assert default.allowed_methods == default.cached_methods == {"GET", "HEAD"}
    assert (default.response_headers, default.trusted_keys) == (None, None)
    assert (default.lambdas, default.functions, default.realtime_log) == ({}, {}, None)


def test_general_settings(kept: Kept) -> None:
    found = compiled(
        kept,
        Aliases=listed("www.example.com", "*.example.org"),
        DefaultRootObject="index.html",
        Enabled=False,
        Staging=True,
        PriceClass="PriceClass_100",
        Logging={
            "Enabled": True,
            "IncludeCookies": True,
            "Bucket": "logs.s3.amazonaws.com",
            "Prefix": "site/",
        },
    )
    assert found.aliases == ("www.example.com", "*.example.org")
    assert (found.root_object, found.enabled, found.staging) == ("index.html", False, True)
    assert found.standard_log == StandardLog("logs.s3.amazonaws.com", "site/", cookies=True)


def test_a_log_that_is_not_enabled(kept: Kept) -> None:
    log = {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""}
    assert compiled(kept, Logging=log).standard_log is None


@pytest.mark.parametrize(
    ("kind", "allowed", "blocked"),
    [
        ("whitelist", frozenset({"DE", "FR"}), frozenset()),
        ("blacklist", None, frozenset({"DE", "FR"})),
        ("none", None, frozenset()),
    ],
)
def test_geography(
    kept: Kept, kind: str, allowed: frozenset[str] | None, blocked: frozenset[str]
) -> None:
    countries = listed() if kind == "none" else listed("DE", "FR")
    told = {"GeoRestriction": {"RestrictionType": kind, **countries}}
    found = compiled(kept, Restrictions=told)
    assert (found.geo_allowed, found.geo_blocked) == (allowed, blocked)


@pytest.mark.parametrize(("status", "found"), [("Enabled", True), ("Disabled", False)])
def test_a_monitoring_subscription(kept: Kept, status: str, found: bool) -> None:
    assert not compiled(kept).additional_metrics
    told = {"RealtimeMetricsSubscriptionConfig": {"RealtimeMetricsSubscriptionStatus": status}}
    kept.keep("get_monitoring_subscription", "E2ABC", {"MonitoringSubscription": told})
    assert compiled(kept).additional_metrics is found


def test_error_responses(kept: Kept) -> None:
    page = {"ErrorCode": 404, "ResponsePagePath": "/404.html", "ResponseCode": "200"}
    found = compiled(
        kept,
        CustomErrorResponses=listed(
            {**page, "ErrorCachingMinTTL": 0}, {"ErrorCode": 503}, {**page, "ErrorCode": 403}
        ),
    )
    assert found.errors == {
        404: ErrorResponse(404, 0, "/404.html", 200),
        503: ErrorResponse(503, 10),
        403: ErrorResponse(403, 10, "/404.html", 200),
    }


def test_behaviours_keep_their_order_and_the_default_one_is_last(kept: Kept) -> None:
    images = {**default_behaviour(), "PathPattern": "images/*.jpg"}
    found = compiled(kept, CacheBehaviors=listed(images, {**images, "PathPattern": "/images/*"}))
    patterns = [one.pattern for one in found.behaviours]
    assert patterns == ["images/*.jpg", "/images/*", "*"]
    assert behaviour_of(found, "/images/a.jpg").pattern == "images/*.jpg"
    assert behaviour_of(found, "/images/a.gif").pattern == "/images/*"
    assert behaviour_of(found, "/x/../images//%61.gif").pattern == "/images/*"
    assert behaviour_of(found, "/").pattern == "*"


def test_a_behaviour(kept: Kept) -> None:
    events = ["viewer-request", "origin-response"]
    arns = [f"arn:aws:lambda:us-east-1:000000000000:function:f:{n}" for n in (1, 2)]
    function = "arn:aws:cloudfront::000000000000:function/f"
    kept.keep(
        "get_realtime_log_config",
        "arn:log",
        {
            "RealtimeLogConfig": {
                "ARN": "arn:log",
                "Name": "live",
                "SamplingRate": 50,
                "Fields": ["timestamp", "c-ip"],
                "EndPoints": [
                    {
                        "StreamType": "Kinesis",
                        "KinesisStreamConfig": {"RoleARN": "arn:role", "StreamARN": "arn:stream"},
                    }
                ],
            }
        },
    )
    found = behaviour(
        kept,
        ViewerProtocolPolicy="redirect-to-https",
        Compress=True,
        AllowedMethods={**listed(*METHODS), "CachedMethods": listed("GET", "HEAD", "OPTIONS")},
        LambdaFunctionAssociations=listed(
            {"LambdaFunctionARN": arns[0], "EventType": events[0], "IncludeBody": True},
            {"LambdaFunctionARN": arns[1], "EventType": events[1]},
        ),
        FunctionAssociations=listed({"FunctionARN": function, "EventType": "viewer-response"}),
        RealtimeLogConfigArn="arn:log",
    )
    assert found.viewer_protocol == "redirect-to-https"
    assert found.compress
    assert found.allowed_methods == set(METHODS)
    assert found.cached_methods == {"GET", "HEAD", "OPTIONS"}
    assert found.lambdas == {
        "viewer-request": LambdaAssociation(arns[0], include_body=True),
        "origin-response": LambdaAssociation(arns[1]),
    }
    assert found.functions == {"viewer-response": function}
    assert found.realtime_log == RealtimeLog("live", "arn:stream", ("timestamp", "c-ip"), 50)


def test_cache_policies(kept: Kept) -> None:
    kept.cache_policy(
        "mine",
        MinTTL=5,
        DefaultTTL=10,
        MaxTTL=20,
        key={
            "brotli": True,
            "headers": {"HeaderBehavior": "whitelist", "Headers": listed("Accept", "X-A")},
            "cookies": {"CookieBehavior": "allExcept", "Cookies": listed("Session")},
            "query": {"QueryStringBehavior": "all"},
        },
    )
    policy = behaviour(kept, CachePolicyId="mine").cache
    assert policy.name == "mine"
    assert (policy.min_ttl, policy.default_ttl, policy.max_ttl) == (5, 10, 20)
    assert (policy.gzip, policy.brotli) == (False, True)
    assert policy.headers == some("accept", "x-a")
    assert policy.cookies == Selection("all-except", frozenset({"Session"}))
    assert policy.query == ALL


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, (0, 86400, 31536000)),
        ({"MinTTL": 100_000}, (100_000, 100_000, 31536000)),
        ({"DefaultTTL": 40_000_000}, (0, 40_000_000, 40_000_000)),
        ({"MinTTL": 40_000_000}, (40_000_000, 40_000_000, 40_000_000)),
        ({"DefaultTTL": 0, "MaxTTL": 0}, (0, 0, 0)),
    ],
)
def test_times_that_are_not_given(
    kept: Kept, given: dict[str, Any], expected: tuple[int, int, int]
) -> None:
    kept.cache_policy("mine", **given)
    for found in (
        behaviour(kept, CachePolicyId="mine").cache,
        behaviour(kept, ForwardedValues=forwarded(), **given).cache,
    ):
        assert (found.min_ttl, found.default_ttl, found.max_ttl) == expected


@pytest.mark.parametrize(
    ("mode", "named", "headers", "added"),
    [
        ("none", [], NOTHING, set()),
        ("whitelist", ["X-A", "CloudFront-Viewer-Country"], some("x-a"), {"viewer-country"}),
        ("allViewer", [], ALL, set()),
        (
            "allViewerAndWhitelistCloudFront",
            ["CloudFront-Viewer-ASN", "CloudFront-Viewer-Country"],
            ALL,
            {"viewer-asn", "viewer-country"},
        ),
        ("allExcept", ["Host"], Selection("all-except", frozenset({"host"})), set()),
    ],
)
def test_origin_request_policies(
    kept: Kept, mode: str, named: list[str], headers: Selection, added: set[str]
) -> None:
    told: dict[str, Any] = {"HeaderBehavior": mode}
    kept.policy(
        "origin_request_policy",
        "mine",
        {
            "Name": "mine",
            "HeadersConfig": {**told, "Headers": listed(*named)} if named else told,
            "CookiesConfig": {"CookieBehavior": "whitelist", "Cookies": listed("a")},
            "QueryStringsConfig": {
                "QueryStringBehavior": "allExcept",
                "QueryStrings": listed("utm"),
            },
        },
    )
    policy = behaviour(kept, OriginRequestPolicyId="mine").origin_request
    assert policy.name == "mine"
    assert policy.headers == headers
    assert policy.added == {f"cloudfront-{name}" for name in added}
    assert policy.cookies == some("a")
    assert policy.query == Selection("all-except", frozenset({"utm"}))


def test_without_an_origin_request_policy_nothing_more_is_sent(kept: Kept) -> None:
    policy = behaviour(kept).origin_request
    assert (policy.headers, policy.cookies, policy.query) == (NOTHING, NOTHING, NOTHING)


def forwarded(**more: Any) -> dict[str, Any]:
    return {"QueryString": False, "Cookies": {"Forward": "none"}, **more}


def test_legacy_settings_that_forward_little(kept: Kept) -> None:
    found = behaviour(kept, ForwardedValues=forwarded())
    assert (found.cache.headers, found.cache.cookies, found.cache.query) == (NOTHING,) * 3
    assert (found.cache.gzip, found.cache.brotli) == (True, False)
    policy = found.origin_request
    assert policy.headers == Selection("all-except", LEGACY_REMOVED)
    assert (policy.cookies, policy.query) == (NOTHING, NOTHING)


def test_legacy_settings_with_listed_headers_and_parameters(kept: Kept) -> None:
    found = behaviour(
        kept,
        ForwardedValues=forwarded(
            QueryString=True,
            QueryStringCacheKeys=listed("color"),
            Headers=listed("Accept-Encoding", "Origin"),
            Cookies={"Forward": "all"},
        ),
    )
    assert found.cache.headers == some("accept-encoding", "origin")
    assert not found.cache.gzip
    assert found.cache.query == some("color")
    assert found.origin_request.query == ALL
    assert found.cache.cookies == found.origin_request.cookies == ALL


def test_legacy_settings_with_the_whole_query(kept: Kept) -> None:
    found = behaviour(kept, ForwardedValues=forwarded(QueryString=True))
    assert found.cache.query == found.origin_request.query == ALL


def test_legacy_parameters_do_not_count_without_a_query(kept: Kept) -> None:
    values = forwarded(QueryStringCacheKeys=listed("color"))
    found = behaviour(kept, ForwardedValues=values)
    assert found.cache.query == found.origin_request.query == NOTHING


def test_legacy_settings_with_all_headers_cache_nothing(kept: Kept) -> None:
    found = behaviour(kept, ForwardedValues=forwarded(Headers=listed("*")), MinTTL=100)
    assert (found.cache.min_ttl, found.cache.default_ttl, found.cache.max_ttl) == (0, 0, 0)
    assert found.cache.headers == NOTHING
    assert found.cache.gzip
    assert found.origin_request.headers == ALL


def test_legacy_cookies_may_have_wildcards(kept: Kept) -> None:
    cookies = {"Forward": "whitelist", "WhitelistedNames": listed("userid_*", "v?", "plain")}
    found = behaviour(kept, ForwardedValues=forwarded(Cookies=cookies)).cache.cookies
    names = ["userid_7", "userid_", "v1", "plain", "v12", "xuserid_7", "PLAIN"]
    assert [name for name in names if found.has(name)] == names[:4]


def test_stars_in_a_cache_policy_are_no_wildcards(kept: Kept) -> None:
    kept.cache_policy(
        "mine", key={"cookies": {"CookieBehavior": "whitelist", "Cookies": listed("a*")}}
    )
    found = behaviour(kept, CachePolicyId="mine").cache.cookies
    assert [found.has("a*"), found.has("ab")] == [True, False]


def response_headers(kept: Kept, **config: Any) -> Any:
    kept.policy("response_headers_policy", "mine", {"Name": "mine", **config})
    return behaviour(kept, ResponseHeadersPolicyId="mine").response_headers


def test_security_headers_are_written_as_cloudfront_writes_them(kept: Kept) -> None:
    """The values are those of the managed SecurityHeadersPolicy."""
    policy = response_headers(
        kept,
        SecurityHeadersConfig={
            "XSSProtection": {"Override": False, "Protection": True, "ModeBlock": True},
            "FrameOptions": {"Override": False, "FrameOption": "SAMEORIGIN"},
            "ReferrerPolicy": {
                "Override": False,
                "ReferrerPolicy": "strict-origin-when-cross-origin",
            },
            "ContentTypeOptions": {"Override": True},
            "StrictTransportSecurity": {"Override": False, "AccessControlMaxAgeSec": 31536000},
        },
    )
    assert set(policy.headers) == {
        ("Referrer-Policy", "strict-origin-when-cross-origin", False),
        ("Strict-Transport-Security", "max-age=31536000", False),
        ("X-Content-Type-Options", "nosniff", True),
        ("X-Frame-Options", "SAMEORIGIN", False),
        ("X-XSS-Protection", "1; mode=block", False),
    }
    assert (policy.cors, policy.remove, policy.server_timing) == (None, frozenset(), None)


@pytest.mark.parametrize(
    ("member", "told", "expected"),
    [
        (
            "StrictTransportSecurity",
            {"AccessControlMaxAgeSec": 60, "IncludeSubdomains": True, "Preload": True},
            "max-age=60; includeSubDomains; preload",
        ),
        ("XSSProtection", {"Protection": False, "ModeBlock": False}, "0"),
        ("XSSProtection", {"Protection": True}, "1"),
        ("XSSProtection", {"Protection": True, "ReportUri": "/r"}, "1; report=/r"),
        (
            "ContentSecurityPolicy",
            {"ContentSecurityPolicy": "default-src 'self'"},
            "default-src 'self'",
        ),
    ],
)
def test_values_of_security_headers(
    kept: Kept, member: str, told: dict[str, Any], expected: str
) -> None:
    policy = response_headers(kept, SecurityHeadersConfig={member: {"Override": True, **told}})
    ((_, value, override),) = policy.headers
    assert (value, override) == (expected, True)


def test_cors_and_other_headers(kept: Kept) -> None:
    policy = response_headers(
        kept,
        CorsConfig={
            "AccessControlAllowOrigins": listed("https://*.example.com"),
            "AccessControlAllowHeaders": listed("*"),
            "AccessControlAllowMethods": listed("ALL"),
            "AccessControlAllowCredentials": True,
            "AccessControlExposeHeaders": listed("X-A"),
            "AccessControlMaxAgeSec": 60,
            "OriginOverride": True,
        },
        CustomHeadersConfig=listed({"Header": "X-Own", "Value": "1", "Override": False}),
        RemoveHeadersConfig=listed({"Header": "X-Powered-By"}),
        ServerTimingHeadersConfig={"Enabled": True, "SamplingRate": 12.5},
    )
    assert policy.headers == (("X-Own", "1", False),)
    assert policy.remove == {"x-powered-by"}
    assert policy.server_timing == pytest.approx(12.5)
    cors = policy.cors
    assert cors.allow_origins == ("https://*.example.com",)
    assert cors.allow_methods == ("ALL",)
    assert (cors.allow_headers, cors.expose_headers) == (("*",), ("X-A",))
    assert (cors.allow_credentials, cors.max_age_s, cors.override) == (True, 60, True)


def test_server_timing_that_is_asked_for_only(kept: Kept) -> None:
    timing = {"Enabled": True, "SamplingRate": 0.0}
    assert response_headers(kept, ServerTimingHeadersConfig=timing).server_timing == 0
    assert (
        response_headers(kept, ServerTimingHeadersConfig={"Enabled": False}).server_timing is None
    )


def test_keys_of_trusted_groups(kept: Kept) -> None:
    for name, keys in (("G1", ["K1", "K2"]), ("G2", ["K2"])):
        group = {"Name": name, "Items": keys}
        told = {"Id": name, "LastModifiedTime": MOMENT, "KeyGroupConfig": group}
        kept.keep("get_key_group", name, {"KeyGroup": told})
    for name in ("K1", "K2"):
        config = {"CallerReference": name, "Name": name, "EncodedKey": f"PEM of {name}"}
        told = {"Id": name, "CreatedTime": MOMENT, "PublicKeyConfig": config}
        kept.keep("get_public_key", name, {"PublicKey": told})
    groups = {"Enabled": True, **listed("G1", "G2")}
    found = behaviour(kept, TrustedKeyGroups=groups)
    assert found.trusted_keys == {"K1": "PEM of K1", "K2": "PEM of K2"}
    assert kept.calls.count("get_public_key") == 2
    groups = {"Enabled": False, "Quantity": 0}
    assert behaviour(kept, TrustedKeyGroups=groups).trusted_keys is None


def test_trusted_signers_let_nobody_in(kept: Kept) -> None:
    said: list[str] = []
    found = behaviour(kept, said, TrustedSigners={"Enabled": True, **listed("self")})
    assert found.trusted_keys == {}
    assert said == ["behavior '*': AWS accounts cannot be trusted signers here, name key groups"]


def test_an_origin_that_is_a_server(kept: Kept) -> None:
    told = server(
        "mine",
        "api.example.com",
        OriginPath="/production/",
        CustomHeaders=listed({"HeaderName": "X-Secret", "HeaderValue": "s"}),
        ConnectionAttempts=2,
        ConnectionTimeout=5,
        ResponseCompletionTimeout=60,
        OriginShield={"Enabled": True, "OriginShieldRegion": "eu-central-1"},
        CustomOriginConfig={
            "HTTPPort": 8080,
            "HTTPSPort": 8443,
            "OriginProtocolPolicy": "match-viewer",
            "OriginSslProtocols": listed("TLSv1.1", "TLSv1.2"),
            "OriginReadTimeout": 20,
            "OriginKeepaliveTimeout": 7,
        },
    )
    assert an_origin(kept, told) == Origin(
        "mine",
        "api.example.com",
        "/production",
        "custom",
        (("X-Secret", "s"),),
        8080,
        8443,
        "match-viewer",
        ("TLSv1.1", "TLSv1.2"),
        20,
        7,
        5,
        2,
        60,
    )


def test_an_origin_that_is_a_bucket_with_an_access_control(kept: Kept) -> None:
    kept.keep(
        "get_origin_access_control",
        "OAC",
        {
            "OriginAccessControl": {
                "Id": "OAC",
                "OriginAccessControlConfig": {
                    "Name": "mine",
                    "SigningProtocol": "sigv4",
                    "SigningBehavior": "no-override",
                    "OriginAccessControlOriginType": "s3",
                },
            }
        },
    )
    found = an_origin(
        kept,
        {
            "Id": "bucket",
            "DomainName": "b.s3.eu-west-1.amazonaws.com",
            "OriginPath": "",
            "S3OriginConfig": {"OriginAccessIdentity": ""},
            "OriginAccessControlId": "OAC",
        },
    )
    assert (found.kind, found.region, found.path) == ("s3", "eu-west-1", "")
    assert (found.signing_service, found.signing_behaviour) == ("s3", "no-override")
    assert found.protocol_policy == "match-viewer"
    assert found.access_identity == ""
    assert forwarding(behaviour(kept), found).s3


def test_an_origin_that_is_a_bucket_with_an_access_identity(kept: Kept) -> None:
    identity = "origin-access-identity/cloudfront/E74FTE3EXAMPLE"
    found = an_origin(
        kept,
        {
            "Id": "bucket",
            "DomainName": "b.s3.amazonaws.com",
            "S3OriginConfig": {"OriginAccessIdentity": identity},
        },
    )
    assert (found.access_identity, found.region) == ("E74FTE3EXAMPLE", "")
    assert (found.signing_service, found.signing_behaviour) == ("", "never")


@pytest.mark.parametrize(
    ("domain", "region"),
    [
        ("abc.lambda-url.us-east-1.on.aws", "us-east-1"),
        ("abc.execute-api.ap-southeast-2.amazonaws.com", "ap-southeast-2"),
        ("b.s3-website-eu-west-1.amazonaws.com", "eu-west-1"),
        ("b.s3.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("abc.lambda-url.localhost:4566", ""),
        ("www.example.com", ""),
    ],
)
def test_the_region_in_an_origins_name(kept: Kept, domain: str, region: str) -> None:
    assert an_origin(kept, server("mine", domain)).region == region


def test_an_origin_group(kept: Kept) -> None:
    told = {
        "Id": "both",
        "FailoverCriteria": {"StatusCodes": listed(500, 503)},
        "Members": listed({"OriginId": "server"}, {"OriginId": "spare"}),
    }
    found = compiled(kept, Origins=listed(server(), server("spare")), OriginGroups=listed(told))
    group = OriginGroup("both", "server", "spare", frozenset({500, 503}))
    assert found.groups == {"both": group}


def deploying(kept: Kept, traffic: dict[str, Any], **more: Any) -> ContinuousDeployment | None:
    config = {
        "StagingDistributionDnsNames": listed("staging.cloudfront.localhost"),
        "Enabled": True,
        "TrafficConfig": traffic,
        **more,
    }
    kept.policy("continuous_deployment_policy", "cdp", config)
    return compiled(kept, ContinuousDeploymentPolicyId="cdp").deployment


HEADER = {
    "Type": "SingleHeader",
    "SingleHeaderConfig": {"Header": "Aws-Cf-Cd-Test", "Value": "yes"},
}


def test_continuous_deployment_by_header(kept: Kept) -> None:
    expected = ContinuousDeployment("E9STAGING", ("aws-cf-cd-test", "yes"))
    assert deploying(kept, HEADER) == expected


def test_continuous_deployment_by_weight(kept: Kept) -> None:
    weight: dict[str, Any] = {"Weight": 0.1}
    traffic = {"Type": "SingleWeight", "SingleWeightConfig": weight}
    assert deploying(kept, traffic) == ContinuousDeployment("E9STAGING", None, 0.1)
    weight["SessionStickinessConfig"] = {"IdleTTL": 300, "MaximumTTL": 600}
    expected = ContinuousDeployment("E9STAGING", None, 0.1, 300, 600)
    assert deploying(kept, traffic) == expected


def test_continuous_deployment_that_does_nothing(kept: Kept) -> None:
    assert deploying(kept, HEADER) is not None
    staging = compiled(kept, ContinuousDeploymentPolicyId="cdp", Staging=True)
    assert staging.deployment is None
    assert deploying(kept, HEADER, Enabled=False) is None
    gone = listed("gone.cloudfront.localhost")
    assert deploying(kept, HEADER, StagingDistributionDnsNames=gone) is None


def test_what_is_accepted_and_does_nothing_is_said(kept: Kept) -> None:
    said: list[str] = []
    mtls = {"ClientCertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/1"}
    vpc = server("vpc")
    del vpc["CustomOriginConfig"]
    group = {
        "Id": "both",
        "SelectionCriteria": "media-quality-based",
        "FailoverCriteria": {"StatusCodes": listed(500)},
        "Members": listed({"OriginId": "server"}, {"OriginId": "vpc"}),
    }
    own = server("own")
    own["CustomOriginConfig"]["OriginMtlsConfig"] = mtls
    compiled(
        kept,
        said,
        WebACLId="arn:aws:wafv2:us-east-1:000000000000:global/webacl/1",
        TenantConfig={"ParameterDefinitions": []},
        ViewerMtlsConfig={"Mode": "required"},
        ConnectionFunctionAssociation={"Id": "cf_1"},
        CacheTagConfig={"HeaderName": "X-Tags"},
        Origins=listed(server(), own, {**vpc, "VpcOriginConfig": {"VpcOriginId": "vo_1"}}),
        OriginGroups=listed(group),
        DefaultCacheBehavior=default_behaviour(
            SmoothStreaming=True, FieldLevelEncryptionId="FLE", GrpcConfig={"Enabled": True}
        ),
    )
    assert said == [
        "there is no AWS WAF here, every request is let through",
        "it has no tenants here, and answers as it is",
        "viewers are asked for no certificate",
        "its connection function does not run",
        "objects have no cache tags, name paths to invalidate them",
        "origin 'own': no certificate is shown to the origin",
        "origin 'vpc': a VPC origin is asked by its domain name, with HTTP, port 80",
        "origin group 'both': media quality does not count, only failing over does",
        "behavior '*': no field is encrypted, the origin gets all as it came",
        "behavior '*': Smooth Streaming needs an origin that speaks it, nothing is converted",
        "behavior '*': gRPC needs HTTP/2, and requests come with HTTP/1.1 here",
    ]


def test_a_compiled_behaviour_makes_requests_to_its_origin(kept: Kept) -> None:
    """Both folders understand each other: policies here, what they do in the rules."""
    kept.cache_policy(
        "mine",
        key={
            "brotli": True,
            "headers": {"HeaderBehavior": "whitelist", "Headers": listed("X-A")},
        },
    )
    found = compiled(kept, DefaultCacheBehavior=default_behaviour(CachePolicyId="mine"))
    rules = forwarding(found.behaviours[-1], found.origins["server"])
    viewers = Headers([("x-a", "1"), ("x-b", "2"), ("Accept-Encoding", "gzip, br")])
    sent = Headers(
        origin_requests.headers(
            rules, "GET", list(viewers), host="o.example.com", viewer_ip="192.0.2.1", via="v"
        )
    )
    assert (sent.get("x-a"), sent.get("x-b"), sent.get("accept-encoding")) == ("1", None, "br")
    assert not rules.s3
    assert not rules.caches_options
