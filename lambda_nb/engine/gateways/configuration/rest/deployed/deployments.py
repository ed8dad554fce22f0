"""Deployments: pictures of a whole API, which stages serve."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.control.records.store import Batch, Record
from lambda_nb.engine.gateways.configuration.rest.definition.definition import Definition
from lambda_nb.engine.gateways.configuration.rest.deployed.stages import (
    canary_of,
    check,
    check_name,
    new_stage,
    settle_cache,
)
from lambda_nb.engine.gateways.configuration.rest.kept import patches
from lambda_nb.engine.gateways.configuration.rest.kept import records as kept
from lambda_nb.engine.gateways.configuration.rest.kept.errors import bad_request, not_found
from lambda_nb.engine.gateways.configuration.rest.kept.paging import page
from lambda_nb.engine.gateways.configuration.rest.kept.records import Records
from lambda_nb.engine.model import Caller, Operation, Request, Response

UNKNOWN = "Invalid Deployment identifier specified"
_RULES = {"/description": patches.value(patches.text, "add", "replace", "remove")}
_SHOWN = ("id", "description", "createdDate")


class Deployments:
    """The deployments of REST APIs.

    Parameters
    ----------
    records
        Where they are kept.
    """

    def __init__(self, records: Records) -> None:
        self._records = records

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "CreateDeployment": self._create,
            "GetDeployment": self._get,
            "GetDeployments": self._list,
            "UpdateDeployment": self._update,
            "DeleteDeployment": self._delete,
        }

    def _create(self, request: Request, caller: Caller) -> Response:
        api_id = request["restApiId"]
        definition = Definition.of(self._records, api_id)
        _check_complete(definition)
        deployment: Record = {
            "id": kept.new_id(),
            "createdDate": kept.now(),
            "picture": definition.picture(),
        }
        if request.get("description"):
            deployment["description"] = request["description"]
        with self._records.write() as batch:
            batch.put(kept.DEPLOYMENT, api_id, deployment["id"], deployment)
            self._put_in_stage(request, deployment["id"], batch)
        return _shown(deployment, ())

    def _put_in_stage(self, request: Request, deployment_id: str, batch: Batch) -> None:
        """Let the stage that a call names serve a new deployment."""
        api_id, name = request["restApiId"], request.get("stageName")
        canary = request.get("canarySettings")
        if not name:
            for member in (
                "stageDescription",
                "canarySettings",
                "variables",
                "cacheClusterEnabled",
            ):
                if request.get(member):
                    raise bad_request(
                        "Invalid deployment content specified.Non null and non empty stageName "
                        f"must be provided for {member}."
                    )
            return
        check_name(name)
        old = self._records.find(kept.STAGE, api_id, name)
        if canary is not None and old is None:
            raise bad_request(
                "Invalid deployment content specified.Canary settings are for a stage that exists, "
                f"and there is no stage {name}."
            )
        settings = {key: request[key] for key in _FOR_STAGE if key in request}
        if request.get("stageDescription"):
            settings["description"] = request["stageDescription"]
        if old is None:
            stage = new_stage({"stageName": name, "deploymentId": deployment_id, **settings})
        else:
            stage = {**old, **settings, "lastUpdatedDate": kept.now()}
            if canary is None:
                stage["deploymentId"] = deployment_id
            else:
                stage["canarySettings"] = canary_of({**canary, "deploymentId": deployment_id})
        settle_cache(stage)
        check(self._records, api_id, stage, coming=deployment_id)
        batch.put(kept.STAGE, api_id, name, stage)

    def _get(self, request: Request, caller: Caller) -> Response:
        return _shown(self._find(request), request.get("embed", ()))

    def _list(self, request: Request, caller: Caller) -> Response:
        self._records.api(request["restApiId"])
        found = self._records.children(kept.DEPLOYMENT, request["restApiId"]).values()
        answer = page(request, found, _newest_first)
        return {**answer, "items": [_shown(one, ()) for one in answer["items"]]}

    def _update(self, request: Request, caller: Caller) -> Response:
        changed = patches.apply(self._find(request), request, _RULES)
        self._records.put(kept.DEPLOYMENT, request["restApiId"], changed["id"], changed)
        return _shown(changed, ())

    def _delete(self, request: Request, caller: Caller) -> Response:
        api_id, deployment_id = request["restApiId"], self._find(request)["id"]
        for stage in self._records.children(kept.STAGE, api_id).values():
            canary = stage.get("canarySettings", {}).get("deploymentId")
            if deployment_id in (stage["deploymentId"], canary):
                raise bad_request(
                    "Active stages pointing to this deployment must be moved or deleted"
                )
        self._records.delete(kept.DEPLOYMENT, api_id, deployment_id)
        return {}

    def _find(self, request: Request) -> Record:
        return self._records.of_api(
            kept.DEPLOYMENT, request["restApiId"], request["deploymentId"], UNKNOWN
        )


_FOR_STAGE = ("cacheClusterEnabled", "cacheClusterSize", "variables", "tracingEnabled")


def _newest_first(deployment: Record) -> str:
    return f"{10**12 - deployment['createdDate']:012}{deployment['id']}"


def _check_complete(definition: Definition) -> None:
    methods = list(definition.methods())
    if not methods:
        raise bad_request("The REST API doesn't contain any methods")
    for _, method in methods:
        if "methodIntegration" not in method:
            raise not_found("No integration defined for method")


def _shown(deployment: Record, embed: Any) -> Response:
    shown: Response = {key: deployment[key] for key in _SHOWN if key in deployment}
    if "apisummary" in embed:
        summary: dict[str, dict[str, Any]] = {}
        for resource, method in Definition.of_picture(deployment["picture"]).methods():
            summary.setdefault(resource["path"], {})[method["httpMethod"]] = {
                "authorizationType": method["authorizationType"],
                "apiKeyRequired": method["apiKeyRequired"],
            }
        shown["apiSummary"] = summary
    return shown
