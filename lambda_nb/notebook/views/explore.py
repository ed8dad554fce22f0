"""``explore``: sliders over a trace that update the results while you drag.

The trace is prepared once; each move of a slider costs one replay. A worker thread takes only the
latest settings and skips older ones, so dragging never builds up a queue. The picture is SVG in an
``HTML`` widget: it needs no JavaScript of ours, a static copy stays in the saved notebook, and it
follows the theme.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from lambda_nb.notebook import display
from lambda_nb.simulator import Prepared
from lambda_nb.simulator.assumptions.workload import NotCompiledError

if TYPE_CHECKING:
    import pandas as pd

    from lambda_nb.simulator import Result
    from lambda_nb.traces import Trace

KEEP_ALIVE = (0.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1200.0, 1800.0, 3600.0, float("inf"))
MEMORY = (128, 256, 512, 1024, 1769, 3008, 5120, 10240)
SECONDS_PER_MONTH = 30 * 86_400.0
COMPILED_FROM = 20_000
"""From this number of requests on, the compiled engine replays faster than SimPy."""

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 720.0, 150.0, 44.0, 20.0
_BINS = 240
_COLOURS = {"in_flight": "#1a83c4", "initialising": "#e69f00", "idle": "#9ad0f0"}
_WORDS = {"in_flight": "running", "initialising": "initialising", "idle": "idle"}


class Latest:
    """Runs a function in a thread, only with the latest argument.

    Parameters
    ----------
    work
        Called with the latest argument whenever the thread is free.
    """

    def __init__(self, work: Callable[[dict[str, Any]], None]) -> None:
        self._work = work
        self._waiting: dict[str, Any] | None = None
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def put(self, settings: dict[str, Any]) -> None:
        """Queue these settings and drop any older settings in the queue."""
        with self._lock:
            self._waiting = settings
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="lambda_nb explore", daemon=True
                )
                self._thread.start()

    def _run(self) -> None:
        while True:
            with self._lock:
                settings, self._waiting = self._waiting, None
                if settings is None:
                    self._thread = None
                    return
            self._work(settings)

    def join(self) -> None:
        """Wait until all work is done."""
        while (thread := self._thread) is not None:
            thread.join()


class Explorer(widgets.VBox):  # type: ignore[misc]
    """Sliders for memory, keep-alive, provisioned environments and the concurrency limit.

    Attributes
    ----------
    result
        The :class:`~lambda_nb.simulator.Result` for the current settings.
    settings
        The current settings, as arguments for :func:`lambda_nb.simulate`.
    """

    def __init__(self, trace: Trace, **assumed: Any) -> None:
        fixed = ("init", "duration", "timeout", "seed")
        self._prepared = Prepared(trace, **{k: v for k, v in assumed.items() if k in fixed})
        self._assumed = {k: v for k, v in assumed.items() if k not in fixed}
        self._engine = "compiled" if len(trace) >= COMPILED_FROM else "simpy"
        self._span = max(trace.span, 1.0)
        self.settings: dict[str, Any] = {}
        try:
            first = self._simulate({})
        except NotCompiledError:
            self._engine = "simpy"
            first = self._simulate({})
        peak = int(first.total["peak_concurrency"])
        self._keep_alive = _choice(
            "keep-alive", [(_minutes(s), s) for s in KEEP_ALIVE], 600.0, "how long idle ones live"
        )
        memories = [("as traced", 0), *((f"{mb} MB", mb) for mb in MEMORY)]
        self._memory = _choice("memory", memories, 0, "of every function; changes the bill")
        self._provisioned = _slider("provisioned", 0, min(100, peak + 2), 0)
        self._limit = _slider("concurrency limit", 1, max(1000, 2 * peak), 1000)
        self._picture = widgets.HTML()
        self._latest = Latest(self._answer)
        for control in self._controls():
            control.observe(self._moved, "value")
        self._show(first)
        super().__init__([widgets.HBox([*self._controls()], layout=_WRAPPED), self._picture])

    def _controls(self) -> Sequence[Any]:
        return self._keep_alive, self._memory, self._provisioned, self._limit

    def _moved(self, _: Any) -> None:
        settings: dict[str, Any] = {
            "keep_alive": self._keep_alive.value,
            "account_limit": self._limit.value,
        }
        if self._memory.value:
            settings["memory"] = self._memory.value
        if self._provisioned.value:
            settings["provisioned"] = self._provisioned.value
        self._latest.put(settings)

    def _simulate(self, settings: dict[str, Any]) -> Result:
        return self._prepared.simulate(**{**self._assumed, **settings, "engine": self._engine})

    def _answer(self, settings: dict[str, Any]) -> None:
        try:
            result = self._simulate(settings)
        except ValueError as error:
            self._picture.value = display.card(display.tag("error", "error"), f" {error}")
            return
        self.settings = settings
        self._show(result)

    def _show(self, result: Result) -> None:
        self.result = result
        self._picture.value = display.card(self._figures(result), picture(result, self._span))

    def _figures(self, result: Result) -> str:
        row = result.total
        month = float(result.cost()["total"].item()) * SECONDS_PER_MONTH / self._span
        told = [
            ("cold starts", f"{int(row['cold_starts']):,} ({row['cold_share']:.2%})"),
            ("throttled", f"{int(row['throttles']):,}"),
            ("peak concurrency", f"{int(row['peak_concurrency']):,}"),
            ("slowest 1 % wait", f"{row['p99_duration']:.3g} s"),
            ("at this rate", f"${month:,.2f} a month"),
        ]
        return display.line(
            *(f"<span>{display.dim(name)} {display.bold(text)}</span>" for name, text in told)
        )

    def wait(self) -> Explorer:
        """Wait until the picture shows the settings of the sliders."""
        self._latest.join()
        return self


_WRAPPED = widgets.Layout(flex_flow="row wrap")


def explore(trace: Trace, **assumed: Any) -> Explorer:
    """Show a trace with sliders: what would other settings do?

    Parameters
    ----------
    trace
        What was invoked when.
    assumed
        Settings of :func:`lambda_nb.simulate` that no slider changes (``init=0.2``, ``reserved``,
        ``pricing`` ...).
    """
    return Explorer(trace, **assumed)


def _choice(name: str, options: list[tuple[str, Any]], value: Any, hint: str) -> Any:
    return widgets.SelectionSlider(
        description=name,
        options=options,
        value=value,
        tooltip=hint,
        continuous_update=True,
        style={"description_width": "initial"},
    )


def _slider(name: str, least: int, most: int, value: int) -> Any:
    return widgets.IntSlider(
        description=name,
        min=least,
        max=most,
        value=value,
        continuous_update=True,
        style={"description_width": "initial"},
    )


def _minutes(seconds: float) -> str:
    if seconds == float("inf"):
        return "for ever"
    return f"{seconds / 60:.0f} min"


def picture(result: Result, span: float) -> str:
    """Environments by state and cold starts over time, as one SVG drawing."""
    timeline = result.timeline(span / _BINS)
    return (
        '<svg role="img" aria-label="execution environments and cold starts over time" '
        f'viewBox="0 0 {_WIDTH:.0f} {2 * _HEIGHT + 30:.0f}" '
        'style="width:100%;max-width:60em;font-size:10px;fill:currentColor">'
        + _panel(timeline, ["in_flight", "initialising", "idle"], 0.0, span)
        + _panel(timeline, ["cold_starts"], _HEIGHT + 24.0, span)
        + "</svg>"
    )


def _panel(timeline: pd.DataFrame, columns: list[str], top: float, span: float) -> str:
    values = timeline[columns].to_numpy(dtype=float)
    most = max(float(values.sum(axis=1).max()), 1e-9)
    inner, floor = _WIDTH - _LEFT - 4, top + _HEIGHT - _BOTTOM
    high = _HEIGHT - _BOTTOM - 16
    step = inner / len(values)
    parts = []
    below = [0.0] * len(values)
    for i, column in enumerate(columns):
        above = [b + v for b, v in zip(below, values[:, i], strict=True)]
        path = _band(below, above, step, floor, high / most)
        colour = _COLOURS.get(column, "#e69f00")
        parts.append(f'<path d="{path}" fill="{colour}"/>')
        below = above
    title = " ".join(
        f'<tspan fill="{_COLOURS.get(c, "#e69f00")}">■</tspan> {_WORDS.get(c, "cold starts")}'
        for c in columns
    )
    return (
        f'<text x="{_LEFT}" y="{top + 10}">{title}</text>'
        f'<text x="{_LEFT - 6}" y="{floor - high + 4}" text-anchor="end">{most:.3g}</text>'
        f'<text x="{_LEFT - 6}" y="{floor}" text-anchor="end">0</text>'
        f'<line x1="{_LEFT}" y1="{floor}" x2="{_LEFT + inner}" y2="{floor}" stroke="currentColor" '
        f'stroke-opacity=".5"/>{"".join(parts)}'
        f'<text x="{_LEFT}" y="{floor + 13}">0</text>'
        f'<text x="{_LEFT + inner}" y="{floor + 13}" text-anchor="end">{_length(span)}</text>'
    )


def _band(below: list[float], above: list[float], step: float, floor: float, scale: float) -> str:
    """A stepped area between two lines."""
    forth, back = [], []
    for i, (low, high) in enumerate(zip(below, above, strict=True)):
        left, right = _LEFT + i * step, _LEFT + (i + 1) * step
        up, down = floor - high * scale, floor - low * scale
        forth.append(f"{left:.1f},{up:.1f} {right:.1f},{up:.1f}")
        back.append(f"{right:.1f},{down:.1f} {left:.1f},{down:.1f}")
    return "M" + " ".join([*forth, *reversed(back)]) + "Z"


def _length(seconds: float) -> str:
    for unit, size in (("d", 86_400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"
