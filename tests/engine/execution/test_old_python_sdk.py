"""A botocore from before ``AWS_ENDPOINT_URL``, in a function's package, is told of the engine."""

from __future__ import annotations

import json
from typing import Any

import pytest
from engine_fixtures import Engine, zip_of

SESSION = """
class Session:
    def create_client(
        self, service_name, region_name=None, api_version=None, use_ssl=True, verify=None,
        endpoint_url=None,
    ):
        return endpoint_url
"""
HANDLER = """
import os
from botocore.session import Session

def handler(event, context):
    make = Session().create_client
    return {
        "wanted": os.environ["AWS_ENDPOINT_URL"],
        "default": make("sqs"),
        "service": make("cloudfront-keyvaluestore", region_name="us-east-1"),
        "own": make("s3", endpoint_url="http://own.example"),
        "placed": make("s3", None, None, True, None, "http://own.example"),
    }
"""


def told(engine: Engine, version: str) -> dict[str, Any]:
    """What a function gets that brings this version."""
    package = {
        "botocore/__init__.py": f"__version__ = {version!r}",
        "botocore/session.py": SESSION,
        "function.py": HANDLER,
    }
    name = engine.create("", Handler="function.handler", Code={"ZipFile": zip_of(package)})
    answer: dict[str, Any] = json.load(engine.client().invoke(FunctionName=name)["Payload"])
    return answer


def test_an_old_version_is_told(engine: Engine) -> None:
    got = told(engine, "1.13.34")
    assert got["default"] == got["wanted"]
    assert got["wanted"].startswith("http://127.0.0.1:")
    assert got["service"] == got["wanted"].replace("127.0.0.1", "localhost")
    assert got["own"] == got["placed"] == "http://own.example"


@pytest.mark.parametrize("version", ["1.31.0", "2.0.0", "ours"])
def test_others_are_left_alone(engine: Engine, version: str) -> None:
    got = told(engine, version)
    assert got["default"] is None
    assert got["placed"] == "http://own.example"
