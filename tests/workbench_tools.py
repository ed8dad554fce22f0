"""The workbench's actions against a real engine, without a kernel between."""

from __future__ import annotations

import atexit
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from engine_fixtures import Engine

from lambda_nb.notebook.connection.endpoint import Connection
from lambda_nb.notebook.connection.session import Session
from lambda_nb.notebook.functions.code_origin import Origin
from lambda_nb.notebook.workbench.actions.tools import Tools
from lambda_nb.notebook.workbench.clients import Clients
from lambda_nb.notebook.workbench.table import LONG, PLAIN, WATCHES


class Never:
    """A page that never stops what it asked for."""

    def is_set(self) -> bool:
        return False

    def wait(self, timeout: float | None = None) -> bool:
        return False


class Actions:
    """Carries out actions as the hub does; ``pushed`` has the news of the last one."""

    def __init__(self, session: Session, cells: dict[str, Origin]) -> None:
        self.session = session
        self.tools = Tools(Clients(session), cells.get)
        self.pushed: list[Any] = []

    def __call__(self, action: str, **args: Any) -> Any:
        self.pushed = []
        if action in PLAIN:
            return PLAIN[action](self.tools, args)
        return (LONG | WATCHES)[action](self.tools, args, self.pushed.append, Never())


@contextmanager
def connected(engine: Engine) -> Iterator[Session]:
    """A notebook's session that is connected to an engine."""
    session = Session()
    session.connect(Connection(engine.url, engine.region, engine.account, engine.keys))
    try:
        session.client()
        yield session
    finally:
        session.close()
        atexit.unregister(session.close)


@contextmanager
def as_aws(engine: Engine) -> Iterator[Session]:
    """A session that takes an engine for AWS: one that tells what AWS tells, and no more."""
    session = Session()
    session.connect(Connection(None, engine.region, engine.account, {}))
    # Everything but the address of AWS is real.
    session.new_client = lambda service, connection: engine.client(service)  # type: ignore[method-assign]
    try:
        yield session
    finally:
        session.close()
        atexit.unregister(session.close)
