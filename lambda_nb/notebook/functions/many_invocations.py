"""Run many invocations at once: a thread pool, a progress bar, results in order."""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Any, Literal, TextIO

from lambda_nb.notebook import display
from lambda_nb.notebook.errors import NotebookError, Throttled
from lambda_nb.notebook.functions.result import Result
from lambda_nb.notebook.progress import ProgressOutput

if TYPE_CHECKING:
    import pandas as pd

Errors = Literal["raise", "return"]

_SHOWN, _WIDE = 5, 100
"""Results shown, and characters of each."""


class Answers(list[Any]):
    """The results of ``map`` as a list, in the order of the events, with figures.

    Attributes
    ----------
    results : list of Result or NotebookError
        One per event: its result, or (with ``errors="return"``) the error.
    """

    def __init__(self, name: str, results: list[Result | NotebookError]) -> None:
        super().__init__(_value(result) for result in results)
        self.name = name
        self.results = results

    def to_pandas(self) -> pd.DataFrame:
        """One row per event: status, start, duration, billed and init in s, MB, dollars."""
        import pandas as pd

        frame: pd.DataFrame = pd.DataFrame([_row(result) for result in self.results])
        return frame

    def _figures(self) -> list[str]:
        ran = [r for r in self.results if isinstance(r, Result)]
        cold = sum(r.start == "cold" for r in ran)
        failed = sum(not r.ok for r in ran)
        refused = len(self.results) - len(ran)
        durations = [r.duration * 1000 for r in ran if r.duration is not None]
        cost = sum(r.cost or 0.0 for r in ran)
        return [
            display.count(len(self.results), "invocation"),
            f"{cold:,} cold",
            f"{failed:,} failed" if failed else "",
            f"{refused:,} refused" if refused else "",
            f"median {display.milliseconds(statistics.median(durations))}" if durations else "",
            display.dollars(cost),
        ]

    def _repr_html_(self) -> str:
        figures = [display.dim(figure) for figure in self._figures() if figure]
        first = [_short(answer) for answer in self[:_SHOWN]]
        more = [f"… and {len(self) - _SHOWN:,} more"] if len(self) > _SHOWN else []
        return display.card(
            display.line(display.bold(self.name), *figures), display.code("\n".join(first + more))
        )

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        head = " · ".join([self.name, *(f for f in self._figures() if f)])
        printer.text(head if cycle else f"{head}\n{list(self)!r}")


def _short(answer: Any) -> str:
    text = repr(answer)
    return text if len(text) <= _WIDE else f"{text[: _WIDE - 1]}…"


def _value(result: Result | NotebookError) -> Any:
    if isinstance(result, Result):
        return result.error or result.payload
    return result


def _row(result: Result | NotebookError) -> dict[str, Any]:
    if not isinstance(result, Result):
        return {"status": getattr(result, "code", type(result).__name__)}
    return {
        "status": result.status,
        "start": result.start,
        "duration": result.duration,
        "billed": result.billed,
        "init": result.init,
        "memory": result.memory,
        "max_memory": result.max_memory,
        "cost": result.cost,
        "request_id": result.request_id,
        "error": str(result.error) if result.error else None,
    }


def gather(
    name: str,
    invoke: Callable[[Any], Result],
    events: Iterable[Any],
    *,
    concurrency: int,
    errors: Errors,
    progress: bool,
    retries: int,
) -> Answers:
    """Invoke once per event, ``concurrency`` at a time.

    Raises
    ------
    FunctionError, Throttled
        The first failure, if ``errors`` is ``raise``; events that have not started do not run.
    """
    waiting: Iterator[tuple[int, Any]] = enumerate(events := list(events))
    results: list[Any] = [None] * len(events)
    running: dict[Future[Result], int] = {}
    pool = ThreadPoolExecutor(concurrency, thread_name_prefix=f"lambda_nb {name}")
    bar = progress_bar(name, len(events), progress)
    try:
        while True:
            while len(running) < concurrency and (item := next(waiting, None)) is not None:
                running[pool.submit(persist, invoke, item[1], retries)] = item[0]
            if not running:
                return Answers(name, results)
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                results[running.pop(future)] = _outcome(future, errors)
            bar.update(len(done))
    finally:
        bar.close()
        pool.shutdown(wait=False, cancel_futures=True)


def persist(invoke: Callable[[Any], Result], event: Any, retries: int) -> Result:
    """Invoke; if throttled, retry up to ``retries`` times with growing delays (s)."""
    for attempt in range(retries):
        try:
            return invoke(event)
        except Throttled:
            time.sleep(random.uniform(0.0, min(5.0, 0.05 * 2**attempt)))
    return invoke(event)


def _outcome(future: Future[Result], errors: Errors) -> Result | NotebookError:
    try:
        result = future.result()
        if errors == "raise":
            result.result()
    except NotebookError as error:
        if errors == "raise":
            raise
        return error
    return result


def progress_bar(name: str, total: int, progress: bool | TextIO) -> Any:
    """A bar for ``total`` invocations; text if ``progress`` is a stream, hidden if it is false."""
    from tqdm import tqdm as plain

    if not progress or total < 2:
        return plain(disable=True)
    if not isinstance(progress, bool):
        return plain(total=total, desc=name, unit="inv", file=progress)
    if "ipykernel" in sys.modules:
        return ProgressOutput(name, total)
    return plain(total=total, desc=name, unit="inv", disable=None)
