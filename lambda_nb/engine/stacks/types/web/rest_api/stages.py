"""``AWS::ApiGateway::Stage``: what a REST API serves, and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.reading import now
from lambda_nb.engine.stacks.types.resource_type import ResourceType
from lambda_nb.engine.stacks.types.web.rest_api import calls, patches
from lambda_nb.engine.stacks.types.web.rest_api.patches import Patch

_PATHS = {
    "DeploymentId": "/deploymentId",
    "Description": "/description",
    "ClientCertificateId": "/clientCertificateId",
    "DocumentationVersion": "/documentationVersion",
    "CacheClusterEnabled": "/cacheClusterEnabled",
    "CacheClusterSize": "/cacheClusterSize",
    "TracingEnabled": "/tracingEnabled",
}
_UNSET = {"CacheClusterEnabled": False, "CacheClusterSize": "0.5", "TracingEnabled": False}
_LOG_PATHS = {
    "DestinationArn": "/accessLogSettings/destinationArn",
    "Format": "/accessLogSettings/format",
}
_CANARY_PATHS = {
    "DeploymentId": "/canarySettings/deploymentId",
    "PercentTraffic": "/canarySettings/percentTraffic",
    "UseStageCache": "/canarySettings/useStageCache",
}
_CANARY_UNSET = {"PercentTraffic": 0, "UseStageCache": False}
_METHOD_PATHS = {
    "MetricsEnabled": "metrics/enabled",
    "LoggingLevel": "logging/loglevel",
    "DataTraceEnabled": "logging/dataTrace",
    "ThrottlingBurstLimit": "throttling/burstLimit",
    "ThrottlingRateLimit": "throttling/rateLimit",
    "CachingEnabled": "caching/enabled",
    "CacheTtlInSeconds": "caching/ttlInSeconds",
    "CacheDataEncrypted": "caching/dataEncrypted",
}


class Stage(ResourceType):
    """A stage: ``Ref`` is its name."""

    name = "AWS::ApiGateway::Stage"

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one."""
        told = {**properties, "StageName": properties.get("StageName") or "default"}
        at_once = {name: value for name, value in told.items() if name != "CanarySetting"}
        made = calls.client(context).create_stage(
            **calls.parameters("CreateStage", at_once), **calls.tagged(context, properties)
        )
        context.made(made["stageName"])
        later = {name: told[name] for name in _LATER if name in told}
        change(context, str(told["RestApiId"]), made["stageName"], {}, later)
        return Made(made["stageName"])

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change one in place."""
        api_id, stage = str(new["RestApiId"]), made.physical_id
        change(context, api_id, stage, old, new)
        calls.tag_again(context, f"/restapis/{api_id}/stages/{stage}", old, new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one."""
        with absence_is_fine():
            calls.client(context).delete_stage(
                restApiId=properties["RestApiId"], stageName=made.physical_id
            )

    def read(self, context: Context, made: Made, properties: Properties) -> Properties | None:
        """Its settings; those of its methods are not compared."""
        found: dict[str, Any] = {}
        with absence_is_fine():
            found = calls.client(context).get_stage(
                restApiId=properties["RestApiId"], stageName=made.physical_id
            )
        return now(properties, found, *_PATHS, "Variables") if found else None


def change(context: Context, api_id: str, stage: str, old: Properties, new: Properties) -> None:
    """Change a stage as its properties changed."""
    operations = _differences(old, new)
    if operations:
        calls.client(context).update_stage(
            restApiId=api_id, stageName=stage, patchOperations=operations
        )


_LATER = ("AccessLogSetting", "CanarySetting", "ClientCertificateId", "MethodSettings")
"""What the call that makes a stage does not take."""


def _differences(old: Properties, new: Properties) -> list[Patch]:
    return [
        *patches.values(old, new, _PATHS, _UNSET),
        *patches.entries("/variables", old.get("Variables"), new.get("Variables")),
        *_settings("/accessLogSettings", old, new, "AccessLogSetting", _LOG_PATHS, {}),
        *_settings("/canarySettings", old, new, "CanarySetting", _CANARY_PATHS, _CANARY_UNSET),
        *_of_methods(old.get("MethodSettings", ()), new.get("MethodSettings", ())),
    ]


def _settings(
    path: str,
    old: Properties,
    new: Properties,
    name: str,
    paths: Mapping[str, str],
    unset: Properties,
) -> list[Patch]:
    before, after = old.get(name), new.get(name)
    if after is None:
        return [] if before is None else [patches.removed(path)]
    before = before or {}
    found = patches.values(before, after, paths, unset)
    if name == "CanarySetting":
        found += patches.entries(
            f"{path}/stageVariableOverrides",
            before.get("StageVariableOverrides"),
            after.get("StageVariableOverrides"),
        )
    return found


def _of_methods(old: Any, new: Any) -> list[Patch]:
    before = {_method(settings): settings for settings in old}
    after = {_method(settings): settings for settings in new}
    made = [
        patches.removed(f"/{key}") for key, settings in before.items() if after.get(key) != settings
    ]
    for key, settings in after.items():
        if before.get(key) != settings:
            made += [
                patches.replaced(f"/{key}/{path}", settings[name])
                for name, path in _METHOD_PATHS.items()
                if settings.get(name) is not None
            ]
    return made


def _method(settings: Mapping[str, Any]) -> str:
    """What the settings are for, as patch paths have it: ``*/*``, ``~1pets/GET``."""
    path = str(settings.get("ResourcePath", "/*"))
    method = settings.get("HttpMethod", "*")
    return f"*/{method}" if path == "/*" else f"{path.replace('/', '~1')}/{method}"


TYPES = (Stage(),)
