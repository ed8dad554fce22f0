"""``explore`` as a person uses it: sliders in JupyterLab, pictures that follow, what is saved."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from jupyter_browser import (
    BROWSER,
    THEMES,
    Theme,
    begin,
    cell,
    complaints,
    keep_picture,
    notebook_of,
    open_notebook,
    run,
    serve,
)

pytestmark = [*BROWSER, pytest.mark.slow, pytest.mark.timeout(240)]
CELLS = (
    "import lambda_nb\nfrom lambda_nb import traces\n"
    "mixed = traces.merge(\n"
    "    traces.daily(0.5, duration=0.4, hours=24, function='resize', seed=1),\n"
    "    traces.bursts(5, every=1800, width=60, rate=0.02, duration=1.5, hours=24,\n"
    "                  function='report', seed=2))",
    "view = lambda_nb.explore(mixed, init=0.6)\nview",
    "print(view.join().settings, view.result.engine)",
    "again = eval(view.call)\nprint(again.total == view.result.total)",
)


def slide(page: Any, name: str, keys: str, times: int) -> None:
    page.focus(f".lnb-explore input[aria-label^='{name}']")
    for _ in range(times):
        page.keyboard.press(keys)


def exact(page: Any, place: str) -> None:
    """Wait for the exact picture of a place of the sliders."""
    page.wait_for_function(
        "place => document.querySelector('.lnb-explore')?.dataset.lnbShown === place + ' exact'",
        arg=place,
        timeout=60_000,
    )


def printed(page: Any, index: int) -> str:
    run(page, index)
    output = f"{cell(index)} .jp-OutputArea-output"
    page.wait_for_selector(output)
    return str(page.inner_text(output))


@pytest.mark.parametrize("theme", THEMES)
def test_sliders_pictures_comparison_and_code(theme: Theme, tmp_path: Path) -> None:
    with (
        serve(tmp_path, {"a.ipynb": notebook_of(CELLS)}, theme) as lab,
        open_notebook(lab, "a.ipynb") as page,
    ):
        errors = complaints(page)
        run(page, 0)
        run(page, 1)
        exact(page, "600|0|0|1000")
        assert page.inner_text(".lnb-explore-state") == "exact"
        page.click("text=Compare")
        slide(page, "Keep-alive", "ArrowLeft", 3)
        exact(page, "60|0|0|1000")
        head = page.inner_text(".lnb-explore-bill thead")
        assert head.split() == ["A", "B", "B", "−", "A"]
        keep_picture(page, f"explore-compared-{theme}")
        assert page.inner_text(".lnb-explore code") == (
            'lambda_nb.simulate(mixed, keep_alive="1min", init=0.6)'
        )
        slide(page, "Memory", "End", 1)
        exact(page, "60|10240|0|1000")
        # The picture was simulated ahead: the kernel hears a moment later where the slider rests.
        for _ in range(20):
            if "'memory': 10240" in (settings := printed(page, 2)):
                break
        assert "'memory': 10240" in settings
        assert printed(page, 3).strip() == "True"
        page.select_option(".lnb-explore select", "each function, stacked")
        page.wait_for_selector(".lnb-explore-legend >> text=report")
        keep_picture(page, f"explore-stacked-{theme}")
        page.select_option(".lnb-explore select", "resize")
        page.wait_for_selector(".lnb-explore-legend >> text=running")
        page.set_viewport_size({"width": 700, "height": 900})
        keep_picture(page, f"explore-narrow-{theme}")
        assert not errors


def test_a_setting_that_cannot_be_is_told(tmp_path: Path) -> None:
    with (
        serve(tmp_path, {"a.ipynb": notebook_of(CELLS)}) as lab,
        open_notebook(lab, "a.ipynb") as page,
    ):
        run(page, 0)
        run(page, 1)
        exact(page, "600|0|0|1000")
        slide(page, "Concurrency limit", "Home", 1)
        exact(page, "600|0|0|1")
        slide(page, "Provisioned", "End", 1)
        page.wait_for_selector(".lnb-explore-refused >> text=more than account_limit=1")
        slide(page, "Provisioned", "Home", 1)
        exact(page, "600|0|0|1")


def test_a_coarse_picture_comes_at_once_while_the_kernel_is_busy(tmp_path: Path) -> None:
    busy = (
        "view.join()\nimport pathlib, time\nprint('joined', flush=True)\n"
        "while not pathlib.Path('stop').exists(): time.sleep(0.05)"
    )
    cells = (*CELLS[:2], busy)
    with (
        serve(tmp_path, {"a.ipynb": notebook_of(cells)}) as lab,
        open_notebook(lab, "a.ipynb") as page,
    ):
        run(page, 0)
        run(page, 1)
        exact(page, "600|0|0|1000")
        begin(page, 2)
        page.wait_for_selector(f"{cell(2)} .jp-OutputArea-output >> text=joined")
        slide(page, "Provisioned", "End", 1)
        page.wait_for_function(
            "() => /^600\\|0\\|[1-9]\\d*\\|1000/.test("
            "document.querySelector('.lnb-explore')?.dataset.lnbShown)"
        )
        slide(page, "Keep-alive", "ArrowLeft", 1)
        page.wait_for_function(
            "() => /^300\\|.* (near|between|exact)$/.test("
            "document.querySelector('.lnb-explore')?.dataset.lnbShown)"
        )
        words = page.inner_text(".lnb-explore-state")
        assert re.match(r"exact|coarse", words)
        assert "[*]" in page.inner_text(f"{cell(2)} .jp-InputPrompt")
        (tmp_path / "work" / "stop").touch()
