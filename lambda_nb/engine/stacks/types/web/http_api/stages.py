"""``AWS::ApiGatewayV2::Stage`` and ``Deployment``: what an API serves, and how."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.reading import now
from lambda_nb.engine.stacks.types.resource_type import ResourceType
from lambda_nb.engine.stacks.types.web.http_api import calls


class Stage(ResourceType):
    """A stage: ``Ref`` is its name."""

    name = "AWS::ApiGatewayV2::Stage"

    def create(self, context: Context, properties: Properties) -> Made:
        """Make one."""
        made = calls.client(context).create_stage(
            **calls.parameters("CreateStage", properties), **calls.tagged(context, properties)
        )
        return Made(made["StageName"])

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change one in place."""
        client, place = calls.client(context), _place(made, new)
        before = dict(old)
        if "AccessLogSettings" in before and "AccessLogSettings" not in new:
            client.delete_access_log_settings(**place)
            del before["AccessLogSettings"]
        left = new.get("RouteSettings", {})
        for key, settings in before.pop("RouteSettings", {}).items():
            if left.get(key) != settings:
                with absence_is_fine():
                    client.delete_route_settings(**place, RouteKey=key)
        before["DefaultRouteSettings"] = before.get("DefaultRouteSettings", {})
        settings = _defaults(before["DefaultRouteSettings"], new.get("DefaultRouteSettings", {}))
        after = {**new, "DefaultRouteSettings": settings}
        told = calls.changes("UpdateStage", before, after, merged=("StageVariables",))
        if "DeploymentId" not in new:
            told.pop("DeploymentId", None)  # a stage serves what it served
        if told:
            client.update_stage(**{**told, **place})
        path = f"/apis/{place['ApiId']}/stages/{made.physical_id}"
        calls.tag_again(context, path, old, new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one."""
        with absence_is_fine():
            calls.client(context).delete_stage(**_place(made, properties))

    def read(self, context: Context, made: Made, properties: Properties) -> Properties | None:
        """Its settings."""
        found: dict[str, Any] = {}
        with absence_is_fine():
            found = calls.client(context).get_stage(**_place(made, properties))
        return now(properties, found, *_COMPARED) if found else None


class Deployment(calls.Part):
    """A picture of an API: ``Ref`` is its ID."""

    name = "AWS::ApiGatewayV2::Deployment"
    noun = "Deployment"

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change its description; another stage named serves it from now on."""
        super().update(context, made, old, new)
        stage = new.get("StageName")
        if stage and stage != old.get("StageName"):
            calls.client(context).update_stage(
                ApiId=new["ApiId"], StageName=stage, DeploymentId=made.physical_id
            )
        return made


def _defaults(old: Properties, new: Properties) -> dict[str, Any]:
    """The settings that all routes have, with those that are set no more."""
    return {**{name: value for name, value in _OFF.items() if name in old}, **new}


_COMPARED = ("AutoDeploy", "DefaultRouteSettings", "Description", "StageVariables")
_OFF = {"DetailedMetricsEnabled": False, "DataTraceEnabled": False, "LoggingLevel": "OFF"}


def _place(made: Made, properties: Properties) -> dict[str, Any]:
    return {"ApiId": str(properties["ApiId"]), "StageName": made.physical_id}


TYPES = (Stage(), Deployment())
