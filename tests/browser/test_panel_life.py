"""The panel outlives what happens to kernels, pages and engines; it works by keyboard alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from jupyter_browser import BROWSER, NEEDS_EXTENSION, keep_picture
from panel_page import Panel, panel_of

pytestmark = [*BROWSER, pytest.mark.slow, pytest.mark.timeout(420), NEEDS_EXTENSION]

LOAD = "%load_ext lambda_nb"
BUSY = """import pathlib, time
while not pathlib.Path('stop').exists():
    time.sleep(0.05)"""
KILL = """import os, re, signal
status = get_ipython().run_line_magic('lambda', 'status')
os.kill(int(re.search(r'process (\\d+)', repr(status))[1]), signal.SIGKILL)"""


def function(name: str) -> str:
    return f"%%lambda {name}\ndef handler(event, context):\n    return event"


def test_it_outlives_kernels_pages_and_engines(tmp_path: Path) -> None:
    first = ["1", function("alpha"), "alpha({})", BUSY, KILL]
    second = [LOAD, function("beta")]
    with panel_of(tmp_path, {"first.ipynb": first, "second.ipynb": second}) as panel:
        page = panel.page
        panel.wait("This kernel has not loaded lambda_nb")
        page.click(".lnb-panel button:has-text('Load lambda_nb')")
        panel.wait("No function yet. Run a cell that begins with %%lambda NAME.")
        panel.run(1, 2)
        panel.row("alpha", "function").wait_for()
        page.wait_for_selector(".lnb-status:has-text('λ 1 function')")

        open_beside(panel, "second.ipynb")
        panel.run(0, 1)
        panel.row("beta", "function").wait_for()
        # The notebook in front comes first and is expanded; the other is there.
        assert [label for label in panel.labels() if label in ("first", "second")] == [
            "second",
            "first",
        ]
        assert panel.row("alpha", "function").count() == 0
        panel.expand("first", "notebook")
        panel.row("alpha", "function").wait_for()
        keep_picture(page, "panel-two-notebooks")

        restart(panel)
        panel.row("beta", "function").wait_for(state="detached")
        panel.wait("This kernel has not loaded lambda_nb")
        assert panel.row("alpha", "function").count() == 1
        page.click(".lnb-panel button:has-text('Load lambda_nb')")
        panel.wait("No function yet.")
        panel.told("The last kernel left 1 function (beta)")
        keep_picture(page, "panel-restore-offered")
        panel.notified("The last kernel left 1 function (beta)", action="Restore")
        panel.row("beta", "function").wait_for()
        panel.told("restored 1 function (beta).")

        page.reload()
        page.wait_for_selector(".lnb-panel .lnb-toolbar", timeout=60_000)
        panel.row("beta", "function").wait_for()
        panel.expand("first", "notebook")
        panel.row("alpha", "function").wait_for()

        bring_to_front(panel, "first.ipynb")
        panel.begin(3)
        panel.wait("kernel busy")
        page.reload()
        page.wait_for_selector(".lnb-panel .lnb-toolbar", timeout=60_000)
        # The cell still runs: the page knows the functions all the same, and acts on them. Which
        # notebook is in front depends on when JupyterLab wrote its state.
        panel.expand("first", "notebook")
        panel.row("alpha", "function").wait_for()
        panel.menu("alpha", "Publish Version…", kind="function")
        panel.accept()
        panel.notified("alpha has version 1.")
        panel.wait("kernel busy")
        (tmp_path / "work" / "stop").touch()
        panel.wait_without("kernel busy")

        bring_to_front(panel, "first.ipynb")
        panel.run(4)
        panel.wait("The engine ended.")
        page.wait_for_selector(".lnb-status:has-text('the engine ended')")
        keep_picture(page, "panel-engine-ended")


def open_beside(panel: Panel, name: str) -> None:
    """Open another notebook by the file browser, and show the panel again."""
    page = panel.page
    page.click("[data-id='filebrowser']")
    page.dblclick(f".jp-DirListing-item:has-text('{name}')")
    page.wait_for_selector(f".lm-DockPanel .lm-mod-current:has-text('{name}')")
    page.wait_for_selector("text=| Idle", timeout=60_000)
    panel.open()


def bring_to_front(panel: Panel, name: str) -> None:
    """Click a notebook's tab, again if JupyterLab, which still restores a page, takes it back."""
    page = panel.page
    front = page.locator(f".lm-DockPanel .lm-TabBar-tab.lm-mod-current:has-text('{name}')")
    for _ in range(30):
        page.click(f".lm-TabBar-tabLabel:text-is('{name}')")
        page.wait_for_timeout(1000)
        if front.count():
            return
    raise AssertionError(f"{name} does not come to the front")


def restart(panel: Panel) -> None:
    """Restart the kernel of the notebook in front."""
    panel.page.click(".lm-MenuBar-itemLabel:text-is('Kernel')")
    panel.page.click(".lm-Menu-itemLabel:text-is('Restart Kernel…')")
    panel.page.click(".jp-Dialog .jp-mod-accept:not(.jp-mod-reject)")


def test_it_works_by_keyboard_alone(tmp_path: Path) -> None:
    cells = [LOAD, function("alpha"), function("beta")]
    with panel_of(tmp_path, {"keys.ipynb": cells}, "dark") as panel:
        page = panel.page
        panel.run(0, 1, 2)
        panel.row("beta", "function").wait_for()
        panel.cell(0).locator(".cm-content").click()
        page.keyboard.press("Alt+Shift+L")
        press(panel, "Home", "keys")
        press(panel, "ArrowRight", "Functions")
        press(panel, "ArrowDown", "alpha")
        press(panel, "b", "beta")  # a letter goes to the next name with it
        press(panel, "End", "beta")
        press(panel, "ArrowLeft", "Functions")  # from a collapsed row to the one above it
        press(panel, "ArrowLeft", "Functions")  # which then collapses
        assert panel.row("alpha", "function").count() == 0
        press(panel, "ArrowRight", "Functions")
        press(panel, "ArrowRight", "alpha")
        press(panel, "ArrowRight", "alpha")
        panel.wait("No versions, aliases, event sources, layers or URL.")
        assert focused(panel).startswith("alpha, function, active")

        page.keyboard.press("Shift+F10")
        page.wait_for_selector(".lm-Menu-itemLabel:text-is('Copy ARN')")
        keep_picture(page, "panel-keyboard-dark")
        page.keyboard.press("Escape")
        page.wait_for_selector(".lm-Menu", state="detached")
        assert focused(panel).startswith("alpha")

        page.keyboard.press("Control+E")
        panel.dialog().get_by_label("Timeout (seconds)").fill("30")
        page.keyboard.press("Enter")
        panel.told("alpha has its new settings.")
        # New pictures of the kernel leave the focus where it is.
        page.wait_for_selector(".lnb-notebook:has-text('alpha')")
        assert focused(panel).startswith("alpha")

        page.keyboard.press("Control+F")
        page.keyboard.type("function be")
        panel.wait("1 match")
        assert panel.row("alpha", "function").count() == 0
        page.keyboard.press("Enter")
        page.keyboard.press("End")
        assert focused(panel).startswith("beta")
        page.keyboard.press("Delete")
        panel.dialog()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        panel.told("Deleted beta.")
        panel.wait("Nothing here has")
        page.keyboard.press("Control+F")
        page.keyboard.press("Escape")
        panel.row("alpha", "function").wait_for()

        page.keyboard.press("Control+Shift+C")
        page.keyboard.type("publish version")
        page.click(".lm-CommandPalette-item:has-text('Publish Version')")
        panel.dialog().get_by_label("Description (may be empty)").fill("by palette")
        page.keyboard.press("Enter")
        panel.told("alpha has version 1.")
        panel.row("1", "version").wait_for()

        # Twice the size, and a narrow window: all stays within the panel.
        page.set_viewport_size({"width": 600, "height": 900})
        keep_picture(page, "panel-narrow-dark")
        page.set_viewport_size({"width": 650, "height": 450})
        keep_picture(page, "panel-zoomed-dark")
        assert page.evaluate(
            "() => { const tree = document.querySelector('.lnb-tree');"
            " return tree.scrollWidth <= tree.clientWidth; }"
        )


def press(panel: Panel, key: str, then: str) -> None:
    """Press a key; the focus is then on the row of this label."""
    panel.page.keyboard.press(key)
    panel.page.wait_for_function(
        "then => (document.activeElement.getAttribute('aria-label') || '').startsWith(then)",
        arg=then,
    )


def focused(panel: Panel) -> str:
    """What a screen reader says of the row with the focus."""
    return str(panel.page.evaluate("document.activeElement.getAttribute('aria-label')"))
