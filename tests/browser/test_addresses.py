"""A page of a bucket's website calls a function URL at each of its addresses, in Chromium."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest
from engine_fixtures import Engine
from jupyter_browser import CHROMIUM, NEEDS_CHROMIUM

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(120), NEEDS_CHROMIUM]

ECHO = "def handler(event, context):\n    return {'said': event['rawPath'] + event['body']}\n"
PAGE = """<img src="/pixel.svg">
<script>
async function say(url) {
  const headers = {"content-type": "application/json"};
  const answer = await fetch(url + "x", {method: "POST", headers, body: "1"});
  return (await answer.json()).said;
}
</script>"""
PIXEL = '<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"/>'


def test_a_page_calls_a_function_by_all_its_addresses(engine: Engine) -> None:
    from playwright.sync_api import sync_playwright

    name = engine.create(ECHO)
    cors = {"AllowOrigins": ["*"], "AllowMethods": ["POST"], "AllowHeaders": ["content-type"]}
    url = engine.client().create_function_url_config(FunctionName=name, AuthType="NONE", Cors=cors)[
        "FunctionUrl"
    ]
    engine.client().add_permission(
        FunctionName=name,
        StatementId="public",
        Action="lambda:InvokeFunctionUrl",
        Principal="*",
        FunctionUrlAuthType="NONE",
    )
    bucket, s3 = engine.name("page"), engine.client("s3")
    s3.create_bucket(Bucket=bucket)
    website = {"IndexDocument": {"Suffix": "index.html"}}
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=website)
    everybody = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    policy = {"Version": "2012-10-17", "Statement": everybody}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    s3.put_object(Bucket=bucket, Key="index.html", Body=PAGE.encode(), ContentType="text/html")
    s3.put_object(Bucket=bucket, Key="pixel.svg", Body=PIXEL.encode(), ContentType="image/svg+xml")
    port = urlsplit(engine.url).port
    identifier = engine.identifier(url)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(f"http://{bucket}.s3-website.localhost:{port}/")
        assert page.evaluate("document.querySelector('img').naturalWidth") == 7
        for address in (
            url,
            f"http://{identifier}.lambda-url.localhost:{port}/",
            f"{engine.url}/lambda-url/{identifier}/",
        ):
            assert page.evaluate("url => say(url)", address) == "/x1"
        browser.close()
