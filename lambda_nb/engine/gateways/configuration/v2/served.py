"""What a stage of an HTTP or WebSocket API serves: the deployed configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ServedStage:
    """What a stage serves. All records have the members' names of the service's model.

    Attributes
    ----------
    api
        As GetApi shows it, as it was deployed.
    stage
        As GetStage shows it; changes of a stage need no deployment.
    deployment_id
        Empty for a stage to which nothing is deployed.
    routes
        As GetRoutes shows them.
    integrations, authorizers, models
        By id.
    integration_responses
        By the integration's id.
    route_responses
        By the route's id.
    """

    api: Record
    stage: Record
    deployment_id: str
    routes: Sequence[Record]
    integrations: Mapping[str, Record]
    authorizers: Mapping[str, Record]
    models: Mapping[str, Record]
    integration_responses: Mapping[str, Sequence[Record]]
    route_responses: Mapping[str, Sequence[Record]]
