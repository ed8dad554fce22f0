"""What web pages may not do, at every entry of the engine, with and without signatures."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from engine_fixtures import Engine, launch
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.api.admission.web_pages import Names

CODE = "def handler(event, context):\n    return 'from the function'\n"


class Site(NamedTuple):
    """An engine, and the resources behind its entries."""

    engine: Engine
    url: str  # of a function that everybody may call
    download: str
    presigned: str

    def ask(self, door: str, headers: dict[str, str], *, signed: bool = False) -> tuple[int, str]:
        """Send a request to an entry; status and body."""
        method, path, own = self.doors[door]
        headers = {**own, **headers}
        at = urlsplit(self.engine.url)
        if signed:
            keys = Credentials(*self.engine.keys.values())
            named = headers.get("Host", at.netloc)
            request = AWSRequest(method, f"http://{named}{path}", headers=headers)
            service = "lambda" if door in ("lambda", "status") else "s3"
            SigV4Auth(keys, service, self.engine.region).add_auth(request)
            headers = {**dict(request.headers.items()), "Host": named}
        connection = http.client.HTTPConnection(at.netloc, timeout=30)
        try:
            connection.request(method, path, headers=headers)
            reply = connection.getresponse()
            assert "access-control-allow-origin" not in {n.lower() for n, _ in reply.getheaders()}
            return reply.status, reply.read().decode()
        finally:
            connection.close()

    @property
    def doors(self) -> dict[str, tuple[str, str, dict[str, str]]]:
        """Method, path and headers of a request to each entry."""
        download, presigned = urlsplit(self.download), urlsplit(self.presigned)
        target = {"X-Amz-Target": "AmazonSQS.ListQueues", "Content-Type": "text/plain"}
        return {
            "lambda": ("GET", "/2015-03-31/functions/", {}),
            "neighbours": ("GET", "/", {}),
            "queues": ("POST", "/", target),
            "status": ("GET", "/_lambda_nb/status", {}),
            "health": ("GET", "/_lambda_nb/health", {}),
            "function URL": ("GET", f"/lambda-url/{self.engine.identifier(self.url)}/", {}),
            "download": ("GET", f"{download.path}?{download.query}", {}),
            "presigned": ("GET", f"{presigned.path}?{presigned.query}", {}),
        }


@pytest.fixture(scope="module", params=["sigv4", "none"])
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    engine = launch(tmp_path_factory.mktemp("engine"), "--auth", request.param)
    name = engine.create(CODE)
    url = engine.client().create_function_url_config(FunctionName=name, AuthType="NONE")
    engine.client().add_permission(
        FunctionName=name,
        StatementId="public",
        Action="lambda:InvokeFunctionUrl",
        Principal="*",
        FunctionUrlAuthType="NONE",
    )
    s3 = engine.client("s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="k", Body=b"content")
    made = Site(
        engine,
        url["FunctionUrl"],
        engine.client().get_function(FunctionName=name)["Code"]["Location"],
        s3.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "k"}),
    )
    yield made
    assert engine.stop() == 0


DOORS = ["lambda", "neighbours", "queues", "status", "health", "function URL", "download"]
FOREIGN = ["evil.example", "127.0.0.1.evil.example:4571", "localhost.evil.example", "10.0.0.1"]
PAGES = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost:8888"},
    {"Origin": "http://evil.example"},  # Safari before 16.4
    {"Origin": "null"},
]


@pytest.mark.parametrize("door", [*DOORS, "presigned"])
@pytest.mark.parametrize("host", FOREIGN)
def test_a_name_that_is_not_the_engine_s_is_refused(site: Site, door: str, host: str) -> None:
    status, body = site.ask(door, {"Host": host})
    assert (status, f"--allow-host {host.partition(':')[0]}" in body) == (403, True)


@pytest.mark.parametrize("door", ["lambda", "neighbours", "status"])
def test_not_even_a_signature_helps(site: Site, door: str) -> None:
    """A page cannot sign. A request signed for another host name is refused too."""
    assert site.ask(door, {}, signed=True)[0] == 200
    status, body = site.ask(door, {"Host": "evil.example"}, signed=True)
    assert (status, "--allow-host" in body) == (403, True)


def test_a_function_url_by_a_foreign_name(site: Site) -> None:
    identifier = site.engine.identifier(site.url)
    for suffix, expected in (("localhost", 200), ("evil.example", 403), ("on.aws", 200)):
        host = f"{identifier}.lambda-url.us-east-1.{suffix}"
        at = urlsplit(site.engine.url)
        connection = http.client.HTTPConnection(at.netloc, timeout=30)
        connection.request("GET", "/", headers={"Host": host})
        assert connection.getresponse().status == expected, host
        connection.close()


@pytest.mark.parametrize("door", ["lambda", "neighbours", "queues", "status", "health"])
@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_elsewhere_asks_is_refused(site: Site, door: str, page: dict[str, str]) -> None:
    assert site.ask(door, page)[0] == 403


@pytest.mark.parametrize("page", PAGES)
def test_what_is_open_on_aws_is_open_to_pages(site: Site, page: dict[str, str]) -> None:
    """A function URL that everybody may call, and links that somebody signed."""
    assert site.ask("function URL", page) == (200, "from the function")
    if site.engine.status()["auth"] == "sigv4":  # else the engine does not check who signed it
        assert site.ask("presigned", page) == (200, "content")
    else:
        assert site.ask("presigned", page)[0] == 403


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "[::1]:4571", "a.localhost."])
def test_names_of_loopback(site: Site, host: str) -> None:
    assert site.ask("health", {"Host": host})[0] == 200
    own = {"Host": "localhost:5", "Origin": "http://localhost:5"}
    assert site.ask("health", own)[0] == 200
    assert site.ask("health", {"Sec-Fetch-Site": "none"})[0] == 200


def test_names_that_the_user_allows(start_engine: Callable[..., Engine]) -> None:
    engine = start_engine("--allow-host", "engine.test", "--allow-host", "*.tests")
    at = urlsplit(engine.url).netloc

    def status(host: str) -> int:
        connection = http.client.HTTPConnection(at, timeout=30)
        connection.request("GET", "/_lambda_nb/health", headers={"Host": host})
        answer = connection.getresponse().status
        connection.close()
        return answer

    hosts = ("engine.test:80", "x.tests", "localhost", "tests", "sub.engine.test", "other.test")
    assert [status(host) for host in hosts] == [200, 200, 200, 403, 403, 403]


@pytest.mark.parametrize(
    "host",
    [
        "sqs.us-east-1.amazonaws.com",
        "abc.execute-api.eu-west-1.amazonaws.com:443",
        "bucket.s3.cn-north-1.amazonaws.com.cn",
        "id.lambda-url.us-east-1.on.aws",
        "d111.cloudfront.net",
        "localhost.localstack.cloud:4566",
        "sqs.us-east-1.localhost.localstack.cloud:4566",
    ],
)
def test_names_of_aws(site: Site, host: str) -> None:
    """What they resolve to is up to AWS: no page can have one point to loopback."""
    assert Names().has(host)
    if not host.startswith(("abc.", "id.", "d111.")):  # gateways that are not here
        assert site.ask("health", {"Host": host})[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        "amazonaws.com",
        "evilamazonaws.com",
        "on.aws",
        "cloudfront.net",
        "sqs.us-east-1.amazonaws.com.evil.example",
        "localstack.cloud",
        "evil.localstack.cloud",
    ],
)
def test_names_that_only_look_like_those_of_aws(site: Site, host: str) -> None:
    assert site.ask("health", {"Host": host})[0] == 403


def test_custom_domain_names_are_asked_for_each_time() -> None:
    configured = {"api.example.com"}
    names = Names(has_domain=configured.__contains__)
    assert names.has("api.example.com:4571")
    assert not names.has("www.example.com")
    configured.clear()
    assert not names.has("api.example.com:4571")


@given(st.text(max_size=30))
def test_no_text_before_or_after_makes_a_name_ours(text: str) -> None:
    names: Any = Names()
    assert not names.has(f"{text}.example")
    assert not names.has(f"localhost.{text}x")
    assert not names.has(f"x{text}127.0.0.1")


RULE = {
    "AllowedOrigins": ["http://*.page", "https://b.example"],
    "AllowedMethods": ["GET", "PUT"],
    "AllowedHeaders": ["content-*"],
    "ExposeHeaders": ["ETag"],
    "MaxAgeSeconds": 60,
}


def test_a_page_uploads_to_a_bucket_that_allows_it(engine: Engine) -> None:
    """By a presigned link, after a CORS preflight; a bucket that does not allow it refuses."""
    s3 = engine.client("s3")
    link = {}
    for bucket in ("open-to-pages", "closed-to-pages"):
        s3.create_bucket(Bucket=bucket)
        link[bucket] = urlsplit(
            s3.generate_presigned_url("put_object", {"Bucket": bucket, "Key": "k"})
        )
    s3.put_bucket_cors(Bucket="open-to-pages", CORSConfiguration={"CORSRules": [RULE]})

    def send(method: str, bucket: str, headers: dict[str, str], host: str = "") -> Any:
        at = link[bucket]
        connection = http.client.HTTPConnection(at.netloc, timeout=30)
        path = f"{at.path}?{at.query}" if not host else "/k"
        more = {"Host": f"{host}.localhost"} if host else {}
        connection.request(method, path, b"x" if method == "PUT" else None, {**headers, **more})
        reply = connection.getresponse()
        reply.read()
        connection.close()
        return reply.status, {name.lower(): value for name, value in reply.getheaders()}

    def asks(origin: str, method: str = "PUT", headers: str = "content-type") -> dict[str, str]:
        return {
            "Origin": origin,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": headers,
            "Sec-Fetch-Site": "cross-site",
        }

    for host in ("", "open-to-pages"):
        status, told = send("OPTIONS", "open-to-pages", asks("http://a.page"), host)
        assert (status, told["access-control-allow-origin"]) == (200, "http://a.page")
        assert told["access-control-allow-methods"] == "GET, PUT"
        assert told["access-control-allow-headers"] == "content-type"
        assert told["access-control-max-age"] == "60"
    status, told = send("PUT", "open-to-pages", {"Origin": "http://a.page"})
    assert (status, told["access-control-allow-origin"]) == (200, "http://a.page")
    for refused in (
        asks("http://a.page.example"),
        asks("https://a.page"),
        asks("http://a.page", "DELETE"),
        asks("http://a.page", headers="content-type, x-other"),
    ):
        status, told = send("OPTIONS", "open-to-pages", refused)
        assert (status, "access-control-allow-origin" in told) == (403, False)
    status, told = send("OPTIONS", "closed-to-pages", asks("http://a.page"))
    assert (status, "access-control-allow-origin" in told) == (403, False)
    status, told = send("PUT", "closed-to-pages", {"Origin": "http://a.page"})
    assert (status, "access-control-allow-origin" in told) == (200, False)


@pytest.mark.parametrize(
    "path", ["/", "/moto-api/reset", "/no-such-bucket/k", "/?Action=ListQueues"]
)
def test_a_preflight_reaches_nothing_but_rules(engine: Engine, path: str) -> None:
    connection = http.client.HTTPConnection(urlsplit(engine.url).netloc, timeout=30)
    asks = {"Origin": "http://a.page", "Access-Control-Request-Method": "PUT"}
    connection.request("OPTIONS", path, headers=asks)
    reply = connection.getresponse()
    assert reply.status in (403, 404)
    assert "access-control-allow-origin" not in {name.lower() for name, _ in reply.getheaders()}
    connection.close()
