"""Claim: an edited cell serves events with its new code within 200 ms of running it.

One run measures, for a function of Python and one of Node.js, the milliseconds from running the
edited cell to the arrival of the first event that the new code answers: when the notebook itself
sends that event afterwards, and while callers invoke the function without a pause. The times of
arrival come from the engine's invocation log.

    python benchmarks/hot_cells.py [--edits 20] [--callers 2]
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import statistics
import threading
import time
from collections.abc import Iterator
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from support import peers

from lambda_nb.notebook.connection.invocation_log import InvocationLog

LIMIT_MS = 200.0
WITHIN_S = 30.0
CELLS = {
    "Python": "%%lambda hot\ndef handler(event, context):\n    return {version}",
    "Node.js": "%%lambda hot-js --runtime nodejs22.x\nexports.handler = async () => {version};",
}


def main() -> None:
    """Print medians and the slowest of each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--edits", type=int, default=20)
    parser.add_argument("--callers", type=int, default=2)
    options = parser.parse_args()

    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "lambda_nb")
    print(f"Edited cells: run to the first event with new code ({peers.machine()})\n")
    print(f"{'':34}{'median':>10}{'slowest':>10}{'limit':>10}")
    for language, cell in CELLS.items():
        if language == "Node.js" and shutil.which("node") is None:
            print("Node.js: not here")
            continue
        run(shell, cell, 0)
        handle = shell.user_ns["hot" if language == "Python" else "hot_js"]
        log = InvocationLog(handle.clients.client("logs"), 600, handle.name)
        quiet = [edit(shell, cell, number, handle, log) for number in range(1, options.edits + 1)]
        show(f"{language}, no other events", quiet)
        with traffic(handle, options.callers):
            first = options.edits + 1
            busy = [
                edit(shell, cell, first + number, handle, log) for number in range(options.edits)
            ]
        show(f"{language}, {options.callers} callers without a pause", busy)
    shell.run_line_magic("unload_ext", "lambda_nb")


def run(shell: InteractiveShell, cell: str, version: int) -> None:
    """Run a cell without its display."""
    first, _, body = cell.replace("{version}", str(version)).partition("\n")
    shell.run_cell_magic("lambda", first.removeprefix("%%lambda "), body)


def edit(shell: InteractiveShell, cell: str, version: int, handle: Any, log: Any) -> float:
    """Milliseconds from running the edited cell to the first event with its code."""
    began = time.time()
    run(shell, cell, version)
    assert handle({}) == version, "old code after the update"
    sha256 = handle.config["CodeSha256"]
    deadline = time.monotonic() + WITHIN_S
    while True:
        log.read(time.time())
        found = [record.arrival for record in log.records if record.code_sha256 == sha256]
        if found:
            return (min(found) - began) * 1000
        assert time.monotonic() < deadline, "the invocation log does not tell"
        time.sleep(0.05)


@contextlib.contextmanager
def traffic(handle: Any, callers: int) -> Iterator[None]:
    """Callers that invoke a function without a pause."""
    ended = threading.Event()

    def call() -> None:
        while not ended.is_set():
            handle({})

    threads = [threading.Thread(target=call) for _ in range(callers)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def show(what: str, times_ms: list[float]) -> None:
    """One line of the table."""
    print(
        f"{what:34}{statistics.median(times_ms):7.0f} ms{max(times_ms):7.0f} ms{LIMIT_MS:7.0f} ms"
    )


if __name__ == "__main__":
    main()
