"""Threads beside the cells of a kernel."""

from __future__ import annotations

import contextvars
import threading

from lambda_nb.notebook.threads import thread

asked: contextvars.ContextVar[str] = contextvars.ContextVar("asked")


def test_a_thread_has_its_callers_context_as_it_was() -> None:
    """ipykernel 7.0 keeps there what it answers; without it no message of a comm can be sent."""
    seen: list[str] = []
    go = threading.Event()

    def work(word: str) -> None:
        go.wait(10)
        seen.append(f"{word} {asked.get()}")

    asked.set("first")
    made = thread("test", work, "heard")
    made.start()
    asked.set("second")
    go.set()
    made.join(10)
    assert seen == ["heard first"]
    assert made.daemon
    assert made.name == "lambda_nb test"
