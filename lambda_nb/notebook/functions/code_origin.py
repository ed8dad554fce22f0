"""Map a function's code to its cell, so that errors can show lines of the cell."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lambda_nb.notebook.errors import BOLD, OFF

_PYTHON = re.compile(
    r'\s*File "(?:/var/task/)?(?P<file>[^"]+)",? [Ll]ine (?P<line>\d+)(?:, in (?P<name>\S+))?'
)
_NODE = re.compile(
    r"\s*at (?:async )?(?:(?P<name>[\w.$<> ]+) \()?(?:file://)?(?:/var/task/)?(?P<file>[^:)]+)"
    r":(?P<line>\d+)"
)
_RUBY = re.compile(r"(?:/var/task/)?(?P<file>[\w./-]+\.rb):(?P<line>\d+):in [`'](?P<name>[^']+)'")
_JAVA = re.compile(r"\s*(?:at )?(?P<name>[\w.$<>]+)\((?P<file>\w+\.java):(?P<line>\d+)\)")
_FORMS = (_PYTHON, _NODE, _RUBY, _JAVA)
_CONTEXT = 2
"""Lines shown above and below the one that failed."""


@dataclass(frozen=True)
class Origin:
    """A deployed cell.

    Attributes
    ----------
    label
        How IPython names the cell, ``Cell In[3]``.
    source
        The whole cell, with its ``%%lambda`` line.
    file
        The cell's file in the package.
    offset
        Add this to a line number of that file to get the line number in the cell.
    left_behind
        Names that the cell uses but only the notebook has, with advice for each.
    """

    label: str
    source: str
    file: str
    offset: int = 0
    left_behind: Mapping[str, str] = field(default_factory=dict)

    def holds(self, file: str) -> bool:
        """Whether a frame's file is the cell.

        If the engine cannot give functions their own file system, frames have the real path of the
        code instead of ``/var/task``.
        """
        inside = file.startswith("/") and file.endswith(f"/{self.file}")
        return file == self.file or (inside and "/site-packages/" not in file)

    def frame(self, line: int, name: str = "") -> str:
        """A line of the cell (from 1) with the lines around it, in IPython's form of a frame."""
        lines = self.source.splitlines()
        place = f"{self.label}, line {line}" + (f", in {name}" if name else "")
        shown = [f"{BOLD}{place}{OFF}"]
        first, last = max(1, line - _CONTEXT), min(len(lines), line + _CONTEXT)
        for number in range(first, last + 1):
            text = lines[number - 1]
            if number == line:
                shown.append(f"{BOLD}{'-' * max(1, 5 - len(str(number)))}> {number}{OFF} {text}")
            else:
                shown.append(f"{number:>7} {text}")
        return "\n".join(shown)


def frames(stack: Sequence[str], origin: Origin | None) -> list[str]:
    """The frames of a stack trace that are in the user's code, as lines to print.

    Parameters
    ----------
    stack
        ``stackTrace`` (Python, Ruby, Java) or ``trace`` (Node.js) of Lambda's error object.
    origin
        The cell, if this notebook made the function.

    Returns
    -------
    list of str
        The innermost frame last. Frames in the cell show its lines; others show file and line.
    """
    found = []
    for entry in stack:
        match = next((m for form in _FORMS if (m := form.match(entry))), None)
        if match is None:
            continue
        line, name = int(match["line"]), match["name"] or ""
        if origin is not None and origin.holds(match["file"]) and line + origin.offset > 0:
            found.append(origin.frame(line + origin.offset, name.strip()))
        else:
            place = f"{match['file']}, line {line}" + (f", in {name.strip()}" if name else "")
            text = entry.strip().partition("\n")[2].strip() if _PYTHON.match(entry) else ""
            found.append(f"{BOLD}{place}{OFF}" + (f"\n        {text}" if text else ""))
    if not any(_PYTHON.match(entry) for entry in stack):
        found.reverse()  # the other languages name the innermost frame first
    return found
