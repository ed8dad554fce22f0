"""Route selection expressions."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.gateways.websocket_api.selection import selector


@pytest.mark.parametrize(
    ("expression", "message", "key"),
    [
        ("$request.body.action", {"action": "join"}, "join"),
        ("${request.body.action}", {"action": "join"}, "join"),
        ("$request.body.a.b", {"a": {"b": "deep"}}, "deep"),
        ("$request.body.list[1].x", {"list": [0, {"x": "second"}]}, "second"),
        ("$request.body['a b']", {"a b": "spaced"}, "spaced"),
        ("${request.body.a}/${request.body.b}", {"a": "x", "b": "y"}, "x/y"),
        ("v1-${request.body.a}", {"a": "x"}, "v1-x"),
        ("$request.body.action", {"action": 7}, "7"),
        ("$request.body.action", {"action": True}, "true"),
        ("$request.body.action", {"action": None}, None),
        ("$request.body.action", {"action": {"a": 1}}, None),
        ("$request.body.action", {"other": "join"}, None),
        ("$request.body.action", ["join"], None),
        ("$request.body.action", "join", None),
        ("$request.body.list[3]", {"list": []}, None),
        ("${request.body.a}/${request.body.b}", {"a": "x"}, None),
        ("$request.header.x", {"header": {"x": "y"}}, None),
        ("$request.body", {"action": "join"}, None),
    ],
)
def test_finds_the_key(expression: str, message: object, key: str | None) -> None:
    assert selector(expression)(json.dumps(message)) == key


@given(st.text() | st.binary().map(lambda data: data.decode("latin-1")))
def test_takes_any_message(message: str) -> None:
    key = selector("$request.body.action")(message)
    assert key is None or isinstance(key, str)


@given(st.text())
def test_takes_any_expression(expression: str) -> None:
    selector(expression)('{"action": "a"}')


def test_deeply_nested_json_is_no_fault() -> None:
    assert selector("$request.body.action")("[" * 100_000) is None
