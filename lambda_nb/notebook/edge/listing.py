"""Distributions as tables: behaviours, the functions at their events, what became of requests."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lambda_nb.notebook import display
from lambda_nb.notebook.edge import visits
from lambda_nb.notebook.edge.settings import associations, behaviours

if TYPE_CHECKING:
    import pandas as pd

NOTHING = "No distributions yet: lambda_nb.distribution('site', origin='s3://BUCKET') makes one."
_LOGGED_S = 0.001
_NUMBERS = ("requests", "hits", "hit ratio", "median at the location")


def rows(config: dict[str, Any], ttls: Mapping[str, float] | None = None) -> list[dict[str, str]]:
    """Each behaviour: its path, origin, how long it caches, its functions by event."""
    found = []
    held = associations.all_of(config)
    used = [event for event in associations.EVENTS if any(one.event == event for one in held)]
    for path, behaviour in behaviours.all_of(config).items():
        row = {"path": path, "origin": _origin(config, behaviour["TargetOriginId"])}
        if ttls is not None:
            row["cached"] = _length(ttls.get(path, 0.0))
        for event in used:
            here = [str(one) for one in held if one.path == path and one.event == event]
            row[event] = ", ".join(here)
        found.append(row)
    return found


def _origin(config: Mapping[str, Any], identifier: str) -> str:
    for one in config["Origins"]["Items"]:
        if one["Id"] == identifier:
            is_bucket = "S3OriginConfig" in one
            domain = one["DomainName"].split(".s3.")[0] if is_bucket else one["DomainName"]
            return f"{'s3://' if is_bucket else ''}{domain}{one['OriginPath']}"
    return f"group {identifier}"


def _length(seconds: float) -> str:
    if not seconds:
        return "as its origin says"
    for size, unit in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            return display.count(int(seconds // size), unit)
    return f"{seconds:g} s"


def _time(seconds: float) -> str:
    """A time that a log has in whole milliseconds."""
    return f"{seconds * 1000:.0f} ms" if seconds >= _LOGGED_S else "< 1 ms"


def where(log: pd.DataFrame) -> list[dict[str, str]]:
    """Each location: its requests, hits, and the median time that they took there."""
    return [
        {
            "location": f"{row['city']} ({code})",
            "requests": f"{row['requests']:,}",
            "hits": f"{row['hits']:,}",
            "hit ratio": f"{row['hit_ratio']:.0%}" if row["hit_ratio"] == row["hit_ratio"] else "",
            "median at the location": _time(row["p50"]),
        }
        for code, row in visits.by_location(log).iterrows()
    ]


def shown(
    name: str,
    url: str,
    identifier: str,
    table: Sequence[Mapping[str, str]],
    log: pd.DataFrame | None = None,
    notes: Sequence[str] = (),
) -> display.Shown:
    """One distribution, with its log if that is given."""
    figures = [f"id {identifier}", *notes]
    places = [] if log is None else where(log)
    if log is not None:
        ratio = visits.hit_ratio(log)
        figures.append(display.count(len(log), "request"))
        if ratio == ratio:
            figures.append(f"hit ratio {ratio:.1%}")
    text = [" · ".join([name, url, *figures]), display.text_table(table)]
    markup = [
        display.line(display.bold(name), display.link(url, url), *map(display.dim, figures)),
        display.table(table),
    ]
    if places:
        text.append(display.text_table(places, _NUMBERS))
        markup.append(display.table(places, _NUMBERS))
    return display.Shown("\n".join(text), "".join(markup))


def all_shown(found: Sequence[tuple[Mapping[str, Any], str]]) -> display.Shown:
    """All distributions, each with its address."""
    if not found:
        return display.said(NOTHING)
    table = [
        {
            "distribution": one["Comment"] or one["Id"],
            "id": one["Id"],
            "address": url,
            "state": one["Status"] if one["Enabled"] else "disabled",
            "behaviours": str(1 + one.get("CacheBehaviors", {}).get("Quantity", 0)),
        }
        for one, url in found
    ]
    heads = "".join(f"<th>{html.escape(name)}</th>" for name in table[0])
    body = "".join(
        "<tr>"
        + "".join(
            f"<td>{display.link(text, text) if key == 'address' else html.escape(text)}</td>"
            for key, text in row.items()
        )
        + "</tr>"
        for row in table
    )
    markup = f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"
    return display.Shown(display.text_table(table), markup)
