"""Distributions of the engine's own CloudFront are compiled as they were made."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from edge_configuration_lab import default_behaviour, listed, server
from engine_fixtures import Engine

from lambda_nb.engine.edge.configuration.configuration import Configuration
from lambda_nb.engine.edge.settings import Distribution, Selection

CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
ALL_VIEWER_EXCEPT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/1"
SECURITY_HEADERS = "67f7725c-6f97-4210-82d7-5512b31e9d03"


@pytest.fixture(scope="module")
def cloudfront(engine: Engine) -> Any:
    return engine.client("cloudfront")


def made(cloudfront: Any, **config: Any) -> str:
    """Make a distribution; returns its id."""
    whole = {
        "CallerReference": Engine.name("reference"),
        "Comment": "",
        "Enabled": True,
        "Origins": listed(server()),
        "DefaultCacheBehavior": default_behaviour(),
        **config,
    }
    created = cloudfront.create_distribution(DistributionConfig=whole)
    return str(created["Distribution"]["Id"])


def configuration(cloudfront: Any) -> Configuration:
    async def client(service: str) -> Any:
        return cloudfront

    return Configuration(client, lambda: 0)


def compiled(cloudfront: Any, name: str) -> Distribution:
    found = asyncio.run(configuration(cloudfront).of_host(name))
    assert found is not None
    return found


def test_a_distribution_is_found_by_its_names(cloudfront: Any) -> None:
    alias = f"{Engine.name('www')}.example.com"
    identifier = made(
        cloudfront,
        Aliases=listed(alias),
        ViewerCertificate={"ACMCertificateArn": CERTIFICATE, "SSLSupportMethod": "sni-only"},
        DefaultRootObject="index.html",
    )
    domain = cloudfront.get_distribution(Id=identifier)["Distribution"]["DomainName"]
    for name in (identifier, domain, alias, f"{identifier.lower()}.cloudfront.localhost"):
        found = compiled(cloudfront, name)
        assert (found.id, found.root_object, found.enabled) == (identifier, "index.html", True)
        assert found.domain == domain


def test_managed_policies_are_compiled(cloudfront: Any) -> None:
    behaviour = default_behaviour(
        CachePolicyId=CACHING_OPTIMIZED,
        OriginRequestPolicyId=ALL_VIEWER_EXCEPT_HOST,
        ResponseHeadersPolicyId=SECURITY_HEADERS,
    )
    (found,) = compiled(cloudfront, made(cloudfront, DefaultCacheBehavior=behaviour)).behaviours
    cache, policy = found.cache, found.origin_request
    assert (cache.min_ttl, cache.default_ttl, cache.max_ttl) == (1, 86400, 31536000)
    assert (cache.gzip, cache.brotli) == (True, True)
    assert policy.headers == Selection("all-except", frozenset({"host"}))
    assert (policy.cookies, policy.query) == (Selection("all"), Selection("all"))
    assert found.response_headers is not None
    assert ("X-Content-Type-Options", "nosniff", True) in found.response_headers.headers


def test_every_managed_policy_compiles(cloudfront: Any) -> None:
    """What no behaviour can have at once: so a distribution for each."""
    listing = {
        "CachePolicyId": ("list_cache_policies", "CachePolicy"),
        "OriginRequestPolicyId": ("list_origin_request_policies", "OriginRequestPolicy"),
        "ResponseHeadersPolicyId": ("list_response_headers_policies", "ResponseHeadersPolicy"),
    }
    for member, (operation, kind) in listing.items():
        answer = getattr(cloudfront, operation)(Type="managed")
        policies = [one[kind] for one in answer[f"{kind}List"]["Items"]]
        assert len(policies) > 4
        for policy in policies:
            behaviour = default_behaviour(**{member: policy["Id"]})
            found = compiled(cloudfront, made(cloudfront, DefaultCacheBehavior=behaviour))
            assert found.behaviours[-1].cache.name


def test_a_bucket_behind_an_access_control(cloudfront: Any) -> None:
    control = cloudfront.create_origin_access_control(
        OriginAccessControlConfig={
            "Name": Engine.name("oac"),
            "SigningProtocol": "sigv4",
            "SigningBehavior": "always",
            "OriginAccessControlOriginType": "s3",
        }
    )["OriginAccessControl"]
    bucket = {
        "Id": "server",
        "DomainName": "b.s3.eu-west-1.amazonaws.com",
        "S3OriginConfig": {"OriginAccessIdentity": ""},
        "OriginAccessControlId": control["Id"],
    }
    found = compiled(cloudfront, made(cloudfront, Origins=listed(bucket))).origins["server"]
    assert (found.kind, found.region) == ("s3", "eu-west-1")
    assert (found.signing_service, found.signing_behaviour) == ("s3", "always")


def test_a_copy_is_the_staging_distribution_of_its_original(cloudfront: Any) -> None:
    primary = made(cloudfront)
    first = cloudfront.get_distribution(Id=primary)
    copy = cloudfront.copy_distribution(
        PrimaryDistributionId=primary,
        Staging=True,
        IfMatch=first["ETag"],
        CallerReference=Engine.name("copy"),
        Enabled=True,
    )["Distribution"]
    policy = cloudfront.create_continuous_deployment_policy(
        ContinuousDeploymentPolicyConfig={
            "StagingDistributionDnsNames": listed(copy["DomainName"]),
            "Enabled": True,
            "TrafficConfig": {
                "Type": "SingleWeight",
                "SingleWeightConfig": {
                    "Weight": 0.125,
                    "SessionStickinessConfig": {"IdleTTL": 300, "MaximumTTL": 600},
                },
            },
        }
    )["ContinuousDeploymentPolicy"]
    config = first["Distribution"]["DistributionConfig"]
    config["ContinuousDeploymentPolicyId"] = policy["Id"]
    etag = cloudfront.get_distribution(Id=primary)["ETag"]
    cloudfront.update_distribution(Id=primary, IfMatch=etag, DistributionConfig=config)
    deployment = compiled(cloudfront, primary).deployment
    assert deployment is not None
    assert (deployment.staging_id, deployment.header) == (copy["Id"], None)
    assert (deployment.weight, deployment.idle_s, deployment.most_s) == (0.125, 300, 600)
    staging = asyncio.run(configuration(cloudfront).of_id(copy["Id"]))
    assert staging is not None
    assert staging.staging
