"""Deployments: what was deployed, and the automatic ones.

A deployment that was asked for has a snapshot of the API. An automatic one needs none while stages
that deploy automatically have it: they serve the API as it is. It gets its snapshot when a stage
without automatic deployment is to keep it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from lambda_nb.engine.control.records.store import Batch, Record
from lambda_nb.engine.gateways.configuration.v2 import pages
from lambda_nb.engine.gateways.configuration.v2.records import (
    API,
    AUTHORIZER,
    DEPLOYMENT,
    INTEGRATION,
    INTEGRATION_RESPONSE,
    MODEL,
    ROUTE,
    ROUTE_RESPONSE,
    SNAPSHOT,
    STAGE,
    Records,
    now,
    present,
)
from lambda_nb.engine.gateways.configuration.v2.rules.faults import bad_request
from lambda_nb.engine.gateways.configuration.v2.served import ServedStage
from lambda_nb.engine.model import Caller, Operation, Request, Response

_NO_ROUTES = "Unable to deploy API because no routes exist in this API"


class Deployments:
    """CreateDeployment and its kin, and what stages serve."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._store = records.store

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "CreateDeployment": self.create,
            "GetDeployment": self.get,
            "GetDeployments": self.list,
            "UpdateDeployment": self.update,
            "DeleteDeployment": self.delete,
        }

    def create(self, request: Request, caller: Caller) -> Response:
        """Deploy an API as it is, to a stage if one is named."""
        api_id = request["ApiId"]
        self._records.api(api_id)
        stage_name = request.get("StageName")
        stage = self._records.one(STAGE, api_id, stage_name) if stage_name else None
        with self._store.write() as batch:
            deployment = self._deploy(batch, api_id, request.get("Description"), automatic=False)
            self._keep(batch, api_id, deployment["DeploymentId"])
            if stage is not None:
                self.point(batch, api_id, stage, deployment["DeploymentId"])
        return deployment

    def get(self, request: Request, caller: Caller) -> Response:
        """One deployment."""
        self._records.api(request["ApiId"])
        return self._records.one(DEPLOYMENT, request["ApiId"], request["DeploymentId"])

    def list(self, request: Request, caller: Caller) -> Response:
        """The deployments of an API."""
        self._records.api(request["ApiId"])
        return pages.page(request, self._records.all(DEPLOYMENT, request["ApiId"]))

    def update(self, request: Request, caller: Caller) -> Response:
        """Change a deployment's description."""
        api_id, key = request["ApiId"], request["DeploymentId"]
        deployment = self.get(request, caller)
        if "Description" in request:
            deployment = present({**deployment, "Description": request["Description"]})
        with self._store.write() as batch:
            batch.put(DEPLOYMENT.name, api_id, key, deployment)
        return deployment

    def delete(self, request: Request, caller: Caller) -> Response:
        """Delete a deployment that no stage has."""
        api_id, key = request["ApiId"], request["DeploymentId"]
        self.get(request, caller)
        if any(s.get("DeploymentId") == key for s in self._records.all(STAGE, api_id)):
            raise bad_request("Active stages pointing to this deployment must be moved or deleted")
        with self._store.write() as batch:
            batch.delete(DEPLOYMENT.name, api_id, key)
            batch.delete(SNAPSHOT, api_id, key)
        return {}

    @contextmanager
    def change(self, api_id: str) -> Iterator[Batch]:
        """Collect writes to an API; stages that deploy automatically then have them at once."""
        with self._store.write() as batch:
            yield batch
            self.redeploy(batch, api_id)

    def redeploy(self, batch: Batch, api_id: str) -> None:
        """Deploy to the stages that deploy automatically."""
        stages = self._records.after(batch, STAGE, api_id)
        automatic = [stage for stage in stages.values() if stage.get("AutoDeploy")]
        if automatic and not self._records.after(batch, ROUTE, api_id):
            text = f"Deployment attempt failed: {_NO_ROUTES}"
            for stage in automatic:
                told = {**stage, "LastDeploymentStatusMessage": text}
                batch.put(STAGE.name, api_id, stage["StageName"], told)
        elif automatic:
            text = "Automatic deployment triggered by changes to the Api configuration"
            deployment = self._deploy(batch, api_id, text, automatic=True)
            for stage in automatic:
                self.point(batch, api_id, stage, deployment["DeploymentId"])
        self._forget_unused(batch, api_id)

    def point(self, batch: Batch, api_id: str, stage: Record, deployment_id: str) -> Record:
        """Let a stage have a deployment."""
        text = f"Successfully deployed stage with deployment ID '{deployment_id}'"
        pointed = {
            **stage,
            "DeploymentId": deployment_id,
            "LastDeploymentStatusMessage": text,
            "LastUpdatedDate": now(),
        }
        batch.put(STAGE.name, api_id, stage["StageName"], pointed)
        if not stage.get("AutoDeploy"):
            self.keep(batch, api_id, deployment_id)
        return pointed

    def keep(self, batch: Batch, api_id: str, deployment_id: str) -> None:
        """Make sure that a deployment stays what it is now."""
        if self._store.get(SNAPSHOT, api_id, deployment_id) is None:
            self._keep(batch, api_id, deployment_id)

    def served(self, api_id: str, stage_name: str) -> ServedStage | None:
        """What a stage serves; ``None`` if there is no such stage."""
        stage = self._store.get(STAGE.name, api_id, stage_name)
        if stage is None:
            return None
        deployment_id = stage.get("DeploymentId", "")
        snapshot: Mapping[str, Any] | None = None
        if not stage.get("AutoDeploy"):
            snapshot = self._store.get(SNAPSHOT, api_id, deployment_id)
            if snapshot is None:
                snapshot = {**_NOTHING, "api": self._records.api(api_id)}
        if snapshot is None:
            snapshot = self._snapshot(Batch(), api_id)
        return ServedStage(stage=stage, deployment_id=deployment_id, **snapshot)

    def latest(self, api_id: str) -> ServedStage:
        """An API as it is, deployed or not."""
        return ServedStage(stage={}, deployment_id="", **self._snapshot(Batch(), api_id))

    def _deploy(
        self, batch: Batch, api_id: str, description: str | None, *, automatic: bool
    ) -> Record:
        if not self._records.after(batch, ROUTE, api_id):
            raise bad_request(_NO_ROUTES)
        deployment = {
            "AutoDeployed": automatic,
            "CreatedDate": now(),
            "DeploymentStatus": "DEPLOYED",
            "Description": description,
        }
        return self._records.add(batch, DEPLOYMENT, api_id, deployment)

    def _keep(self, batch: Batch, api_id: str, deployment_id: str) -> None:
        batch.put(SNAPSHOT, api_id, deployment_id, self._snapshot(batch, api_id))

    def _snapshot(self, batch: Batch, api_id: str) -> Record:
        after = self._records.after
        routes = after(batch, ROUTE, api_id)
        integrations = after(batch, INTEGRATION, api_id)
        return {
            "api": after(batch, API, "")[api_id],
            "routes": list(routes.values()),
            "integrations": integrations,
            "authorizers": after(batch, AUTHORIZER, api_id),
            "models": after(batch, MODEL, api_id),
            "integration_responses": {
                key: list(after(batch, INTEGRATION_RESPONSE, f"{api_id}/{key}").values())
                for key in integrations
            },
            "route_responses": {
                key: list(after(batch, ROUTE_RESPONSE, f"{api_id}/{key}").values())
                for key in routes
            },
        }

    def _forget_unused(self, batch: Batch, api_id: str) -> None:
        stages = self._records.after(batch, STAGE, api_id).values()
        used = {stage.get("DeploymentId") for stage in stages}
        for key, deployment in self._records.after(batch, DEPLOYMENT, api_id).items():
            if deployment["AutoDeployed"] and key not in used:
                batch.delete(DEPLOYMENT.name, api_id, key)
                batch.delete(SNAPSHOT, api_id, key)


_NOTHING: Mapping[str, Any] = {
    "routes": [],
    "integrations": {},
    "authorizers": {},
    "models": {},
    "integration_responses": {},
    "route_responses": {},
}
