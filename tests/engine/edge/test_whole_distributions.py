"""Whole distributions: caches, origins of several kinds, policies and functions together."""

from __future__ import annotations

import gzip
import json
from typing import Any

from edge_configuration_lab import METHODS, listed
from edge_site_lab import CACHING_OPTIMIZED, Site, Told, ask, behaviour, distribute
from engine_fixtures import ROLE, Engine, zip_of

CORS_AND_SECURITY = "e61eb60c-9c35-4d20-a928-2b84e02af89c"
CACHED = behaviour(CachePolicyId=CACHING_OPTIMIZED)
ETAG = ("ETag", '"v1"')


def test_a_head_and_a_get_share_an_object(engine: Engine, site: Site) -> None:
    site.told["/a"] = Told(body=b"hello")
    identifier = distribute(engine, site.origin(), DefaultCacheBehavior=CACHED)
    assert ask(engine, identifier, "/a").body == b"hello"
    head = ask(engine, identifier, "/a", method="HEAD")
    assert (head.cache, head.body, head.header("Content-Length")) == ("Hit", b"", "5")
    assert int(head.header("Age") or "") >= 0


def test_ranges_and_conditions_are_answered_from_the_cache(engine: Engine, site: Site) -> None:
    site.told["/a"] = Told(headers=[ETAG], body=b"0123456789")
    identifier = distribute(engine, site.origin(), DefaultCacheBehavior=CACHED)
    ask(engine, identifier, "/a")
    part = ask(engine, identifier, "/a", ("Range", "bytes=2-4"))
    assert (part.status, part.body, part.header("Content-Range")) == (206, b"234", "bytes 2-4/10")
    beyond = ask(engine, identifier, "/a", ("Range", "bytes=10-"))
    assert (beyond.status, beyond.header("Content-Range")) == (416, "bytes */10")
    same = ask(engine, identifier, "/a", ("If-None-Match", '"v1"'))
    assert (same.status, same.body) == (304, b"")
    assert len(site.asked) == 1


def test_a_stale_object_is_asked_about(engine: Engine, site: Site) -> None:
    def now() -> Told:
        first = len(site.asked) == 1
        return Told(200 if first else 304, [ETAG, ("Cache-Control", "max-age=0")], b"")

    site.told["/a"] = now
    policy = {
        "QueryString": False,
        "Cookies": {"Forward": "none"},
        "Headers": listed(),
    }
    identifier = distribute(
        engine, site.origin(), DefaultCacheBehavior=behaviour(ForwardedValues=policy)
    )
    assert [ask(engine, identifier, "/a").cache for _ in range(2)] == ["Miss", "RefreshHit"]


def test_objects_are_compressed(engine: Engine, site: Site) -> None:
    text = b"<p>hello</p>" * 200
    site.told["/a"] = Told(headers=[("Content-Type", "text/html"), ETAG], body=text)
    identifier = distribute(
        engine, site.origin(), DefaultCacheBehavior={**CACHED, "Compress": True}
    )
    for cache in ("Miss", "Hit"):
        answer = ask(engine, identifier, "/a", ("Accept-Encoding", "gzip"))
        assert (answer.cache, answer.header("Content-Encoding")) == (cache, "gzip")
        assert answer.header("ETag") == 'W/"v1"'
        assert gzip.decompress(answer.body) == text
    plain = ask(engine, identifier, "/a")
    assert (plain.cache, plain.header("Content-Encoding"), plain.body) == ("Miss", None, text)


def test_another_origin_stands_in(engine: Engine, site: Site) -> None:
    spare = Site()
    try:
        site.told["/a"] = Told(503, body=b"down")
        site.told["/b"] = Told(404, body=b"none")
        group = {
            "Id": "both",
            "FailoverCriteria": {"StatusCodes": listed(500, 503)},
            "Members": listed({"OriginId": "site"}, {"OriginId": "spare"}),
        }
        identifier = distribute(
            engine,
            site.origin(),
            spare.origin("spare"),
            OriginGroups=listed(group),
            DefaultCacheBehavior=behaviour(TargetOriginId="both"),
        )
        assert ask(engine, identifier, "/a").json["target"] == "/a"
        assert spare.asked == ["/a"]
        assert ask(engine, identifier, "/b").status == 404
        assert spare.asked == ["/a"]
    finally:
        spare.close()


def test_an_origin_that_is_not_there(engine: Engine, site: Site) -> None:
    gone = Site()
    gone.close()
    identifier = distribute(engine, {**gone.origin(), "ConnectionAttempts": 1})
    answer = ask(engine, identifier, "/")
    assert answer.status == 502
    assert answer.header("X-Cache") == "Error from cloudfront"


def test_a_bucket_opens_to_its_distribution_only(engine: Engine) -> None:
    s3, cloudfront = engine.client("s3"), engine.client("cloudfront")
    bucket = engine.name("bucket")
    place = {"CreateBucketConfiguration": {"LocationConstraint": engine.region}}
    s3.create_bucket(Bucket=bucket, **({} if engine.region == "us-east-1" else place))
    s3.put_object(Bucket=bucket, Key="site/index.html", Body=b"home", ContentType="text/html")
    control = cloudfront.create_origin_access_control(
        OriginAccessControlConfig={
            "Name": engine.name("oac"),
            "SigningProtocol": "sigv4",
            "SigningBehavior": "always",
            "OriginAccessControlOriginType": "s3",
        }
    )["OriginAccessControl"]["Id"]
    identifier = distribute(
        engine,
        {
            "Id": "site",
            "DomainName": f"{bucket}.s3.{engine.region}.amazonaws.com",
            "OriginPath": "/site",
            "S3OriginConfig": {"OriginAccessIdentity": ""},
            "OriginAccessControlId": control,
        },
        DefaultRootObject="index.html",
    )
    assert ask(engine, identifier, "/").status == 403
    arn = cloudfront.get_distribution(Id=identifier)["Distribution"]["ARN"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudfront.amazonaws.com"},
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
        "Condition": {"StringEquals": {"AWS:SourceArn": arn}},
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    answer = ask(engine, identifier, "/")
    assert (answer.status, answer.body) == (200, b"home")
    assert answer.header("Content-Type") == "text/html"
    assert ask(engine, identifier, "/none").status == 403


def test_response_headers_policies(engine: Engine, site: Site) -> None:
    site.told["/a"] = Told(headers=[("X-Frame-Options", "DENY")], body=b"a")
    site.told["/none"] = Told(404, body=b"none")
    identifier = distribute(
        engine,
        site.origin(),
        DefaultCacheBehavior=behaviour(ResponseHeadersPolicyId=CORS_AND_SECURITY),
    )
    answer = ask(engine, identifier, "/a", ("Origin", "https://a.example"))
    assert answer.header("X-Frame-Options") == "DENY"
    assert answer.header("Strict-Transport-Security") == "max-age=31536000"
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert answer.header("Access-Control-Allow-Origin") == "*"
    answer = ask(engine, identifier, "/none")
    assert answer.header("X-Frame-Options") == "SAMEORIGIN"


def test_the_protocol_and_the_country(engine: Engine, site: Site) -> None:
    identifier = distribute(
        engine,
        site.origin(),
        DefaultCacheBehavior=behaviour(ViewerProtocolPolicy="redirect-to-https"),
        CacheBehaviors=listed(
            behaviour("/only/*", ViewerProtocolPolicy="https-only"), behaviour("/open/*")
        ),
        Restrictions={"GeoRestriction": {"RestrictionType": "blacklist", **listed("XX", "DE")}},
    )
    answer = ask(engine, identifier, "/a?b=1")
    assert answer.status == 301
    assert (answer.header("Location") or "").startswith("https://")
    assert (answer.header("Location") or "").endswith("/a?b=1")
    assert answer.header("X-Cache") == "Redirect from cloudfront"
    assert ask(engine, identifier, "/only/a").status == 403
    assert ask(engine, identifier, "/open/a", ("CloudFront-Viewer-Country", "DE")).status == 403
    assert ask(engine, identifier, "/open/a", ("CloudFront-Viewer-Country", "FR")).status == 200
    assert site.asked == ["/open/a"]


def test_limits(engine: Engine, site: Site) -> None:
    identifier = distribute(engine, site.origin())
    assert ask(engine, identifier, "/" + "a" * 8200).status == 414
    assert ask(engine, identifier, "/", ("X-Long", "a" * 33_000)).status == 494
    assert ask(engine, identifier, "/", body=b"a GET with a body").status == 403
    assert site.asked == []


def edge_function(engine: Engine, code: str, **settings: Any) -> str:
    """A version of a function in us-east-1, with a role that Lambda@Edge may take; its ARN."""
    client = engine.client("lambda", region_name="us-east-1")
    name = engine.name("edge")
    client.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=ROLE,
        Handler="index.handler",
        Code={"ZipFile": zip_of({"index.py": code})},
        **settings,
    )
    client.get_waiter("function_active_v2").wait(FunctionName=name)
    return str(client.publish_version(FunctionName=name)["FunctionArn"])


def lambdas(**arns: str) -> dict[str, Any]:
    return listed(
        *(
            {"EventType": event.replace("_", "-"), "LambdaFunctionARN": arn}
            for event, arn in arns.items()
        )
    )


MARK = """
def handler(event, context):
    cf = event["Records"][0]["cf"]
    kind = cf["config"]["eventType"]
    part = cf["request"] if kind.endswith("request") else cf["response"]
    name = "x-" + kind
    part["headers"][name] = [{"key": name, "value": "seen"}]
    return part
"""


def test_four_triggers_in_their_order(engine: Engine, site: Site) -> None:
    arn = edge_function(engine, MARK)
    events = ("viewer_request", "origin_request", "origin_response", "viewer_response")
    told = {
        **CACHED,
        "LambdaFunctionAssociations": lambdas(**dict.fromkeys(events, arn)),
    }
    identifier = distribute(engine, site.origin(), DefaultCacheBehavior=told)
    first = ask(engine, identifier, "/a")
    assert (first.status, first.cache) == (200, "Miss")
    got = dict(first.json["headers"])
    assert got.get("x-origin-request") == "seen"
    assert "x-viewer-request" not in got  # no policy forwards what the first function added
    for answer in (first, ask(engine, identifier, "/a")):
        assert answer.header("x-origin-response") == "seen"
        assert answer.header("x-viewer-response") == "seen"
    assert len(site.asked) == 1


def test_a_function_that_fails(engine: Engine, site: Site) -> None:
    arn = edge_function(engine, "def handler(event, context):\n    raise RuntimeError('boom')\n")
    told = behaviour(LambdaFunctionAssociations=lambdas(viewer_request=arn))
    answer = ask(engine, distribute(engine, site.origin(), DefaultCacheBehavior=told), "/")
    assert answer.status == 503
    assert answer.header("X-Cache") == "LambdaExecutionError from cloudfront"
    assert site.asked == []


def test_a_cloudfront_function(engine: Engine, site: Site) -> None:
    cloudfront = engine.client("cloudfront")
    code = """
    function handler(event) {
        var request = event.request;
        if (request.uri === '/old') {
            return {statusCode: 302, statusDescription: 'Found',
                    headers: {location: {value: '/new'}}};
        }
        request.uri = request.uri + '.html';
        return request;
    }
    """
    name = engine.name("function")
    made = cloudfront.create_function(
        Name=name,
        FunctionConfig={"Comment": "", "Runtime": "cloudfront-js-2.0"},
        FunctionCode=code.encode(),
    )
    cloudfront.publish_function(Name=name, IfMatch=made["ETag"])
    arn = made["FunctionSummary"]["FunctionMetadata"]["FunctionARN"]
    told = behaviour(
        FunctionAssociations=listed({"EventType": "viewer-request", "FunctionARN": arn}),
        AllowedMethods={**listed(*METHODS), "CachedMethods": listed("GET", "HEAD")},
    )
    identifier = distribute(engine, site.origin(), DefaultCacheBehavior=told)
    assert ask(engine, identifier, "/a").json["target"] == "/a.html"
    answer = ask(engine, identifier, "/old")
    assert (answer.status, answer.header("Location")) == (302, "/new")
    assert answer.header("X-Cache") == "FunctionGeneratedResponse from cloudfront"


def test_hits_that_repeat_are_not_parsed(engine: Engine, site: Site) -> None:
    site.told["/a"] = Told(headers=[ETAG], body=b"hello")
    identifier = distribute(engine, site.origin(), DefaultCacheBehavior=CACHED)
    answers = [ask(engine, identifier, "/a") for _ in range(2)]
    before = engine.status()["edge"]["fast_hits"]
    answers += [ask(engine, identifier, "/a") for _ in range(2)]
    assert engine.status()["edge"]["fast_hits"] == before + 2
    assert [answer.cache for answer in answers] == ["Miss", "Hit", "Hit", "Hit"]
    assert {answer.body for answer in answers} == {b"hello"}
    engine.client("cloudfront").create_invalidation(
        DistributionId=identifier,
        InvalidationBatch={"Paths": listed("/a"), "CallerReference": engine.name("reference")},
    )
    assert ask(engine, identifier, "/a").cache == "Miss"
