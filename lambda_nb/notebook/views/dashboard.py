"""``dashboard``: a live view of the functions in the notebook."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lambda_nb.notebook import display
from lambda_nb.notebook.connection.clients import Clients
from lambda_nb.notebook.connection.notebooks import of_notebook
from lambda_nb.notebook.connection.reach import reach
from lambda_nb.notebook.errors import NotebookError, UsageError
from lambda_nb.notebook.functions.monitoring import log_line
from lambda_nb.notebook.views.activity import BARS, STATES, Bar, Picture, Row, source_of
from lambda_nb.notebook.views.live import Live

if TYPE_CHECKING:
    from lambda_nb.notebook.functions.handle import Function

_COLOURS = {"running": "#1a83c4", "initialising": "#e69f00", "idle": "#9ad0f0"}
_BAR_COLOURS = ("#1a83c4", "#e69f00", "#d55e00")
_MOST_SQUARES = 40


class Dashboard:
    """A live view of functions; a cell displays it as its value.

    Without ipywidgets it shows only one moment.
    """

    def __init__(self, clients: Clients, functions: Sequence[str], every: float | None) -> None:
        self._clients = clients
        self._functions = list(functions)
        self._every = every
        self._source: Any = None
        self._client: Any = None
        self._picture = Picture("")
        self._live = Live("dashboard", self._look, self._markup, self._interval)
        self._widget = self._live.widget
        self._live.look()

    @property
    def running(self) -> bool:
        """Whether the view is updating."""
        return self._live.running

    def start(self) -> Dashboard:
        """Start updating (displaying the view also starts it)."""
        self._live.start()
        return self

    def stop(self) -> None:
        """Stop updating and keep the last picture."""
        self._live.stop()

    def _interval(self) -> float:
        return self._every or float(getattr(self._source, "every", 1.0))

    def _look(self) -> None:
        client = self._clients.current_client()
        if client is None:
            raise NotebookError("no engine runs; the next use of a function starts one")
        if client is not self._client:  # the notebook has a new connection
            self._source = source_of(self._clients, self._functions)
            self._client = client
        self._picture = self._source.look()

    # -- what it shows

    def _markup(self) -> str:
        picture = self._picture
        parts = [display.line(display.bold("Lambda"), *map(display.dim, _totals(picture)))]
        if self._live.error:
            parts.append(display.line(display.tag("error", "error"), html.escape(self._live.error)))
        parts.append(_table(picture.rows))
        if picture.lines:
            wide = max(len(name) for name, _ in picture.lines)
            lines = [
                f'<span class="lnb-dim">{html.escape(name.ljust(wide))}</span>  {log_line(event)}'
                for name, event in picture.lines
            ]
            parts.append(f"<pre>{''.join(lines)}</pre>")
        return display.card(*parts)

    def _ipython_display_(self) -> None:
        self._live.show(self.__repr__)

    def __repr__(self) -> str:
        rows = [{k: v for k, v in _cells(row).items() if k} for row in self._picture.rows]
        head = " · ".join(["Lambda", *_totals(self._picture)])
        return "\n".join(filter(None, [head, self._live.error, display.text_table(rows, _NUMBERS)]))


def dashboard(
    *functions: Function | str, client: Any = None, every: float | None = None
) -> Dashboard:
    """Show functions live: environments by state, invocations, errors, throttles, logs.

    It updates until its output is removed, or until ``.stop()``. Figures cover the last minute,
    bars the last two. On AWS they come from CloudWatch: per minute, for an hour, without
    environments and cold starts. Each update there costs CloudWatch requests.

    Parameters
    ----------
    functions
        Handles or names; default: all functions (on AWS: the first 20).
    client
        A boto3 Lambda client; default: the notebook's connection.
    every
        Seconds between updates; default 1 with an engine, 20 on AWS.

    Raises
    ------
    UsageError
        There is no connection, or ``every`` is not above 0.
    """
    if every is not None and not every > 0:
        raise UsageError(f"every is {every!r}; give seconds above 0")
    found = [reach(function, client) for function in functions]
    if found:
        through = found[0][2]
    else:
        through = of_notebook("functions") if client is None else reach("", client)[2]
    through.client()  # starts the notebook's own engine here, never in the thread
    return Dashboard(through, [name for name, _, _ in found], every)


_NUMBERS = ("invocations", "errors", "throttles", "cold", "median")


def _totals(picture: Picture) -> list[str]:
    rows = picture.rows
    told = [
        f"{display.count(sum(row.invocations for row in rows), 'invocation')} in the last minute"
    ]
    if any(row.states is not None for row in rows):
        states: Counter[str] = sum((row.states or Counter() for row in rows), Counter())
        words = [f"{states[word]:,} {word}" for word in STATES if states[word]]
        told.append(f"environments: {', '.join(words) or 'none'}")
    return [*told, picture.where] if picture.where else told


def _cells(row: Row) -> dict[str, str]:
    states = row.states or Counter()
    return {
        "function": row.function,
        "environments": ", ".join(f"{states[word]} {word}" for word in STATES if states[word]),
        "invocations": f"{row.invocations:,}",
        "errors": _count(row.errors),
        "throttles": _count(row.throttles),
        "cold": _count(row.cold),
        "median": "" if row.median is None else display.milliseconds(row.median * 1000),
    }


def _count(number: int | None) -> str:
    return f"{number:,}" if number else ""


def _table(rows: Sequence[Row]) -> str:
    if not rows:
        return display.line(
            display.dim("No functions yet: a cell that begins with %%lambda NAME makes one.")
        )
    heads = [*_cells(rows[0]), ""]
    head = "".join(f"<th{' class=r' if h in _NUMBERS else ''}>{h}</th>" for h in heads)
    body = []
    for row in rows:
        cells = {key: html.escape(value) for key, value in _cells(row).items()}
        if row.states is not None:
            cells["environments"] = f"{_squares(row.states)} {display.dim(cells['environments'])}"
        for key, kind in (("errors", "error"), ("throttles", "throttle"), ("cold", "cold")):
            if cells[key]:
                cells[key] = f'<span class="lnb-{kind}">{cells[key]}</span>'
        line = "".join(
            f"<td{' class=r' if key in _NUMBERS else ''}>{value}</td>"
            for key, value in cells.items()
        )
        body.append(f"<tr>{line}<td>{_bars(row.bars)}</td></tr>")
    return (
        f'<table style="white-space:nowrap"><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table>"
    )


def _squares(states: Counter[str]) -> str:
    """One square per environment, up to a limit."""
    words = [word for word in STATES for _ in range(states[word])][:_MOST_SQUARES]
    return "".join(f'<span style="color:{_COLOURS[word]}">■</span>' for word in words)


def _bars(bars: Sequence[Bar]) -> str:
    """Invocations over time as stacked bars: warm, cold, and failed or throttled."""
    most = max((sum(bar) for bar in bars), default=0)
    parts = []
    for i, bar in enumerate(bars):
        floor = 20.0
        for number, colour in zip(bar, _BAR_COLOURS, strict=True):
            if number:
                high = 20.0 * number / most
                floor -= high
                parts.append(
                    f'<rect x="{2 * i}" y="{floor:.2f}" width="1.6" height="{high:.2f}" '
                    f'fill="{colour}"/>'
                )
    return (
        f'<svg role="img" aria-label="invocations over time" width="{2 * BARS}" height="20" '
        f'style="border-bottom:1px solid currentColor">{"".join(parts)}</svg>'
    )
