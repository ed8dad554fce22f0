#!/usr/bin/env python
"""Let the Binder links of the README, the docs and all notebooks lead to this repository.

The repository is ``[tool.lambda_nb] repository`` in ``pyproject.toml``: a fork changes that line
and runs this script. ``--check`` changes nothing: it lists the files whose links lead elsewhere,
and fails if there are any.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_LINK = re.compile(r"https://mybinder\.org/v2/gh/[\w.-]+/[\w.-]+/")
_SETTING = re.compile(r'^\[tool\.lambda_nb\]\n(?:(?!\[).*\n)*?repository = "([^"\n]*)"', re.M)
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


def repository(root: Path) -> str:
    """``OWNER/NAME`` from ``pyproject.toml``.

    Raises
    ------
    SystemExit
        The line is missing, or is not like ``OWNER/NAME``.
    """
    setting = _SETTING.search((root / "pyproject.toml").read_text(encoding="utf-8"))
    if not setting:
        sys.exit('pyproject.toml lacks: [tool.lambda_nb] and repository = "OWNER/NAME"')
    if not _REPOSITORY.fullmatch(setting[1]):
        sys.exit(f'pyproject.toml: repository = "{setting[1]}" is not like "OWNER/NAME"')
    return setting[1]


def pages(root: Path) -> Iterator[Path]:
    """The files that may have links."""
    yield root / "README.md"
    yield from sorted((root / "docs").glob("*.md"))
    yield from sorted((root / "notebooks").glob("*.ipynb"))


def rewritten(text: str, name: str) -> str:
    """The text with all links to this repository."""
    return _LINK.sub(f"https://mybinder.org/v2/gh/{name}/", text)


def main() -> None:
    """Rewrite the links, or check them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only list what would change")
    parser.add_argument("--root", type=Path, default=ROOT, help="of the repository")
    options = parser.parse_args()
    name = repository(options.root)
    stale = []
    for page in pages(options.root):
        text = page.read_text(encoding="utf-8")
        new = rewritten(text, name)
        if new != text:
            stale.append(str(page.relative_to(options.root)))
            if not options.check:
                page.write_text(new, encoding="utf-8")
    if stale:
        told = "\n".join(stale)
        if options.check:
            sys.exit(f"Binder links that do not lead to {name}:\n{told}\nRun {Path(__file__).name}")
        sys.stdout.write(f"Binder links lead to {name} now:\n{told}\n")


if __name__ == "__main__":
    main()
