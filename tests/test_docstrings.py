"""The examples in docstrings do what they say, and the names in them are there."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

import lambda_nb
from lambda_nb.notebook.workbench.channel import EVENTS
from lambda_nb.notebook.workbench.hub import PANEL

ROOT = Path(lambda_nb.__file__).parent
COMMS = {EVENTS, PANEL}  # names of channels, spelt like modules


def with_examples() -> list[str]:
    return sorted(
        ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in ROOT.rglob("*.py")
        if "bootstraps" not in path.parts
        and re.search(r"^ *>>> (?!.*SKIP)", path.read_text(), re.MULTILINE)
    )


@pytest.mark.parametrize("name", with_examples())
def test_examples(name: str) -> None:
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    failed, tried = doctest.testmod(importlib.import_module(name), optionflags=options)
    assert tried
    assert not failed


def _is_there(dotted: str) -> bool:
    """Whether a dotted name is a module of ours, or an attribute of one."""
    parts = dotted.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        return all((found := getattr(found, name, None)) is not None for name in parts[count:])
    return False


def test_names_of_ours_in_docstrings_and_pages_exist() -> None:
    project = ROOT.parent
    pages = [*project.glob("*.md"), *(project / "docs").glob("*.md")]
    missing = []
    for path in [*ROOT.rglob("*.py"), *pages]:
        if "bootstraps" in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        named = set(re.findall(r"`~?(lambda_nb(?:\.[A-Za-z_]\w*)+)", text))
        missing += [
            f"{path.relative_to(project)}: {name}" for name in named - COMMS if not _is_there(name)
        ]
    assert not missing, "\n".join(missing)


def test_the_reference_lists_every_public_function_and_class() -> None:
    pages = (ROOT.parent / "docs" / "api").glob("*.md")
    listed = {
        name
        for page in pages
        for name in re.findall(
            r"^   (?:\w+\.)*(\w+)$", page.read_text(encoding="utf-8"), re.MULTILINE
        )
    }
    ours = (lambda_nb, lambda_nb.simulator, lambda_nb.traces, lambda_nb.charts)
    public = {name for one in ours for name in one.__all__ if callable(getattr(one, name))} - {
        "load_ipython_extension",
        "unload_ipython_extension",
    }
    assert public <= listed, public - listed
