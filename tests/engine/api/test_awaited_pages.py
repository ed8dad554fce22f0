"""A test suite that waits for LocalStack waits for the engine by the same page."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest
from engine_fixtures import Engine


def told(engine: Engine, path: str, **headers: str) -> dict[str, object]:
    request = urllib.request.Request(f"{engine.url}{path}", headers=headers)
    with urllib.request.urlopen(request) as reply:
        assert reply.headers["content-type"] == "application/json"
        page: dict[str, object] = json.load(reply)
    return page


def test_a_suite_that_waits_for_localstack_goes_on(engine: Engine) -> None:
    services = told(engine, "/_localstack/health")["services"]
    assert isinstance(services, dict)
    assert {services[name] for name in ("s3", "sqs", "lambda", "dynamodb")} == {"running"}
    assert told(engine, "/_localstack/init/ready")["completed"] is True


def test_a_page_of_another_origin_does_not_see_it(engine: Engine) -> None:
    with pytest.raises(urllib.error.HTTPError, match="403") as refused:
        told(engine, "/_localstack/health", Origin="https://example.com")
    refused.value.close()
