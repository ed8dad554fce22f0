"""A kernel restarts, crashes or is killed: what its engine had comes back."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

Run = Callable[[str], str]

GREET = """%%lambda greet --memory 256
def handler(event, context):
    return "hello " + event["name"]
"""
MAKE = """
queue = lambda_nb.client("sqs").create_queue(QueueName="jobs")["QueueUrl"]
lambda_nb.client("sqs").send_message(QueueUrl=queue, MessageBody="first")
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


class Notebook:
    """Kernels of one notebook, one after the other."""

    def __init__(self, place: Path) -> None:
        self._env = {
            **os.environ,
            "LAMBDA_NB_HOME": str(place / "home"),
            "JPY_SESSION_NAME": str(place / "work.ipynb"),
        }
        self._place = place
        self.manager: Any = None
        self._client: Any = None

    def start(self) -> None:
        self.manager = KernelManager(kernel_name="python3")
        self.manager.start_kernel(env=self._env, cwd=str(self._place))
        self._client = self.manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=60)

    def run(self, code: str) -> str:
        """Run a cell; all that it shows, as text. An error begins with its name."""
        parts = []

        def seen(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] in ("display_data", "execute_result"):
                parts.append(content["data"]["text/plain"])
            elif message["msg_type"] == "stream":
                parts.append(content["text"])
            elif message["msg_type"] == "error":
                parts.append(f"{content['ename']}: {content['evalue']}")

        self._client.execute_interactive(code, output_hook=seen, timeout=90)
        return "\n".join(parts)

    def end(self, *, now: bool = False) -> None:
        if self.manager is not None:
            self._client.stop_channels()
            self.manager.shutdown_kernel(now=now)
            self.manager = None


@pytest.fixture
def notebook(tmp_path: Path) -> Iterator[Notebook]:
    one = Notebook(tmp_path)
    one.start()
    yield one
    one.end()


def furnished(notebook: Notebook) -> None:
    assert notebook.run("%load_ext lambda_nb\nimport lambda_nb") == ""
    assert "created" in notebook.run(GREET)
    notebook.run(MAKE)


@pytest.mark.parametrize("killed", [False, True], ids=["ended", "killed"])
def test_the_next_kernel_is_offered_what_the_last_one_left(
    notebook: Notebook, killed: bool
) -> None:
    furnished(notebook)
    notebook.end(now=killed)
    notebook.start()
    offered = notebook.run("%load_ext lambda_nb\nimport lambda_nb")
    assert "1 function (greet), 1 queue (jobs)" in offered
    assert "%lambda restore" in offered
    told = notebook.run("%lambda restore")
    assert "greet can be called as before" in told
    assert notebook.run("greet({'name': 'Ada'})") == "'hello Ada'"
    messages = (
        "sqs = lambda_nb.client('sqs'); url = sqs.get_queue_url(QueueName='jobs')['QueueUrl']\n"
        "sqs.receive_message(QueueUrl=url)['Messages'][0]['Body']"
    )
    assert notebook.run(messages) == "'first'"


def test_a_kernel_that_does_not_want_it_begins_empty(notebook: Notebook) -> None:
    furnished(notebook)
    notebook.end()
    notebook.start()
    notebook.run("%load_ext lambda_nb")
    assert "No functions yet" in notebook.run("%lambda ls")
    notebook.end()
    notebook.start()  # the kernel between made nothing: there still is the one before it
    assert "greet" in notebook.run("%load_ext lambda_nb")


def test_snapshots_are_places_to_come_back_to(notebook: Notebook) -> None:
    furnished(notebook)
    assert "kept 1 function (greet), 1 queue (jobs) as before" in notebook.run(
        "%lambda snapshot before"
    )
    assert notebook.run("greet({'name': 'Ada'})") == "'hello Ada'"  # the engine goes on
    notebook.run(GREET.replace("hello", "goodbye"))
    assert notebook.run("greet({'name': 'Ada'})") == "'goodbye Ada'"
    notebook.run("%lambda restore before")
    assert notebook.run("greet({'name': 'Ada'})") == "'hello Ada'"
    assert "before" in notebook.run("%lambda snapshot --list")
    assert "has no snapshot 'after'; it has before" in notebook.run("%lambda restore after")
    assert "deleted" in notebook.run("%lambda snapshot before --delete")
    assert "No snapshots yet" in notebook.run("%lambda snapshot --list")


def test_an_engine_that_was_killed_comes_back_with_all_it_had(notebook: Notebook) -> None:
    furnished(notebook)
    notebook.run("import os, signal, time")
    notebook.run("time.sleep(1.5)")  # the services save each second
    notebook.run("status = repr(get_ipython().run_line_magic('lambda', 'status'))")
    notebook.run("os.kill(int(status.split('process ')[1].split()[0]), signal.SIGKILL)")
    deadline = time.monotonic() + 30
    while "the next use starts it again" not in (said := notebook.run("greet({'name': 'x'})")):
        assert time.monotonic() < deadline, said
    assert notebook.run("greet({'name': 'Ada'})") == "'hello Ada'"


def test_an_engine_that_was_stopped_comes_back_in_the_same_kernel(notebook: Notebook) -> None:
    furnished(notebook)
    told = notebook.run("%lambda stop")
    assert "%lambda restore brings back 1 function (greet), 1 queue (jobs)" in told
    assert "No functions yet" in notebook.run("%lambda ls")
    assert "restored 1 function (greet), 1 queue (jobs)" in notebook.run("%lambda restore")
    assert notebook.run("greet({'name': 'Ada'})") == "'hello Ada'"


def test_a_wrong_option_of_start_does_not_stay(notebook: Notebook) -> None:
    furnished(notebook)
    assert "nowhere" in notebook.run("%lambda start --edge-locations nowhere")
    assert "No functions yet" in notebook.run("%lambda ls")


def test_two_kernels_of_one_notebook_have_an_engine_each(
    notebook: Notebook, tmp_path: Path
) -> None:
    furnished(notebook)
    other = Notebook(tmp_path)
    other.start()
    try:
        assert other.run("%load_ext lambda_nb") == ""
        assert "left nothing" in other.run("%lambda restore")
        assert "No functions yet" in other.run("%lambda ls")
    finally:
        other.end()
    assert notebook.run("greet({'name': 'Ada'})") == "'hello Ada'"


def test_an_engine_that_outlives_its_kernel_is_named_and_still_does_after_a_snapshot(
    notebook: Notebook,
) -> None:
    notebook.run("%load_ext lambda_nb\nimport lambda_nb")
    notebook.run("%lambda start --keep")
    notebook.run(GREET)
    notebook.run("%lambda snapshot before")
    notebook.end()
    notebook.start()
    offered = notebook.run("%load_ext lambda_nb")
    assert "still runs, with 1 function (greet)" in offered
    command = offered.split(". ", 1)[1].removesuffix(" brings them back.")
    try:
        notebook.run(command)
        assert "greet" in notebook.run("%lambda ls")
    finally:
        told = notebook.run("print(get_ipython().run_line_magic('lambda', 'status'))")
        engine = int(told.split("process ")[1].split()[0])
        os.kill(engine, signal.SIGTERM)
        deadline = time.monotonic() + 60
        while (place := Path(f"/proc/{engine}/stat")).exists() and " Z " not in place.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.05)
