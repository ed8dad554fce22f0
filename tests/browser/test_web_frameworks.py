"""Sites in five frameworks, used in Chromium through each door: a form, a redirect, cookies."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from engine_fixtures import Engine
from jupyter_browser import CHROMIUM, NEEDS_CHROMIUM
from web_sites import DOORS, FRAMEWORKS, door_of, packed, site

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("web frameworks"),
    NEEDS_CHROMIUM,
]

archive_of = cache(packed)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("framework", sorted(FRAMEWORKS))
def test_a_person_uses_the_site(engine: Engine, browser: Any, framework: str, door: str) -> None:
    arn = site(engine, framework, archive_of(framework), door)
    page = browser.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    page.goto(door_of(engine, door, arn).url + "/")
    style = "getComputedStyle(document.querySelector('h1')).color"
    assert page.evaluate(style) == "rgb(1, 2, 3)"
    assert page.evaluate("document.querySelector('#picture').naturalWidth") == 1
    page.fill("input[name=name]", "Ada")
    page.click("text=Add")
    page.wait_for_selector("#item")
    assert page.inner_text("#item") == "item 3 for Ada from=form"
    assert page.evaluate("location.pathname + location.search") == "/items/3?from=form"
    assert not faults
    page.close()
