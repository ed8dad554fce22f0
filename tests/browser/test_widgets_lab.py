"""``lab`` as a student uses it: play, pause, keys, speed, a narrow window, less motion."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_browser import BROWSER, chromium, complaints, keep_picture

import lambda_nb
from lambda_nb import traces

pytestmark = [*BROWSER, pytest.mark.timeout(120)]
THEMES = {
    "light": "background:#fff;--jp-ui-font-color1:#212121;--jp-ui-font-color2:#616161;"
    "--jp-layout-color2:#eee;--jp-border-color1:#bdbdbd",
    "dark": "background:#111;--jp-ui-font-color1:#fff;--jp-ui-font-color2:#bbb;"
    "--jp-layout-color2:#333;--jp-border-color1:#616161",
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as opened:
        yield opened


def opened(
    browser: Any, place: Path, lab: Any, theme: str = "light", motion: str = "no-preference"
) -> tuple[Any, list[str]]:
    """The display alone on a page, and the errors of that page."""
    file = place / "lab.html"
    file.write_text(
        f'<meta charset=utf-8><body style="{THEMES[theme]}">{lab._repr_html_()}', encoding="utf-8"
    )
    page = browser.new_page(viewport={"width": 1000, "height": 620}, reduced_motion=motion)
    errors = complaints(page)
    page.goto(file.as_uri())
    page.wait_for_selector(".lnb-lab-play")
    return page, errors


def small(**settings: Any) -> Any:
    trace = traces.poisson(0.12, duration=traces.laws.exponential(4), hours=0.2, seed=1)
    return lambda_nb.simulate(
        trace, **{"init": 2.0, "keep_alive": "1min", "memory": 512, **settings}
    )


def clock(page: Any) -> str:
    return str(page.inner_text(".lnb-lab-clock"))


def figure(page: Any, name: str) -> str:
    return str(page.inner_text(f".lnb-lab-figures .lnb-lab-{name} dd"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_plays_pauses_and_goes_to_a_moment(browser: Any, tmp_path: Path, theme: str) -> None:
    result = small()
    page, errors = opened(browser, tmp_path, lambda_nb.lab(result, speed=6), theme)
    page.wait_for_function("() => document.querySelector('.lnb-lab-came dd')?.textContent > '2'")
    keep_picture(page, f"lab-{theme}")
    page.focus(".lnb-lab-line")
    page.keyboard.press("Space")
    assert page.inner_text(".lnb-lab-play") == "Play"
    stood = clock(page)
    page.wait_for_timeout(200)
    assert clock(page) == stood
    page.keyboard.press("ArrowRight")
    assert clock(page) != stood
    page.keyboard.press("End")
    assert figure(page, "came") == f"{len(result):,}"
    assert figure(page, "cold").split(" ")[0] == f"{result.total['cold_starts']:,}"
    assert figure(page, "bill").startswith(f"${result.total['cost']:.5f}"[:7])
    assert page.get_attribute(".lnb-lab-line", "aria-valuenow") == "100.0"
    page.keyboard.press("Home")
    assert figure(page, "came") in ("0", "1")
    box = page.locator(".lnb-lab-line").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 20)
    assert 49 < float(page.get_attribute(".lnb-lab-line", "aria-valuenow")) < 51
    page.set_viewport_size({"width": 380, "height": 700})
    page.wait_for_function("() => document.querySelector('.lnb-lab-stage')?.clientWidth < 380")
    assert page.evaluate("document.documentElement.scrollWidth") <= 380
    keep_picture(page, f"lab-narrow-{theme}")
    assert not errors
    page.close()


def test_sentences_tell_what_happens(browser: Any, tmp_path: Path) -> None:
    page, errors = opened(browser, tmp_path, lambda_nb.lab(small(), speed=2), motion="reduce")
    # Who wants less motion starts it himself.
    assert page.inner_text(".lnb-lab-play") == "Play"
    page.focus(".lnb-lab-line")
    seen = set()
    for _ in range(200):
        page.keyboard.press("ArrowRight")
        seen.add(page.inner_text(".lnb-lab-words span >> nth=0"))
    assert {"cold", "warm", "frozen", "gone"} <= seen
    assert "running" in page.inner_text("[aria-live]")
    assert not errors
    page.close()


def test_throttles_queues_and_provisioned_environments_are_drawn(
    browser: Any, tmp_path: Path
) -> None:
    trace = traces.bursts(40, every=60, width=10, rate=12, duration=1.0, hours=0.1, seed=2)
    result = lambda_nb.simulate(
        trace, init=0.8, keep_alive="2min", account_limit=20, provisioned=4, memory=512
    )
    page, errors = opened(browser, tmp_path, lambda_nb.lab(result, start=20, speed=3))
    page.focus(".lnb-lab-line")
    page.keyboard.press("End")
    assert figure(page, "throttled") == f"{result.total['throttles']:,}"
    assert "provisioned" in page.inner_text(".lnb-lab-legend")
    cost = float(result.cost()["total"].item())
    assert float(figure(page, "bill").lstrip("$")) == pytest.approx(cost, rel=0.02)
    keep_picture(page, "lab-throttles")
    assert not errors
    page.close()


def test_a_large_run_stays_smooth_enough_to_follow(browser: Any, tmp_path: Path) -> None:
    trace = traces.poisson(400, duration=traces.laws.exponential(1.2), hours=0.08, seed=3)
    result = lambda_nb.simulate(trace, init=0.5, keep_alive="1min", account_limit=3000)
    assert result.total["peak_concurrency"] > 500
    page, errors = opened(browser, tmp_path, lambda_nb.lab(result))
    page.wait_for_function("() => document.querySelector('.lnb-lab-came dd')?.textContent > '0'")
    before = clock(page)
    page.wait_for_function(
        "before => document.querySelector('.lnb-lab-clock').textContent !== before", arg=before
    )
    assert "busiest 100,000 of" in page.inner_text(".lnb-lab-bar")
    keep_picture(page, "lab-large")
    assert not errors
    page.close()
