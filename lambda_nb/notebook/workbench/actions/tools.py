"""What actions work with."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lambda_nb.notebook.functions.code_origin import Origin
from lambda_nb.notebook.workbench.clients import Clients
from lambda_nb.notebook.workbench.faults import Refusal

OriginOf = Callable[[str], "Origin | None"]


@dataclass(frozen=True)
class Tools:
    """The connection, the cells of the notebook, and what deletions keep for an undo.

    ``deleted`` maps a token to what brings a function back.
    """

    clients: Clients
    origin_of: OriginOf
    deleted: dict[str, Any] = field(default_factory=dict)


def json_payload(args: Mapping[str, Any]) -> str:
    """The payload that a page gives: JSON, or ``{}`` if it is empty.

    Raises
    ------
    Refusal
        It is no JSON.
    """
    payload = str(args.get("payload") or "{}")
    try:
        json.loads(payload)
    except ValueError as error:
        raise Refusal("InvalidPayload", f"the payload is no JSON: {error}") from None
    return payload
