"""The live view as a person sees it: JupyterLab in Chromium."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest
from jupyter_browser import BROWSER, Theme, notebook_of, open_notebook, run, serve

pytestmark = [*BROWSER, pytest.mark.slow, pytest.mark.timeout(240)]
CELLS = (
    "%load_ext lambda_nb\nimport lambda_nb\nfrom lambda_nb import traces",
    "%%lambda fetch --timeout 10 --reserved 12\n"
    "import random, time\n\n"
    "def handler(event, context):\n"
    "    time.sleep(event['duration'])\n"
    "    if random.random() < 0.05:\n"
    "        raise ValueError('no luck')\n",
    "%%lambda resize --memory 512\ndef handler(event, context):\n    print('resized')\n",
    "view = lambda_nb.dashboard()\nview",
    "trace = traces.merge(\n"
    "    traces.bursts(20, every=3, width=0.5, rate=4, duration=0.4, hours=10 / 3600,"
    " function='fetch', seed=1),\n"
    "    traces.poisson(3, duration=0.1, hours=10 / 3600, function='resize', seed=2))\n"
    "lambda_nb.play(trace, {'fetch': fetch, 'resize': resize})",
    "view.running",
)


def asked(page: Any) -> str:
    """Whether the view still runs; the notebook's last cell reports it."""
    run(page, 5)
    output = ".jp-Cell[data-windowed-list-index='5'] .jp-OutputArea-output"
    return str(page.inner_text(output)).strip()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_moves_while_a_cell_is_busy_and_ends_with_its_output(theme: Theme, tmp_path: Path) -> None:
    with (
        serve(tmp_path, {"live.ipynb": notebook_of(CELLS)}, theme) as lab,
        open_notebook(lab, "live.ipynb") as page,
    ):
        for index in range(4):
            run(page, index)
        view = ".jp-Cell[data-windowed-list-index='3'] .lnb-live"  # beside it is its static form
        page.wait_for_selector(f"{view} >> text=resize")
        page.click(".jp-Cell[data-windowed-list-index='4'] .cm-content")
        page.keyboard.press("Control+Enter")
        # The cell that plays is busy for ten seconds.
        page.wait_for_selector(f"{view} >> text=running", timeout=15_000)
        page.wait_for_selector(f"{view} rect", timeout=15_000, state="attached")
        prompt = ".jp-Cell[data-windowed-list-index='4'] .jp-InputPrompt"
        assert "[*]" in page.inner_text(prompt)
        if folder := os.environ.get("LAMBDA_NB_SCREENSHOTS"):
            page.wait_for_timeout(7_000)
            page.screenshot(path=f"{folder}/dashboard-{theme}.png")
        page.wait_for_selector(
            ".jp-Cell[data-windowed-list-index='4'] >> text=played", timeout=60_000
        )
        assert asked(page) == "True"
        page.click(".jp-Cell[data-windowed-list-index='3'] .cm-content")
        page.keyboard.press("Escape")
        page.click("text=Edit >> nth=0")
        page.click("text=Clear Cell Output")
        page.wait_for_selector(view, state="detached")
        # The browser tells the kernel once the view is gone from the page.
        deadline = time.monotonic() + 10
        while (state := asked(page)) == "True" and time.monotonic() < deadline:
            continue
        assert state == "False"
