"""The documents of a function in JupyterLab, for tests that use them as a person does."""

from __future__ import annotations

import re
from typing import Any

from panel_page import Panel

WORK = """%%lambda work --memory 256 --timeout 20
import json, logging, time
log = logging.getLogger()
log.setLevel("INFO")
def handler(event, context):
    event = event if isinstance(event, dict) else {}
    for n in range(event.get("lines", 0)):
        print(f"line number {n}")
    if event.get("warn"):
        print(json.dumps({"level": "WARN", "message": event["warn"], "items": [1, 2]}))
    time.sleep(event.get("sleep", 0))
    if event.get("fail"):
        raise ValueError(f"cannot take {event['fail']!r}")
    return {"version": context.function_version, "got": event}"""

VERSIONS = """import lambda_nb
client = lambda_nb.client("lambda")
client.publish_version(FunctionName="work")
client.create_alias(FunctionName="work", Name="live", FunctionVersion="1")
print("published")"""

BUSY = """import pathlib, time
while not pathlib.Path("stop").exists():
    time.sleep(0.05)"""


def command(page: Any, label: str) -> None:
    """Give a command by the palette."""
    page.keyboard.press("Control+Shift+C")
    page.wait_for_selector(".lm-CommandPalette-input")
    page.fill(".lm-CommandPalette-input", label)
    page.locator(".lm-CommandPalette-item", has_text=label).first.click()


class Invoke:
    """The payload editor."""

    def __init__(self, panel: Panel) -> None:
        self.page = panel.page
        command(self.page, "Invoke a Function")
        self.page.wait_for_selector(".lnb-invoke .cm-content")

    def type(self, payload: str) -> None:
        """Replace the payload."""
        self.page.click(".lnb-invoke .cm-content")
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(payload)

    def payload(self) -> str:
        """What the editor holds, its lines without the indentation."""
        lines = self.page.locator(".lnb-invoke .cm-line").all_inner_texts()
        return " ".join(line.strip() for line in lines)

    def run(self, payload: str, keys: str = "Control+Enter") -> None:
        """Run a payload by the keyboard; do not wait for it."""
        self.type(payload)
        self.page.keyboard.press(keys)

    def shows(self, *words: str, timeout_s: float = 60) -> None:
        """Wait until the result says these words."""
        self.page.wait_for_function(
            "words => { const node = document.querySelector('.lnb-result');"
            " const text = node?.textContent ?? '';"
            " return words.every(word => text.includes(word)); }",
            arg=list(words),
            timeout=timeout_s * 1000,
        )

    def says(self, words: str) -> None:
        """Wait until the line below the editor says this."""
        self.page.locator(".lnb-payload-words", has_text=words).wait_for()

    def history(self) -> list[str]:
        """The runs, the latest first, each on one line."""
        rows = self.page.locator(".lnb-list li .lnb-entry").all_inner_texts()
        return [re.sub(r"\s+", " ", row) for row in rows]


def lines(page: Any) -> list[str]:
    """The texts of the log lines that are on the page."""
    return list(page.locator(".lnb-log-text").all_text_contents())


def wait_for_lines(page: Any, text: str, count: int) -> None:
    """Wait until so many log lines on the page have this text."""
    page.wait_for_function(
        "([text, count]) => [...document.querySelectorAll('.lnb-log-text')]"
        ".filter(one => one.textContent.includes(text)).length === count",
        arg=[text, count],
        timeout=60_000,
    )
