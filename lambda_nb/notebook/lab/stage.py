"""``lab``: the widget, and what it is given.

The display is HTML with its script and its data in it. It needs neither a kernel nor a network, so
it also plays in a notebook that was opened again and in an exported page. Where scripts are not let
run (a notebook that is not trusted, GitHub), a still picture stays.
"""

from __future__ import annotations

import json
import time
import uuid
from datetime import datetime, timedelta, timezone
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from lambda_nb.notebook import display
from lambda_nb.notebook.connection.clients import engine_status
from lambda_nb.notebook.connection.notebooks import of_notebook
from lambda_nb.notebook.errors import UsageError, aws_errors
from lambda_nb.notebook.lab import packing, still
from lambda_nb.notebook.lab.run import Run, of_result, of_trace, only
from lambda_nb.notebook.page_files import ELEMENTS, page_file

if TYPE_CHECKING:
    from lambda_nb.notebook.connection.reach import Handle

LEAST_HEIGHT, HEIGHT = 300, 460
RECENT_MIN = 15
"""Minutes of the notebook's functions that ``lab()`` shows."""
_SCRIPTS = (
    ELEMENTS,
    *(f"lab/page/{name}.js" for name in ("run", "stage", "strip", "words", "player")),
)


class Lab:
    """An animation of a run; a cell displays it as its value.

    Attributes
    ----------
    run
        What is animated.
    """

    def __init__(self, run: Run, *, speed: float | None, start: float | None, height: int) -> None:
        self.run = run
        self._options = {"speed": speed, "startAt": start, "height": height}

    @cached_property
    def _packed(self) -> tuple[dict[str, Any], str]:
        return packing.pack(self.run)

    def __repr__(self) -> str:
        return still.sentence(self.run)

    def _repr_html_(self) -> str:
        told, columns = self._packed
        name = uuid.uuid4().hex[:12]
        options = {**told, **self._options, "made": time.time()}
        # A name of a function must not end the script.
        text = json.dumps(options).replace("<", "\\u003c")
        return (
            f'<div class="lnb-lab" data-lnb-lab="{name}">'
            f"{display.still(still.picture(self.run), repr(self))}"
            f"<p>{display.escaped(still.sentence(self.run))}</p></div>"
            f"<style>{page_file('lab/page/lab.css')}</style>"
            f'<script>(() => {{{_script()}\nstart("{name}", {text}, "{columns}");}})();</script>'
        )


def lab(
    what: Any = None,
    *,
    function: Handle | str | None = None,
    speed: float | None = None,
    start: float | str | None = None,
    height: int = HEIGHT,
    client: Any = None,
) -> Lab:
    """Show execution environments at work: an animation of a real or simulated run.

    Requests come from the left. A frozen environment takes one and runs it; without one, a new
    environment starts first (cold start). Idle ones freeze, and are gone when their keep-alive is
    over. Below are the time line and the figures of the moment, with the bill.

    Space plays and pauses, arrow keys move by a two-hundredth of the run (with Shift a twentieth),
    Home and End go to its ends.

    Parameters
    ----------
    what
        A :class:`~lambda_nb.simulator.Result`; the result of :func:`lambda_nb.play`; a trace that
        was recorded from a real run (``Trace.from_logs``). Default: what the notebook's functions
        did in the last 15 minutes.
    function
        Show this function only: a handle or a name.
    speed
        Seconds of the run that pass in one second; by default the run takes about a minute.
    start
        Where it begins: seconds since the run's start, or text such as ``"10min"``.
    height
        Of the whole display, in pixels; at least 300.
    client
        A boto3 Lambda client for ``lab()`` without a run; default: the notebook's connection.

    Returns
    -------
    Lab
        Of a run with more than 100,000 requests, those around its peak are animated; the others
        are in the figures.

    Raises
    ------
    UsageError
        Nothing of the run can be shown; it says why and what to do.

    Examples
    --------
    >>> trace = lambda_nb.traces.poisson(rate=0.05, duration=2, hours=1, seed=1)  # doctest: +SKIP
    >>> lambda_nb.lab(lambda_nb.simulate(trace, init=1, keep_alive="1min"))  # doctest: +SKIP
    """
    if speed is not None and not speed > 0:
        raise UsageError(f"speed is {speed!r}; give the seconds of the run that one second shows")
    if height < LEAST_HEIGHT:
        raise UsageError(f"height is {height!r}; give {LEAST_HEIGHT} pixels or more")
    name = None if function is None else function if isinstance(function, str) else function.name
    run = _recent(name, client) if what is None else _run_of(what)
    if name is not None:
        run = only(run, name)
    if not len(run):
        raise UsageError("the run has no requests: there is nothing to show")
    return Lab(run, speed=speed, start=_moment(start), height=height)


def _run_of(what: Any) -> Run:
    from lambda_nb.notebook.experiments.play_result import Played
    from lambda_nb.simulator import Result
    from lambda_nb.traces import Trace

    if isinstance(what, Result):
        return of_result(what)
    if isinstance(what, Played):
        return of_trace(what.trace, what.settings)
    if isinstance(what, Trace):
        if not len(what) or "environment" in what:
            return of_trace(what)
        raise UsageError(
            "the trace does not say which environment served which request; simulate it first: "
            "lambda_nb.lab(lambda_nb.simulate(trace))"
        )
    raise UsageError(
        f"lab cannot show {type(what).__name__}; give the result of lambda_nb.simulate or "
        "lambda_nb.play, a recorded trace, or nothing for the notebook's functions"
    )


def _recent(name: str | None, client: Any) -> Run:
    """The run of the notebook's functions, from the logs."""
    from lambda_nb.notebook.connection.clients import Beside
    from lambda_nb.traces import Trace, TraceError

    clients = of_notebook("functions") if client is None else Beside(client)
    since = datetime.now(timezone.utc) - timedelta(minutes=RECENT_MIN)
    nothing = (
        f"{name or 'no function'} was {'not ' if name else ''}invoked in the last "
        f"{RECENT_MIN} minutes; invoke one, or give a run: lambda_nb.lab(lambda_nb.simulate(trace))"
    )
    with aws_errors():
        status = engine_status(clients.client()) or {}
        try:
            trace = Trace.from_logs(name, client=clients.client("logs"), start=since)
        except TraceError:
            raise UsageError(nothing) from None
    if not len(trace):
        raise UsageError(nothing)
    settings = {"keep_alive": status.get("keep_alive_s"), "account_limit": None}
    return of_trace(trace, settings)


def _moment(start: float | str | None) -> float | None:
    from lambda_nb.traces import TraceError, times

    if start is None:
        return None
    try:
        return float(times.seconds(start))
    except (TraceError, ValueError, TypeError):
        raise UsageError(f"start is {start!r}; give seconds, or text such as '10min'") from None


@cache
def _script() -> str:
    return "\n".join(map(page_file, _SCRIPTS))
