"""Everything that is configured of REST APIs, assembled from its parts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from lambda_nb.engine.control.records.store import Record, Store
from lambda_nb.engine.gateways.configuration.rest import sdks
from lambda_nb.engine.gateways.configuration.rest.account import Account
from lambda_nb.engine.gateways.configuration.rest.client_certificates import ClientCertificates
from lambda_nb.engine.gateways.configuration.rest.definition.authorizers import Authorizers
from lambda_nb.engine.gateways.configuration.rest.definition.definition import Definition
from lambda_nb.engine.gateways.configuration.rest.definition.documentation import Documentation
from lambda_nb.engine.gateways.configuration.rest.definition.gateway_responses import (
    GatewayResponses,
)
from lambda_nb.engine.gateways.configuration.rest.definition.integrations import Integrations
from lambda_nb.engine.gateways.configuration.rest.definition.methods import Methods
from lambda_nb.engine.gateways.configuration.rest.definition.models import Models
from lambda_nb.engine.gateways.configuration.rest.definition.resources import Resources
from lambda_nb.engine.gateways.configuration.rest.definition.rest_apis import RestApis
from lambda_nb.engine.gateways.configuration.rest.definition.validators import Validators
from lambda_nb.engine.gateways.configuration.rest.deployed.deployments import Deployments
from lambda_nb.engine.gateways.configuration.rest.deployed.stages import Stages
from lambda_nb.engine.gateways.configuration.rest.kept import records as kept
from lambda_nb.engine.gateways.configuration.rest.kept.records import Records
from lambda_nb.engine.gateways.configuration.rest.keys.api_keys import ApiKeys
from lambda_nb.engine.gateways.configuration.rest.keys.usage import Usage
from lambda_nb.engine.gateways.configuration.rest.keys.usage_plans import PlanOfKeys, UsagePlans
from lambda_nb.engine.gateways.configuration.rest.openapi.exports import Exports
from lambda_nb.engine.gateways.configuration.rest.openapi.imports import Imports
from lambda_nb.engine.gateways.configuration.rest.served import ServedRestStage, Snapshot
from lambda_nb.engine.gateways.configuration.rest.tags import Tagged, Tags
from lambda_nb.engine.gateways.shared.addresses import API
from lambda_nb.engine.gateways.shared.surroundings import Surroundings
from lambda_nb.engine.model import Operation

UNDEPLOYED = "test-invoke-stage"
"""The stage and the deployment of test calls, as AWS names them."""


class RestConfiguration:
    """REST APIs, keys and usage plans of one Region.

    Parameters
    ----------
    store
        Where they are kept.
    surroundings
        What the gateways of the Region work with.

    Attributes
    ----------
    usage : Usage
        Counts how often API keys are used.
    """

    def __init__(self, store: Store, surroundings: Surroundings) -> None:
        records = Records(store, surroundings.account, surroundings.region)
        self._records = records
        resources = Resources(records)
        methods = Methods(records, resources)
        self._stages = Stages(records)
        self._keys = ApiKeys(records)
        self._plans = UsagePlans(records)
        self.usage = Usage(records, store, self._plans)
        self._tags = Tags(records)
        self._parts = (
            RestApis(records),
            resources,
            methods,
            Integrations(methods),
            Models(records),
            Validators(records),
            Authorizers(records),
            GatewayResponses(records),
            Documentation(records),
            Deployments(records),
            self._stages,
            self._keys,
            self._plans,
            self.usage,
            Account(records),
            ClientCertificates(records),
            self._tags,
            Imports(records),
            Exports(records, partial(surroundings.addresses.of, API)),
        )

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        found = sdks.operations()
        for part in self._parts:
            found.update(part.operations())
        return found

    def close(self) -> None:
        """Write what was counted."""
        self.usage.keep()

    def also_tag(self, others: Tagged) -> None:
        """Let the operations for tags work for what is kept elsewhere as well."""
        self._tags.others.append(others)

    def also_plan(self, others: Callable[[str, str], bool]) -> None:
        """Let usage plans have stages of APIs that are kept elsewhere."""
        self._plans.others.append(others)

    @property
    def revision(self) -> int:
        """Rises with every change of what is configured."""
        return self._records.revision

    def has_api(self, api_id: str) -> bool:
        """Whether there is a REST API of that id."""
        return self._records.find(kept.API, "", api_id) is not None

    def served(self, api_id: str, stage_name: str) -> ServedRestStage | None:
        """What a stage serves; ``None`` if there is no such stage."""
        stage = self._records.find(kept.STAGE, api_id, stage_name)
        if stage is None:
            return None
        main = self._snapshot(api_id, stage["deploymentId"])
        if main is None:
            return None
        canary = stage.get("canarySettings", {}).get("deploymentId")
        return ServedRestStage(stage, main, self._snapshot(api_id, canary) if canary else None)

    def now(self, api_id: str) -> Snapshot | None:
        """What an API would serve if it were deployed now; ``None`` if there is no such API."""
        if not self.has_api(api_id):
            return None
        return Snapshot.of(UNDEPLOYED, Definition.of(self._records, api_id))

    def flushes(self, api_id: str, stage_name: str) -> tuple[int, int]:
        """How often a stage was to forget what its authorizers said, and what it cached."""
        key = (api_id, stage_name)
        return (
            self._stages.authorizer_flushes.get(key, 0),
            self._stages.cache_flushes.get(key, 0),
        )

    def api_keys(self) -> dict[str, Record]:
        """All API keys, by their values."""
        return self._keys.by_value()

    def usage_plans(self) -> dict[str, PlanOfKeys]:
        """All usage plans with their keys, by id."""
        return self._plans.all()

    def client_certificate(self, identifier: str) -> tuple[str, str] | None:
        """A client certificate and its key, as PEM; ``None`` if there is none of that id."""
        found = self._records.find(kept.CLIENT_CERTIFICATE, "", identifier)
        return None if found is None else (found["pemEncodedCertificate"], found["privateKey"])

    def _snapshot(self, api_id: str, deployment_id: str) -> Snapshot | None:
        deployment: Record | None = self._records.find(kept.DEPLOYMENT, api_id, deployment_id)
        if deployment is None:
            return None
        return Snapshot.of(deployment_id, Definition.of_picture(deployment["picture"]))
