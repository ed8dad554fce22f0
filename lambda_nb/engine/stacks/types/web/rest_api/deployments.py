"""``AWS::ApiGateway::Deployment``: a picture of a REST API, perhaps with a stage of its own."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType, given
from lambda_nb.engine.stacks.types.web.rest_api import calls, patches, stages

_OF_EVERY_METHOD = (
    "CacheDataEncrypted",
    "CacheTtlInSeconds",
    "CachingEnabled",
    "DataTraceEnabled",
    "LoggingLevel",
    "MetricsEnabled",
    "ThrottlingBurstLimit",
    "ThrottlingRateLimit",
)


class Deployment(ResourceType):
    """A deployment: ``Ref`` is its ID. Changes of it in place deploy nothing anew, as on AWS."""

    name = "AWS::ApiGateway::Deployment"

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one, and the stage that it names."""
        told = calls.parameters(
            "CreateDeployment",
            {
                **properties,
                "StageDescription": None,
                "canarySettings": properties.get("DeploymentCanarySettings"),
            },
        )
        made = calls.client(context).create_deployment(**told)
        context.made(made["id"])
        self._change_stage(context, {}, properties)
        return Made(made["id"], {"DeploymentId": made["id"]})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change its description, and the settings of its stage."""
        operations = patches.values(old, new, {"Description": "/description"})
        place = {"restApiId": new["RestApiId"], "deploymentId": made.physical_id}
        if operations:
            calls.client(context).update_deployment(**place, patchOperations=operations)
        if new.get("StageName") == old.get("StageName"):
            self._change_stage(context, old, new)
        elif new.get("StageName"):
            with absence_is_fine("ConflictException"):
                calls.client(context).create_stage(**place, stageName=new["StageName"])
            stages.change(
                context,
                str(new["RestApiId"]),
                str(new["StageName"]),
                {},
                {"DeploymentId": made.physical_id},
            )
            self._change_stage(context, {}, new)
        if old.get("StageName") and new.get("StageName") != old["StageName"]:
            self._delete_stage(context, made, old)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one, and the stage that it has made and that still serves it."""
        if properties.get("StageName"):
            self._delete_stage(context, made, properties)
        with absence_is_fine():
            calls.client(context).delete_deployment(
                restApiId=properties["RestApiId"], deploymentId=made.physical_id
            )

    def _delete_stage(self, context: Context, made: Made, properties: Properties) -> None:
        place = {"restApiId": properties["RestApiId"], "stageName": properties["StageName"]}
        with absence_is_fine():
            if calls.client(context).get_stage(**place)["deploymentId"] == made.physical_id:
                calls.client(context).delete_stage(**place)

    def _change_stage(self, context: Context, old: Properties, new: Properties) -> None:
        before, after = _stage(old), _stage(new)
        if not new.get("StageName") or before == after:
            return
        api_id, stage = str(new["RestApiId"]), str(new["StageName"])
        stages.change(context, api_id, stage, before, after)
        path = f"/restapis/{api_id}/stages/{stage}"
        calls.tag_again(context, path, given(Tags=before.get("Tags")), after)


def _stage(properties: Properties) -> dict[str, Any]:
    """The stage that a deployment describes, by the names that a stage's properties have."""
    told = dict(properties.get("StageDescription", {}))
    of_every = {name: told.pop(name) for name in _OF_EVERY_METHOD if name in told}
    if of_every:
        every = {"ResourcePath": "/*", "HttpMethod": "*", **of_every}
        told["MethodSettings"] = [every, *told.get("MethodSettings", ())]
    return told


TYPES = (Deployment(),)
