"""Scripts and styles that displays send to the page."""

from __future__ import annotations

from functools import cache
from importlib import resources

ELEMENTS = "elements.js"
"""What the scripts of several displays share."""


@cache
def page_file(path: str) -> str:
    """The text of a file, by its path in ``lambda_nb/notebook``."""
    return resources.files("lambda_nb.notebook").joinpath(path).read_text(encoding="utf-8")
