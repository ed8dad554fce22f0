"""What a stage of a REST API serves: the interface between configuration and serving."""

from __future__ import annotations

from dataclasses import dataclass, field

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.gateways.configuration.rest.definition import gateway_responses as responses
from lambda_nb.engine.gateways.configuration.rest.definition.definition import Definition, Named


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one deployment holds. All records are shared: never change them.

    Attributes
    ----------
    deployment_id
        The deployment.
    api
        As ``GetRestApi`` shows it; but its ``policy`` is plain JSON text.
    resources
        By id, as ``GetResources`` shows them with ``embed=methods``.
    authorizers, validators
        By id.
    models
        By name; the ``schema`` is JSON text.
    gateway_responses
        All types, by type, as ``GetGatewayResponse`` shows them.
    """

    deployment_id: str
    api: Record
    resources: Named
    authorizers: Named
    models: Named
    validators: Named
    gateway_responses: Named = field(default_factory=dict)

    @classmethod
    def of(cls, deployment_id: str, definition: Definition) -> Snapshot:
        """What a deployment of a definition holds."""
        return cls(
            deployment_id,
            definition.api,
            definition.resources,
            definition.authorizers,
            definition.models,
            definition.validators,
            responses.all_of(definition.gateway_responses),
        )


@dataclass(frozen=True, slots=True)
class ServedRestStage:
    """What a stage serves.

    Attributes
    ----------
    stage
        As ``GetStage`` shows it.
    main
        What its deployment holds.
    canary
        What its canary's deployment holds, if the stage has a canary.
    """

    stage: Record
    main: Snapshot
    canary: Snapshot | None

    @property
    def deployment_id(self) -> str:
        """The stage's deployment."""
        return self.main.deployment_id

    @property
    def api(self) -> Record:
        """The API as it was deployed."""
        return self.main.api

    @property
    def resources(self) -> Named:
        """The resources of the deployment, by id."""
        return self.main.resources

    @property
    def authorizers(self) -> Named:
        """The authorizers of the deployment, by id."""
        return self.main.authorizers

    @property
    def models(self) -> Named:
        """The models of the deployment, by name."""
        return self.main.models

    @property
    def validators(self) -> Named:
        """The request validators of the deployment, by id."""
        return self.main.validators

    @property
    def gateway_responses(self) -> Named:
        """All gateway responses of the deployment, by type."""
        return self.main.gateway_responses
