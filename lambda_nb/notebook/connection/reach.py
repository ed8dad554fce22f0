"""Resolve a handle, a name or an ARN to a function's name and the clients for it."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from lambda_nb.notebook.connection.clients import Beside, Clients
from lambda_nb.notebook.connection.notebooks import of_notebook
from lambda_nb.notebook.errors import UsageError


@runtime_checkable
class Handle(Protocol):
    """The part of a function's handle that :func:`reach` needs."""

    name: str
    qualifier: str | None

    @property
    def clients(self) -> Clients:
        """The clients for its connection."""


def reach(function: Handle | str, client: Any = None) -> tuple[str, str | None, Clients]:
    """Return a function's name, its qualifier, and the clients to reach it with.

    Parameters
    ----------
    function
        A handle, a name, or an ARN.
    client
        A boto3 Lambda client. Default: the connection of the handle, or of the notebook.

    Raises
    ------
    UsageError
        ``function`` has the wrong type, or there is no connection.
    """
    through = None if client is None else Beside(client)
    if isinstance(function, Handle):
        return function.name, function.qualifier, through or function.clients
    if not isinstance(function, str):
        raise UsageError(f"{function!r} is no function: give a handle, a name or an ARN")
    words = function.split(":")
    if "function" in words:
        name, *more = words[words.index("function") + 1 :]
    else:
        name, *more = words
    return name, (more[0] if more else None), through or of_notebook(f"the function {function!r}")
