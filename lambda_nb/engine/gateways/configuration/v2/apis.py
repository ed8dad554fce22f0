"""Everything that is configured of HTTP and WebSocket APIs, assembled from its parts."""

from __future__ import annotations

from lambda_nb.engine.control.records.store import Store
from lambda_nb.engine.gateways.shared.surroundings import Surroundings
from lambda_nb.engine.model import Operation


class V2Configuration:
    """HTTP and WebSocket APIs and custom domain names of one Region."""

    def __init__(self, store: Store, surroundings: Surroundings) -> None:
        self._store = store
        self._surroundings = surroundings

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {}

    def protocol(self, api_id: str) -> str | None:
        """``HTTP`` or ``WEBSOCKET`` for the API of that id; ``None`` if there is none."""
        return None
