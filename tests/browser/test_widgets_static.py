"""What of a widget is left when its kernel is gone: reopened, exported, not trusted."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from jupyter_browser import (
    BROWSER,
    THEMES,
    Theme,
    cell,
    chromium,
    keep_picture,
    notebook_of,
    open_notebook,
    run,
    serve,
)

pytestmark = [*BROWSER, pytest.mark.slow, pytest.mark.timeout(300)]
CELLS = (
    "%load_ext lambda_nb\nimport lambda_nb\n"
    "trace = lambda_nb.traces.poisson(0.2, duration=2.0, hours=0.2, seed=1)",
    "%%lambda greet\ndef handler(event, context):\n    return 'hello'",
    "lambda_nb.explore(trace, init=0.5)",
    "lambda_nb.lab(lambda_nb.simulate(trace, init=1.0, keep_alive='1min'))",
    "played = lambda_nb.play(lambda_nb.traces.poisson(5, duration=0.1, hours=2/3600, seed=1),"
    " greet)\nplayed",
    "lambda_nb.dashboard()",
    "lambda_nb.lab(played)",
)
EXPLORE, LAB, PLAY, DASHBOARD = 2, 3, 4, 5


def seen(page: Any, index: int) -> str:
    """The text of a cell's output that can be seen."""
    page.locator(cell(index)).scroll_into_view_if_needed()
    return str(page.inner_text(f"{cell(index)} .jp-Cell-outputArea"))


def drawn(page: Any, index: int) -> int:
    """How many images of a cell's output are drawn and can be seen."""
    return int(
        page.evaluate(
            "cell => [...document.querySelectorAll(cell + ' .jp-Cell-outputArea img')]"
            ".filter(one => one.complete && one.naturalWidth > 0 && one.offsetWidth > 100).length",
            cell(index),
        )
    )


def plays(page: Any) -> None:
    """The first animation of the page moves."""
    # One that was made within the last minute plays by itself.
    if page.inner_text(".lnb-lab-play >> nth=0") == "Play":
        page.click(".lnb-lab-play >> nth=0")
    before = page.inner_text(".lnb-lab-clock >> nth=0")
    page.wait_for_function(
        "before => document.querySelector('.lnb-lab-clock').textContent !== before", arg=before
    )


@contextlib.contextmanager
def executed(place: Path, theme: Theme = "light") -> Iterator[tuple[str, Path]]:
    """JupyterLab with a notebook that was run and saved there; its kernel is gone."""
    with serve(place, {"a.ipynb": notebook_of(CELLS)}, theme) as lab:
        with open_notebook(lab, "a.ipynb") as page:
            for index in range(len(CELLS)):
                run(page, index)
            page.wait_for_selector(".lnb-explore[data-lnb-shown$=exact]")
            assert "Concurrency limit" in seen(page, EXPLORE)
            # The live form hides the static one.
            assert drawn(page, EXPLORE) == 0
            page.wait_for_selector(".lnb-lab-play")
            page.keyboard.press("Escape")
            page.keyboard.press("Control+s")
            page.wait_for_function("() => !document.querySelector('.jp-mod-dirty')")
        yield lab, place / "work" / "a.ipynb"


@pytest.mark.parametrize("theme", THEMES)
def test_a_reopened_notebook_shows_the_static_forms(theme: Theme, tmp_path: Path) -> None:
    with executed(tmp_path, theme) as (lab, _), open_notebook(lab, "a.ipynb") as page:
        page.wait_for_timeout(3000)  # JupyterLab gives up on a widget's model after two seconds
        assert "cold starts" in seen(page, EXPLORE)
        assert "lambda_nb.simulate(trace" in seen(page, EXPLORE)
        assert drawn(page, EXPLORE) == 1
        keep_picture(page, f"static-explore-{theme}")
        assert "invocations in the last minute" in seen(page, DASHBOARD)
        assert "played" in seen(page, PLAY)
        for index in (EXPLORE, LAB, PLAY, DASHBOARD):
            assert "displaying widget" not in seen(page, index)
            assert "Loading widget" not in seen(page, index)
        # The animation needs no kernel: it plays.
        seen(page, LAB)
        plays(page)
        keep_picture(page, f"static-lab-{theme}")


def test_an_untrusted_notebook_is_readable(tmp_path: Path) -> None:
    with executed(tmp_path) as (lab, path):
        told = json.loads(path.read_text())
        told["metadata"]["sent_by"] = "somebody"
        told["cells"][0]["source"] = ["# changed elsewhere"]
        (path.parent / "b.ipynb").write_text(json.dumps(told))
        with open_notebook(lab, "b.ipynb") as page:
            page.wait_for_timeout(3000)
            for index in (EXPLORE, LAB):
                assert "cold starts" in seen(page, index)
                assert drawn(page, index) == 1
                keep_picture(page, f"untrusted-{index}")
            assert "greet moved" not in seen(page, 1)
            assert "greet" in seen(page, DASHBOARD)
            for index in (EXPLORE, LAB, PLAY, DASHBOARD):
                assert "displaying widget" not in seen(page, index)


def test_an_exported_page_shows_them_without_a_network(tmp_path: Path) -> None:
    source = tmp_path / "a.ipynb"
    nbformat.write(notebook_of(CELLS), source)
    command = [sys.executable, "-m", "jupyter", "nbconvert", "--to", "html", "--execute"]
    subprocess.run([*command, str(source)], check=True, capture_output=True, timeout=200)
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1100, "height": 900})
        page.route("http*://**", lambda route: route.abort())
        page.goto(source.with_suffix(".html").as_uri())
        text = page.inner_text("body")
        assert "lambda_nb.simulate(trace" in text
        assert "invocations in the last minute" in text
        images = page.locator("[data-lnb-static] img")
        assert images.count() == 1
        assert images.first.bounding_box()["width"] > 300
        page.wait_for_selector(".lnb-lab-play >> nth=0")
        page.locator(".lnb-lab-play").first.scroll_into_view_if_needed()
        plays(page)
        keep_picture(page, "exported")
