"""What a load balancer makes of a function's response."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.gateways.load_balancer.reply import RESPONSE_LIMIT, BadShape, reply

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


RESPONSES = st.fixed_dictionaries(
    {"statusCode": st.just(200)},
    optional=dict.fromkeys(
        ("headers", "multiValueHeaders", "body", "isBase64Encoded", "statusDescription"), JSON
    ),
)

Made = tuple[int, list[tuple[bytes, bytes]], bytes]


def made(response: Any, *, multi_value: bool = False) -> Made:
    answer = reply(json.dumps(response).encode(), multi_value=multi_value)
    assert answer.content_type is not None
    return answer.status, [(b"content-type", answer.content_type), *answer.headers], answer.body


def test_a_status_is_enough() -> None:
    status, headers, body = made({"statusCode": 201})
    assert (status, body) == (201, b"")
    assert headers == [(b"content-type", b"application/octet-stream"), (b"server", b"awselb/2.0")]


def test_what_the_load_balancer_owns_is_left_out() -> None:
    given_headers = {"Content-Length": "9", "Connection": "close", "X-A": "1", "Server": "mine"}
    _, headers, _ = made({"statusCode": 200, "headers": given_headers})
    assert headers[1:] == [(b"x-a", b"1"), (b"server", b"mine")]


def test_each_setting_has_its_own_field() -> None:
    response = {
        "statusCode": 200,
        "headers": {"set-cookie": "one=1"},
        "multiValueHeaders": {"set-cookie": ["two=2", "three=3"]},
    }
    _, plain, _ = made(response)
    _, many, _ = made(response, multi_value=True)
    assert [value for name, value in plain if name == b"set-cookie"] == [b"one=1"]
    assert [value for name, value in many if name == b"set-cookie"] == [b"two=2", b"three=3"]


def test_a_body_may_be_base64() -> None:
    assert made({"statusCode": 200, "isBase64Encoded": True, "body": "AP8="})[2] == b"\0\xff"


@pytest.mark.parametrize(
    "response",
    [
        None,
        "text",
        [],
        {},
        {"statusCode": "200"},
        {"statusCode": True},
        {"statusCode": 99},
        {"statusCode": 101},
        {"statusCode": 600},
        {"statusCode": 200, "body": None},
        {"statusCode": 200, "body": {}},
        {"statusCode": 200, "headers": None},
        {"statusCode": 200, "headers": {"a": 1}},
        {"statusCode": 200, "headers": {"content-length": 1}},
        {"statusCode": 200, "headers": {"a": "x\r\ny"}},
        {"statusCode": 200, "headers": {"a": "x\x7fy"}},
        {"statusCode": 200, "headers": {"a b": "x"}},
        {"statusCode": 200, "statusDescription": None},
        {"statusCode": 200, "isBase64Encoded": "true"},
        {"statusCode": 200, "isBase64Encoded": True, "body": "?"},
    ],
)
def test_any_other_shape_is_refused(response: Any) -> None:
    with pytest.raises(BadShape):
        made(response)


@pytest.mark.parametrize("values", [None, {"a": "1"}, {"a": [1]}])
def test_lists_of_values_are_lists_of_text(values: Any) -> None:
    with pytest.raises(BadShape):
        made({"statusCode": 200, "multiValueHeaders": values}, multi_value=True)


def test_a_response_has_at_most_one_megabyte() -> None:
    rest = len(json.dumps({"statusCode": 200, "body": ""}))
    assert len(made({"statusCode": 200, "body": "x" * (RESPONSE_LIMIT - rest)})[2]) > 1_000_000
    with pytest.raises(BadShape):
        made({"statusCode": 200, "body": "x" * (RESPONSE_LIMIT - rest + 1)})


@given(RESPONSES, st.booleans())
def test_every_response_becomes_a_reply_or_is_refused(response: Any, multi_value: bool) -> None:
    try:
        _, headers, _ = made(response, multi_value=multi_value)
    except BadShape:
        return
    assert not any(b"\n" in name + value for name, value in headers)
