"""Answers that functions should not give: every door sends something that clients understand."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import pytest
from engine_fixtures import Engine
from web_sites import DOORS, Door, door_of

GIVEN = """
import json
def handler(event, context):
    several = event.get("multiValueHeaders", {})
    headers = {name: values[0] for name, values in several.items()} | (event.get("headers") or {})
    headers = {name.lower(): value for name, value in headers.items()}
    given = {"body": json.dumps(list(headers)), **json.loads(headers["x-answer"])}
    if "elb" in event["requestContext"]:
        own = given.pop("headers", {})
        given["multiValueHeaders"] = {name: [value] for name, value in own.items()}
    return given
"""


@pytest.fixture(scope="module")
def doors(engine: Engine) -> dict[str, Door]:
    opened = {}
    for kind in DOORS:
        name = engine.create(GIVEN)
        arn = engine.client().get_function_configuration(FunctionName=name)["FunctionArn"]
        opened[kind] = door_of(engine, kind, arn)
    return opened


def ask(connection: http.client.HTTPConnection, door: Door, answer: object) -> tuple[int, bytes]:
    headers = {"Host": urlsplit(door.url).netloc, "X-Answer": json.dumps(answer)}
    connection.request("GET", "/", headers=headers)
    got = connection.getresponse()
    return got.status, got.read()


@pytest.mark.parametrize("kind", DOORS)
@pytest.mark.parametrize("status", [204, 304])
def test_a_body_where_none_can_be(doors: dict[str, Door], kind: str, status: int) -> None:
    door = doors[kind]
    connection = http.client.HTTPConnection(urlsplit(door.engine).netloc, timeout=30)
    try:
        for _ in range(2):  # with a body, the second answer would begin with it
            assert ask(connection, door, {"statusCode": status, "body": "junk"}) == (status, b"")
            assert ask(connection, door, {"statusCode": 200, "body": "next"}) == (200, b"next")
    finally:
        connection.close()


@pytest.mark.parametrize("kind", DOORS)
@pytest.mark.parametrize(
    "answer",
    [
        {"statusCode": 100},
        {"statusCode": 101},
        {"statusCode": 200, "headers": {"x-bad": "a\x01b"}},
        {"statusCode": 200, "headers": {"naïve": "a"}},
    ],
)
def test_what_is_no_answer(doors: dict[str, Door], kind: str, answer: object) -> None:
    door = doors[kind]
    connection = http.client.HTTPConnection(urlsplit(door.engine).netloc, timeout=30)
    try:
        status, _ = ask(connection, door, answer)
        assert status == (500 if kind == "HTTP API" else 502)
        assert ask(connection, door, {"statusCode": 200, "body": "next"}) == (200, b"next")
    finally:
        connection.close()


@pytest.mark.parametrize("kind", DOORS)
def test_trailers_are_no_headers(doors: dict[str, Door], kind: str) -> None:
    """What comes after a body was not there when it was decided who may call."""
    door = doors[kind]
    connection = http.client.HTTPConnection(urlsplit(door.engine).netloc, timeout=30)
    try:
        connection.putrequest("POST", "/", skip_host=True)
        for name, value in (
            ("Host", urlsplit(door.url).netloc),
            ("Transfer-Encoding", "chunked"),
            ("X-Answer", '{"statusCode": 200}'),
        ):
            connection.putheader(name, value)
        connection.endheaders(b"1\r\na\r\n")
        connection.send(b"0\r\nX-Late: 1\r\n\r\n")
        names = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    assert "x-answer" in names
    assert "x-late" not in names
