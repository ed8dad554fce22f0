"""HTML for every theme: it uses JupyterLab's CSS variables, with fallbacks elsewhere.

A notebook that is not trusted is shown without ``<style>``, ``<svg>`` and ``<script>``; GitHub also
drops ``style=``. So words stand apart by themselves, what matters is styled in place, and drawings
are images.
"""

from __future__ import annotations

import base64
import html
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

# Three times .lnb for tables: rules of JupyterLab are as special as that. Hues are mixed with the
# colour of the text around, so that small words can be read on white and on black.
_STYLE = """
.lnb{font-family:var(--jp-ui-font-family,system-ui,sans-serif);font-size:13px;line-height:1.5;
 color:var(--jp-ui-font-color1,var(--vscode-foreground,inherit));max-width:60em;padding:1px 8px}
.lnb .lnb-line{display:flex;flex-wrap:wrap;align-items:baseline;gap:2px 14px}
.lnb .lnb-line b{font-weight:600}
.lnb .lnb-sep{display:none}
.lnb .lnb-dim{color:var(--jp-ui-font-color2,var(--vscode-descriptionForeground,#7d7d7d))}
.lnb .lnb-num{font-variant-numeric:tabular-nums}
.lnb .lnb-tag{border:1px solid currentColor;border-radius:9px;padding:0 8px;font-size:11px;
 line-height:17px}
.lnb .lnb-cold{--lnb-hue:#c77700}.lnb .lnb-warm{--lnb-hue:#1a83c4}
.lnb .lnb-provisioned,.lnb .lnb-ok{--lnb-hue:#009e73}
.lnb .lnb-throttle,.lnb .lnb-error{--lnb-hue:var(--jp-error-color1,#d55e00)}
.lnb :is(.lnb-cold,.lnb-warm,.lnb-provisioned,.lnb-ok,.lnb-throttle,.lnb-error){
 color:color-mix(in srgb,var(--lnb-hue) 70%,currentColor)}
.lnb pre{font-family:var(--jp-code-font-family,monospace);font-size:var(--jp-code-font-size,13px);
 color:var(--jp-content-font-color1,inherit);background:none;margin:4px 0;padding:0;
 white-space:pre-wrap;word-break:normal;overflow-wrap:anywhere;line-height:1.4}
.lnb a{color:var(--jp-content-link-color,var(--vscode-textLink-foreground,#1a83c4))}
.lnb details{margin-top:2px}
.lnb summary{cursor:pointer;color:var(--jp-ui-font-color2,#7d7d7d)}
.lnb details pre{border-left:2px solid var(--jp-border-color2,#9994);padding-left:10px}
.lnb.lnb.lnb table{border-collapse:collapse;margin:4px 0;font-size:13px;table-layout:auto}
.lnb.lnb.lnb table th,.lnb.lnb.lnb table td{padding:2px 14px 2px 0;text-align:left;
 border:none;background:none;color:inherit;vertical-align:top}
.lnb.lnb.lnb table tbody tr{background:none}
.lnb.lnb.lnb table th{font-weight:600;border-bottom:1px solid var(--jp-border-color1,#9998)}
.lnb.lnb.lnb table td.r,.lnb.lnb.lnb table th.r{text-align:right;font-variant-numeric:tabular-nums}
.lnb.lnb.lnb table td code{font-family:var(--jp-code-font-family,monospace);font-size:12px;
 background:none;color:inherit;padding:0}
"""
_APART = '<span class="lnb-sep"> · </span>'
"""Between parts of a line; seen only where styles are dropped."""
_TAG = "border:1px solid currentColor;border-radius:9px;padding:0 8px"
STYLE = "<style>" + "".join(_STYLE.split("\n")) + "</style>"


def card(*parts: str) -> str:
    """A display made from parts that are already HTML."""
    return f'{STYLE}<div class="lnb">{"".join(parts)}</div>'


def line(*parts: str) -> str:
    """Parts side by side; empty ones are left out."""
    return f'<div class="lnb-line">{_APART.join(part for part in parts if part)}</div>'


def bold(text: str) -> str:
    """A name, in bold."""
    return f"<b>{html.escape(text)}</b>"


def dim(text: str) -> str:
    """A figure of less importance, in a lighter colour."""
    return f'<span class="lnb-dim lnb-num">{html.escape(text)}</span>' if text else ""


def tag(text: str, kind: str) -> str:
    """A word in a frame: cold, warm, provisioned, throttle, error, ok."""
    return f'<span class="lnb-tag lnb-{kind}" style="{_TAG}">{html.escape(text)}</span>'


def link(text: str, address: str) -> str:
    """Text that opens an address in a page of its own."""
    return (
        f'<a href="{html.escape(address)}" target="_blank" rel="noopener">{html.escape(text)}</a>'
    )


def escaped(text: str) -> str:
    """Text as HTML."""
    return html.escape(text)


def still(drawing: str, alternative: str = "") -> str:
    """An SVG drawing as an image: unlike ``<svg>`` it is shown everywhere."""
    data = base64.b64encode(drawing.encode()).decode()
    return (
        f'<img alt="{html.escape(alternative)}" src="data:image/svg+xml;base64,{data}" '
        'style="display:block;width:100%;max-width:900px">'
    )


def code(text: str) -> str:
    """Text unchanged, in the notebook's code font."""
    return f"<pre>{html.escape(text)}</pre>"


def folded(title: str, text: str) -> str:
    """Text that opens with a click on its title; empty if there is no text."""
    if not text:
        return ""
    return f"<details><summary>{html.escape(title)}</summary>{code(text)}</details>"


def table(rows: Iterable[Mapping[str, Any]], right: Iterable[str] = ()) -> str:
    """A table of mappings with the same keys; columns in ``right`` hold numbers."""
    rows = list(rows)
    numbers = set(right)
    if not rows:
        return ""
    head = "".join(f"<th{_right(key, numbers)}>{html.escape(key)}</th>" for key in rows[0])
    body = "".join(
        "<tr>"
        + "".join(f"<td{_right(k, numbers)}>{html.escape(str(v))}</td>" for k, v in row.items())
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def text_table(rows: Iterable[Mapping[str, Any]], right: Iterable[str] = ()) -> str:
    """The same table as text."""
    rows = list(rows)
    if not rows:
        return ""
    numbers = set(right)
    cells = [list(rows[0]), *([str(value) for value in row.values()] for row in rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(cells[0]))]
    lines = [
        "  ".join(
            text.rjust(width) if key in numbers else text.ljust(width)
            for key, text, width in zip(rows[0], row, widths, strict=True)
        ).rstrip()
        for row in cells
    ]
    return "\n".join(lines)


def _right(key: str, numbers: set[str]) -> str:
    return ' class="r"' if key in numbers else ""


def pretty(value: Any) -> str:
    """A result as text: Python if it is short, JSON if it is long."""
    short = repr(value)
    if len(short) <= 80 or not isinstance(value, (dict, list)):
        return short
    return json.dumps(value, indent=2, ensure_ascii=False)


def count(number: int, word: str) -> str:
    """``1 request``, ``2,500 requests``, ``3 aliases``."""
    plural = "" if number == 1 else "es" if word.endswith("s") else "s"
    return f"{number:,} {word}{plural}"


def milliseconds(ms: float | None) -> str:
    """``0.84 ms``, ``12 ms``, ``3.20 s``; empty when unknown."""
    if ms is None:
        return ""
    if ms >= 1000:
        return f"{ms / 1000:.2f} s"
    return f"{ms:.0f} ms" if ms >= 100 else f"{ms:.2f} ms"


def span(seconds: float) -> str:
    """A length of time in the unit that suits it: ``0``, ``250 ms``, ``90 s``, ``2.5 h``."""
    for unit, size in (("d", 86_400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s" if seconds >= 1 or not seconds else f"{seconds * 1000:.3g} ms"


def moments(length: float, most: int = 6) -> list[float]:
    """Round times (s) from 0 to a length, at most so many: for the ticks of a time axis."""
    steps = [10.0**power * digit for power in range(-4, 1) for digit in (1, 2, 5)]
    steps += [15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400]
    step = next(
        (one for one in steps if length / one < most), math.ceil(length / 86_400 / most) * 86_400.0
    )
    return [i * step for i in range(int(length / step + 1e-9) + 1)]


def dollars(amount: float) -> str:
    """Dollars, also as small as the cost of one invocation: ``$0.000000233``."""
    if amount >= 1 or amount == 0:
        return f"${amount:,.2f}"
    # Three significant digits.
    return f"${amount:.{2 - math.floor(math.log10(amount))}f}"


def size(count: int) -> str:
    """``312 B``, ``4.1 kB``, ``20.3 MB``."""
    if count < 1000:
        return f"{count} B"
    return f"{count / 1000:.1f} kB" if count < 1_000_000 else f"{count / 1e6:.1f} MB"


class Shown:
    """The value of a cell or a magic, with an HTML and a text form."""

    def __init__(self, text: str, markup: str) -> None:
        self._text = text
        self._markup = markup

    def __repr__(self) -> str:
        return self._text

    def _repr_html_(self) -> str:
        return card(self._markup)


def said(text: str) -> Shown:
    """A sentence as the value of a cell or a magic."""
    return Shown(text, line(dim(text)))
