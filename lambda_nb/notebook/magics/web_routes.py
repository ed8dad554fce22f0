"""``--http``, ``--api`` and ``--cors``: what a cell wants on the web, and how it shows that."""

from __future__ import annotations

import argparse
import html
from typing import NamedTuple

from lambda_nb.notebook import display
from lambda_nb.notebook.errors import UsageError
from lambda_nb.notebook.magics.options import API
from lambda_nb.notebook.web import cors, http_api, routes


class Link(NamedTuple):
    """One route as text and as HTML."""

    text: str
    markup: str


def wanted(options: argparse.Namespace) -> http_api.Wanted | None:
    """The routes that a cell's options ask for; ``None`` without ``--http``.

    Raises
    ------
    UsageError
        A route or an origin has the wrong form, or ``--http`` is missing.
    """
    if not options.http:
        for name in ("api", "cors"):
            if getattr(options, name) is not None:
                raise UsageError(
                    f"%%lambda {options.name}: --{name} is for routes; add --http ROUTE"
                )
        return None
    return http_api.Wanted(
        options.api or API, routes.route_keys(options.http), cors.origins(options.cors)
    )


def links(served: http_api.Served) -> list[Link]:
    """Each route with its address; a link if a browser can open it."""
    width = max(len(_method(key)) for key in served.keys)
    found = []
    for key in served.keys:
        method, path = _method(key), "/" if key == routes.DEFAULT else routes.parts(key)[1]
        address = served.address + path
        target = served.address + routes.example(key)
        shown = display.link(address, target) if routes.opens(key) else html.escape(address)
        found.append(
            Link(f"{method.ljust(width)}  {address}", display.line(display.dim(method), shown))
        )
    return found


def _method(key: str) -> str:
    return key.split(" ")[0]
