"""The Lambda panel of JupyterLab in a browser, for tests that use it as a person does."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import jupyter_browser
from jupyter_browser import Theme, keep_picture, notebook_of, open_notebook, serve

_QUIET = (
    # What JupyterLab itself says when a kernel restarts or a page goes.
    "Connection lost, reconnecting",
    "WebSocket connection to",
    "net::ERR_",
    "Kernel: restarting",
    "Could not restore the debugger state: Canceled future",
)


class Panel:
    """The panel of a page; what the page complains of is kept in ``errors``."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.errors: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.errors.append(f"uncaught: {error}"))

    def _heard(self, message: Any) -> None:
        if message.type == "error" and not any(quiet in message.text for quiet in _QUIET):
            self.errors.append(message.text)

    def open(self) -> None:
        """Show the panel."""
        if not self.page.locator(".lnb-panel").is_visible():
            self.page.click("[data-id='lambda-nb-functions']")
        self.page.wait_for_selector(".lnb-panel .lnb-toolbar")

    def run(self, *indices: int) -> None:
        """Run cells of the notebook in front, each to its end."""
        for index in indices:
            jupyter_browser.run(self.page, index)

    def begin(self, index: int) -> None:
        """Start a cell and do not wait for it."""
        jupyter_browser.begin(self.page, index)

    def cell(self, index: int) -> Any:
        """A cell of the notebook in front."""
        return self.page.locator(jupyter_browser.cell(index))

    def row(self, label: str, kind: str = "") -> Any:
        """The row of this label; ``kind`` is as in ``nodes.ts``."""
        return self.page.locator(
            f".lnb-panel .lnb-item{f'.lnb-{kind}' if kind else ''} > .lnb-row",
            has=self.page.locator(f".lnb-label:text-is('{label}')"),
        ).first

    def expand(self, label: str, kind: str = "") -> None:
        """Expand a row that is not."""
        row = self.row(label, kind)
        row.wait_for()
        if row.locator("..").get_attribute("aria-expanded") == "false":
            row.locator(".lnb-caret").click()

    def menu(self, label: str, *items: str, kind: str = "") -> None:
        """Choose from a row's context menu, and its submenus."""
        self.row(label, kind).click(button="right")
        for item in items:
            entry = self.page.locator(f".lm-Menu-itemLabel:text-is('{item}')").last
            entry.wait_for()
            entry.click()

    def wait(self, text: str, timeout_s: float = 60) -> None:
        """Wait until the panel says this."""
        self.page.locator(".lnb-panel", has_text=text).wait_for(timeout=timeout_s * 1000)

    def wait_without(self, text: str, timeout_s: float = 60) -> None:
        """Wait until the panel does not say this any more."""
        self.page.wait_for_function(
            "text => !document.querySelector('.lnb-panel').innerText.includes(text)",
            arg=text,
            timeout=timeout_s * 1000,
        )

    def told(self, text: str) -> Any:
        """Wait for a notification and leave it, and the focus, where they are."""
        from playwright.sync_api import TimeoutError as TimedOut

        toast = self.page.locator(".Toastify__toast", has_text=text).first
        try:
            toast.wait_for()
        except TimedOut:
            raise AssertionError(f"not told: {text!r}. {self.shown()}") from None
        return toast

    def shown(self) -> str:
        """What the page says now, for a test that failed."""
        places = (".jp-Dialog-content", ".Toastify__toast", ".lnb-panel")
        words = {place: self.page.locator(place).all_inner_texts() for place in places}
        focus = self.page.evaluate("document.activeElement.outerHTML.slice(0, 200)")
        return f"{words}, focus: {focus}, errors: {self.errors}"

    def notified(self, text: str, action: str = "") -> None:
        """Wait for a notification; press a button of it, else dismiss it."""
        toast = self.told(text)
        if action:
            toast.locator(f"button:has-text('{action}')").click()
        else:
            with contextlib.suppress(Exception):  # it may go by itself
                toast.locator(".jp-Notification-Toast-Close").first.click(timeout=1000)

    def dialog(self) -> Any:
        """The dialog that is open."""
        dialog = self.page.locator(".jp-Dialog")
        dialog.wait_for()
        return dialog

    def accept(self) -> None:
        """Press the dialog's button that does it."""
        self.page.click(".jp-Dialog .jp-mod-accept:not(.jp-mod-reject)")

    def labels(self) -> list[str]:
        """All labels that can be seen, from top to bottom."""
        return list(self.page.locator(".lnb-panel .lnb-label").all_inner_texts())


@contextlib.contextmanager
def panel_of(
    place: Path, notebooks: Mapping[str, Sequence[str]], theme: Theme = "light"
) -> Iterator[Panel]:
    """JupyterLab with these notebooks; the first is open, with the panel beside it.

    The page must not complain: its errors fail the test at the end.
    """
    made = {name: notebook_of(cells) for name, cells in notebooks.items()}
    with (
        serve(place, made, theme) as lab,
        open_notebook(lab, next(iter(notebooks))) as page,
    ):
        panel = Panel(page)
        panel.open()
        try:
            yield panel
        except BaseException:
            keep_picture(page, "panel-failure")
            raise
        assert panel.errors == [], panel.errors
