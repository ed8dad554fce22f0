"""The JupyterLab extension in a real browser: panel, badges and status item follow the kernel."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
EXTENSION = Path(sys.prefix) / "share" / "jupyter" / "labextensions" / "lambda-nb"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("browser"),
    pytest.mark.skipif(
        CHROMIUM is None, reason="needs chromium (Debian: apt-get install chromium)"
    ),
    pytest.mark.skipif(not EXTENSION.exists(), reason="needs the extension installed: `make test`"),
]

CELLS = [
    "%load_ext lambda_nb",
    "%%lambda greet --memory 256\ndef handler(event, context):\n    return event['name']",
    "for name in 'ab': greet({'name': name})",
    "%%lambda shout --runtime nodejs20.x\nexports.handler = async (event) => event.text + '!';",
]


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[str]:
    """A JupyterLab on a folder with one notebook; answers with the notebook's address."""
    work = tmp_path / "work"
    work.mkdir()
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in CELLS],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    nbformat.write(notebook, work / "functions.ipynb")
    settings = tmp_path / "settings" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text(
        json.dumps({"fetchNews": "false", "checkForUpdates": False})
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "workspaces"),
        "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"),
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += ["--ip=127.0.0.1", f"--port={port}", "--IdentityProvider.token=secret"]
    command += [f"--ServerApp.root_dir={work}"]
    with (tmp_path / "lab.log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            wait_for(f"http://127.0.0.1:{port}/api?token=secret", server)
            yield f"http://127.0.0.1:{port}/lab/tree/functions.ipynb?token=secret&reset"
        finally:
            server.terminate()
            server.wait(30)


def wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert server.poll() is None, "JupyterLab ended at once"
        with contextlib.suppress(OSError), urllib.request.urlopen(url):
            return
        time.sleep(0.2)
    raise AssertionError("JupyterLab did not answer within a minute")


@pytest.fixture
def page(lab: str) -> Iterator[Any]:
    """The notebook open in Chromium, its kernel idle."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"],
        )
        page = browser.new_page(viewport={"width": 1300, "height": 900})
        page.goto(lab)
        page.wait_for_selector(".jp-NotebookPanel .jp-Cell", timeout=60_000)
        page.wait_for_selector("text=| Idle", timeout=60_000)
        yield page
        # The kernel, and the engine with it, end here and not when the server is stopped.
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
        browser.close()


def run(page: Any, index: int) -> None:
    cell = f".jp-Cell[data-windowed-list-index='{index}']"
    page.click(f"{cell} .cm-content")
    page.keyboard.press("Control+Enter")
    page.wait_for_function(
        "s => /\\[\\d+\\]/.test(document.querySelector(s + ' .jp-InputPrompt').textContent)",
        arg=cell,
        timeout=60_000,
    )


def test_panel_badges_and_status_follow_the_kernel(page: Any) -> None:
    badge = ".jp-Cell[data-windowed-list-index='{}'] .lnb-badge"
    page.wait_for_selector(badge.format(1))
    assert page.inner_text(badge.format(1)) == "λ greet · not deployed"
    assert page.query_selector(badge.format(2)) is None

    page.click("[data-id='lambda-nb-functions']")
    page.wait_for_selector(".lnb-panel >> text=%load_ext lambda_nb")
    for index in range(3):
        run(page, index)
    page.wait_for_selector(".lnb-panel >> text=2 invocations")
    panel = page.inner_text(".lnb-panel")
    assert re.search(r"http://127\.0\.0\.1:\d+ · us-east-1", panel)
    assert "256 MB" in panel
    assert "Active" in panel
    assert "last: success" in panel
    page.wait_for_selector(f"{badge.format(1)} >> text=λ greet · 256 MB · Active")
    page.wait_for_selector(".lnb-status >> text=λ 1 function")


def test_a_cell_in_another_language_is_coloured_as_such(page: Any) -> None:
    cell = ".jp-Cell[data-windowed-list-index='3']"
    page.wait_for_selector(f"{cell} .lnb-badge")
    # `async` is an ordinary name to the Python grammar in this place, a keyword to JavaScript's.
    page.wait_for_function(
        "s => [...document.querySelectorAll(s + ' .cm-line span')]"
        ".some(n => n.textContent === '=>' )",
        arg=cell,
    )
