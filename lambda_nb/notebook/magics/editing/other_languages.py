"""In a cell of another language the kernel must not offer names of Python.

JupyterLab, Notebook and VS Code ask the kernel to complete such a cell too. It then offers the
words of the cell itself.
"""

from __future__ import annotations

import re
from typing import Any

from lambda_nb.notebook.errors import NotebookError
from lambda_nb.notebook.magics.editing.choices import AT_VIEWER, FUNCTION_CELL
from lambda_nb.notebook.magics.options import HelpShown, parse_cell

_WORD = re.compile(r"[A-Za-z_$][\w$]*")
_TYPED = re.compile(r"[A-Za-z_$][\w$]*\Z")
_MAGIC = re.compile(rf"\s*({FUNCTION_CELL}|{AT_VIEWER})[ \t]+([^\n]*)\n")


def install(completer: Any) -> None:
    """Add the words of such cells to IPython's completer, and hold back its own."""
    from IPython.core.completer import context_matcher

    completer.custom_matchers.append(context_matcher(identifier="lambda_nb.words")(words))


def remove(completer: Any) -> None:
    """Take them away."""
    completer.custom_matchers[:] = [
        matcher
        for matcher in completer.custom_matchers
        if getattr(matcher, "matcher_identifier", "") != "lambda_nb.words"
    ]


def words(context: Any) -> dict[str, Any]:
    """The words of a cell that go on as the typed one; nothing for a cell of Python."""
    from IPython.core.completer import SimpleCompletion

    text = str(context.full_text)
    before = text.split("\n")[: context.cursor_line + 1]
    before[-1] = before[-1][: context.cursor_position]
    typed = _TYPED.search("\n".join(before))
    if context.cursor_line == 0 or not is_other(text):
        return {"completions": [], "suppress": False}  # IPython writes into it: not a constant
    begin = typed[0] if typed else ""
    longer = {word for word in _WORD.findall(text) if word.startswith(begin) and word != begin}
    # Without a single word IPython would go on to Python's names.
    found = sorted(longer) or [begin]
    return {
        "completions": [SimpleCompletion(word, type="text") for word in found],
        "suppress": True,
        "matched_fragment": begin,
    }


def is_other(source: str) -> bool:
    """Whether a cell is a function in another language than Python."""
    found = _MAGIC.match(source)
    if found is None:
        return False
    if found[1] == AT_VIEWER:
        return True
    if "--help" in found[2].split() or "-h" in found[2].split():
        return False
    try:
        runtime = parse_cell(found[2]).runtime
    except (NotebookError, HelpShown):
        return False
    return bool(runtime) and not str(runtime).startswith("python")
