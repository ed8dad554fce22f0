"""Logs, activity and events of a function in a browser; tabs that outlive kernels and pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from documents_page import BUSY, WORK, Invoke, command, lines, wait_for_lines
from jupyter_browser import (
    BROWSER,
    NEEDS_EXTENSION,
    THEMES,
    Theme,
    keep_picture,
    wait_for_workspace,
)
from panel_page import Panel, panel_of

pytestmark = [*BROWSER, pytest.mark.slow, pytest.mark.timeout(420), NEEDS_EXTENSION]

TRAFFIC = """work.map([{"sleep": 0.3, "n": n} for n in range(4)])
work({"warn": "nearly empty"})
try:
    work({"fail": "this"})
except Exception as error:
    print(error)"""

CALLS = """import pathlib, time
while not pathlib.Path("stop").exists():
    if pathlib.Path("call").exists():
        pathlib.Path("call").unlink()
        work({"lines": 3})
    time.sleep(0.05)"""

MANY = 'work({"lines": 12000})\nprint("written")'


@pytest.mark.parametrize("theme", THEMES)
def test_a_function_is_followed_while_a_cell_runs(tmp_path: Path, theme: Theme) -> None:
    cells = ["%load_ext lambda_nb", WORK, TRAFFIC, CALLS]
    with panel_of(tmp_path, {"shop.ipynb": cells}, theme) as panel:
        page = panel.page
        page.set_viewport_size({"width": 1500, "height": 1000})
        panel.run(0, 1, 2)
        panel.row("work", "function").wait_for()
        panel.begin(3)
        activity(panel, theme)
        logs(panel, tmp_path / "work" / "call", theme)
        events(panel, theme)
        narrow(panel, theme)
        (tmp_path / "work" / "stop").touch()


def activity(panel: Panel, theme: str) -> None:
    page = panel.page
    command(page, "Open a Function")
    for told in ("Invocations\n6", "Errors\n1 (16.7 %)", "Cost per million\n$"):
        wait_for_words(page, ".lnb-tiles", told)
    keep_picture(page, f"activity-{theme}")
    # By keyboard: the last invocation is the one that failed.
    page.focus(".lnb-charts")
    page.keyboard.press("ArrowLeft")
    wait_for_words(page, ".lnb-charts [aria-live]", "error")
    page.keyboard.press("ArrowLeft")
    wait_for_words(page, ".lnb-charts [aria-live]", "success")
    tip = page.locator(".lnb-tip")
    tip.wait_for()
    assert "duration" in tip.inner_text()
    keep_picture(page, f"activity-chosen-{theme}")
    page.keyboard.press("Escape")
    tip.wait_for(state="hidden")
    point_at_something(page)
    tip.wait_for()
    page.mouse.move(5, 5)
    page.click("summary:has-text('The invocations as a table')")
    rows = page.locator(".lnb-fold .lnb-table tbody tr")
    rows.nth(5).wait_for()
    assert rows.count() == 6
    assert rows.first.locator("td").nth(1).inner_text() == "error"
    tune(page, theme)
    rows.locator("text=error").first.wait_for()
    page.locator(".lnb-fold .lnb-table tr", has_text="error").locator("button").click()
    wait_for_lines(page, "REPORT", 1)
    assert any("cannot take 'this'" in line for line in lines(page))
    page.click("text=/request .* ✕/")


def wait_for_words(page: Any, selector: str, words: str) -> None:
    """Wait until an element shows these words; figures come a moment after their frame."""
    page.wait_for_function(
        "([selector, words]) => document.querySelector(selector)?.innerText.includes(words)",
        arg=[selector, words],
        timeout=60_000,
    )


def point_at_something(page: Any) -> None:
    """Move over the latency chart until an invocation is under the pointer."""
    box = page.locator(".lnb-chart canvas").nth(1).bounding_box()
    for x in range(int(box["width"]) - 90, 60, -10):
        for y in range(8, int(box["height"]) - 20, 10):
            page.mouse.move(box["x"] + x, box["y"] + y)
            page.evaluate("() => new Promise(done => requestAnimationFrame(() => done()))")
            if page.locator(".lnb-tip").is_visible():
                return
    raise AssertionError("no invocation was found in the chart")


def tune(page: Any, theme: str) -> None:
    page.click("text='Try 512 MB'")
    outcome = page.locator(".lnb-tuning tbody tr")
    page.wait_for_function(
        "() => document.querySelectorAll('.lnb-tuning tbody tr').length === 2"
        " && !document.querySelector('.lnb-memory progress')",
        timeout=90_000,
    )
    assert "best" in "".join(outcome.all_inner_texts())
    page.locator(".lnb-memory").scroll_into_view_if_needed()
    keep_picture(page, f"tune-{theme}")


def logs(panel: Panel, call: Path, theme: str) -> None:
    page = panel.page
    wait_for_lines(page, "cannot take 'this'", 1)
    call.touch()  # the running cell invokes the function
    wait_for_lines(page, "line number 2", 1)
    keep_picture(page, f"logs-{theme}")
    page.click(".lnb-logs >> text='Pause'")
    call.touch()
    page.wait_for_selector(".lnb-logs >> text=/Resume \\(\\d+ waiting\\)/", timeout=60_000)
    wait_for_lines(page, "line number 2", 1)
    page.click(".lnb-logs >> text=/Resume/")
    wait_for_lines(page, "line number 2", 2)
    search(page, theme)
    page.click("text='By request'")
    group = page.locator(".lnb-log-request", has_text="cannot take 'this'")
    group.wait_for()
    assert "error" in (group.locator("summary").text_content() or "")
    keep_picture(page, f"logs-by-request-{theme}")
    page.click("text='By request'")
    page.locator(".lnb-log-line", has_text="nearly empty").locator(".lnb-log-fold").click()
    page.wait_for_selector(".lnb-log-json >> text=nearly empty")
    page.click(".lnb-logs >> text='UTC'")
    page.click(".lnb-logs >> text='Clear'")
    wait_for_lines(page, "REPORT", 0)


def search(page: Any, theme: str) -> None:
    box = page.get_by_label("Search in the lines")
    page.focus(".lnb-log-lines")
    page.keyboard.press("Control+F")
    page.keyboard.insert_text("line number")
    page.wait_for_selector("text='6 lines'")
    page.keyboard.press("Enter")
    page.wait_for_selector("text='1 of 6 lines'")
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector("text='6 of 6 lines'")
    assert page.locator(".lnb-mod-current mark").inner_text() == "line number"
    keep_picture(page, f"logs-search-{theme}")
    page.click("text='.*'")
    box.fill("line number [01]$")
    page.wait_for_selector("text='4 lines'")
    page.click("text='Only these'")
    wait_for_lines(page, "", 4)
    box.fill("line number [")
    page.wait_for_selector(".lnb-logs .lnb-mod-fault >> text=/regular expression/i")
    page.click("text='Only these'")
    page.click("text='.*'")
    page.keyboard.press("Escape")
    box.fill("")


def events(panel: Panel, theme: str) -> None:
    page = panel.page
    command(page, "Show Events of a")
    page.locator(".lnb-events tr", has_text="nearly empty").locator("button").click()
    opened = page.locator(".lnb-events .lnb-opened")
    opened.wait_for()
    assert "$LATEST" in opened.inner_text()
    keep_picture(page, f"events-{theme}")
    opened.locator("text='Load into Invoke'").click()
    page.wait_for_selector(".lnb-invoke .cm-content >> text=nearly empty")


def narrow(panel: Panel, theme: str) -> None:
    """A narrow window, as one with 200 % zoom has it: nothing is cut off."""
    page = panel.page
    page.set_viewport_size({"width": 640, "height": 800})
    page.keyboard.press("Control+B")  # the side bar away
    for tab in ("work: invoke", "work: events", "work: logs"):
        page.locator(".lm-TabBar-tab", has_text=tab).click()
        keep_picture(page, f"narrow-{tab[6:]}-{theme}")
        wide = page.evaluate(
            "() => { const node = [...document.querySelectorAll('.lnb-document-view')]"
            ".find(one => one.offsetParent); return node.scrollWidth - node.clientWidth; }"
        )
        assert wide <= 1, tab


def test_tabs_outlive_kernel_and_page(tmp_path: Path) -> None:
    cells = ["%load_ext lambda_nb", WORK, MANY, BUSY]
    with panel_of(tmp_path, {"shop.ipynb": cells}) as panel:
        page = panel.page
        panel.run(0, 1, 2)
        panel.row("work", "function").wait_for()
        many_lines(page)
        command(page, "Open a Function")
        page.wait_for_selector(".lnb-tiles", timeout=60_000)
        invoke = Invoke(panel)
        invoke.run('{"kept": true}')
        invoke.shows("success")

        panel.begin(3)
        wait_for_workspace(tmp_path, "kept")
        page.reload()
        page.wait_for_selector(".lnb-invoke .cm-content >> text=kept", timeout=90_000)
        page.locator(".lnb-list li").wait_for()
        page.wait_for_selector(".lnb-invoke button:text-is('Run'):enabled", timeout=90_000)
        invoke.run('{"after": "reload"}')
        invoke.shows("success", '"after": "reload"')
        page.locator(".lm-TabBar-tab[title^='work']", has_text="logs").click()
        page.wait_for_selector(".lnb-log-line >> text=REPORT", timeout=60_000)
        (tmp_path / "work" / "stop").touch()
        page.locator(".lm-TabBar-tab", has_text="work: invoke").click()
        page.locator(".lm-TabBar-tab", has_text="shop.ipynb").first.click()
        page.wait_for_selector("text=| Idle", timeout=60_000)

        command(page, "Restart Kernel…")
        page.click(".jp-Dialog .jp-mod-accept")
        page.wait_for_selector(
            ".lnb-banner:visible >> text=has not loaded lambda_nb", timeout=60_000
        )
        assert page.locator(".lnb-invoke button:text-is('Run')").is_disabled()
        keep_picture(page, "restarted")
        panel.run(0, 1)
        page.wait_for_selector(".lnb-invoke button:text-is('Run'):enabled", timeout=60_000)
        page.wait_for_selector(".lnb-banner:visible", state="detached")
        invoke.run('{"after": "restart"}')
        invoke.shows("success", '"after": "restart"')


def many_lines(page: Any) -> None:
    """12,000 lines: the latest 10,000 stay, the end is followed until one scrolls up."""
    command(page, "Follow Logs of a")
    page.wait_for_function(
        "() => [...document.querySelectorAll('.lnb-log-text')].at(-1)"
        "?.textContent.startsWith('REPORT')",
        timeout=90_000,
    )
    assert len(lines(page)) <= 10_000
    at_end = (
        "() => { const node = document.querySelector('.lnb-log-lines');"
        " return node.scrollHeight - node.scrollTop - node.clientHeight < 30; }"
    )
    page.wait_for_function(at_end)
    page.hover(".lnb-log-lines")
    page.mouse.wheel(0, -3000)
    page.wait_for_function(f"() => !({at_end})()")
    keep_picture(page, "many-lines")
    page.get_by_label("Search in the lines").fill("number 119")
    page.wait_for_selector("text='100 lines'")
    page.get_by_label("Search in the lines").fill("")
