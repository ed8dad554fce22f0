"""Distributions of a running engine: names, behaviours, and what their origins get."""

from __future__ import annotations

from http.cookies import SimpleCookie
from typing import Any

from edge_configuration_lab import METHODS, listed
from edge_site_lab import (
    ALL_VIEWER,
    ALL_VIEWER_EXCEPT_HOST,
    CACHING_OPTIMIZED,
    Answer,
    Site,
    Told,
    ask,
    behaviour,
    distribute,
    reconfigure,
)
from engine_fixtures import Engine

CERTIFICATE = {
    "ACMCertificateArn": "arn:aws:acm:us-east-1:000000000000:certificate/1",
    "SSLSupportMethod": "sni-only",
    "MinimumProtocolVersion": "TLSv1.2_2021",
}
EVERY_METHOD = {**listed(*METHODS), "CachedMethods": listed("GET", "HEAD")}


def sent(answer: Answer) -> dict[str, str]:
    """The headers that the origin got, by their names in lower case."""
    return dict(answer.json["headers"])


def test_an_answer_has_cloudfronts_headers(engine: Engine, site: Site) -> None:
    site.told["/"] = Told(headers=[("X-Own", "1")])
    answer = ask(engine, distribute(engine, site.origin()))
    assert answer.status == 200
    assert answer.header("X-Own") == "1"
    assert answer.header("X-Cache") == "Miss from cloudfront"
    assert (answer.header("Via") or "").endswith(".cloudfront.net (CloudFront)")
    assert answer.header("X-Amz-Cf-Pop")
    assert answer.header("X-Amz-Cf-Id")


def test_aliases_are_answered_as_soon_as_they_are_there(engine: Engine, site: Site) -> None:
    name = engine.name("shop")
    identifier = distribute(
        engine,
        site.origin(),
        Aliases=listed(f"www.{name}.example", f"*.{name}.test"),
        ViewerCertificate=CERTIFICATE,
    )
    assert ask(engine, f"www.{name}.example").status == 200
    assert ask(engine, f"a.b.{name}.test").status == 200
    reconfigure(engine, identifier, Aliases=listed(f"*.{name}.test"))
    ask(engine, identifier)
    assert ask(engine, f"www.{name}.example").header("X-Amz-Cf-Id") is None


def test_a_name_that_no_distribution_has(engine: Engine, site: Site) -> None:
    answer = ask(engine, "e000nobody")
    assert answer.status == 403
    assert b"No distribution answers at this name" in answer.body


def test_the_first_matching_behaviour_decides(engine: Engine, site: Site) -> None:
    others = {name: Site() for name in ("pictures", "files")}
    try:
        identifier = distribute(
            engine,
            site.origin(),
            *(other.origin(name) for name, other in others.items()),
            CacheBehaviors=listed(
                behaviour("images/*.jpg", TargetOriginId="pictures"),
                behaviour("/images/*", TargetOriginId="files"),
            ),
        )
        for target in ("/images/a/b.jpg", "/images/b.gif", "/x", "/images//%2e/c.jpg?q=1"):
            assert ask(engine, identifier, target).status == 200
        assert others["pictures"].asked == ["/images/a/b.jpg", "/images//%2e/c.jpg"]
        assert others["files"].asked == ["/images/b.gif"]
        assert site.asked == ["/x"]
    finally:
        for other in others.values():
            other.close()


def test_what_an_origin_gets_by_default(engine: Engine, site: Site) -> None:
    identifier = distribute(engine, site.origin(OriginPath="/production"))
    answer = ask(
        engine,
        identifier,
        "/a?b=1",
        ("User-Agent", "test"),
        ("Cookie", "a=1"),
        ("Accept-Language", "de"),
        ("X-Forwarded-For", "192.0.2.7"),
        ("Authorization", "Basic eA=="),
        ("X-Edge-Something", "1"),
    )
    assert answer.json["target"] == "/production/a"
    headers = sent(answer)
    assert headers["user-agent"] == "Amazon CloudFront"
    assert headers["host"].partition(":")[0] == "localhost"
    assert headers["x-forwarded-for"] == "192.0.2.7,127.0.0.1"
    assert headers["x-amz-cf-id"]
    assert headers["via"].endswith(".cloudfront.net (CloudFront)")
    unwanted = {"cookie", "accept-language", "authorization", "x-edge-something"}
    assert not unwanted & set(headers)


def test_origin_request_policies_say_what_an_origin_gets(engine: Engine, site: Site) -> None:
    identifier = distribute(
        engine,
        site.origin(),
        DefaultCacheBehavior=behaviour(OriginRequestPolicyId=ALL_VIEWER),
        CacheBehaviors=listed(behaviour("/other/*", OriginRequestPolicyId=ALL_VIEWER_EXCEPT_HOST)),
    )
    headers = (("User-Agent", "test"), ("Cookie", "b=2; a=1"), ("X-Own", "1"))
    answer = ask(engine, identifier, "/a?b=1&a=%20", *headers)
    assert answer.json["target"] == "/a?b=1&a=%20"
    got = sent(answer)
    assert got["host"].startswith(f"{identifier.lower()}.cloudfront.localhost")
    assert (got["user-agent"], got["cookie"], got["x-own"]) == ("test", "a=1; b=2", "1")
    assert sent(ask(engine, identifier, "/other/a", *headers))["host"].startswith("localhost")


def test_legacy_settings(engine: Engine, site: Site) -> None:
    values: dict[str, Any] = {
        "QueryString": True,
        "QueryStringCacheKeys": listed("color"),
        "Cookies": {"Forward": "whitelist", "WhitelistedNames": listed("user_*")},
        "Headers": listed("X-Kind"),
    }
    identifier = distribute(
        engine, site.origin(), DefaultCacheBehavior=behaviour(ForwardedValues=values)
    )
    answer = ask(
        engine,
        identifier,
        "/a?color=red&size=1",
        ("Cookie", "user_a=1; session=2"),
        ("X-Kind", "k"),
        ("X-Other", "o"),
        ("Accept", "text/html"),
    )
    assert answer.json["target"] == "/a?color=red&size=1"
    headers = sent(answer)
    assert (headers["cookie"], headers["x-kind"], headers["x-other"]) == ("user_a=1", "k", "o")
    assert "accept" not in headers
    same = [("Cookie", "user_a=1; session=3"), ("X-Kind", "k"), ("X-Other", "p")]
    assert ask(engine, identifier, "/a?color=red&size=2", *same).cache == "Hit"
    assert ask(engine, identifier, "/a?color=blue", *same).cache == "Miss"
    assert ask(engine, identifier, "/a?color=red", ("Cookie", "user_a=2"), same[1]).cache == "Miss"
    assert ask(engine, identifier, "/a?color=red", same[0], ("X-Kind", "K")).cache == "Miss"


def test_all_legacy_headers_mean_that_nothing_is_cached(engine: Engine, site: Site) -> None:
    values = {"QueryString": False, "Cookies": {"Forward": "none"}, "Headers": listed("*")}
    identifier = distribute(
        engine, site.origin(), DefaultCacheBehavior=behaviour(ForwardedValues=values)
    )
    for _ in range(2):
        answer = ask(engine, identifier, "/", ("Accept", "text/html"))
        assert (answer.cache, sent(answer)["accept"]) == ("Miss", "text/html")
    assert len(site.asked) == 2


def test_a_change_of_settings_counts_at_once(engine: Engine, site: Site) -> None:
    site.told["/index.html"] = Told(body=b"home")
    identifier = distribute(engine, site.origin())
    assert ask(engine, identifier, "/").json["target"] == "/"
    reconfigure(engine, identifier, DefaultRootObject="index.html")
    assert ask(engine, identifier, "/").body == b"home"
    assert ask(engine, identifier, "/folder/").json["target"] == "/folder/"
    reconfigure(engine, identifier, Enabled=False)
    assert ask(engine, identifier, "/").status == 403


def test_methods(engine: Engine, site: Site) -> None:
    identifier = distribute(
        engine,
        site.origin(),
        CacheBehaviors=listed(behaviour("/api/*", AllowedMethods=EVERY_METHOD)),
    )
    assert ask(engine, identifier, "/x", method="POST", body=b"b").status == 403
    answer = ask(
        engine,
        identifier,
        "/api/x",
        ("Content-Type", "text/plain"),
        ("Authorization", "Basic eA=="),
        method="POST",
        body=b"hello",
    )
    assert (answer.json["method"], answer.json["body"]) == ("POST", "hello")
    headers = sent(answer)
    assert headers["content-type"] == "text/plain"
    assert headers["authorization"] == "Basic eA=="
    assert site.asked == ["/api/x"]


def test_error_pages_of_the_distributions_own(engine: Engine, site: Site) -> None:
    site.told["/none"] = Told(404, body=b"origin's page")
    site.told["/errors/404.html"] = Told(body=b"our page")
    site.told["/broken"] = Told(500, body=b"broken")
    identifier = distribute(
        engine,
        site.origin(),
        CustomErrorResponses=listed(
            {
                "ErrorCode": 404,
                "ResponsePagePath": "/errors/404.html",
                "ResponseCode": "200",
                "ErrorCachingMinTTL": 0,
            }
        ),
    )
    answer = ask(engine, identifier, "/none")
    assert (answer.status, answer.body, answer.cache) == (200, b"our page", "Error")
    answer = ask(engine, identifier, "/broken")
    assert (answer.status, answer.body, answer.cache) == (500, b"broken", "Error")


def test_an_object_is_cached_and_invalidated(engine: Engine, site: Site) -> None:
    identifier = distribute(
        engine, site.origin(), DefaultCacheBehavior=behaviour(CachePolicyId=CACHING_OPTIMIZED)
    )
    assert [ask(engine, identifier, "/a").cache for _ in range(3)] == ["Miss", "Hit", "Hit"]
    engine.client("cloudfront").create_invalidation(
        DistributionId=identifier,
        InvalidationBatch={"CallerReference": "1", "Paths": listed("/a*")},
    )
    assert ask(engine, identifier, "/a").cache == "Miss"
    assert site.asked == ["/a", "/a"]


def copied(engine: Engine, identifier: str, traffic: dict[str, Any]) -> str:
    """Make a staging distribution, and a policy that sends it some requests; returns its id."""
    cloudfront = engine.client("cloudfront")
    staging = cloudfront.copy_distribution(
        PrimaryDistributionId=identifier,
        Staging=True,
        IfMatch=cloudfront.get_distribution(Id=identifier)["ETag"],
        CallerReference=engine.name("copy"),
        Enabled=True,
    )["Distribution"]
    policy = cloudfront.create_continuous_deployment_policy(
        ContinuousDeploymentPolicyConfig={
            "StagingDistributionDnsNames": listed(staging["DomainName"]),
            "Enabled": True,
            "TrafficConfig": traffic,
        }
    )["ContinuousDeploymentPolicy"]
    reconfigure(engine, identifier, ContinuousDeploymentPolicyId=policy["Id"])
    return str(staging["Id"])


def test_a_header_leads_to_the_staging_distribution(engine: Engine, site: Site) -> None:
    site.told["/new.html"] = Told(body=b"new")
    identifier = distribute(engine, site.origin())
    header = {"Header": "aws-cf-cd-test", "Value": "yes"}
    staging = copied(engine, identifier, {"Type": "SingleHeader", "SingleHeaderConfig": header})
    reconfigure(engine, staging, DefaultRootObject="new.html")
    assert ask(engine, identifier, "/", ("Aws-Cf-Cd-Test", "yes")).body == b"new"
    assert ask(engine, identifier, "/", ("Aws-Cf-Cd-Test", "no")).json["target"] == "/"
    assert ask(engine, identifier, "/").json["target"] == "/"
    assert ask(engine, staging, "/").status == 403


def test_a_session_stays_with_one_of_both(engine: Engine, site: Site) -> None:
    site.told["/new.html"] = Told(body=b"new")
    identifier = distribute(engine, site.origin())
    weight = {"Weight": 0.15, "SessionStickinessConfig": {"IdleTTL": 300, "MaximumTTL": 600}}
    staging = copied(engine, identifier, {"Type": "SingleWeight", "SingleWeightConfig": weight})
    reconfigure(engine, staging, DefaultRootObject="new.html")
    answer = ask(engine, identifier, "/")
    cookie = SimpleCookie(answer.header("Set-Cookie"))
    ((name, morsel),) = cookie.items()
    for _ in range(10):
        again = ask(engine, identifier, "/", ("Cookie", f"{name}={morsel.value}"))
        assert (again.body == b"new") == (answer.body == b"new")
