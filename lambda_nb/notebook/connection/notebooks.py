"""Map each notebook to its session, for functions that are called without a client."""

from __future__ import annotations

import weakref
from typing import Any

from lambda_nb.notebook.connection.clients import Clients
from lambda_nb.notebook.connection.session import Session
from lambda_nb.notebook.errors import UsageError

_sessions: weakref.WeakKeyDictionary[Any, Session] = weakref.WeakKeyDictionary()


def register(shell: Any, session: Session) -> None:
    """Set the session of an IPython shell."""
    _sessions[shell] = session


def forget(shell: Any) -> None:
    """Remove the session of a shell."""
    _sessions.pop(shell, None)


def session_of(shell: Any) -> Session | None:
    """The session of a shell, or of the only shell that has one."""
    if shell in _sessions:
        return _sessions[shell]
    sessions = list(_sessions.values())
    return sessions[0] if len(sessions) == 1 else None


def of_notebook(what: str) -> Clients:
    """The notebook's connection.

    Raises
    ------
    UsageError
        There is none; the message names ``what``.
    """
    from IPython.core.getipython import get_ipython

    session = session_of(get_ipython())
    if session is None:
        raise UsageError(
            f"nothing says where {what} can be reached: run %load_ext lambda_nb first, "
            "or give client=boto3.client('lambda', ...)"
        )
    return session


def client(service: str = "lambda") -> Any:
    """A boto3 client of an AWS service at the notebook's endpoint, with its credentials.

    Parameters
    ----------
    service
        By boto3's name: ``"s3"``, ``"dynamodb"``, ``"iot"`` ...

    Raises
    ------
    UsageError
        The notebook has no connection: run ``%load_ext lambda_nb`` first.

    Examples
    --------
    >>> lambda_nb.client("s3").create_bucket(Bucket="pictures")  # doctest: +SKIP
    """
    return of_notebook(f"the service {service}").client(service)
