"""``AWS::ApiGateway::ApiKey``, ``UsagePlan`` and ``UsagePlanKey``: who may call how much."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from lambda_nb.engine.stacks.model import Made, Properties
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType, with_name
from lambda_nb.engine.stacks.types.web.rest_api import calls, patches
from lambda_nb.engine.stacks.types.web.rest_api.patches import Patch


class ApiKey(calls.Part):
    """A key of a client: ``Ref`` is its ID."""

    name = "AWS::ApiGateway::ApiKey"
    noun = "ApiKey"
    key = "apiKey"
    parents = ()
    attribute = "APIKeyId"
    paths: ClassVar[Mapping[str, str]] = {
        "Description": "/description",
        "Enabled": "/enabled",
        "CustomerId": "/customerId",
    }
    unset: ClassVar[Properties] = {"Enabled": False}
    tags_at = "/apikeys/{}"

    def prepared(self, context: Context, properties: Properties) -> Properties:
        """The properties, with a name."""
        return with_name(context, properties, "Name")

    def patches(self, old: Properties, new: Properties) -> list[Patch]:
        """The operations that change one; a stage is named ``API/STAGE``."""
        before, after = (
            [f"{stage['RestApiId']}/{stage['StageName']}" for stage in one.get("StageKeys", ())]
            for one in (old, new)
        )
        return [*super().patches(old, new), *patches.items("/stages", before, after)]


class UsagePlan(calls.Part):
    """Limits for the keys of a plan: ``Ref`` is its ID."""

    name = "AWS::ApiGateway::UsagePlan"
    noun = "UsagePlan"
    key = "usagePlanId"
    parents = ()
    attribute = "Id"
    paths: ClassVar[Mapping[str, str]] = {"UsagePlanName": "/name", "Description": "/description"}
    renamed: ClassVar[Mapping[str, str]] = {"name": "UsagePlanName"}
    tags_at = "/usageplans/{}"

    def prepared(self, context: Context, properties: Properties) -> Properties:
        """The properties, with a name."""
        return with_name(context, properties, "UsagePlanName")

    def patches(self, old: Properties, new: Properties) -> list[Patch]:
        """The operations that change one."""
        found = super().patches({**old, "UsagePlanName": new["UsagePlanName"]}, new)
        if "UsagePlanName" in old and old["UsagePlanName"] != new["UsagePlanName"]:
            found.append(patches.replaced("/name", new["UsagePlanName"]))
        for name, members in _LIMITS.items():
            found += _limits(old.get(name), new.get(name), f"/{name.lower()}", members)
        return found + _stages(old.get("ApiStages", ()), new.get("ApiStages", ()))

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete one; its stages leave it before."""
        client, place = calls.client(context), {"usagePlanId": made.physical_id}
        with absence_is_fine():
            stages = client.get_usage_plan(**place)["apiStages"]
            leaving: list[Patch] = [
                {"op": "remove", "path": "/apiStages", "value": f"{one['apiId']}:{one['stage']}"}
                for one in stages
            ]
            if leaving:
                client.update_usage_plan(**place, patchOperations=leaving)
        super().delete(context, made, properties)


_LIMITS = {
    "Throttle": {"RateLimit": "rateLimit", "BurstLimit": "burstLimit"},
    "Quota": {"Limit": "limit", "Period": "period", "Offset": "offset"},
}


def _limits(old: Any, new: Any, path: str, members: Mapping[str, str]) -> list[Patch]:
    if new is None:
        return [] if old is None else [patches.removed(path)]
    places = {name: f"{path}/{member}" for name, member in members.items()}
    return patches.values(old or {}, new, places)


def _stages(old: Any, new: Any) -> list[Patch]:
    before = {f"{stage['ApiId']}:{stage['Stage']}": stage for stage in old}
    after = {f"{stage['ApiId']}:{stage['Stage']}": stage for stage in new}
    changed = [key for key, stage in after.items() if before.get(key) != stage]
    gone = [key for key, stage in before.items() if after.get(key) != stage]
    made: list[Patch] = [{"op": "remove", "path": "/apiStages", "value": key} for key in gone]
    for key in changed:
        made.append({"op": "add", "path": "/apiStages", "value": key})
        for method, limits in after[key].get("Throttle", {}).items():
            place = f"/apiStages/{key}/throttle/{patches.part(method)}"
            made += _limits(None, limits, place, _LIMITS["Throttle"])
    return made


class UsagePlanKey(ResourceType):
    """A key in a plan: ``Ref`` is ``KEY:PLAN``. Every change replaces it."""

    name = "AWS::ApiGateway::UsagePlanKey"

    def create(self, context: Context, properties: Properties) -> Made:
        """Put a key into a plan."""
        calls.client(context).create_usage_plan_key(
            **calls.parameters("CreateUsagePlanKey", properties)
        )
        made = f"{properties['KeyId']}:{properties['UsagePlanId']}"
        return Made(made, {"Id": made})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Nothing of it can change in place."""
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Take the key out of the plan."""
        with absence_is_fine():
            calls.client(context).delete_usage_plan_key(
                usagePlanId=properties["UsagePlanId"], keyId=properties["KeyId"]
            )


TYPES = (ApiKey(), UsagePlan(), UsagePlanKey())
