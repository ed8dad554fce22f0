"""Everything that is configured of HTTP and WebSocket APIs, assembled from its parts."""

from __future__ import annotations

from dataclasses import replace

from lambda_nb.engine.control.records.store import Store
from lambda_nb.engine.gateways.configuration.v2.api_settings import Apis
from lambda_nb.engine.gateways.configuration.v2.authorizers import Authorizers
from lambda_nb.engine.gateways.configuration.v2.deployments import Deployments
from lambda_nb.engine.gateways.configuration.v2.integrations import Integrations
from lambda_nb.engine.gateways.configuration.v2.models import Models
from lambda_nb.engine.gateways.configuration.v2.open_api.exporting import Exporting
from lambda_nb.engine.gateways.configuration.v2.open_api.importing import Importing
from lambda_nb.engine.gateways.configuration.v2.quick_create import QuickCreate
from lambda_nb.engine.gateways.configuration.v2.records import API, Records
from lambda_nb.engine.gateways.configuration.v2.responses import (
    integration_responses,
    route_responses,
)
from lambda_nb.engine.gateways.configuration.v2.routes import Routes
from lambda_nb.engine.gateways.configuration.v2.rules import developer_portal
from lambda_nb.engine.gateways.configuration.v2.served import ServedStage
from lambda_nb.engine.gateways.configuration.v2.stages import Stages
from lambda_nb.engine.gateways.configuration.v2.tags import Tags
from lambda_nb.engine.gateways.configuration.v2.vpc_links import VpcLinks
from lambda_nb.engine.gateways.shared.surroundings import Surroundings
from lambda_nb.engine.model import Operation


class V2Configuration:
    """HTTP and WebSocket APIs of one Region.

    Parameters
    ----------
    store
        Keeps them.
    surroundings
        Where they are.

    Attributes
    ----------
    revision : int
        Rises with every commit: what was read before may be stale.
    """

    def __init__(self, store: Store, surroundings: Surroundings) -> None:
        self._store = store
        self._addresses = surroundings.addresses
        self.revision = 0
        records = Records(store, surroundings.account)
        self._deployments = Deployments(records)
        self._apis = Apis(records, self._deployments, QuickCreate(records), self._endpoint)
        self._stages = Stages(records, self._deployments)
        integrations = Integrations(records, self._deployments)
        self._parts = (
            self._apis,
            self._deployments,
            self._stages,
            Routes(records, self._deployments),
            integrations,
            integration_responses(records, self._deployments),
            route_responses(records, self._deployments),
            Authorizers(records, self._deployments),
            Models(records, self._deployments),
            VpcLinks(records),
            Importing(records, self._deployments, self._apis, integrations),
            Exporting(records, self._apis.show, self._deployments.latest, self._deployments.served),
            Tags(records, surroundings.region),
        )
        store.watch(self._committed)

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        ours = {
            name: handler for part in self._parts for name, handler in part.operations().items()
        }
        return {**developer_portal.operations(), **ours}

    def protocol(self, api_id: str) -> str | None:
        """``HTTP`` or ``WEBSOCKET`` for the API of that id; ``None`` if there is none."""
        api = self._store.get(API.name, "", api_id)
        return None if api is None else str(api["ProtocolType"])

    def served(self, api_id: str, stage_name: str) -> ServedStage | None:
        """What a stage serves; ``None`` if there is no such API or stage."""
        served = self._deployments.served(api_id, stage_name)
        return None if served is None else replace(served, api=self._apis.show(served.api))

    def authorizer_resets(self, api_id: str, stage_name: str) -> int:
        """How often ResetAuthorizersCache was called for a stage since the engine started."""
        return self._stages.resets(api_id, stage_name)

    def _endpoint(self, protocol: str, api_id: str) -> str:
        address = self._addresses.of("execute-api", api_id)
        if protocol == "WEBSOCKET":
            return address.replace("http://", "ws://", 1)
        return address

    def _committed(self) -> None:
        self.revision += 1
