"""Buckets as websites, and their public objects, for browsers that do not sign."""

from __future__ import annotations

import http.client
import json
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from engine_fixtures import Engine

from lambda_nb.engine.gateways.website.error_pages import SiteError, page


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def ask(engine: Engine, host: str, path: str, method: str = "GET", **headers: str) -> Answer:
    """Make one request without a signature."""
    connection = http.client.HTTPConnection(urlsplit(engine.url).netloc, timeout=60)
    try:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers={"Host": host, **named})
        reply = connection.getresponse()
        told = {name.lower(): value for name, value in reply.getheaders()}
        return Answer(reply.status, told, reply.read())
    finally:
        connection.close()


def public(bucket: str, action: str = "s3:GetObject", **more: Any) -> dict[str, Any]:
    resource = f"arn:aws:s3:::{bucket}" + ("/*" if action == "s3:GetObject" else "")
    return {"Effect": "Allow", "Principal": "*", "Action": action, "Resource": resource, **more}


def allow(engine: Engine, bucket: str, *statements: dict[str, Any]) -> None:
    policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    engine.client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)


@pytest.fixture(scope="module")
def bucket(engine: Engine) -> str:
    """A website that everybody may read."""
    s3 = engine.client("s3")
    name = engine.name("site")
    s3.create_bucket(Bucket=name)
    configuration = {
        "IndexDocument": {"Suffix": "index.html"},
        "ErrorDocument": {"Key": "errors/all.html"},
        "RoutingRules": [
            {
                "Condition": {"KeyPrefixEquals": "docs/"},
                "Redirect": {"ReplaceKeyPrefixWith": "documents/"},
            },
            {
                "Condition": {"HttpErrorCodeReturnedEquals": "404", "KeyPrefixEquals": "old/"},
                "Redirect": {"HostName": "old.example", "HttpRedirectCode": "302"},
            },
        ],
    }
    s3.put_bucket_website(Bucket=name, WebsiteConfiguration=configuration)
    allow(engine, name, public(name))
    html = {"ContentType": "text/html", "CacheControl": "max-age=5"}
    s3.put_object(Bucket=name, Key="index.html", Body=b"<h1>Home</h1>", **html)
    s3.put_object(Bucket=name, Key="a/index.html", Body=b"<h1>A</h1>", **html)
    s3.put_object(Bucket=name, Key="errors/all.html", Body=b"<h1>Lost</h1>", **html)
    s3.put_object(Bucket=name, Key="moved", Body=b"", WebsiteRedirectLocation="/a/")
    s3.put_object(Bucket=name, Key="ä b.txt", Body=b"text", Metadata={"kind": "note"})
    s3.put_object(Bucket=name, Key="large", Body=bytes(range(256)) * 4096)
    return name


def test_documents(engine: Engine, bucket: str) -> None:
    site = f"{bucket}.s3-website.localhost:4571"
    for path, body in (
        ("/", b"<h1>Home</h1>"),
        ("/a/", b"<h1>A</h1>"),
        ("/?q=1", b"<h1>Home</h1>"),
    ):
        answer = ask(engine, site, path)
        assert (answer.status, answer.body) == (200, body)
        assert answer.headers["content-type"] == "text/html"
        assert answer.headers["cache-control"] == "max-age=5"
    answer = ask(engine, site, "/%C3%A4%20b.txt")
    assert (answer.body, answer.headers["x-amz-meta-kind"]) == (b"text", "note")
    answer = ask(engine, site, "/large")
    assert answer.body == bytes(range(256)) * 4096
    assert answer.headers["content-length"] == str(1 << 20)


@pytest.mark.parametrize(
    "suffix",
    [
        "s3-website-us-east-1.amazonaws.com",
        "s3-website.eu-central-1.amazonaws.com",
        "s3-website.localhost.localstack.cloud:4566",
        "s3-website.us-east-1.localhost.localstack.cloud:4566",
    ],
)
def test_by_the_names_of_elsewhere(engine: Engine, bucket: str, suffix: str) -> None:
    assert ask(engine, f"{bucket}.{suffix}", "/").body == b"<h1>Home</h1>"


def test_redirects(engine: Engine, bucket: str) -> None:
    site = f"{bucket}.s3-website.localhost"
    for path, status, location in (
        ("/a", 302, "/a/"),
        ("/moved", 301, "/a/"),
        ("/docs/x%20y", 301, f"http://{site}/documents/x%20y"),
        ("/old/x", 302, "http://old.example/old/x"),
    ):
        answer = ask(engine, site, path)
        assert (answer.status, answer.headers["location"]) == (status, location)
    assert ask(engine, site, "/missing").status == 404


def test_a_website_that_sends_all_requests_elsewhere(engine: Engine) -> None:
    name = engine.name("away")
    engine.client("s3").create_bucket(Bucket=name)
    to = {"RedirectAllRequestsTo": {"HostName": "www.example.com", "Protocol": "https"}}
    engine.client("s3").put_bucket_website(Bucket=name, WebsiteConfiguration=to)
    answer = ask(engine, f"{name}.s3-website.localhost", "/x%20y?z=1")
    assert (answer.status, answer.headers["location"]) == (
        301,
        "https://www.example.com/x%20y?z=1",
    )


def test_heads_ranges_and_conditions(engine: Engine, bucket: str) -> None:
    site = f"{bucket}.s3-website.localhost"
    whole = ask(engine, site, "/")
    head = ask(engine, site, "/", "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == whole.headers["content-length"]
    part = ask(engine, site, "/large", Range="bytes=1-3")
    assert (part.status, part.body) == (206, b"\x01\x02\x03")
    assert part.headers["content-range"] == f"bytes 1-3/{1 << 20}"
    same = ask(engine, site, "/", If_None_Match=whole.headers["etag"])
    assert (same.status, same.body) == (304, b"")
    assert ask(engine, site, "/", If_Modified_Since=whole.headers["last-modified"]).status == 304
    for no_date in ("no date", "Fri, 31 Dec 9999 23:59:59 -2300"):
        assert ask(engine, site, "/", If_Modified_Since=no_date).status == 200
    assert ask(engine, site, "/missing", "HEAD").status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_a_website_can_only_be_read(engine: Engine, bucket: str, method: str) -> None:
    answer = ask(engine, f"{bucket}.s3-website.localhost", "/", method)
    assert answer.status == 405
    assert answer.headers["x-amz-error-code"] == "MethodNotAllowed"
    assert b"<h1>405 Method Not Allowed</h1>" in answer.body


def test_the_error_document(engine: Engine, bucket: str) -> None:
    answer = ask(engine, f"{bucket}.s3-website.localhost", "/none", Range="bytes=0-1")
    assert (answer.status, answer.body) == (404, b"<h1>Lost</h1>")
    assert answer.headers["content-type"] == "text/html"
    assert answer.headers["x-amz-error-code"] == "NoSuchKey"
    assert answer.headers["x-amz-error-detail-key"] == "none"


def test_the_pages_of_errors(engine: Engine) -> None:
    s3 = engine.client("s3")
    name = engine.name("plain")
    missing = ask(engine, f"{name}.s3-website.localhost", "/")
    assert (missing.status, missing.headers["x-amz-error-code"]) == (404, "NoSuchBucket")
    assert f"<li>BucketName: {name}</li>".encode() in missing.body
    s3.create_bucket(Bucket=name)
    none = ask(engine, f"{name}.s3-website.localhost", "/")
    assert (none.status, none.headers["x-amz-error-code"]) == (404, "NoSuchWebsiteConfiguration")
    configuration = {"IndexDocument": {"Suffix": "i.html"}, "ErrorDocument": {"Key": "e.html"}}
    s3.put_bucket_website(Bucket=name, WebsiteConfiguration=configuration)
    page = ask(engine, f"{name}.s3-website.localhost", "/%3Cscript%3E").body.decode()
    assert page.startswith(
        "<html>\n<head><title>404 Not Found</title></head>\n<body>\n<h1>404 Not Found</h1>\n<ul>\n"
        "<li>Code: NoSuchKey</li>\n<li>Message: The specified key does not exist.</li>\n"
        "<li>Key: &lt;script&gt;</li>\n<li>RequestId: "
    )
    assert page.endswith(
        "<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>\n<ul>\n"
        "<li>Code: NoSuchKey</li>\n<li>Message: The specified key does not exist.</li>\n"
        "<li>Key: e.html</li>\n</ul>\n<hr/>\n</body>\n</html>\n"
    )


def test_keys_with_control_characters_stay_out_of_headers() -> None:
    reply = page(SiteError(404, "NoSuchKey", "No.", {"Key": "a\r\nb: c\x00"}), "id")
    assert all(b"\r" not in value and b"\n" not in value for _, value in reply.headers)


def test_only_what_is_public(engine: Engine) -> None:
    s3 = engine.client("s3")
    name = engine.name("private")
    site = f"{name}.s3-website.localhost"
    s3.create_bucket(Bucket=name)
    website = {"IndexDocument": {"Suffix": "index.html"}}
    s3.put_bucket_website(Bucket=name, WebsiteConfiguration=website)
    for key in ("index.html", "open.html"):
        s3.put_object(Bucket=name, Key=key, Body=b"content")

    def statuses(**headers: str) -> list[int]:
        return [ask(engine, site, path, **headers).status for path in ("/", "/open.html")]

    assert statuses() == [403, 403]
    refused = ask(engine, site, "/")
    assert refused.headers["x-amz-error-code"] == "AccessDenied"
    assert b"<h1>403 Forbidden</h1>" in refused.body
    assert b"content" not in refused.body
    assert ask(engine, site, "/none").status == 404  # a website tells, as on AWS
    s3.put_object_acl(Bucket=name, Key="open.html", ACL="public-read")
    assert statuses() == [403, 200]
    block = dict.fromkeys(
        ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), False
    )
    s3.put_public_access_block(
        Bucket=name, PublicAccessBlockConfiguration={**block, "IgnorePublicAcls": True}
    )
    assert statuses() == [403, 403]
    condition = {"StringLike": {"aws:Referer": "https://page.example/*"}}
    allow(engine, name, public(name, Condition=condition))
    assert statuses() == [403, 403]
    assert statuses(Referer="https://page.example/a") == [200, 200]
    allow(engine, name, {key: value for key, value in public(name).items() if key != "Principal"})
    assert statuses() == [403, 403]  # it names nobody
    denied = {**public(name), "Effect": "Deny", "Resource": f"arn:aws:s3:::{name}/open*"}
    allow(engine, name, public(name), denied)
    assert statuses() == [200, 403]
    s3.put_public_access_block(
        Bucket=name, PublicAccessBlockConfiguration={**block, "RestrictPublicBuckets": True}
    )
    assert statuses() == [403, 403]


def test_pages_of_other_origins(engine: Engine, bucket: str) -> None:
    """The bucket's CORS rules say whether they may read."""
    site = f"{bucket}.s3-website.localhost"
    rule = {"AllowedOrigins": ["http://a.page"], "AllowedMethods": ["GET"]}
    assert (
        "access-control-allow-origin" not in ask(engine, site, "/", Origin="http://a.page").headers
    )
    engine.client("s3").put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    for path, status in (("/", 200), ("/none", 404), ("/moved", 301)):
        answer = ask(engine, site, path, Origin="http://a.page")
        assert answer.status == status
        assert answer.headers["access-control-allow-origin"] == "http://a.page"
    refused = ask(engine, site, "/", Origin="http://b.page")
    assert "access-control-allow-origin" not in refused.headers
    asks = {"Access_Control_Request_Method": "GET"}
    assert ask(engine, site, "/", "OPTIONS", Origin="http://a.page", **asks).status == 200
    assert ask(engine, site, "/", "OPTIONS", Origin="http://b.page", **asks).status == 403


# -- public objects at S3's own addresses


def test_public_objects_of_s3(engine: Engine, bucket: str) -> None:
    own = urlsplit(engine.url).netloc
    for host, path in (
        (f"{bucket}.s3.us-east-1.amazonaws.com", "/a/index.html"),
        (f"{bucket}.s3.localhost:4571", "/a/index.html?v=3"),
        ("s3.us-east-1.amazonaws.com", f"/{bucket}/a/index.html"),
        (own, f"/{bucket}/a/index.html"),
    ):
        for method in ("GET", "HEAD"):
            answer = ask(engine, host, path, method)
            assert (answer.status, answer.headers["content-type"]) == (200, "text/html")
            assert answer.body == (b"<h1>A</h1>" if method == "GET" else b"")
    part = ask(engine, own, f"/{bucket}/large", Range="bytes=0-1", Sec_Fetch_Site="cross-site")
    assert (part.status, part.body) == (206, b"\x00\x01")


def test_what_is_not_public_at_s3(engine: Engine, bucket: str) -> None:
    own = urlsplit(engine.url).netloc
    closed = engine.name("closed")
    s3 = engine.client("s3")
    s3.create_bucket(Bucket=closed)
    s3.put_object(Bucket=closed, Key="k", Body=b"secret")
    nowhere = f"/{engine.name('nowhere')}/k"
    others = (f"/{closed}/none", f"/{bucket}/none", "/arn:aws:s3:::x/k", nowhere)
    for path in (f"/{closed}/k", *others):
        answer = ask(engine, own, path)
        assert answer.status == 403
        assert b"<Code>AccessDenied</Code><Message>Access Denied</Message>" in answer.body
    allow(engine, closed, public(closed, "s3:ListBucket"))
    answer = ask(engine, own, f"/{closed}/none")
    assert (answer.status, b"<Code>NoSuchKey</Code>" in answer.body) == (404, True)


@pytest.mark.parametrize(
    "target",
    [
        "/{}",
        "/{}/",
        "/{}?list-type=2",
        "/{}/index.html?acl",
        "/{}/index.html?versionId=1",
        "/{}/index.html?response-content-type=text/plain",
        "/{}/index.html?Action=ListQueues",
        "/_lambda_nb/status",
        "/2015-03-31/functions/",
    ],
)
def test_everything_else_must_be_signed(engine: Engine, bucket: str, target: str) -> None:
    own = urlsplit(engine.url).netloc
    assert ask(engine, own, target.format(bucket)).status == 403
    assert ask(engine, own, target.format(bucket), "PUT").status == 403


def test_a_wrong_signature_is_not_as_good_as_none(engine: Engine, bucket: str) -> None:
    own = urlsplit(engine.url).netloc
    path = f"/{bucket}/index.html"
    scope = "Credential=NOBODY/20260101/us-east-1/s3/aws4_request"
    header = f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"
    assert ask(engine, own, path).status == 200
    assert ask(engine, own, path, Authorization=header).status == 403
    old = "AWSAccessKeyId=NOBODY&Signature=x&Expires=9999999999"
    assert ask(engine, own, f"{path}?{old}").status == 403
