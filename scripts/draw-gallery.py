#!/usr/bin/env python
"""Draw the site's gallery: each chart of ``lambda_nb.charts`` from the example in its docstring.

``docs/generated/gallery.md`` gets the pictures and the code that made each.
"""

from __future__ import annotations

import doctest
import inspect
import shutil
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("svg")

import matplotlib.pyplot as plt

from lambda_nb import charts

GALLERY = Path(__file__).resolve().parent.parent / "docs" / "generated" / "gallery"
_NO_CHARTS = {"Board", "board"}
_HEAD = """\
# Gallery

Each chart with the code that drew it. All take plain frames or arrays, and draw on Axes of yours
if you pass `ax=`. Details are in the [reference of charts](../api/charts.md).
"""


def example(chart: Any) -> str:
    """The code of the example in a chart's docstring.

    Raises
    ------
    ValueError
        There is none.
    """
    steps = doctest.DocTestParser().get_examples(inspect.getdoc(chart) or "")
    if not steps:
        raise ValueError(f"lambda_nb.charts.{chart.__name__} has no example in its docstring")
    return "".join(step.source.replace("  # doctest: +SKIP", "") for step in steps)


def draw(name: str) -> str:
    """Draw one chart into its file; returns its part of the page."""
    chart = getattr(charts, name)
    code = example(chart)
    plt.close("all")
    names: dict[str, Any] = {}
    exec(compile(code, f"example of {name}", "exec"), names)  # noqa: S102  # our own docstring
    figure = names.get("figure", plt.gcf())
    figure.savefig(GALLERY / f"{name}.svg", transparent=True, bbox_inches="tight")
    title = name.replace("_", " ").capitalize()
    said = (inspect.getdoc(chart) or "").partition("\n")[0]
    return f"## {title}\n\n{said}\n\n![{title}](gallery/{name}.svg)\n\n```python\n{code}```\n"


def main() -> None:
    """Draw all charts."""
    shutil.rmtree(GALLERY, ignore_errors=True)
    GALLERY.mkdir(parents=True)
    parts = [draw(name) for name in charts.__all__ if name not in _NO_CHARTS]
    (GALLERY.parent / "gallery.md").write_text("\n".join([_HEAD, *parts]), encoding="utf-8")


if __name__ == "__main__":
    main()
