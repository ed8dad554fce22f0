"""AWS's command line makes a distribution; curl and Chromium read a site through it."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from edge_site_lab import CACHING_OPTIMIZED, Site, Told, ask, behaviour, distribute
from engine_fixtures import Engine, needs_program
from jupyter_browser import CHROMIUM

PAGE = b"""<!doctype html><title>Shop</title><link rel=stylesheet href=/site.css>
<h1>Shop</h1><img id=picture src=/img/picture.svg>
<script src=/site.js></script>"""
PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"/>'


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    for name, kind, body in (
        ("/index.html", "text/html; charset=utf-8", PAGE),
        ("/site.css", "text/css", b"h1 { color: rgb(1, 2, 3) }"),
        ("/site.js", "application/javascript", b"document.title = 'ready'"),
        ("/img/picture.svg", "image/svg+xml", PICTURE),
    ):
        made.told[name] = Told(headers=[("Content-Type", kind)], body=body)
    yield made
    made.close()


def shop(engine: Engine, site: Site) -> str:
    """A distribution for the site; its id."""
    cached = behaviour(CachePolicyId=CACHING_OPTIMIZED, Compress=True)
    return distribute(
        engine, site.origin(), DefaultRootObject="index.html", DefaultCacheBehavior=cached
    )


def test_aws_s_command_line(engine: Engine) -> None:
    s3, bucket = engine.client("s3"), engine.name("site")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="index.html", Body=b"home", ContentType="text/html")
    everybody = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    policy = {"Version": "2012-10-17", "Statement": everybody}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))

    def aws(*words: str) -> dict[str, dict[str, str]]:
        program = Path(shutil.which("python") or "python").with_name("aws")
        command = [program if program.exists() else "aws", "--endpoint-url", engine.url]
        done = subprocess.run(
            [*command, "--region", "us-east-1", "cloudfront", *words, "--output", "json"],
            capture_output=True,
            text=True,
            env=engine.environ,
            check=False,
            timeout=100,
        )
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout)) if done.stdout.strip() else {}

    made = aws(
        "create-distribution",
        *("--origin-domain-name", f"{bucket}.s3.amazonaws.com"),
        *("--default-root-object", "index.html"),
    )["Distribution"]
    identifier = made["Id"]
    aws("wait", "distribution-deployed", "--id", identifier)
    assert ask(engine, identifier).body == b"home"
    assert ask(engine, identifier).cache == "Hit"
    s3.put_object(Bucket=bucket, Key="index.html", Body=b"new home", ContentType="text/html")
    batch = aws("create-invalidation", "--distribution-id", identifier, "--paths", "/*")
    told = ("--distribution-id", identifier, "--id", batch["Invalidation"]["Id"])
    aws("wait", "invalidation-completed", *told)
    assert ask(engine, identifier).body == b"new home"
    assert made["DomainName"] in json.dumps(aws("list-distributions"))


@needs_program("curl")
def test_curl(engine: Engine, site: Site) -> None:
    port = urlsplit(engine.url).port
    host = f"{shop(engine, site).lower()}.cloudfront.localhost"

    def curl(*words: str, scheme: str = "http") -> str:
        trusted = engine.data_dir / "tls/public/lambda-nb.pem"
        command = ["curl", "-sS", "--max-time", "60", "--cacert", str(trusted), *words]
        at = ["--resolve", f"{host}:{port}:127.0.0.1", f"{scheme}://{host}:{port}/site.css"]
        done = subprocess.run([*command, *at], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "rgb(1, 2, 3)" in curl()
    assert "rgb(1, 2, 3)" in curl("--compressed", scheme="https")
    assert "rgb(1, 2, 3)" in curl("--http1.0")
    assert curl("--range", "0-1") == "h1"
    head = curl("--head").lower()
    assert "x-cache: hit from cloudfront" in head
    assert "content-length: 26" in head


def note(seen: dict[str, str], got: Any) -> None:
    """Note what the cache had of a response's path."""
    seen[urlsplit(got.url).path] = got.headers.get("x-cache", "")


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium (Debian: apt-get install chromium)")
def test_chromium(engine: Engine, site: Site) -> None:
    from playwright.sync_api import sync_playwright

    identifier = shop(engine, site)
    url = f"{identifier.lower()}.cloudfront.localhost:{urlsplit(engine.url).port}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for scheme in ("http", "https"):
            context = browser.new_context(ignore_https_errors=True)
            page = context.new_page()
            seen: dict[str, str] = {}
            page.on("response", partial(note, seen))
            page.goto(f"{scheme}://{url}/")
            page.wait_for_function("document.title == 'ready'")
            assert page.evaluate("document.querySelector('img').naturalWidth") == 7
            color = "getComputedStyle(document.querySelector('h1')).color"
            assert page.evaluate(color) == "rgb(1, 2, 3)"
            word = "Miss" if scheme == "http" else "Hit"
            for path in ("/", "/site.css", "/site.js", "/img/picture.svg"):
                assert seen[path] == f"{word} from cloudfront", path
            context.close()
        browser.close()
    asked = [target for target in site.asked if target != "/favicon.ico"]
    assert sorted(asked) == ["/img/picture.svg", "/index.html", "/site.css", "/site.js"]
