"""The IPython extension that ``%load_ext lambda_nb`` loads."""

from __future__ import annotations

import weakref
from typing import Any

from lambda_nb.notebook.connection import notebooks
from lambda_nb.notebook.connection.session import Session
from lambda_nb.notebook.debugging.live import graft
from lambda_nb.notebook.kept.runs import Runs, notebook_path
from lambda_nb.notebook.magics import function_magic, keeping
from lambda_nb.notebook.magics.cell_magic import Magics
from lambda_nb.notebook.magics.editing import check, other_languages
from lambda_nb.notebook.magics.editing.choices import Choices
from lambda_nb.notebook.magics.editing.complete import Completer
from lambda_nb.notebook.magics.line_magic import HELP
from lambda_nb.notebook.magics.options import cell_parser
from lambda_nb.notebook.workbench.workbench import Workbench

_CELLS = (["%%lambda"], ["%%cloudfront_function"])


class Extension:
    """Everything that the extension added to one shell."""

    def __init__(self, shell: Any) -> None:
        self.session = Session(Runs(notebook_path(shell.user_ns)))
        self.magics = Magics(shell, self.session)
        self.workbench = Workbench(self.session, self.magics.origin_of)
        magics = self.magics

        def cell(line: str, cell: str) -> Any:
            return magics.cell(line, cell)

        def line(line: str) -> Any:
            return magics.line(line)

        def at_viewer(line: str, cell: str) -> Any:
            return function_magic.run(self.session, line, cell)

        # What %%lambda? and %lambda? show.
        cell.__doc__, line.__doc__ = cell_parser().format_help(), HELP
        at_viewer.__doc__ = function_magic.parser().format_help()
        # In a line, {"key": 1} is an event; IPython must not expand it as a variable.
        magic: Any
        for magic in (cell, line, at_viewer):
            magic._ipython_magic_no_var_expand = True
        shell.register_magic_function(cell, "cell", "lambda")
        shell.register_magic_function(line, "line", "lambda")
        shell.register_magic_function(at_viewer, "cell", "cloudfront_function")
        shell.input_transformers_cleanup.append(with_body)
        completer = Completer(Choices(self.session, shell.user_ns), magics.commands)
        shell.set_hook("complete_command", completer, re_key=r"%%?(?:lambda|cloudfront_function)")
        other_languages.install(shell.Completer)
        hub = self.workbench.hub
        hub.register("options", lambda args, push, stopped: completer.table())
        hub.register(
            "check",
            lambda args, push, stopped: [
                problem._asdict() for problem in check.check(str(args["source"]), shell.user_ns)
            ],
        )
        kernel = getattr(shell, "kernel", None)
        if kernel is not None:
            self.workbench.attach(kernel, shell.events)
        self.magics.debugger = graft.install(shell, self.session.current_client)
        if (left := keeping.offer(self.session.runs)) is not None:
            shell.display_pub.publish({"text/plain": repr(left), "text/html": left._repr_html_()})
        self.session.prepare()

    def close(self, shell: Any) -> None:
        """Remove everything from the shell and end the engine."""
        for kind in ("cell", "line"):
            shell.magics_manager.magics[kind].pop("lambda", None)
        shell.magics_manager.magics["cell"].pop("cloudfront_function", None)
        shell.input_transformers_cleanup.remove(with_body)
        other_languages.remove(shell.Completer)
        self.magics.close()
        if self.magics.debugger is not None:
            graft.remove(shell, self.magics.debugger)
        self.workbench.close()
        self.session.close()  # first: an invocation in progress ends with the engine
        self.workbench.join()


def with_body(lines: list[str]) -> list[str]:
    """Add a body to a cell that has only the line of a magic; IPython would refuse the cell.

    IPython's message ("did you mean the line magic?") does not help a user who wants ``--help`` or
    forgot the code.
    """
    alone = len(lines) == 1 and lines[0].split(None, 1)[:1] in _CELLS
    return [lines[0].rstrip("\n") + "\n", "\n"] if alone else lines


_loaded: weakref.WeakKeyDictionary[Any, Extension] = weakref.WeakKeyDictionary()


def load_ipython_extension(shell: Any) -> None:
    """Add the magics ``%%lambda`` and ``%lambda``; the engine starts in the background."""
    if shell not in _loaded:
        _loaded[shell] = extension = Extension(shell)
        notebooks.register(shell, extension.session)


def unload_ipython_extension(shell: Any) -> None:
    """Remove the magics from the shell and end the notebook's engine."""
    extension = _loaded.pop(shell, None)
    notebooks.forget(shell)
    if extension is not None:
        extension.close(shell)
