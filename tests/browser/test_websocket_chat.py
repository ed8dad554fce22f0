"""A chat between two browser tabs over a WebSocket API, its ids in DynamoDB, in Chromium."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from engine_fixtures import Engine
from jupyter_browser import BROWSER, chromium
from web_socket_lab import STAGE, WebSocketApi, make_chat

pytestmark = [*BROWSER, pytest.mark.slow, pytest.mark.timeout(240)]
PAGE = """<!doctype html>
<title>Chat</title>
<form><input id="text" autocomplete="off"><button>Say</button></form>
<p id="state">connecting</p>
<ul id="said"></ul>
<script>
  const name = new URLSearchParams(location.search).get('name');
  const line = new WebSocket(`ADDRESS?name=${name}`);
  const show = (id, text) => { document.getElementById(id).textContent = text; };
  line.onopen = () => show('state', 'connected');
  line.onclose = (event) => show('state', `closed ${event.code}`);
  line.onmessage = (event) => {
    const item = document.createElement('li');
    item.textContent = event.data;
    document.getElementById('said').append(item);
  };
  document.forms[0].onsubmit = (event) => {
    event.preventDefault();
    const field = document.getElementById('text');
    line.send(JSON.stringify({action: 'say', text: field.value}));
    field.value = '';
  };
</script>
"""


@pytest.fixture(scope="module")
def chat(engine: Engine) -> WebSocketApi:
    """The chat's API."""
    return make_chat(engine)


@pytest.fixture
def site(chat: WebSocketApi) -> Iterator[str]:
    """Where the page is, on an origin of its own."""
    port = chat.engine.url.rpartition(":")[2]
    address = f"ws://{chat.api_id}.execute-api.localhost:{port}/{STAGE}"
    page = PAGE.replace("ADDRESS", address).encode()

    class Page(BaseHTTPRequestHandler):
        """Serves the page."""

        def do_GET(self) -> None:
            """Answer with it, whatever is asked."""
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, *arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def browser() -> Iterator[Any]:
    """A browser."""
    with chromium() as opened:
        yield opened


def tab(browser: Any, site: str, name: str) -> Any:
    """A tab of somebody who is connected."""
    page = browser.new_page()
    page.goto(f"{site}?name={name}")
    page.wait_for_selector("#state:text-is('connected')", timeout=60_000)
    return page


def say(page: Any, text: str) -> None:
    """Type a text and send it."""
    page.fill("#text", text)
    page.click("button")


def hear(page: Any, text: str) -> None:
    """Wait until a text is shown."""
    page.wait_for_selector(f"#said li:text-is('{text}')", timeout=60_000)


def test_two_tabs_chat(chat: WebSocketApi, browser: Any, site: str) -> None:
    ada, bob = tab(browser, site, "Ada"), tab(browser, site, "Bob")
    say(ada, "hello")
    for page in (ada, bob):
        hear(page, "Ada: hello")
    say(bob, "hi Ada")
    for page in (ada, bob):
        hear(page, "Bob: hi Ada")
    ada.close()  # its connection ends; Bob goes on
    say(bob, "alone")
    hear(bob, "Bob: alone")
    assert bob.locator("#said li").all_text_contents() == [
        "Ada: hello",
        "Bob: hi Ada",
        "Bob: alone",
    ]
    assert bob.inner_text("#state") == "connected"
