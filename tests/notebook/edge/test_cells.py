"""Cells that run at the edge: Lambda@Edge and CloudFront Functions."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest
from edge_notebook import PAGE, EdgeNotebook
from engine_fixtures import needs_program
from IPython.core.completer import provisionalcompleter

from lambda_nb.notebook.edge.settings import associations
from lambda_nb.notebook.errors import NotebookError, UsageError

SENDS_BACK = """
def handler(event, context):
    request = event["Records"][0]["cf"]["request"]
    body = request.get("body", {}).get("data", "none")
    return {"status": "200", "body": body}
"""


def held(notebook: EdgeNotebook) -> list[str]:
    """Each association: its path, event and function."""
    found = associations.all_of(notebook.site().config)
    return [f"{one.path} {one.event} {one}" for one in found]


class TestLambdaAtEdge:
    def test_a_version_runs_at_its_event(self, notebook: EdgeNotebook) -> None:
        site, name = notebook.site(), notebook.engine.name("stamp")
        shown = notebook.stamp(name, "one")
        assert f"version 1 at viewer-response of {notebook.name}, all paths" in shown
        assert site.url in shown
        assert site.get("/").headers["x-stamp"] == "one"

    def test_the_next_version_takes_its_place(self, notebook: EdgeNotebook) -> None:
        site, name = notebook.site(), notebook.engine.name("stamp")
        for word in ("one", "two"):
            notebook.stamp(name, word)
        assert held(notebook) == [f"* viewer-response {name}:2"]
        assert site.get("/").headers["x-stamp"] == "two"
        assert "unchanged" in notebook.stamp(name, "two")
        assert held(notebook) == [f"* viewer-response {name}:2"]

    def test_paths_of_the_line_are_all_its_paths(self, notebook: EdgeNotebook) -> None:
        site, name = notebook.site(), notebook.engine.name("stamp")
        notebook.put("a/x.html", b"a")
        notebook.stamp(name, "one")
        shown = notebook.stamp(name, "one", "--path '/a/*'")
        assert "made the behaviour /a/*, with the default's settings" in shown
        assert "no longer at viewer-response of *" in shown
        assert held(notebook) == [f"/a/* viewer-response {name}:2"]  # the line is in the code
        assert "x-stamp" in site.get("/a/x.html").headers
        assert "x-stamp" not in site.get("/").headers

    def test_another_function_gives_way(self, notebook: EdgeNotebook) -> None:
        notebook.site()
        first, second = (notebook.engine.name("stamp") for _ in range(2))
        notebook.stamp(first, "one")
        assert f"{first} has left viewer-response of *" in notebook.stamp(second, "two")
        assert held(notebook) == [f"* viewer-response {second}:1"]

    def test_bodies_are_shown_if_they_are_asked_for(self, notebook: EdgeNotebook) -> None:
        site, name = notebook.site(), notebook.engine.name("back")
        line = f"%%lambda {name} --edge viewer-request --distribution {notebook.name}"
        config = site.config
        config["DefaultCacheBehavior"]["AllowedMethods"] |= {
            "Quantity": 7,
            "Items": ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"],
        }
        etag = notebook.cloudfront.get_distribution_config(Id=site.id)["ETag"]
        notebook.cloudfront.update_distribution(Id=site.id, IfMatch=etag, DistributionConfig=config)
        notebook.value(f"{line}\n{SENDS_BACK}")
        assert site.post("/", data="hi").text == "none"
        notebook.value(f"{line} --include-body\n{SENDS_BACK}")
        assert site.post("/", data="hi").text == "aGk="

    def test_what_it_wrote_is_found_where_it_ran(self, notebook: EdgeNotebook) -> None:
        site, name = notebook.site(), notebook.engine.name("says")
        notebook.value(
            f"%%lambda {name} --edge origin-request --distribution {notebook.name}\n"
            "def handler(event, context):\n"
            "    print('asked at', context.invoked_function_arn)\n"
            "    return event['Records'][0]['cf']['request']\n"
        )
        site.get("/")
        assert f"function:us-east-1.{name}:1" in site.function_logs(name).text
        told = repr(notebook.value(f"%lambda logs {name} --edge {notebook.name}"))
        assert "asked at" in told
        with pytest.raises(UsageError, match=f"no function 'nobody' .* there are: {name}"):
            site.function_logs("nobody")

    def test_packages_go_into_the_archive(self, notebook: EdgeNotebook, tmp_path: Path) -> None:
        site, name = notebook.site(), notebook.engine.name("packed")
        (tmp_path / "pyproject.toml").write_text(
            '[project]\nname = "seven"\nversion = "1"\n[tool.setuptools]\npy-modules = ["seven"]\n'
        )
        (tmp_path / "seven.py").write_text("VALUE = '7'\n")
        notebook.value(
            f"%%lambda {name} --edge viewer-request --distribution {notebook.name} "
            f"--requirements {tmp_path}\n"
            "import seven\n"
            "def handler(event, context):\n"
            "    return {'status': '200', 'body': seven.VALUE}\n"
        )
        assert site.get("/").text == "7"
        assert not notebook.lambda_.get_function_configuration(FunctionName=name).get("Layers")

    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ("--edge viewer-request", "add --distribution NAME"),
            ("--edge viewer-request --distribution SITE --memory 256", "256 Max allowed: 128"),
            ("--edge viewer-request --distribution SITE --timeout 31", "31 Max allowed: 30"),
            ("--edge origin-request --distribution SITE --timeout 31", "31 Max allowed: 30"),
            ("--edge viewer-request --distribution SITE --env KEY=1", "no --env; leave it out"),
            ("--edge viewer-request --distribution SITE --url", "no --url; leave it out"),
            ("--edge viewer-request --distribution SITE --arch arm64", "architecture arm64"),
            ("--edge viewer-request --distribution nobody", "there is no distribution 'nobody'"),
            ("--edge viewer-response --distribution SITE --include-body", "is for request events"),
            ("--distribution SITE", "--distribution is for --edge EVENT"),
            ("--path '/a/*'", "--path is for --edge EVENT"),
        ],
        ids=lambda text: text.replace(" ", "_"),
    )
    def test_what_the_edge_does_not_take_is_told_before_anything_is_made(
        self, notebook: EdgeNotebook, options: str, said: str
    ) -> None:
        notebook.site()
        name = notebook.engine.name("refused")
        with pytest.raises(UsageError, match=said):
            notebook.value(
                f"%%lambda {name} {options.replace('SITE', notebook.name)}\n{SENDS_BACK}"
            )
        with pytest.raises(notebook.lambda_.exceptions.ResourceNotFoundException):
            notebook.lambda_.get_function_configuration(FunctionName=name)

    def test_a_role_must_trust_the_edge(self, notebook: EdgeNotebook) -> None:
        notebook.site()
        name = notebook.engine.name("role")
        iam = notebook.engine.client("iam")
        principal = '{"Service": "lambda.amazonaws.com"}'
        trust = (
            '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", '
            f'"Principal": {principal}, "Action": "sts:AssumeRole"}}]}}'
        )
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        with pytest.raises(NotebookError, match=r"must be assumable with edgelambda\.amazonaws"):
            notebook.stamp(name, "one", f"--role {role}")

    def test_it_is_made_in_virginia_wherever_the_notebook_is(self, notebook: EdgeNotebook) -> None:
        notebook.site()
        name = notebook.engine.name("stamp")
        engine = notebook.engine
        connect = f"%lambda connect {engine.url} --credentials {engine.credentials_file}"
        notebook.value(f"{connect} --region eu-west-1")
        try:
            shown = notebook.stamp(name, "one")
        finally:
            notebook.value(connect)
        assert "made in us-east-1, as Lambda@Edge wants it, and not in eu-west-1" in shown
        virginia = engine.client("lambda", region_name="us-east-1")
        assert virginia.get_function_configuration(FunctionName=name)["FunctionName"] == name
        assert notebook.site().get("/").headers["x-stamp"] == "one"


class TestCloudFrontFunctions:
    @staticmethod
    def cell(notebook: EdgeNotebook, name: str, body: str, options: str = "") -> str:
        line = f"%%cloudfront_function {name} --distribution {notebook.name} {options}"
        return repr(notebook.value(f"{line}\nfunction handler(event) {{ {body} }}\n"))

    def test_is_tested_published_and_runs(self, notebook: EdgeNotebook) -> None:
        site, name = notebook.site(), notebook.engine.name("moved")
        body = (
            "console.log('asked', event.request.uri);"
            "return {statusCode: 301, headers: {location: {value: '/new'}}};"
        )
        shown = self.cell(notebook, name, body, "--path '/old/*'")
        assert "compute utilisation" in shown
        assert "test: GET /old/index.html → 301, location: /new" in shown
        assert f"at viewer-request of {notebook.name}, /old/*" in shown
        answer = site.get("/old/x")
        assert (answer.status, answer.headers["location"]) == (301, "/new")
        assert (site.get("/").content, "unchanged" in self.cell(
            notebook, name, body, "--path '/old/*'"
        )) == (PAGE, True)  # fmt: skip

    def test_one_that_fails_is_not_published(self, notebook: EdgeNotebook) -> None:
        site, name = notebook.site(), notebook.engine.name("fails")
        self.cell(notebook, name, "event.request.uri = '/index.html'; return event.request;")
        with pytest.raises(NotebookError, match=r"ReferenceError[\s\S]*It is not published"):
            self.cell(notebook, name, "return nothing.at.all;")
        assert site.get("/x").content == PAGE

    def test_an_event_of_ones_own(self, notebook: EdgeNotebook, tmp_path: Path) -> None:
        notebook.site()
        name = notebook.engine.name("own")
        event = tmp_path / "event.json"
        event.write_text(
            '{"request": {"method": "GET", "uri": "/mine", "headers": {}, "cookies": {}, '
            '"querystring": {}}, "viewer": {"ip": "192.0.2.1"}}'
        )
        body = "event.request.uri += '/index.html'; return event.request;"
        assert "GET /mine → GET /mine/index.html" in self.cell(
            notebook, name, body, f"--test {event}"
        )
        with pytest.raises(NotebookError, match="No such file"):
            self.cell(notebook, name, body, "--test nowhere.json")
        with pytest.raises(UsageError, match="it is no JSON"):
            self.cell(notebook, name, body, "--test '{'")

    def test_responses_too(self, notebook: EdgeNotebook) -> None:
        site, name = notebook.site(), notebook.engine.name("after")
        body = "event.response.headers['x-a'] = {value: 'b'}; return event.response;"
        assert "x-a: b" in self.cell(notebook, name, body, "--on viewer-response")
        assert site.get("/").headers["x-a"] == "b"

    def test_too_much_code(self, notebook: EdgeNotebook) -> None:
        notebook.site()
        with pytest.raises(UsageError, match="at most 10,240 bytes of code"):
            self.cell(notebook, notebook.engine.name("big"), "return 1;" + " " * 10_240)

    def test_goes_with_its_distribution(self, notebook: EdgeNotebook) -> None:
        site, name = notebook.site(), notebook.engine.name("gone")
        self.cell(notebook, name, "return event.request;")
        site.delete()
        with pytest.raises(notebook.cloudfront.exceptions.NoSuchFunctionExists):
            notebook.cloudfront.describe_function(Name=name)


def test_the_status_tells_of_the_edge(notebook: EdgeNotebook) -> None:
    site = notebook.site()
    notebook.stamp(notebook.engine.name("stamp"), "one")
    site.get("/")
    told = repr(notebook.value("%lambda status"))
    assert re.search(r"CloudFront .*[1-9]\d* objects cached, .*; Lambda@Edge at .*IAD", told)


@needs_program("node")
def test_javascript_runs_at_the_edge(notebook: EdgeNotebook) -> None:
    site, name = notebook.site(), notebook.engine.name("node")
    notebook.value(
        f"%%lambda {name} --edge viewer-response --distribution {notebook.name} "
        "--runtime nodejs22.x\n"
        "exports.handler = async (event) => {\n"
        "  const response = event.Records[0].cf.response;\n"
        "  response.headers['x-js'] = [{key: 'X-Js', value: 'yes'}];\n"
        "  return response;\n"
        "};\n"
    )
    assert site.get("/").headers["x-js"] == "yes"


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("%%lambda a --edge ", "origin-response"),
        ("%%lambda a --edge viewer-request --distribution ", "SITE"),
        ("%%lambda a --inc", "--include-body"),
        ("%%cloudfront_function a --on ", "viewer-response"),
        ("%%cloudfront_function a --distribution ", "SITE"),
        ("%%cloudfront_function a --te", "--test"),
        ("%lambda edge ", "SITE"),
        ("%lambda ed", "edge"),
    ],
    ids=["events", "distributions", "options", "on", "of-function", "test", "edge", "command"],
)
def test_completion(notebook: EdgeNotebook, text: str, offered: str) -> None:
    notebook.site()
    completer: Any = notebook.shell.Completer
    wanted = offered.replace("SITE", notebook.name)
    deadline = time.monotonic() + 30
    while True:  # names are kept for a second
        with provisionalcompleter():
            found = [each.text for each in completer.completions(text, len(text))]
        if wanted in found:
            break
        assert time.monotonic() < deadline, found


def test_help_is_shown(notebook: EdgeNotebook, capsys: pytest.CaptureFixture[str]) -> None:
    notebook.value("%%cloudfront_function --help")
    assert "--distribution NAME" in capsys.readouterr().out
    notebook.value("%%lambda --help")
    assert "--edge EVENT" in capsys.readouterr().out
