"""Stages: where a deployment of an API is served."""

from __future__ import annotations

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.gateways.configuration.domains import kept
from lambda_nb.engine.gateways.configuration.v2 import pages
from lambda_nb.engine.gateways.configuration.v2.deployments import Deployments
from lambda_nb.engine.gateways.configuration.v2.records import (
    DEPLOYMENT,
    ROUTE,
    STAGE,
    Records,
    given,
    merged,
    now,
    present,
)
from lambda_nb.engine.gateways.configuration.v2.rules import stage_rules, tag_rules
from lambda_nb.engine.gateways.configuration.v2.rules.faults import (
    bad_request,
    conflict,
    not_found,
)
from lambda_nb.engine.model import Caller, Operation, Request, Response


class Stages:
    """CreateStage, UpdateStage and their kin."""

    def __init__(self, records: Records, deployments: Deployments) -> None:
        self._records = records
        self._deployments = deployments
        self._resets: dict[tuple[str, str], int] = {}

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "CreateStage": self.create,
            "GetStage": self.get,
            "GetStages": self.list,
            "UpdateStage": self.update,
            "DeleteStage": self.delete,
            "DeleteAccessLogSettings": self.delete_access_log,
            "DeleteRouteSettings": self.delete_route_settings,
            "ResetAuthorizersCache": self.reset_authorizers,
        }

    def resets(self, api_id: str, stage_name: str) -> int:
        """How often what authorizers said for a stage was to be forgotten."""
        return self._resets.get((api_id, stage_name), 0)

    def create(self, request: Request, caller: Caller) -> Response:
        """Create a stage."""
        api_id, name = request["ApiId"], request["StageName"]
        api = self._records.api(api_id)
        protocol = api["ProtocolType"]
        stage_rules.check_name(name, protocol)
        if self._records.store.get(STAGE.name, api_id, name) is not None:
            raise conflict("Stage already exists")
        fresh = stage_rules.new_stage(protocol, name)
        told = present(given(request, "ApiId", "DeploymentId"))
        stage = {**fresh, **told, "CreatedDate": now(), "LastUpdatedDate": now()}
        stage["DefaultRouteSettings"] = {
            **fresh["DefaultRouteSettings"],
            **told.get("DefaultRouteSettings", {}),
        }
        return self._put(api, stage, request.get("DeploymentId"))

    def get(self, request: Request, caller: Caller) -> Response:
        """One stage."""
        self._records.api(request["ApiId"])
        return self._records.one(STAGE, request["ApiId"], request["StageName"])

    def list(self, request: Request, caller: Caller) -> Response:
        """The stages of an API."""
        self._records.api(request["ApiId"])
        return pages.page(request, self._records.all(STAGE, request["ApiId"]))

    def update(self, request: Request, caller: Caller) -> Response:
        """Change a stage; variables are added, or removed by an empty value."""
        api = self._records.api(request["ApiId"])
        old = self.get(request, caller)
        stage = {**old, **given(request, "ApiId", "DeploymentId"), "LastUpdatedDate": now()}
        for member in ("DefaultRouteSettings", "RouteSettings"):
            if member in request:
                stage[member] = {**old[member], **request[member]}
        if "StageVariables" in request:
            stage["StageVariables"] = merged(old["StageVariables"], request["StageVariables"])
        return self._put(api, present(stage), request.get("DeploymentId"))

    def delete(self, request: Request, caller: Caller) -> Response:
        """Delete a stage that no custom domain name leads to."""
        api_id, name = request["ApiId"], request["StageName"]
        self.get(request, caller)
        if kept.is_mapped(self._records.store, api_id, name):
            raise conflict(
                "Deleting stage failed. Please remove all base path mappings related to the stage "
                "in your domains first"
            )
        with self._deployments.change(api_id) as batch:
            batch.delete(STAGE.name, api_id, name)
        return {}

    def delete_access_log(self, request: Request, caller: Caller) -> Response:
        """Let a stage write no access log."""
        stage = self.get(request, caller)
        self._save(request["ApiId"], given(stage, "AccessLogSettings"))
        return {}

    def delete_route_settings(self, request: Request, caller: Caller) -> Response:
        """Let a route have the stage's default settings."""
        stage = self.get(request, caller)
        settings = dict(stage["RouteSettings"])
        if settings.pop(request["RouteKey"], None) is None:
            raise not_found(
                f"Unable to find Route by key {request['RouteKey']} within the provided "
                "RouteSettings"
            )
        self._save(request["ApiId"], {**stage, "RouteSettings": settings})
        return {}

    def reset_authorizers(self, request: Request, caller: Caller) -> Response:
        """Forget what authorizers said for a stage."""
        self.get(request, caller)
        key = (request["ApiId"], request["StageName"])
        self._resets[key] = self._resets.get(key, 0) + 1
        return {}

    def _put(self, api: Record, stage: Record, deployment_id: str | None) -> Record:
        api_id, name = api["ApiId"], stage["StageName"]
        keys = {route["RouteKey"] for route in self._records.all(ROUTE, api_id)}
        stage_rules.check(stage, api["ProtocolType"], keys)
        tag_rules.check(stage["Tags"])
        automatic = stage["AutoDeploy"]
        old = self._records.store.get(STAGE.name, api_id, name) or {}
        if deployment_id:
            if automatic and old:  # a new one may name the deployment that it begins with
                raise bad_request("Deployment ID cannot be set on a stage with AutoDeploy enabled")
            if self._records.store.get(DEPLOYMENT.name, api_id, deployment_id) is None:
                raise bad_request("Invalid deployment identifier specified")
        with self._records.store.write() as batch:
            batch.put(STAGE.name, api_id, name, stage)
            if automatic and not old.get("AutoDeploy"):
                self._deployments.redeploy(batch, api_id)
            elif deployment_id:
                self._deployments.point(batch, api_id, stage, deployment_id)
            elif not automatic and old.get("AutoDeploy") and "DeploymentId" in stage:
                self._deployments.keep(batch, api_id, stage["DeploymentId"])
        return self._records.one(STAGE, api_id, name)

    def _save(self, api_id: str, stage: Record) -> None:
        with self._records.store.write() as batch:
            stage = {**stage, "LastUpdatedDate": now()}
            batch.put(STAGE.name, api_id, stage["StageName"], stage)
