"""The files in which a function failed, as a debugger in the notebook can show them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from lambda_nb.notebook.debugging.rebuilt_frames import show_source
from lambda_nb.notebook.debugging.stand_ins import plain


class Cell(Protocol):
    """A deployed cell: :class:`lambda_nb.notebook.functions.code_origin.Origin`."""

    @property
    def label(self) -> str:
        """How IPython names it."""

    @property
    def source(self) -> str:
        """The whole cell."""

    @property
    def offset(self) -> int:
        """Added to a line of the file, it gives the line of the cell."""

    def holds(self, file: str) -> bool:
        """Whether a file is the cell."""


class Files:
    """Finds the text of a failed function's files, and registers it for display.

    Parameters
    ----------
    function
        Its name.
    sources
        The text of files, by path, as the runtime sent them.
    cell
        The cell with the function's code, if this notebook made it.
    """

    def __init__(self, function: str, sources: Any, cell: Cell | None) -> None:
        self._function = plain(function)
        sent = sources if isinstance(sources, Mapping) else {}
        self._sources = {str(file): text for file, text in sent.items() if isinstance(text, str)}
        self._cell = cell

    def place(self, file: str, line: int) -> tuple[str, int]:
        """The name under which a file is shown, and what to add to its lines."""
        source, cell = self._sources.get(file), self._cell
        if cell is not None and cell.holds(file) and _is_same(cell, source, line):
            name = f"<{cell.label}>"
            show_source(name, cell.source)
            return name, cell.offset
        if source is None or _text(file) == source:
            return plain(file), 0
        name = f"<{self._function}: {plain(file)}>"
        show_source(name, source)
        return name, 0


def _is_same(cell: Cell, source: str | None, line: int) -> bool:
    """Whether a file still has the text of the cell: the cell may have been edited since."""
    if source is None:
        return line + cell.offset > 0
    shown, failed = cell.source.splitlines(), source.splitlines()
    if not 0 < line <= len(failed) or not 0 < line + cell.offset <= len(shown):
        return False
    return all(
        text == shown[number + cell.offset]
        for number, text in enumerate(failed)
        if 0 < number + cell.offset < len(shown)  # not the line with the magic
    )


def _text(file: str) -> str | None:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
