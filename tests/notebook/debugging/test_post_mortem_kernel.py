"""``%debug`` after a function failed, in a real kernel, with answers to its prompts."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from queue import Empty

import pytest
from engine_fixtures import Engine
from jupyter_client.manager import KernelManager

pytestmark = pytest.mark.slow

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
_WITHIN_S = 60.0

FAILING = """%%lambda order
import json
import os

PRICES = {"tea": 3, "cake": 4}

class Basket:
    def __init__(self, lines):
        self.lines = lines

    def __repr__(self):
        return f"<Basket of {len(self.lines)}>"

def price(item, /, *more, currency="EUR"):
    large = list(range(100_000))
    return PRICES[item]

def handler(event, context):
    basket = Basket(event["lines"])
    password = "correct horse"
    return [price(item) for item in basket.lines]"""


class Kernel:
    """A kernel whose prompts are answered."""

    def __init__(self, folder: Path) -> None:
        self._manager = KernelManager(kernel_name="python3")
        self._manager.start_kernel(cwd=str(folder), env=dict(os.environ))
        self._client = self._manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=_WITHIN_S)

    def run(self, code: str, answers: Sequence[str] = ()) -> str:
        """What a cell shows, as text without colours."""
        asked = self._client.execute(code, allow_stdin=True, stop_on_error=False)
        left = list(answers)
        shown: list[str] = []
        deadline = time.monotonic() + _WITHIN_S
        while time.monotonic() < deadline:
            try:
                self._client.get_stdin_msg(timeout=0.01)
            except Empty:
                pass
            else:
                self._client.input(left.pop(0) if left else "q")
            try:
                message = self._client.get_iopub_msg(timeout=0.05)
            except Empty:
                continue
            if message["parent_header"].get("msg_id") != asked:
                continue
            content = message["content"]
            if message["msg_type"] == "stream":
                shown.append(content["text"])
            elif message["msg_type"] == "error":
                shown.append("\n".join(content["traceback"]))
            elif message["msg_type"] in ("execute_result", "display_data"):
                shown.append(content["data"]["text/plain"])
            elif message["msg_type"] == "status" and content["execution_state"] == "idle":
                return _ANSI.sub("", "".join(shown))
        raise AssertionError(f"the cell did not end: {code}\n{''.join(shown)}")

    def debug(self, *answers: str, code: str = "%debug") -> list[str]:
        """What the debugger says at its start, then to each answer."""
        # Prompts come on a channel of their own, in no order with what is shown: hence marks.
        marked = [text for answer in answers for text in ("p '<<>>'", answer)]
        said = self.run(code, [*marked, "p '<<>>'", "q"]).split("'<<>>'")
        assert len(said) == len(answers) + 2
        return [text.strip() for text in said[:-1]]

    def close(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel()


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    kernel = Kernel(tmp_path_factory.mktemp("kernel"))
    kernel.run("%load_ext lambda_nb\n%colors nocolor")
    yield kernel
    kernel.close()


FRAMES = "%debug opens its frames"
UP = ["up"] if sys.version_info >= (3, 12) else ["up", "up"]
"""From price() to handler(): before 3.12 a comprehension has a frame of its own."""


@pytest.fixture(scope="module")
def failed(kernel: Kernel) -> str:
    assert "order · created" in kernel.run(FAILING)
    shown = kernel.run("order({'lines': ['tea', 'milk']})")
    assert shown.endswith(f"KeyError: 'milk'\n{FRAMES}")
    return shown


def debug(kernel: Kernel, *answers: str) -> list[str]:
    kernel.run("order({'lines': ['tea', 'milk']})")
    return kernel.debug(*answers)


def test_the_innermost_frame_comes_first(kernel: Kernel, failed: str) -> None:
    opened, args, local, listed = debug(kernel, "args", "p item, currency", "list 14, 16")
    assert opened.startswith("> <Cell In[2]>(16)price()")
    assert "---> 16     return PRICES[item]" in opened
    assert args.splitlines() == ["item = 'milk'", "currency = 'EUR'", "more = ()"]
    assert local == "('milk', 'EUR')"
    assert listed.splitlines()[0] == '14 def price(item, /, *more, currency="EUR"):'


def test_up_and_down_through_the_function_to_the_calling_cell(kernel: Kernel, failed: str) -> None:
    *_, handler, event, caller, down, where = debug(kernel, *UP, "pp event", "up", "down", "where")
    assert handler.startswith("> <Cell In[2]>(21)handler()")
    assert event == "{'lines': ['tea', 'milk']}"
    assert "----> 1 order({'lines': ['tea', 'milk']})" in caller
    assert down.startswith("> <Cell In[2]>(21)handler()")
    assert "lambda_nb" not in where  # none of our own frames
    assert "<Cell In[2]>(16)price()" in where


def test_objects_are_pictures_of_the_functions_own(kernel: Kernel, failed: str) -> None:
    said = debug(
        kernel,
        *UP,
        "p basket",
        "p basket.lines",
        "p basket.total",
        "p basket + 1",
        "p price('tea')",
        "p context.function_name",
        "p json.dumps(event)",
        "p os.environ['AWS_LAMBDA_FUNCTION_NAME']",
        "p PRICES['tea'] * 2",
        "p __name__",
    )
    basket, lines, total, plus, call, name, dumped, variable, price, module = said[len(UP) + 1 :]
    assert (basket, lines) == ("<Basket of 2>", "['tea', 'milk']")
    assert "<Basket of 2> is a picture of what the function had in its own process" in total
    assert "'total' did not travel; lines did" in total
    assert "none of its code can run here" in plus
    assert "none of its code can run here" in call
    assert (name, dumped) == ("'order'", '\'{"lines": ["tea", "milk"]}\'')
    assert (variable, price, module) == ("'order'", "6", "'lambda_function'")


def test_large_and_secret_values(kernel: Kernel, failed: str) -> None:
    said = debug(kernel, "p len(large)", "p large[5:8]", "p large[-1]", *UP, "p password")
    assert said[1:4] == [
        "100000",
        "[5, 6, 7]",
        "*** IndexError: only the first 100 of 100000 travelled",
    ]
    assert said[-1] == "<hidden str: its name says that it is secret>"


CHAINED = """%%lambda chained
def low(a):
    return 1 / a

def handler(event, context):
    try:
        low(0)
    except ZeroDivisionError as error:
        raise KeyError("n") from error"""


def test_the_exceptions_that_an_error_came_from(kernel: Kernel) -> None:
    kernel.run(CHAINED)
    kernel.run("chained()")
    said = kernel.debug("exceptions", "exceptions 0", "p a")
    assert "0 ZeroDivisionError: division by zero" in said[1]
    assert "low()" in said[2]
    assert said[3] == "0"


def test_pdb_on_opens_them_at_once(kernel: Kernel) -> None:
    kernel.run("%%lambda one\ndef handler(event, context):\n    n = 3\n    return n / 0")
    kernel.run("%pdb on")
    try:
        assert kernel.debug("p n", code="one()")[1] == "3"
    finally:
        kernel.run("%pdb off")
    assert kernel.debug("p n", code="import pdb\npdb.pm()")[1] == "3"


def test_a_cell_that_was_edited_since_shows_the_code_that_failed(kernel: Kernel) -> None:
    kernel.run("%%lambda edited\ndef handler(event, context):\n    first = 1\n    return 1 / 0")
    kernel.run("edited.publish()")
    kernel.run("%%lambda edited\ndef handler(event, context):\n    return 2")
    kernel.run("edited.invoke(qualifier='1').result()")
    opened, first = kernel.debug("p first")
    # Without isolation the file is where it was: it needs no name of its own.
    there = r"<edited: /var/task/lambda_function\.py>|/.*/files/trees/\w+/lambda_function\.py"
    assert re.search(rf"> ({there})\(4\)handler\(\)", opened)
    assert "----> 4     return 1 / 0" in opened
    assert first == "1"


def test_a_failure_without_a_caller(kernel: Kernel) -> None:
    kernel.run("%%lambda queued\ndef handler(event, context):\n    return event['missing']")
    kernel.run("""import time
queued.invoke({"n": 7}, asynchronous=True)
deadline = time.monotonic() + 30
while not (len(seen := queued.events()) and seen[-1].status == "error"):
    assert time.monotonic() < deadline
    time.sleep(0.05)""")
    opened, event = kernel.debug("p event", code="queued.post_mortem()")
    assert "return event['missing']" in opened
    assert event == "{'n': 7}"


@pytest.mark.parametrize(
    ("cell", "sentence"),
    [
        (
            "%%lambda slow --timeout 1\nimport time\ndef handler(e, c): time.sleep(9)",
            "No frames of slow travelled: its process was ended",
        ),
        (
            "%%lambda mute\ndef handler(e, c): return object()",
            "No frames of mute travelled: none of its own code was at work",
        ),
        (
            "%%lambda script --runtime nodejs20.x\n"
            "exports.handler = async () => { throw new Error('no') }",
            "variables travel from Python functions only",
        ),
    ],
    ids=["timeout", "no-json", "nodejs"],
)
def test_without_frames_it_says_why(kernel: Kernel, cell: str, sentence: str) -> None:
    kernel.run(cell)
    shown = kernel.run(f"{cell.split()[1]}()")
    assert FRAMES not in shown
    opened, caller = kernel.debug("up")
    assert sentence in opened
    assert f"{cell.split()[1]}()" in caller  # the calling cell is there


def test_an_engine_that_keeps_no_frames(
    start_engine: Callable[..., Engine], tmp_path: Path
) -> None:
    engine = start_engine()
    kernel = Kernel(tmp_path)
    try:
        kernel.run("%load_ext lambda_nb\n%colors nocolor")
        kernel.run(f"%lambda connect {engine.url} --credentials {engine.credentials_file}")
        kernel.run("%%lambda half\ndef handler(event, context):\n    return event['n'] / 2")
        assert kernel.run("half()").endswith("KeyError: 'n'")
        for code in ("%debug", "half.post_mortem()"):
            (opened,) = kernel.debug(code=code)
            assert "Start it with `lambda-nb serve --keep-frames`" in opened
    finally:
        kernel.close()
