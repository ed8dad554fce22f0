"""``%load_ext lambda_nb`` and ``%unload_ext lambda_nb``."""

from __future__ import annotations

from typing import Any

from lambda_nb.notebook.magics import LambdaMagics
from lambda_nb.notebook.options import cell_parser
from lambda_nb.notebook.panel import Panel
from lambda_nb.notebook.session import Session

_loaded: dict[int, tuple[Session, Panel]] = {}
_COMMANDS = ["invoke", "ls", "logs", "config", "rm", "status", "connect", "stop", "help"]


def load_ipython_extension(shell: Any) -> None:
    """Add the magics to a shell and start the engine in the background."""
    if id(shell) in _loaded:
        return
    session = Session()
    panel = Panel(session.current_client)
    session.connected.append(panel.watch)
    session.connected.append(lambda _: _read_logs_here(session))
    shell.register_magics(LambdaMagics(shell, session))
    kernel = getattr(shell, "kernel", None)
    manager = getattr(kernel, "comm_manager", None)
    if manager is not None:
        panel.attach(manager)
    if hasattr(shell, "set_hook"):
        shell.set_hook("complete_command", _complete_line, str_key="%lambda")
        shell.set_hook("complete_command", _complete_cell, str_key="%%lambda")
    _loaded[id(shell)] = session, panel
    session.prepare()


def unload_ipython_extension(shell: Any) -> None:
    """Take the magics away and end the engine."""
    loaded = _loaded.pop(id(shell), None)
    if loaded is None:
        return
    session, panel = loaded
    for kind in ("cell", "line"):
        shell.magics_manager.magics[kind].pop("lambda", None)
    panel.close()
    session.close()


def _read_logs_here(session: Session) -> None:
    """``Trace.from_logs`` without a client reads the logs of this notebook's endpoint."""
    from lambda_nb.traces.logs import use_client

    use_client(lambda: session.client("logs"))


def _complete_line(shell: Any, event: Any) -> list[str]:
    return _COMMANDS


def _complete_cell(shell: Any, event: Any) -> list[str]:
    return [option for action in cell_parser()._actions for option in action.option_strings]
