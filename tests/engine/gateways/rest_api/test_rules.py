"""Small rules: headers, binary bodies, URIs, models, replies of functions, parameters."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.api.wire.headers import BadHeader
from lambda_nb.engine.gateways.mapping.models import Models
from lambda_nb.engine.gateways.rest_api.binary import compressed, decompressed
from lambda_nb.engine.gateways.rest_api.compiling import with_variables
from lambda_nb.engine.gateways.rest_api.framing import new_extended_id
from lambda_nb.engine.gateways.rest_api.header_values import header
from lambda_nb.engine.gateways.rest_api.integrations.lambda_proxy import Malformed, head
from lambda_nb.engine.gateways.rest_api.integrations.servers import url_of
from lambda_nb.engine.gateways.rest_api.integrations.services import parse


@pytest.mark.parametrize(
    ("name", "value"),
    [("a b", "x"), ("", "x"), ("a:", "x"), ("a", "x\r\ny"), ("a", "\0"), ("a", "\ud800")],
)
def test_what_cannot_be_a_header(name: str, value: str) -> None:
    with pytest.raises(BadHeader):
        header(name, value)


def test_a_server_s_header_may_be_of_any_bytes() -> None:
    assert header("a", b"caf\xe9 \xc3\xa9".decode("utf-8", "surrogateescape")) == (
        b"a",
        b"caf\xe9 \xc3\xa9",
    )


@given(st.binary(max_size=200))
def test_bodies_survive_compression(body: bytes) -> None:
    packed = compressed(body, "gzip")
    assert packed is not None
    assert decompressed(packed[0], packed[1]) == body
    packed = compressed(body, "deflate, gzip;q=0.5")
    assert packed is not None
    assert packed[1] == "deflate"
    assert decompressed(packed[0], packed[1]) == body


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"no gzip", "gzip"),
        (b"x", "br"),
        (gzip.compress(b"cut")[:-1], "gzip"),
        (gzip.compress(b"\0" * ((10 << 20) + 1)), "gzip"),
    ],
    # gzip writes the time into its header: it must not become part of a test's name
    ids=["not gzip", "not brotli", "cut short", "too large"],
)
def test_what_cannot_be_decompressed(body: bytes, encoding: str) -> None:
    with pytest.raises(ValueError):
        decompressed(body, encoding)
    assert decompressed(zlib.compress(b"x"), "deflate") == b"x"


@pytest.mark.parametrize(
    ("uri", "parts"),
    [
        (
            "arn:aws:apigateway:eu-west-1:sqs:path/123456789012/q",
            ("eu-west-1", "", "sqs", "", "/123456789012/q"),
        ),
        (
            "arn:aws:apigateway:eu-west-1:dynamodb:action/PutItem",
            ("eu-west-1", "", "dynamodb", "PutItem", "/"),
        ),
        (
            "arn:aws:apigateway:eu-west-1:mybucket.s3:path/{key}",
            ("eu-west-1", "mybucket", "s3", "", "/{key}"),
        ),
        ("arn:aws:apigateway:eu-west-1:sns:path//", ("eu-west-1", "", "sns", "", "/")),
    ],
)
def test_uris_of_services(uri: str, parts: tuple[str, ...]) -> None:
    assert parse(uri) == parts


def test_what_is_no_uri_of_a_service() -> None:
    with pytest.raises(ValueError, match="Invalid endpoint address"):
        parse("https://example.com/")


def test_urls_are_filled_in() -> None:
    assert url_of("http://h/{a}/{b}?x=1", {"a": "1"}, [("q", "é&")]) == (
        "http://h/1/{b}?x=1&q=%C3%A9%26"
    )


def test_stage_variables() -> None:
    variables = {"fn": "f", "host": "example.com"}
    assert with_variables("a:${stageVariables.fn}:b", variables) == "a:f:b"
    assert with_variables("https://${stageVariables.host}/", variables) == "https://example.com/"
    assert with_variables("${stageVariables.none}", variables) == ""


def test_extended_ids_look_like_aws() -> None:
    for _ in range(100):
        identifier = new_extended_id()
        assert len(identifier) == 16
        assert identifier.endswith("=")


MODEL = """{"type": "object", "required": ["a", "b"], "additionalProperties": false,
 "properties": {"a": {"enum": ["x"]}, "b": {"type": ["string", "null"], "minLength": 2},
                "c": {"maximum": 3}, "d": {"pattern": "^z"}, "e": {"maxItems": 1}}}"""


@pytest.mark.parametrize(
    ("body", "problems"),
    [
        ('{"a": "x", "b": "yy"}', []),
        ("{}", ['object has missing required properties (["a","b"])']),
        (
            '{"a": "y", "b": null}',
            ['instance value ("y") not found in enum (possible values: ["x"])'],
        ),
        (
            '{"a": "x", "b": 1}',
            [
                "instance type (integer) does not match any allowed primitive type (allowed: "
                '["null","string"])'
            ],
        ),
        (
            '{"a": "x", "b": "y"}',
            ['string "y" is too short (length: 1, minimum allowed: 2)'],
        ),
        (
            '{"a": "x", "b": null, "z": 1}',
            ['object instance has properties which are not allowed by the schema: ["z"]'],
        ),
        (
            '{"a": "x", "b": null, "c": 4}',
            ["numeric instance is greater than the required maximum (maximum: 3, found: 4)"],
        ),
        (
            '{"a": "x", "b": null, "d": "y"}',
            ['ECMA 262 regex "^z" does not match input string "y"'],
        ),
        (
            '{"a": "x", "b": null, "e": [1, 2]}',
            ["array is too long (size: 2, maximum allowed: 1)"],
        ),
    ],
)
def test_models(body: str, problems: list[str]) -> None:
    assert Models({"M": MODEL}).problems("M", body.encode()) == problems


def test_models_that_are_none() -> None:
    models = Models({"Bad": "{", "Wrong": '{"type": 7}', "Empty": "", "Ref": '{"$ref": "x"}'})
    for name in ("Bad", "Wrong", "Missing", "Ref"):
        with pytest.raises(ValueError):
            models.problems(name, b"{}")
    assert models.problems("Empty", b"{}") == []


def test_heads_of_replies() -> None:
    status, headers, content_type = head(
        {
            "statusCode": 200,
            "headers": {"A": "1", "B": True, "C": None, "content-type": "text/plain"},
            "multiValueHeaders": {"a": ["1", "2"], "D": []},
        }
    )
    assert (status, content_type) == (200, b"text/plain")
    assert headers == [(b"a", b"1"), (b"a", b"2"), (b"B", b"true")]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.fixed_dictionaries({}, optional={
    "statusCode": _JSON, "headers": _JSON, "multiValueHeaders": _JSON,
}))  # fmt: skip
def test_any_reply_has_a_head_or_is_malformed(answered: dict[str, Any]) -> None:
    try:
        status, headers, content_type = head(answered)
    except (Malformed, BadHeader):
        return
    assert 100 <= status <= 599
    assert all(b"\r" not in value and b"\n" not in value for _, value in headers)
    assert b"\r" not in content_type
