"""The pages of docs/ as a site: ``make docs`` builds it, and a broken link is an error.

Sphinx lives in a virtual environment of its own: awscli, a client in the tests, needs a docutils
that is too old for it.
"""

from __future__ import annotations

import re
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parent.parent

project = "lambda_nb"
author = "The lambda_nb team"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = "lambda_nb"
myst_heading_anchors = 4
nitpicky = True

_INCLUDE = re.compile(r"```\{include\} \.\./(\S+)\n```")
# Links in files of the repository's root, as they are from docs/. A folder has no page.
_LINKS = (
    ("[tutorials](notebooks/)", "tutorials"),
    ("](docs/", "]("),
    ("](notebooks/", "](../notebooks/"),
    ("](CONTRIBUTING.md", "](contributing.md"),
    ("](CHANGELOG.md", "](changelog.md"),
    ("](README.md", "](index.md"),
)


def _with_included(app: Sphinx, page: str, source: list[str]) -> None:
    def text(found: re.Match[str]) -> str:
        included = (ROOT / found[1]).read_text(encoding="utf-8")
        for link, from_docs in _LINKS:
            included = included.replace(link, from_docs)
        return included

    source[0] = _INCLUDE.sub(text, source[0])


def setup(app: Sphinx) -> None:
    """Let pages include files of the repository, with links that lead to the same pages."""
    app.connect("source-read", _with_included)
