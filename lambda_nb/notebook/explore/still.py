"""The picture of one setting, for a saved notebook and for pages without scripts."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

import numpy as np

from lambda_nb.notebook import display
from lambda_nb.notebook.explore.points import Point

if TYPE_CHECKING:
    from lambda_nb.traces import Trace

_WIDE, _HIGH, _LEFT, _FLOOR, _TOP = 900.0, 190.0, 62.0, 30.0, 24.0
_INK = "#7d7d7d"
_COLOURS = {"in_flight": "#1a83c4", "initialising": "#e69f00", "idle": "#9ad0f0"}
_WORDS = {"in_flight": "running", "initialising": "initialising", "idle": "idle"}
_OTHER_COLOURS = ("#1a83c4", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9")
_COUNT_COLOURS = {"cold starts": "#e69f00", "throttles": "#d55e00"}


def markup(point: Point, call: str, trace: Trace) -> str:
    """Figures, both charts, the bill and the line of code."""
    row = point.figures
    told = [
        ("cold starts", f"{int(row['cold_starts']):,} ({row['cold_share']:.2%})"),
        ("throttled", f"{int(row['throttles']):,}"),
        ("peak concurrency", f"{int(row['peak_concurrency']):,}"),
        ("slowest 1 % wait", display.span(row["p99_duration"])),
        ("a month at this rate", f"${sum(point.bill.values()):,.2f}"),
    ]
    figures = display.line(
        *(f"<span>{display.dim(name)} {display.bold(text)}</span>" for name, text in told)
    )
    name = display.count(len(trace), "invocation") + (f" of {trace.name}" if trace.name else "")
    return display.card(
        display.line(display.bold("explore"), display.dim(name)),
        figures,
        display.still(picture(point), "execution environments and cold starts over time"),
        display.code(call),
    )


def picture(point: Point) -> str:
    """Environments, and cold starts and throttles, over time, as one SVG drawing."""
    bands = point.bands[:-2].astype(float)
    colours = [
        _COLOURS.get(name, _OTHER_COLOURS[i % len(_OTHER_COLOURS)])
        for i, name in enumerate(point.names)
    ]
    words = [_WORDS.get(name, name) for name in point.names]
    counts = point.bands[-2:].astype(float)
    span = point.width * bands.shape[1]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDE:.0f} {2 * _HIGH:.0f}" '
        f'font-family="sans-serif" font-size="13" fill="{_INK}">'
        + _panel(bands, colours, words, 0.0, span, "environments")
        + _panel(
            counts,
            list(_COUNT_COLOURS.values()),
            list(_COUNT_COLOURS),
            _HIGH,
            span,
            f"count in {display.span(point.width)}",
        )
        + "</svg>"
    )


def _panel(
    values: Any, colours: list[str], words: list[str], top: float, span: float, axis: str
) -> str:
    total = values.sum(axis=0)
    most = max(float(total.max(initial=0.0)), 1e-9)
    inner, floor = _WIDE - _LEFT - 8, top + _HIGH - _FLOOR
    high = _HIGH - _FLOOR - _TOP
    step = inner / max(1, values.shape[1])
    parts = []
    below = np.zeros(values.shape[1])
    for row, colour in zip(values, colours, strict=True):
        if row.any():
            path = _band(below, below + row, step, floor, high / most)
            parts.append(f'<path d="{path}" fill="{colour}"/>')
        below = below + row
    title = " ".join(
        f'<tspan fill="{colour}">■</tspan> {html.escape(word)} '
        for colour, word in zip(colours, words, strict=True)
    )
    ticks = "".join(
        f'<text x="{_LEFT - 8}" y="{floor - share * high + 4:.0f}" text-anchor="end">'
        f"{share * most:.3g}</text>"
        f'<line x1="{_LEFT}" x2="{_LEFT + inner}" y1="{floor - share * high:.1f}" '
        f'y2="{floor - share * high:.1f}" stroke="{_INK}" stroke-opacity=".3"/>'
        for share in (0.0, 0.5, 1.0)
    )
    times = "".join(
        f'<text x="{_LEFT + at / span * inner:.0f}" y="{floor + 17}" text-anchor="middle">'
        f"{display.span(at)}</text>"
        for at in display.moments(span)
    )
    return (
        f'<text x="{_LEFT}" y="{top + 14}">{title}</text>'
        f'<text x="{_LEFT + inner}" y="{top + 14}" text-anchor="end">{axis}</text>'
        f"{ticks}{''.join(parts)}{times}"
    )


def _band(below: Any, above: Any, step: float, floor: float, scale: float) -> str:
    """A stepped area between two lines."""
    forth, back = [], []
    for i, (low, high) in enumerate(zip(below.tolist(), above.tolist(), strict=True)):
        left, right = _LEFT + i * step, _LEFT + (i + 1) * step
        up, down = floor - high * scale, floor - low * scale
        forth.append(f"{left:.1f},{up:.1f} {right:.1f},{up:.1f}")
        back.append(f"{right:.1f},{down:.1f} {left:.1f},{down:.1f}")
    return "M" + " ".join([*forth, *reversed(back)]) + "Z"
