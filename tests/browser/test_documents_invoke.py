"""The payload editor in a browser: runs, results, history, samples, versions, latest events."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from documents_page import BUSY, VERSIONS, WORK, Invoke
from jupyter_browser import BROWSER, NEEDS_EXTENSION, THEMES, Theme, keep_picture
from panel_page import Panel, panel_of

pytestmark = [*BROWSER, pytest.mark.slow, pytest.mark.timeout(300), NEEDS_EXTENSION]


@pytest.mark.parametrize("theme", THEMES)
def test_invoke_while_a_cell_runs(tmp_path: Path, theme: Theme) -> None:
    cells = ["%load_ext lambda_nb", WORK, VERSIONS, BUSY]
    with panel_of(tmp_path, {"shop.ipynb": cells}, theme) as panel:
        panel.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        panel.run(0, 1, 2)
        panel.row("work", "function").wait_for()
        panel.begin(3)
        invoke = Invoke(panel)
        json_is_checked(invoke)
        runs_do_not_mix(invoke)
        results(invoke, f"invoke-{theme}")
        versions_and_samples(invoke)
        history(invoke)
        copies(panel, invoke)
        latest_events(invoke)
        keep_picture(panel.page, f"invoke-{theme}-events")
        (tmp_path / "work" / "stop").touch()


def json_is_checked(invoke: Invoke) -> None:
    page = invoke.page
    invoke.says("Valid JSON")
    invoke.type('{"a": 1,\n "b": True}')
    invoke.says("Line 2, column 7: JSON writes true, not True")
    page.wait_for_selector(".cm-lint-marker-error")
    page.keyboard.press("Control+Enter")
    assert invoke.history() == []  # a faulty payload is not sent
    invoke.type('{"a": 12345678901234567890,"b":[1,\n{}]}')
    invoke.says("Valid JSON")
    page.click("text='Format'")
    invoke.says("Valid JSON")
    assert invoke.payload() == '{ "a": 12345678901234567890, "b": [ 1, {} ] }'


def runs_do_not_mix(invoke: Invoke) -> None:
    """A slow run and a fast one: each result goes to its own run."""
    page = invoke.page
    invoke.run('{"sleep": 4, "name": "slow"}')
    invoke.shows("running")
    invoke.run('{"name": "fast"}', "Shift+Enter")
    invoke.shows("success", '"name": "fast"')
    assert [row.split()[0] for row in invoke.history()] == ["success", "running"]
    page.locator(".lnb-entry", has_text="slow").click()
    invoke.shows("running")
    page.locator(".lnb-entry", has_text="fast").click()
    page.locator(".lnb-entry", has_text="slow").locator("text=success").wait_for(timeout=20_000)
    invoke.shows('"name": "fast"')  # what is shown stays
    page.locator(".lnb-entry", has_text="slow").click()
    invoke.shows('"name": "slow"')


def results(invoke: Invoke, picture: str) -> None:
    page = invoke.page
    invoke.shows("Billed", "A million of these", "of 256 MB", "$LATEST")
    page.click(".lnb-result summary:has-text('Log')")
    invoke.shows("REPORT RequestId", "Init Duration")
    invoke.run('{"fail": "nonsense"}')
    invoke.shows("error", "ValueError", "cannot take 'nonsense'", "raise ValueError")
    keep_picture(page, picture)
    page.get_by_label("Call", exact=True).select_option("event")
    invoke.run('{"name": "later"}')
    invoke.shows("accepted", "has queued the event")
    page.get_by_label("Call", exact=True).select_option("wait")


def versions_and_samples(invoke: Invoke) -> None:
    page = invoke.page
    page.get_by_label("Version", exact=True).select_option("live")
    invoke.run("{}")
    invoke.shows("success", '"version": "1"', "version 1")
    page.get_by_label("Version", exact=True).select_option("")
    samples = page.get_by_label("Load a sample event", exact=True)
    samples.select_option("s3")
    page.wait_for_function(
        "() => document.querySelector('.lnb-invoke .cm-content')?.innerText.includes('Records')"
    )
    page.keyboard.press("Control+Enter")
    invoke.shows("success", '"eventSource": "aws:s3"')
    page.click(".lnb-invoke .cm-content")
    page.keyboard.press("Control+Z")  # loading can be undone
    page.wait_for_function(
        "() => !document.querySelector('.lnb-invoke .cm-content').innerText.includes('Records')"
    )


def history(invoke: Invoke) -> None:
    page = invoke.page
    row = page.locator(".lnb-list li", has_text="nonsense")
    row.locator("text=Load").click()
    assert json.loads(invoke.payload()) == {"fail": "nonsense"}
    row.locator(".lnb-entry").click()
    invoke.shows("ValueError")
    assert row.locator(".lnb-entry").get_attribute("aria-pressed") == "true"


def copies(panel: Panel, invoke: Invoke) -> None:
    page = invoke.page
    invoke.type("""{"name": "it's"}""")
    page.get_by_label("Copy this call as code", exact=True).select_option("boto3")
    panel.notified("Copied: a call of work")
    text = page.evaluate("navigator.clipboard.readText()")
    assert "boto3" in text
    compile(text, "copied", "exec")
    assert "it\\'s" in text


def latest_events(invoke: Invoke) -> None:
    page = invoke.page
    page.click("text='Latest events'")
    rows = page.locator(".lnb-invoke-past tbody tr")
    rows.first.wait_for()
    row = page.locator(".lnb-invoke-past tr", has_text="nonsense").first
    row.locator("button").click()
    opened = page.locator(".lnb-opened")
    opened.wait_for()
    assert "cannot take" in opened.inner_text()
    before = len(invoke.history())
    opened.locator("text='Run again'").click()
    invoke.shows("ValueError")
    page.wait_for_function(
        "n => document.querySelectorAll('.lnb-list li').length === n", arg=before + 1
    )
