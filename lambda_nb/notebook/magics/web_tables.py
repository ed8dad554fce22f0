"""How ``%lambda api`` shows what answers HTTP requests."""

from __future__ import annotations

import html
from collections.abc import Sequence

from lambda_nb.notebook import display
from lambda_nb.notebook.web.listing import Door, Row

NOTHING = "Nothing answers HTTP requests yet: %%lambda NAME --http 'GET /hello' makes a route."
_HEADS = ("route", "function", "authorizer", "try it")


def shown(doors: Sequence[Door]) -> display.Shown:
    """Each API and each function URL, with its routes."""
    if not doors:
        return display.said(NOTHING)
    return display.Shown("\n\n".join(map(_text, doors)), "".join(map(_markup, doors)))


def _text(door: Door) -> str:
    head = " · ".join(filter(None, [f"{door.kind} {door.name}", door.address, *door.facts]))
    rows = [
        {k: v for k, v in _cells(row).items() if k != "authorizer" or _guarded(door)}
        for row in door.rows
    ]
    return "\n".join(filter(None, [head, display.text_table(rows)]))


def _markup(door: Door) -> str:
    web = door.address.startswith("http")
    head = display.line(
        display.bold(door.name),
        display.dim(door.kind),
        display.link(door.address, f"{door.address}/") if web else html.escape(door.address),
        *map(display.dim, door.facts),
    )
    if not door.rows:
        return head + display.line(display.dim("no routes"))
    names = [name for name in _HEADS if name != "authorizer" or _guarded(door)]
    heads = "".join(f"<th>{name}</th>" for name in names)
    body = []
    for row in door.rows:
        cells = {name: html.escape(text) for name, text in _cells(row).items()}
        if row.address:
            cells["route"] = display.link(row.route, row.address)
        if row.try_it:
            cells["try it"] = f"<code>{cells['try it']}</code>"
        body.append("<tr>" + "".join(_cell(name, cells[name]) for name in names) + "</tr>")
    return f"{head}<table><thead><tr>{heads}</tr></thead><tbody>{''.join(body)}</tbody></table>"


def _cell(name: str, markup: str) -> str:
    style = "" if name == "try it" else ' style="white-space:nowrap"'
    return f"<td{style}>{markup}</td>"


def _guarded(door: Door) -> bool:
    """Whether the table needs a column for who may call."""
    return any(row.authorizer for row in door.rows)


def _cells(row: Row) -> dict[str, str]:
    return dict(zip(_HEADS, (row.route, row.function, row.authorizer, row.try_it), strict=True))
