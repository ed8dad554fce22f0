"""``lambda_nb.distribution``: what it makes, asks, changes and takes away."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from edge_notebook import PAGE, EdgeNotebook
from engine_fixtures import Engine
from web_notebook import ECHO

from lambda_nb.notebook.edge.obtaining import distribution
from lambda_nb.notebook.edge.settings import behaviours
from lambda_nb.notebook.errors import UsageError
from lambda_nb.notebook.functions.handle import Function


@pytest.fixture
def server() -> Iterator[str]:
    """A server on this machine; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = f"served {self.path}".encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    serving = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=serving.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{serving.server_address[1]}"
    serving.shutdown()
    thread.join()
    serving.server_close()


class TestBuckets:
    def test_the_distribution_reads_the_bucket_and_nobody_else(
        self, notebook: EdgeNotebook
    ) -> None:
        site = notebook.site()
        first, second = site.get("/"), site.get("/")
        assert (first.status, first.content, first.cache) == (200, PAGE, "Miss")
        assert (second.content, second.cache, second.hit) == (PAGE, "Hit", True)
        (statement,) = json.loads(notebook.s3.get_bucket_policy(Bucket=notebook.name)["Policy"])[
            "Statement"
        ]
        assert statement["Principal"] == {"Service": "cloudfront.amazonaws.com"}
        assert statement["Condition"] == {"StringEquals": {"AWS:SourceArn": site.arn}}
        # Without the policy CloudFront may not read either: the access is not open by chance.
        notebook.s3.delete_bucket_policy(Bucket=notebook.name)
        site.invalidate()
        assert site.get("/").status == 403

    def test_a_second_call_finds_it_and_changes_nothing(self, notebook: EdgeNotebook) -> None:
        made = notebook.site()
        etag = notebook.cloudfront.get_distribution_config(Id=made.id)["ETag"]
        for again in (notebook.site(), distribution(made.id, client=notebook.lambda_)):
            assert (again.id, again.name) == (made.id, notebook.name)
        assert notebook.cloudfront.get_distribution_config(Id=made.id)["ETag"] == etag

    def test_a_folder_is_an_origin_too(self, notebook: EdgeNotebook) -> None:
        notebook.put("docs/index.html", b"docs")
        assert notebook.site(f"s3://{notebook.name}/docs/").get("/").content == b"docs"

    def test_other_statements_of_the_policy_stay(self, notebook: EdgeNotebook) -> None:
        own = {
            "Sid": "mine",
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{notebook.name}/open/*",
        }
        policy = {"Version": "2012-10-17", "Statement": [own]}
        notebook.s3.put_bucket_policy(Bucket=notebook.name, Policy=json.dumps(policy))
        site = notebook.site()

        def sids() -> list[str]:
            told = notebook.s3.get_bucket_policy(Bucket=notebook.name)["Policy"]
            return [one["Sid"] for one in json.loads(told)["Statement"]]

        assert sids() == ["mine", f"LambdaNb{site.id}"]
        site.delete()
        assert sids() == ["mine"]


class TestOtherOrigins:
    def test_a_function_gets_a_url_for_cloudfront_only(self, notebook: EdgeNotebook) -> None:
        name = notebook.engine.create(ECHO)
        handle = Function(name, _clients(notebook))
        site = notebook.site(handle)
        answer = site.get("/who?a=1")
        assert answer.status == 200
        assert (answer.json()["path"], answer.json()["query"]) == ("/who", "a=1")
        url = notebook.lambda_.get_function_url_config(FunctionName=name)
        assert url["AuthType"] == "AWS_IAM"
        assert handle.get("/who").status == 403
        # An answer that does not say how long it may be kept is made anew each time.
        assert [site.get("/who").cache for _ in range(2)] == ["Miss", "Miss"]

    def test_posts_reach_a_function(self, notebook: EdgeNotebook) -> None:
        name = notebook.engine.create(ECHO)
        handle = Function(name, _clients(notebook))
        handle.url()
        site = notebook.site(handle)
        assert site.post("/notes", data="hello").json()["method"] == "POST"

    def test_a_server_on_this_machine(self, notebook: EdgeNotebook, server: str) -> None:
        assert notebook.site(server).get("/x").text == "served /x"

    def test_a_behaviour_may_have_another_origin(self, notebook: EdgeNotebook, server: str) -> None:
        site = notebook.site().behavior("/api/*", origin=server, ttl=0)
        assert site.get("/api/1").text == "served /api/1"
        assert site.get("/").content == PAGE

    def test_the_default_origin_changes(self, notebook: EdgeNotebook, server: str) -> None:
        notebook.site()
        assert notebook.site(server).get("/x").text == "served /x"


def _clients(notebook: EdgeNotebook) -> Any:
    from lambda_nb.notebook.connection.clients import Beside

    return Beside(notebook.lambda_)


class TestRefusals:
    @pytest.mark.parametrize(
        ("origin", "said"),
        [
            ("pages", "origin='pages' is no origin: give 's3://BUCKET', 'https://HOST'"),
            (5, "origin=5 is no origin"),
            ("s3://not-there-at-all", "there is no bucket 'not-there-at-all'; .*create_bucket"),
            ("https://a.example/x?y=1", "give scheme, host and perhaps a path, no query"),
        ],
        ids=["word", "number", "bucket", "query"],
    )
    def test_what_is_no_origin(self, notebook: EdgeNotebook, origin: Any, said: str) -> None:
        with pytest.raises(UsageError, match=said):
            notebook.site(origin)

    def test_a_name_that_nobody_has(self, notebook: EdgeNotebook) -> None:
        with pytest.raises(UsageError, match=r"there is no distribution 'nobody'; there are: "):
            distribution("nobody", client=notebook.lambda_)

    def test_places_that_nobody_knows(self, notebook: EdgeNotebook) -> None:
        site = notebook.site()
        with pytest.raises(UsageError, match="no place is known as 'Atlantis'"):
            site.get("/", viewer="Atlantis")
        with pytest.raises(UsageError, match="has no edge location nrt"):
            site.get("/", location="nrt")

    def test_a_log_that_is_not_written(self, notebook: EdgeNotebook) -> None:
        with pytest.raises(UsageError, match="writes no log"):
            notebook.site(logs=False).log()

    def test_times_in_the_wrong_order(self, notebook: EdgeNotebook) -> None:
        with pytest.raises(UsageError, match="give 0 <= ttl <= longest"):
            notebook.site().behavior("*", ttl=60, longest=5)


class TestBehaviours:
    def test_the_key_has_what_it_is_told(self, notebook: EdgeNotebook) -> None:
        site = notebook.site().behavior("*", query=["size"], cookies=["who"])
        assert site.get("/?size=1&x=1").cache == "Miss"
        assert site.get("/?size=1&x=2").cache == "Hit"
        assert site.get("/?size=2").cache == "Miss"
        assert site.get("/?size=1", headers={"cookie": "who=a"}).cache == "Miss"
        assert site.get("/?size=1", headers={"cookie": "who=a; b=c"}).cache == "Hit"

    def test_nothing_is_cached_without_time(self, notebook: EdgeNotebook) -> None:
        site = notebook.site().behavior("*", ttl=0)
        assert [site.get("/").cache for _ in range(2)] == ["Miss", "Miss"]

    def test_equal_wishes_share_a_policy(self, notebook: EdgeNotebook) -> None:
        site = notebook.site().behavior("*", ttl=77).behavior("/a/*", ttl=77)
        policies = {one["CachePolicyId"] for one in behaviours.all_of(site.config).values()}
        assert len(policies) == 1

    def test_a_narrower_path_stands_before_a_wider_one(self, notebook: EdgeNotebook) -> None:
        site = notebook.site().behavior("/a/*").behavior("/b/*").behavior("/a/b/*")
        assert list(behaviours.all_of(site.config)) == ["/a/b/*", "/a/*", "/b/*", "*"]

    def test_security_headers_of_cloudfront(self, notebook: EdgeNotebook) -> None:
        site = notebook.site().behavior("*", security_headers=True)
        assert site.get("/").headers["x-content-type-options"] == "nosniff"
        assert "x-content-type-options" not in site.behavior("*").get("/").headers

    def test_what_is_invalidated_is_fetched_again(self, notebook: EdgeNotebook) -> None:
        site = notebook.site()
        site.get("/")
        notebook.put("index.html", b"new")
        assert site.get("/").content == PAGE
        site.invalidate("index.html")
        assert (site.get("/").content, site.get("/").cache) == (b"new", "Hit")


class TestTheLog:
    def test_has_what_was_just_asked(self, notebook: EdgeNotebook) -> None:
        site = notebook.site()
        asked = [site.get(path, viewer="Berlin") for path in ("/", "/", "/nobody")]
        log = site.log()
        assert set(log["request_id"]) == {answer.request_id for answer in asked}
        assert log["result"].tolist() == ["Miss", "Hit", "Error"]
        assert log["viewer"].tolist() == ["Berlin"] * 3
        assert site.hit_ratio() == pytest.approx(1 / 3)
        (row,) = site.by_location().to_dict("records")
        assert (row["requests"], row["hits"]) == (3, 1)
        assert site.map().axes

    def test_is_told_by_the_line_magic(self, notebook: EdgeNotebook) -> None:
        notebook.site().get("/")
        told = repr(notebook.value(f"%lambda edge {notebook.name}"))
        assert "1 request · hit ratio 0.0%" in told
        assert f"s3://{notebook.name}" in told
        assert notebook.name in repr(notebook.value("%lambda edge"))
        with pytest.raises(UsageError, match="there is no distribution 'nobody'"):
            notebook.value("%lambda edge nobody")

    def test_is_there_before_anything_is_asked(self, notebook: EdgeNotebook) -> None:
        site = notebook.site()
        assert len(site.log()) == 0
        assert site.map().axes


class TestDeletion:
    def test_takes_away_what_was_made(self, notebook: EdgeNotebook) -> None:
        site = notebook.site()
        site.get("/")
        site.log()
        logging = site.config["Logging"]
        site.delete()
        files = notebook.s3.list_objects_v2(
            Bucket=logging["Bucket"].split(".s3.")[0], Prefix=logging["Prefix"]
        )
        assert files["KeyCount"] == 0
        with pytest.raises(notebook.s3.exceptions.ClientError, match="NoSuchBucketPolicy"):
            notebook.s3.get_bucket_policy(Bucket=notebook.name)
        with pytest.raises(UsageError, match="there is no distribution"):
            distribution(notebook.name, client=notebook.lambda_)


def test_the_display_has_headers_and_pictures(notebook: EdgeNotebook) -> None:
    site = notebook.site()
    notebook.s3.put_object(Bucket=notebook.name, Key="a.png", Body=b"x", ContentType="image/png")
    shown = site.get("/", viewer="Berlin")
    assert "Miss at " in repr(shown)
    assert "from Berlin" in shown._repr_html_()
    assert '<img src="data:image/png;base64,eA=="' in site.get("/a.png")._repr_html_()
    assert site.url in site._repr_html_()
    assert site.id in repr(site)


def test_locations_of_an_engine(notebook: EdgeNotebook, engine: Engine) -> None:
    (place,) = {notebook.site().get("/", viewer=city).location for city in ("Tokyo", "Berlin")}
    assert place == "IAD"
