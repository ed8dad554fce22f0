"""Stages: names under which deployments are served."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.gateways.configuration.rest.deployed import method_settings
from lambda_nb.engine.gateways.configuration.rest.kept import patches
from lambda_nb.engine.gateways.configuration.rest.kept import records as kept
from lambda_nb.engine.gateways.configuration.rest.kept.errors import (
    bad_request,
    conflict,
    not_found,
)
from lambda_nb.engine.gateways.configuration.rest.kept.records import Records
from lambda_nb.engine.gateways.configuration.rest.keys import usage_plans
from lambda_nb.engine.model import Caller, Operation, Request, Response

UNKNOWN = "Invalid stage identifier specified"
CACHE_SIZES = ("0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237")
"""Gigabytes (API reference, 2026)."""

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_VARIABLE_NAME = re.compile(r"[a-zA-Z0-9_]+")
_VARIABLE_VALUE = re.compile(r"[A-Za-z0-9\-._~:/?#&=,]*")
_REQUEST_IDS = ("$context.requestId", "$context.extendedRequestId")
_RULES = {
    "/deploymentId": patches.value(patches.text, "replace", "copy"),
    "/description": patches.value(patches.text, "add", "replace", "remove", "copy"),
    "/clientCertificateId": patches.value(
        patches.text, "add", "replace", "remove", empty="removes"
    ),
    "/documentationVersion": patches.value(
        patches.text, "add", "replace", "remove", empty="removes"
    ),
    "/cacheClusterEnabled": patches.value(patches.boolean),
    "/cacheClusterSize": patches.value(patches.one_of(*CACHE_SIZES)),
    "/tracingEnabled": patches.value(patches.boolean),
    "/variables": patches.value(patches.text, "remove"),
    "/variables/{}": patches.value(patches.text, "add", "replace", "remove", "copy"),
    "/accessLogSettings": patches.value(patches.text, "remove"),
    "/accessLogSettings/destinationArn": patches.value(patches.text, "add", "replace", "remove"),
    "/accessLogSettings/format": patches.value(patches.text, "add", "replace", "remove"),
    "/canarySettings": patches.value(patches.text, "remove"),
    "/canarySettings/deploymentId": patches.value(patches.text, "replace", "copy"),
    "/canarySettings/percentTraffic": patches.value(patches.number),
    "/canarySettings/useStageCache": patches.value(patches.boolean),
    "/canarySettings/stageVariableOverrides": patches.value(patches.text, "remove"),
    "/canarySettings/stageVariableOverrides/{}": patches.entry(),
}


class Stages:
    """The stages of REST APIs.

    Parameters
    ----------
    records
        Where they are kept.

    Attributes
    ----------
    authorizer_flushes, cache_flushes : dict of (str, str) to int
        How often what a stage's authorizers answered, and what it cached, was to be forgotten:
        by API and stage.
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self.authorizer_flushes: dict[tuple[str, str], int] = {}
        self.cache_flushes: dict[tuple[str, str], int] = {}

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "CreateStage": self._create,
            "GetStage": self._get,
            "GetStages": self._list,
            "UpdateStage": self._update,
            "DeleteStage": self._delete,
            "FlushStageCache": self._flush_cache,
            "FlushStageAuthorizersCache": self._flush_authorizers,
        }

    def _create(self, request: Request, caller: Caller) -> Response:
        api_id, name = request["restApiId"], request["stageName"]
        self._records.api(api_id)
        check_name(name)
        if self._records.find(kept.STAGE, api_id, name) is not None:
            raise conflict("Stage already exists")
        stage = new_stage(request)
        check(self._records, api_id, stage)
        return self._records.put(kept.STAGE, api_id, name, stage)

    def _get(self, request: Request, caller: Caller) -> Response:
        return self._find(request)

    def _list(self, request: Request, caller: Caller) -> Response:
        self._records.api(request["restApiId"])
        wanted = request.get("deploymentId")
        stages = self._records.children(kept.STAGE, request["restApiId"])
        return {
            "item": [
                stage
                for _, stage in sorted(stages.items())
                if wanted in (None, stage["deploymentId"])
            ]
        }

    def _update(self, request: Request, caller: Caller) -> Response:
        api_id = request["restApiId"]
        stage = copy.deepcopy(self._find(request))
        for operation in patches.operations_of(request):
            if method_settings.change(stage, operation) or _promote_variables(stage, operation):
                continue
            before = stage.get("canarySettings")
            patches.apply_one(stage, operation, _RULES)
            if before is None and "canarySettings" in stage:
                stage["canarySettings"] = canary_of(
                    {"deploymentId": stage["deploymentId"], **stage["canarySettings"]}
                )
        settle_cache(stage)
        check(self._records, api_id, stage)
        stage["lastUpdatedDate"] = kept.now()
        return self._records.put(kept.STAGE, api_id, stage["stageName"], stage)

    def _delete(self, request: Request, caller: Caller) -> Response:
        api_id, name = request["restApiId"], self._find(request)["stageName"]
        if self._records.is_mapped(api_id, name):
            raise bad_request(
                "Please remove all base path mappings related to the stage in your domains"
            )
        with self._records.write() as batch:
            batch.delete(kept.STAGE, api_id, name)
            usage_plans.leave(self._records, batch, api_id, name)
        return {}

    def _flush_cache(self, request: Request, caller: Caller) -> Response:
        return self._flush(request, self.cache_flushes)

    def _flush_authorizers(self, request: Request, caller: Caller) -> Response:
        return self._flush(request, self.authorizer_flushes)

    def _flush(self, request: Request, flushes: dict[tuple[str, str], int]) -> Response:
        key = (request["restApiId"], self._find(request)["stageName"])
        flushes[key] = flushes.get(key, 0) + 1
        return {}

    def _find(self, request: Request) -> Record:
        return self._records.of_api(kept.STAGE, request["restApiId"], request["stageName"], UNKNOWN)


def _promote_variables(stage: Record, operation: patches.Operation) -> bool:
    """Take over a canary's variables, if that is what an operation wants."""
    if operation["op"] != "copy" or operation["path"] != "/variables":
        return False
    if operation.get("from") != "/canarySettings/stageVariableOverrides":
        return False
    new = stage.get("canarySettings", {}).get("stageVariableOverrides")
    if new:
        stage["variables"] = {**stage.get("variables", {}), **new}
    return True


def new_stage(request: Mapping[str, Any]) -> Record:
    """A stage as a ``CreateStage`` call describes it."""
    stage: Record = {
        "stageName": request["stageName"],
        "deploymentId": request["deploymentId"],
        "cacheClusterEnabled": request.get("cacheClusterEnabled", False),
        "methodSettings": {},
        "tracingEnabled": request.get("tracingEnabled", False),
        "createdDate": kept.now(),
        "lastUpdatedDate": kept.now(),
    }
    for member in ("description", "variables", "documentationVersion", "tags", "cacheClusterSize"):
        if request.get(member):
            stage[member] = request[member]
    if request.get("canarySettings") is not None:
        stage["canarySettings"] = canary_of(
            {"deploymentId": stage["deploymentId"], **request["canarySettings"]}
        )
    settle_cache(stage)
    return stage


def canary_of(given: Mapping[str, Any]) -> Record:
    """The settings of a canary, with API Gateway's defaults for what is not given."""
    canary: Record = {"percentTraffic": 0.0, "useStageCache": False, **given}
    if not canary.get("stageVariableOverrides"):
        canary.pop("stageVariableOverrides", None)
    return canary


def check_name(name: str) -> None:
    """Refuse what cannot be a stage's name.

    Raises
    ------
    AWSError
        ``BadRequestException``.
    """
    if not _NAME.fullmatch(name):
        raise bad_request("Stage name only allows a-zA-Z0-9_-")


def check(records: Records, api_id: str, stage: Record, coming: str | None = None) -> None:
    """Refuse a stage that cannot be.

    Parameters
    ----------
    coming
        A deployment that is about to be made.

    Raises
    ------
    AWSError
        ``BadRequestException`` or ``NotFoundException``.
    """
    canary = stage.get("canarySettings", {})
    for deployment in (stage["deploymentId"], canary.get("deploymentId")):
        known = deployment in (None, coming) or records.find(kept.DEPLOYMENT, api_id, deployment)
        if not known:
            raise bad_request("Deployment id does not exist")
    if not 0.0 <= canary.get("percentTraffic", 0.0) <= 100.0:
        raise bad_request("Invalid canary percent traffic: it must be between 0.0 and 100.0")
    for variables in (stage.get("variables", {}), canary.get("stageVariableOverrides", {})):
        _check_variables(variables)
    version = stage.get("documentationVersion")
    if version and records.find(kept.DOCUMENTATION_VERSION, api_id, version) is None:
        raise bad_request("Invalid Documentation version specified")
    certificate = stage.get("clientCertificateId")
    if certificate and records.find(kept.CLIENT_CERTIFICATE, "", certificate) is None:
        raise not_found("Invalid Client Certificate identifier specified")
    if stage.get("cacheClusterSize") not in (None, *CACHE_SIZES):
        raise bad_request(f"Invalid cache cluster size specified: {stage['cacheClusterSize']}")
    destination = stage.get("accessLogSettings", {}).get("destinationArn") or ""
    if ":firehose:" in destination:
        raise bad_request(
            f"lambda_nb writes access logs to log groups only, not to Firehose: {destination}. "
            "Name a log group, and subscribe the stream to it."
        )
    log_format = stage.get("accessLogSettings", {}).get("format")
    if log_format and not any(one in log_format for one in _REQUEST_IDS):
        raise bad_request(
            f"Access Log format must contain at least one of {' or '.join(_REQUEST_IDS)}"
        )


def settle_cache(stage: Record) -> None:
    """Let a stage say what its cache is, as its settings have it."""
    enabled = stage["cacheClusterEnabled"]
    stage["cacheClusterStatus"] = "AVAILABLE" if enabled else "NOT_AVAILABLE"
    if enabled:
        stage.setdefault("cacheClusterSize", CACHE_SIZES[0])


def _check_variables(variables: Mapping[str, str]) -> None:
    for name, value in variables.items():
        if not _VARIABLE_NAME.fullmatch(name):
            raise bad_request(
                f"Invalid stage variable name: {name}. Please use characters a-zA-Z0-9_"
            )
        if not _VARIABLE_VALUE.fullmatch(value):
            raise bad_request(
                f"Invalid stage variable value: {value}. Please use values with alphanumeric "
                "characters and the symbols ' ',-', '.', '_', ':', '/', '?', '&', '=', and ','."
            )
