"""Addresses for answers: who knows one may answer, once it counts, and nobody can guess one."""

from __future__ import annotations

import threading
import urllib.error
import urllib.request

import pytest
from engine_fixtures import Engine

from lambda_nb.engine.stacks.custom.answers import PATH, Answers


def put(url: str, method: str = "PUT") -> int:
    """The status of a request without a signature."""
    request = urllib.request.Request(url, b"{}", method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


def test_what_is_put_to_an_address_arrives_there() -> None:
    answers = Answers("http://127.0.0.1:4571/")
    one, other = answers.open(), answers.open()
    assert one.url.startswith(f"http://127.0.0.1:4571{PATH}")
    token = one.url.rpartition("/")[2]
    threading.Timer(0.01, answers.put, (token, b"yes")).start()
    assert one.bodies(0, 10) == [b"yes"]
    assert other.bodies(0, 0) == []
    assert answers.at(one.url) is one


def test_a_late_answer_is_thanked_and_a_stranger_is_not() -> None:
    answers = Answers("http://127.0.0.1:4571")
    address = answers.open()
    token = address.url.rpartition("/")[2]
    answers.close(address.url)
    assert answers.put(token, b"late")
    assert address.bodies(0, 0) == []
    assert answers.at(address.url) is None
    assert not answers.put("guessed", b"")


@pytest.mark.parametrize(("method", "status"), [("PUT", 403), ("POST", 405)])
def test_strangers_are_refused_at_the_door(engine: Engine, method: str, status: int) -> None:
    assert put(f"{engine.url}{PATH}guessed", method) == status
