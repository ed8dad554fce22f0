"""The run as a still picture: where no script runs, and for those who print."""

from __future__ import annotations

import html

import numpy as np

from lambda_nb.notebook import display
from lambda_nb.notebook.lab.run import COLD, THROTTLE, Run

_WIDE, _LEFT, _ROW, _MOST_LIVES, _MOST_BARS = 900.0, 44.0, 12.0, 24, 4000
_INK = "#7d7d7d"
_COLOURS = {"init": "#e69f00", "run": "#1a83c4", "idle": "#9ad0f0", "throttle": "#d55e00"}


def sentence(run: Run) -> str:
    """The run in a sentence."""
    ran = run.kind != THROTTLE
    cold = int((run.kind == COLD).sum())
    told = [display.count(len(run), "request"), display.count(cold, "cold start")]
    if not ran.all():
        told.append(f"{int((~ran).sum()):,} throttled")
    told += [
        display.count(len(run.lives), "execution environment"),
        display.dollars(float(run.cost.sum()) + run.standing),
    ]
    name = f"{run.name}: " if run.name else ""
    return f"{name}{' · '.join(told)} · {'real' if run.real else 'simulated'} run"


def picture(run: Run) -> str:
    """The first environments as rows over time, as an SVG drawing; init, run, idle."""
    shown = np.argsort(run.lives.created, kind="stable")[:_MOST_LIVES]
    row_of = np.full(len(run.lives) + 1, -1)
    row_of[shown] = np.arange(len(shown))
    last = run.end
    known = run.lives.ended[shown]
    if len(shown) and bool(np.isfinite(known).all()) and len(shown) == len(run.lives):
        last = max(last, float(known.max()))
    scale = (_WIDE - _LEFT - 8) / max(last, 1e-9)
    parts = []
    for row, life in enumerate(shown.tolist()):
        since = max(0.0, float(run.lives.created[life]))
        until = min(last, float(run.lives.ended[life]))
        parts.append(_bar(since, until, row, scale, "idle", 3.0))
        parts.append(_text(_LEFT - 6, row * _ROW + _ROW, str(life + 1), "end"))
    rows = np.flatnonzero(row_of[run.environment] >= 0)[:_MOST_BARS]
    for at in rows.tolist():
        row = int(row_of[run.environment[at]])
        served = float(run.begun[at] + run.init[at])
        if run.kind[at] == COLD:
            parts.append(_bar(float(run.begun[at]), served, row, scale, "init", 9.0))
        parts.append(_bar(served, float(run.finish[at]), row, scale, "run", 9.0))
    floor = max(1, len(shown)) * _ROW + 8
    thrown = run.arrival[run.kind == THROTTLE]
    marks = np.unique(np.rint(_LEFT + thrown * scale))[:500]
    for x in marks.tolist():
        parts.append(
            f'<rect x="{x:.0f}" y="{floor - 5}" width="1.5" height="7" '
            f'fill="{_COLOURS["throttle"]}"/>'
        )
    parts.append(f'<line x1="{_LEFT}" y1="{floor}" x2="{_WIDE - 8}" y2="{floor}" stroke="{_INK}"/>')
    for at_s in display.moments(last):
        parts.append(_text(_LEFT + at_s * scale, floor + 15, display.span(at_s), "middle"))
    parts.append(_legend(floor + 34, len(run.lives) - len(shown), bool(len(thrown))))
    high = floor + 42
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE:.0f} {high:.0f}" '
        f'font-family="sans-serif" font-size="12" fill="{_INK}">{"".join(parts)}</svg>'
    )


def _bar(since: float, until: float, row: int, scale: float, what: str, high: float) -> str:
    top = row * _ROW + _ROW / 2 + 2 - high / 2
    return (
        f'<rect x="{_LEFT + since * scale:.1f}" y="{top:.1f}" '
        f'width="{max(0.8, (until - since) * scale):.1f}" height="{high:g}" '
        f'fill="{_COLOURS[what]}"/>'
    )


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{html.escape(text)}</text>'


def _legend(y: float, more: int, throttles: bool) -> str:
    words = [("init", "initialising"), ("run", "running"), ("idle", "frozen")]
    if throttles:
        words.append(("throttle", "throttled"))
    parts, x = [], _LEFT
    for what, word in words:
        parts.append(
            f'<rect x="{x:.0f}" y="{y - 9:.0f}" width="10" height="10" fill="{_COLOURS[what]}"/>'
        )
        parts.append(_text(x + 15, y, word))
        x += 34 + 7 * len(word)
    rest = f"one row each; {more:,} more environments are not drawn" if more else "one row each"
    parts.append(_text(x + 8, y, f"execution environments, {rest}"))
    return "".join(parts)
