"""What a user may mistake: each is told in a sentence, with the value and what to do next."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.config import Config
from edge_notebook import PAGE, EdgeNotebook
from web_notebook import ECHO

from lambda_nb.notebook.connection.clients import Beside
from lambda_nb.notebook.connection.own_engine import OwnEngine
from lambda_nb.notebook.edge.obtaining import distribution
from lambda_nb.notebook.edge.settings import behaviours
from lambda_nb.notebook.errors import NotebookError, UsageError
from lambda_nb.notebook.functions.handle import Function

HANDLER = "def handler(event, context):\n"


def at_the_edge(notebook: EdgeNotebook, event: str, body: str, more: str = "") -> str:
    """Make a Lambda@Edge function of a body; its name."""
    name = notebook.engine.name("edge")
    line = f"%%lambda {name} --edge {event} --distribution {notebook.name} {more}"
    notebook.value(f"{line}\n{HANDLER}    {body}\n")
    return name


class TestRequests:
    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"viewr": "Berlin"}, r"get has no option viewr=; did you mean viewer=\?"),
            ({"timeout": 1}, "get has no option timeout=; there are headers, params"),
            ({"viewer": (52.5, 13.4)}, r"viewer is \(52\.5, 13\.4\); give a city"),
            ({"viewer": "Berln"}, r"'Berln'\. Did you mean Berlin\?"),
            ({"viewer": "München"}, "no place is known as 'München'"),
            ({"headers": "a"}, "headers is 'a'; give them by name"),
            ({"location": 5}, "location is 5; give a code"),
            ({"location": "Frankfurt"}, r"'Frankfurt'; did you mean fra \(Frankfurt\)\?"),
        ],
        ids=["typo", "other", "pair", "city", "umlaut", "headers", "number", "name"],
    )
    def test_options(self, notebook: EdgeNotebook, options: dict[str, Any], said: str) -> None:
        with pytest.raises(UsageError, match=said):
            notebook.site().get("/", **options)

    def test_paths(self, notebook: EdgeNotebook) -> None:
        site = notebook.site()
        with pytest.raises(UsageError, match="is an address; give only its path, '/a/b'"):
            site.get(f"{site.url}/a/b")
        path: Any = 5
        with pytest.raises(UsageError, match=r"path is 5; give text"):
            site.post(path)
        with pytest.raises(UsageError, match="method is '/x'; give a method and a path"):
            site.request("/x")


class TestSettings:
    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({"ttl": "60"}, "ttl='60' is no number; give seconds"),
            ({"longest": "1h"}, "longest='1h' is no number; give seconds"),
            ({"ttl": -1}, "ttl=-1 s and longest=31,536,000 s: give 0 <= ttl"),
            ({"query": "width"}, r"give names as a list: query=\['width'\]"),
            ({"headers": "Accept"}, r"give names as a list: headers=\['Accept'\]"),
            ({"headers": "all"}, "headers='all': a cache policy takes no such thing"),
        ],
        ids=["text", "longest", "negative", "query", "headers", "all-headers"],
    )
    def test_behaviours(self, notebook: EdgeNotebook, options: dict[str, Any], said: str) -> None:
        with pytest.raises(UsageError, match=said):
            notebook.site().behavior("*", **options)

    @pytest.mark.parametrize("name", ["", "  ", 5], ids=["empty", "spaces", "number"])
    def test_names(self, notebook: EdgeNotebook, name: Any) -> None:
        with pytest.raises(UsageError, match="is no name of a distribution"):
            distribution(name, f"s3://{notebook.name}", client=notebook.lambda_)

    def test_roots(self, notebook: EdgeNotebook) -> None:
        with pytest.raises(UsageError, match="root is 5; give the key"):
            notebook.site(root=5)

    def test_ports(self, notebook: EdgeNotebook) -> None:
        with pytest.raises(UsageError, match=r"origin='http://a\.example:99999': Port out of"):
            notebook.site("http://a.example:99999")

    def test_a_slash_more_or_less_is_the_same_path(self, notebook: EdgeNotebook) -> None:
        site = notebook.site()
        name = notebook.engine.name("stamp")
        notebook.stamp(name, "one", "--path 'img/*' --path '/img/*'")
        shown = notebook.stamp(name, "two", "--path '/img/*'")
        assert "no longer at" not in shown
        assert "has left" not in shown
        site.behavior("/img/*", ttl=10)
        assert list(behaviours.all_of(site.config)) == ["/img/*", "*"]

    def test_a_qualifier_of_a_function_at_the_edge(self, notebook: EdgeNotebook) -> None:
        notebook.site()
        with pytest.raises(UsageError, match=r"give the name without '\$LATEST'"):
            notebook.stamp("stamp:$LATEST", "one")


class TestErrorPages:
    """``site.get`` shows what the page of an error says; the body stays what it is."""

    @pytest.mark.parametrize(
        ("event", "body", "said", "next_step"),
        [
            (
                "viewer-response",
                "raise ValueError('oh no')",
                "failed at IAD: ValueError: oh no.",
                "why: %lambda logs NAME --edge SITE",
            ),
            (
                "viewer-request",
                "return {'status': '200', 'headers': {'x-a': 'b'}}",
                "x-a is a string: return [{'key': ..., 'value': ...}]",
                "its log: %lambda logs NAME --edge SITE",
            ),
        ],
        ids=["raises", "breaks-a-rule"],
    )
    def test_a_function_that_fails(
        self, notebook: EdgeNotebook, event: str, body: str, said: str, next_step: str
    ) -> None:
        site = notebook.site()
        name = at_the_edge(notebook, event, body)
        answer = site.get("/")
        assert "<HTML>" in answer.text
        shown = repr(answer)
        assert said in shown
        assert next_step.replace("NAME", name).replace("SITE", notebook.name) in shown
        assert "<HTML>" not in shown
        assert len(shown.splitlines()) == 3

    def test_a_cloudfront_function_that_fails(self, notebook: EdgeNotebook) -> None:
        site, name = notebook.site(), notebook.engine.name("fails")
        notebook.value(
            f"%%cloudfront_function {name} --distribution {notebook.name}\n"
            "function handler(event) {\n"
            "  if (event.request.uri === '/x') throw new Error('boom');\n"
            "  return event.request;\n"
            "}\n"
        )
        shown = repr(site.get("/x"))
        assert "Error: boom" in shown
        assert f"why: %lambda logs {name} --edge {notebook.name}" in shown

    def test_an_origin_that_is_down(self, notebook: EdgeNotebook) -> None:
        shown = repr(notebook.site("http://127.0.0.1:1999").get("/"))
        assert "502 Bad Gateway" in shown
        assert "http://127.0.0.1:1999/ takes no connection" in shown
        assert "<HTML>" not in shown

    def test_a_page_that_is_no_json(self, notebook: EdgeNotebook) -> None:
        with pytest.raises(UsageError, match=r"\(text/html\) is no JSON, it begins with '<h1>hel"):
            notebook.site().get("/").json()

    def test_a_key_that_is_not_in_the_bucket(self, notebook: EdgeNotebook) -> None:
        assert "is that key in the bucket? S3 answers 403" in repr(notebook.site().get("/nothing"))

    def test_a_body_for_a_function_url_without_its_hash(self, notebook: EdgeNotebook) -> None:
        handle = Function(notebook.engine.create(ECHO), Beside(notebook.lambda_))
        shown = repr(notebook.site(handle).post("/", data="a"))
        assert "headers={'x-amz-content-sha256': hashlib.sha256(body).hexdigest()}" in shown

    def test_pages_of_ones_own_are_shown_whole(self, notebook: EdgeNotebook) -> None:
        site = notebook.site()
        at_the_edge(
            notebook,
            "viewer-request",
            "return {'status': '404', 'body': '<h1>mine</h1>', 'headers': "
            "{'content-type': [{'value': 'text/html'}]}}",
        )
        assert "<h1>mine</h1>" in repr(site.get("/"))


class TestOrder:
    def test_a_function_before_its_distribution(self, notebook: EdgeNotebook) -> None:
        site, name = notebook.site(), notebook.engine.name("stamp")
        notebook.stamp(name, "one")
        with pytest.raises(NotebookError, match=r"Delete that first, with lambda_nb\.distrib"):
            notebook.value(f"%lambda rm {name}")
        site.delete()
        assert f"deleted {name}" in repr(notebook.value(f"%lambda rm {name}"))

    def test_a_distribution_that_is_deleted(self, notebook: EdgeNotebook) -> None:
        site = notebook.site()
        site.delete()
        said = rf"the distribution '{notebook.name}' \({site.id}\) has been deleted; lambda_nb"
        for use in (site.log, site.delete, site.caching, site.invalidate, site.hit_ratio):
            with pytest.raises(UsageError, match=said):
                use()
        assert "has been deleted" in site._repr_html_()
        assert "No distribution answers at this name" in repr(site.get("/"))

    def test_a_cloudfront_function_is_none_of_lambda(self, notebook: EdgeNotebook) -> None:
        notebook.site()
        name = notebook.engine.name("moved")
        notebook.value(
            f"%%cloudfront_function {name} --distribution {notebook.name}\n"
            "function handler(event) { return event.request; }\n"
        )
        for command in ("rm", "logs"):
            with pytest.raises(
                UsageError, match=rf"is a CloudFront Function.* --edge {notebook.name}"
            ):
                notebook.value(f"%lambda {command} {name}")

    def test_the_log_of_a_function_that_runs_elsewhere(self, notebook: EdgeNotebook) -> None:
        notebook.site()
        name = notebook.engine.name("stamp")
        notebook.stamp(name, "one")
        assert "add --edge DISTRIBUTION" in repr(notebook.value(f"%lambda logs {name}"))


def test_a_location_that_no_engine_has() -> None:
    with pytest.raises(NotebookError, match=r"there is no edge location 'xyz'") as told:
        OwnEngine().start(["--edge-locations", "xyz"])
    assert "usage:" not in str(told.value)


def test_an_engine_that_has_ended(notebook: EdgeNotebook) -> None:
    site = notebook.site()
    assert site.get("/").content == PAGE
    config = Config(retries={"total_max_attempts": 1})
    site._cloudfront = boto3.client(
        "cloudfront",
        endpoint_url="http://127.0.0.1:9",
        region_name="us-east-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=config,
    )
    site.domain = f"{site.id.lower()}.cloudfront.localhost:9"
    said = rf"engine of the distribution '{notebook.name}' does not answer; if it has ended"
    for use in (site.get, site.log):
        with pytest.raises(NotebookError, match=said):
            use()
    assert "does not answer" in site._repr_html_()
