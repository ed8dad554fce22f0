"""JupyterLab on loopback and a notebook of it in Chromium, for tests that look at a page."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import nbformat
import psutil
import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = (
    ("light", "dark") if "LAMBDA_NB_SCREENSHOTS" in os.environ else ("dark",)
)
"""What works in one theme works in the other: pictures of both are for people who look at them."""

NEEDS_CHROMIUM = pytest.mark.skipif(
    CHROMIUM is None, reason="needs chromium (Debian: apt-get install chromium)"
)
NEEDS_EXTENSION = pytest.mark.skipif(
    not (Path(sys.prefix) / "share" / "jupyter" / "labextensions" / "lambda-nb").exists(),
    reason="needs the extension installed: `make test`",
)
BROWSER = (pytest.mark.browser, pytest.mark.xdist_group("browser"), NEEDS_CHROMIUM)
"""Marks of tests with a browser: one at a time, for each takes much of a machine."""


def notebook_of(cells: Sequence[str]) -> nbformat.NotebookNode:
    """A notebook of these cells for Python."""
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in cells],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )


@contextlib.contextmanager
def serve(
    place: Path,
    notebooks: Mapping[str, nbformat.NotebookNode],
    theme: Theme = "light",
    *,
    program: str = "jupyterlab",
    variables: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """Start JupyterLab, or another ``program``, on a folder with these notebooks.

    Gives its address.
    """
    work = place / "work"
    work.mkdir()
    for name, notebook in notebooks.items():
        nbformat.write(notebook, work / name)
    settings = place / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(
        json.dumps({"fetchNews": "false", "checkForUpdates": False})
    )
    (settings / "themes.jupyterlab-settings").write_text(
        json.dumps({"theme": f"JupyterLab {theme.title()}"})
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "JUPYTERLAB_SETTINGS_DIR": str(place / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(place / "workspaces"),
        "JUPYTER_RUNTIME_DIR": str(place / "runtime"),
        "LAMBDA_NB_HOME": str(place / "home"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        **(variables or {}),
    }
    command = [sys.executable, "-m", program, "--no-browser", "--allow-root"]
    command += ["--ip=127.0.0.1", f"--port={port}", "--IdentityProvider.token=secret"]
    command += [f"--ServerApp.root_dir={work}"]
    with (place / "lab.log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            _wait(f"http://127.0.0.1:{port}/api?token=secret", server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            try:
                server.wait(30)
            except subprocess.TimeoutExpired:  # Jupyter waits for processes that do not answer
                for process in psutil.Process(server.pid).children(recursive=True):
                    process.kill()
                server.kill()
                server.wait()


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert server.poll() is None, "the server ended at once"
        with contextlib.suppress(OSError), urllib.request.urlopen(url):
            return
        time.sleep(0.2)
    raise AssertionError("the server did not answer within a minute")


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """Chromium without a window."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"],
        )
        yield browser
        browser.close()


def complaints(page: Any) -> list[str]:
    """A list that gets the errors of a page from now on, and those of its console."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    return errors


@contextlib.contextmanager
def open_notebook(lab: str, name: str) -> Iterator[Any]:
    """A notebook open in Chromium, its kernel idle; its kernel ends with it."""
    with chromium() as browser:
        page = browser.new_page(viewport={"width": 1300, "height": 900})
        page.set_default_timeout(60_000)  # the other worker may keep the machine busy
        page.goto(f"{lab}/lab/tree/{name}?token=secret&reset")
        page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
        page.wait_for_selector("text=| Idle", timeout=60_000)
        yield page
        # The kernel and its engine end here, not when the server is stopped.
        page.evaluate(
            """async () => {
                const base = location.origin + '/api/sessions';
                const sessions = await (await fetch(base + '?token=secret')).json();
                const xsrf = (document.cookie.match(/_xsrf=([^;]+)/) || [])[1] || '';
                for (const one of sessions) {
                    await fetch(base + '/' + one.id + '?token=secret',
                        {method: 'DELETE', headers: {'X-XSRFToken': xsrf}});
                }
            }"""
        )


def cell(index: int) -> str:
    """The selector of a cell of the notebook in front."""
    return f".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell[data-windowed-list-index='{index}']"


def begin(page: Any, index: int) -> None:
    """Run the cell of this index; do not wait for it."""
    page.click(f"{cell(index)} .cm-content")
    page.keyboard.press("Control+Enter")


def run(page: Any, index: int) -> None:
    """Run the cell of this index and wait until it is done."""
    prompt = f"{cell(index)} .jp-InputPrompt"
    # A cell that runs again shows its old number until the kernel starts it: wait for a new one.
    before = page.inner_text(prompt)
    begin(page, index)
    page.wait_for_function(
        "([prompt, before]) => {"
        " const shown = document.querySelector(prompt)?.textContent ?? '';"
        " return /\\[\\d+\\]/.test(shown) && shown.trim() !== before.trim(); }",
        arg=[prompt, before],
        timeout=60_000,
    )


def wait_for_workspace(place: Path, text: str) -> None:
    """Wait until JupyterLab has kept a page's state with this text, which a reload then shows."""
    deadline = time.monotonic() + 60
    while True:
        files = (place / "workspaces").rglob("*.jupyterlab-workspace")
        kept = "".join(file.read_text() for file in files)
        if text in kept:
            return
        assert time.monotonic() < deadline, f"{text} is not in the workspace: {kept}"
        time.sleep(0.2)


def keep_picture(page: Any, name: str) -> None:
    """Keep a screenshot where ``LAMBDA_NB_SCREENSHOTS`` says, if it does."""
    if folder := os.environ.get("LAMBDA_NB_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png")
