"""The pages of docs/ as a site: ``make docs`` builds it, and a broken link is an error.

Sphinx lives in a virtual environment of its own: awscli, a client in the tests, needs a docutils
that is too old for it.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parent.parent

# The package and its libraries are in the environment above this one. Last, so that Sphinx's own
# libraries come from here.
sys.path.append(str(ROOT))
sys.path += [str(folder) for folder in (ROOT / ".venv" / "lib").glob("python3*/site-packages")]

project = "lambda_nb"
author = "The lambda_nb team"
copyright = "the lambda_nb team"  # noqa: A001
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
]
exclude_patterns = ["requirements.txt", "templates"]
html_theme = "furo"
html_title = "lambda_nb"
html_static_path = ["static"]
html_css_files = ["site.css"]
templates_path = ["templates"]
myst_heading_anchors = 4
nitpicky = True
# Types in docstrings are words for people ("array of float"), and names stand as in the code.
nitpick_ignore_regex = [("py:.*", ".*")]
suppress_warnings = ["ref.python"]
autosummary_generate = True
autodoc_typehints = "none"
autodoc_member_order = "bysource"
napoleon_google_docstring = False
nb_execution_mode = "off"  # scripts/run-tutorials.py ran them
nb_merge_streams = True
# Widgets would load their JavaScript from a host of others; their static form is in the outputs.
nb_ipywidgets_js: dict[str, dict[str, str]] = {}

_INCLUDE = re.compile(r"```\{include\} \.\./(\S+)\n```")
# Links in files of the repository's root, as they are from docs/. A folder has no page.
_LINKS = (
    ("](notebooks/)", "](tutorials.md)"),
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

    source[0] = _INCLUDE.sub(text, source[0]).replace("](../notebooks/", "](generated/tutorials/")


def setup(app: Sphinx) -> None:
    """Let pages include files of the repository, with links that lead to the same pages."""
    app.connect("source-read", _with_included)
