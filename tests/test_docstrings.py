"""The examples in docstrings do what they say."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path

import pytest

import lambda_nb

ROOT = Path(lambda_nb.__file__).parent


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
