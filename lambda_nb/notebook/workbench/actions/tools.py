"""What actions work with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lambda_nb.notebook.functions.code_origin import Origin
from lambda_nb.notebook.workbench.clients import Clients

OriginOf = Callable[[str], "Origin | None"]


@dataclass(frozen=True)
class Tools:
    """The connection, the cells of the notebook, and what deletions keep for an undo.

    ``deleted`` maps a token to what brings a function back.
    """

    clients: Clients
    origin_of: OriginOf
    deleted: dict[str, Any] = field(default_factory=dict)


def pace(clients: Clients) -> dict[str, Any]:
    """How often a waiter asks: each call counts on AWS."""
    if clients.connection.is_aws:
        return {"Delay": 1, "MaxAttempts": 300}
    return {"Delay": 0.05, "MaxAttempts": 1200}


def settle(clients: Clients, name: str) -> None:
    """Wait until a function's update is done, so that it can be changed again."""
    waiter = clients.client().get_waiter("function_updated_v2")
    waiter.wait(FunctionName=name, WaiterConfig=pace(clients))
