"""Everything that is configured of REST APIs, assembled from its parts."""

from __future__ import annotations

from lambda_nb.engine.control.records.store import Store
from lambda_nb.engine.gateways.shared.surroundings import Surroundings
from lambda_nb.engine.model import Operation


class RestConfiguration:
    """REST APIs, keys, usage plans and custom domain names of one Region."""

    def __init__(self, store: Store, surroundings: Surroundings) -> None:
        self._store = store
        self._surroundings = surroundings

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {}

    def has_api(self, api_id: str) -> bool:
        """Whether there is a REST API of that id."""
        return False
