"""A thread that works when something is due: woken early, and again after a failure."""

from __future__ import annotations

import queue
import threading

import pytest

from lambda_nb.engine.neighbours.services import due_work
from lambda_nb.engine.neighbours.services.due_work import DueWork

LONG_S = 1e6


class Work:
    """Waits for what the test says: for how long nothing is due, or ``None`` to fail."""

    def __init__(self) -> None:
        self.naps: queue.Queue[float | None] = queue.Queue()
        self.begun = threading.Event()

    def __call__(self) -> float:
        self.begun.set()
        nap_s = self.naps.get(timeout=60)
        self.naps.task_done()
        if nap_s is None:
            raise ValueError("one bad item")
        return nap_s

    def until_done(self, *naps_s: float | None) -> None:
        for nap_s in naps_s:
            self.naps.put(nap_s)
        self.naps.join()


@pytest.fixture
def work() -> Work:
    return Work()


def test_it_works_again_when_more_is_due(work: Work) -> None:
    DueWork("test", work).start()
    work.until_done(0.0, 0.01, -1.0, LONG_S)


def test_it_sleeps_until_it_is_woken(work: Work) -> None:
    due = DueWork("test", work)
    due.start()
    work.until_done(LONG_S)
    work.naps.put(LONG_S)
    assert work.naps.qsize() == 1
    due.wake()
    work.naps.join()


def test_a_change_while_it_works_is_not_missed(work: Work) -> None:
    due = DueWork("test", work)
    due.start()
    assert work.begun.wait(60)
    due.wake()
    work.until_done(LONG_S, LONG_S)


def test_it_goes_on_after_a_failure(
    work: Work, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(due_work, "_AFTER_A_FAILURE_S", 0.01)
    DueWork("the clock", work).start()
    work.until_done(None, LONG_S)
    assert "the clock failed" in caplog.text
    assert "one bad item" in caplog.text
