"""Helpers for Python answer to the address's host and port by TLS, whatever its scheme is."""

from __future__ import annotations

import json
import time

from engine_fixtures import Engine

# As crhelper does.
ANSWER = """
import http.client, ssl, urllib.parse

def handler(event, context):
    url = urllib.parse.urlsplit(event["ResponseURL"])
    connection = http.client.HTTPSConnection(url.netloc, context=ssl.create_default_context())
    connection.request("PUT", url.path, "{}", {"content-type": ""})
    return connection.getresponse().status
"""


def test_the_engine_is_trusted(engine: Engine) -> None:
    deadline = time.monotonic() + 60
    while engine.status()["certificate"] is None:  # an engine that is new is still making it
        assert time.monotonic() < deadline
        time.sleep(0.05)
    name = engine.create(ANSWER)
    event = {"ResponseURL": f"{engine.url}/cloudformation-custom-resource-response/guessed"}
    answer = engine.client().invoke(FunctionName=name, Payload=json.dumps(event))
    assert json.loads(answer["Payload"].read()) == 403
