"""Web frameworks behind the adapters that people use, unmodified, through each door."""

from __future__ import annotations

import json
from functools import cache

import pytest
from engine_fixtures import Engine
from web_sites import DOORS, FRAMEWORKS, PICTURE, Door, door_of, packed, site

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),  # pip and npm fetch the frameworks
    pytest.mark.xdist_group("web frameworks"),
]

archive_of = cache(packed)


@pytest.fixture(scope="module", params=sorted(FRAMEWORKS))
def framework(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=DOORS)
def door(engine: Engine, framework: str, request: pytest.FixtureRequest) -> Door:
    kind = str(request.param)
    return door_of(engine, kind, site(engine, framework, archive_of(framework), kind))


def test_a_page(door: Door) -> None:
    answer = door.ask("/")
    assert answer.status == 200
    assert answer.headers.get_content_type() == "text/html"
    assert b"<h1>Shop</h1>" in answer.body


def test_a_form_that_redirects_and_sets_cookies(door: Door) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = door.ask("/items", "POST", b"name=Ada", form)
    assert answer.status == 303
    assert answer.headers["Location"] == "/items/3?from=form"
    cookies = [text.partition(";")[0] for text in answer.headers.get_all("Set-Cookie")]
    assert "last=Ada" in cookies
    shown = door.ask("/items/3?from=form", headers={"Cookie": "; ".join(cookies)})
    assert shown.body == b"<p id=item>item 3 for Ada from=form</p>"


def test_queries(door: Door) -> None:
    assert json.loads(door.ask("/api/echo?a=%C3%A9%20b").body) == {"a": ["é b"]}


def test_json(door: Door) -> None:
    kind = {"Content-Type": "application/json"}
    answer = door.ask("/api/echo", "POST", '{"name": "é"}'.encode(), kind)
    assert answer.status == 201
    assert json.loads(answer.body) == {"name": "é"}


def test_a_picture(door: Door) -> None:
    answer = door.ask("/picture.png", headers={"Accept": "image/png"})
    assert answer.headers["Content-Type"].startswith("image/png")
    assert answer.body == PICTURE


def test_what_is_not_there(door: Door) -> None:
    assert door.ask("/missing").status == 404
