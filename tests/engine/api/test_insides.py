"""Who may look into functions: the engine's user, no function."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from engine_fixtures import Engine, start_engine

from lambda_nb.notebook.connection.clients import engine_status

__all__ = ["start_engine"]

KEYS = """import os
NAMES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
def handler(event, context):
    return [os.environ[name] for name in NAMES]
"""
FAILS = "def handler(event, context):\n    answer = 42\n    raise ValueError('no')\n"


@pytest.fixture
def engine(start_engine: Callable[..., Engine]) -> Engine:
    return start_engine("--keep-frames")


def test_a_function_may_not_look_into_another(engine: Engine) -> None:
    fails = engine.create(FAILS, Environment={"Variables": {"LAMBDA_NB_DEBUG": "1"}})
    engine.client().invoke(FunctionName=fails)
    answer = engine.client().invoke(FunctionName=engine.create(KEYS))
    names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    keys = dict(zip(names, json.load(answer["Payload"]), strict=True))
    of_function = engine.client("lambda", **keys)
    for name, holds in (("debug", '"token"'), ("frames", "42"), ("events", '"events"')):
        page = f"{name}?function={fails}"
        assert holds in json.dumps(engine_status(engine.client(), page))
        assert engine_status(of_function, page) is None
    assert engine_status(of_function, "status") is not None  # its keys are good for other pages
