"""``AWS::Lambda::Version`` and ``AWS::Lambda::Alias``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types.absence import absence_is_fine
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.functions.settling import provision, settle
from lambda_nb.engine.stacks.types.reading import now
from lambda_nb.engine.stacks.types.resource_type import ResourceType, changed, given


class Version(ResourceType):
    """A published version; another one takes another resource."""

    name = "AWS::Lambda::Version"

    def create(self, context: Context, properties: Properties) -> Made:
        """Publish it; a function that has not changed since its last version is refused."""
        calls, function = context.client("lambda"), str(properties["FunctionName"])
        before = _numbers(calls, function)
        published = calls.publish_version(
            **given(
                FunctionName=function,
                CodeSha256=properties.get("CodeSha256"),
                Description=properties.get("Description"),
            )
        )
        number, arn = published["Version"], published["FunctionArn"]
        if number in before:
            raise Refused(
                f"A version for this Lambda function exists ( {number} ). Modify the function to "
                "create a new version .",
                "AlreadyExists",
            )
        context.made(arn)
        settle(context, function, number)
        policy = properties.get("RuntimePolicy")
        if policy:
            calls.put_runtime_management_config(FunctionName=function, Qualifier=number, **policy)
        _limit(calls, arn, {}, properties)
        amount = _amount(properties)
        if amount is not None:
            provision(context, function, number, amount)
        return Made(arn, {"Version": number, "FunctionArn": arn})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Change the limits of a version that runs on a capacity provider."""
        _limit(context.client("lambda"), made.physical_id, old, new)
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete the version."""
        function, _, number = made.physical_id.rpartition(":")
        with absence_is_fine():
            context.client("lambda").delete_function(FunctionName=function, Qualifier=number)

    def read(self, context: Context, made: Made, properties: Properties) -> Properties | None:
        """Its description: nothing else of a version can change."""
        function, _, number = made.physical_id.rpartition(":")
        found: dict[str, Any] = {}
        with absence_is_fine():
            found = context.client("lambda").get_function_configuration(
                FunctionName=function, Qualifier=number
            )
        return now(properties, found, "Description") if found else None


class Alias(ResourceType):
    """An alias."""

    name = "AWS::Lambda::Alias"

    def create(self, context: Context, properties: Properties) -> Made:
        """Create it, with its provisioned concurrency."""
        alias = context.client("lambda").create_alias(**_alias(properties))
        arn = alias["AliasArn"]
        context.made(arn)
        amount = _amount(properties)
        if amount is not None:
            provision(context, str(properties["FunctionName"]), alias["Name"], amount)
        return Made(arn, {"AliasArn": arn})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        """Point it at other versions, and change its provisioned concurrency."""
        context.client("lambda").update_alias(
            **{"Description": "", "RoutingConfig": {"AdditionalVersionWeights": {}}, **_alias(new)}
        )
        if changed(old, new, "ProvisionedConcurrencyConfig"):
            provision(context, str(new["FunctionName"]), str(new["Name"]), _amount(new))
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        """Delete the alias."""
        function, _, name = made.physical_id.rpartition(":")
        with absence_is_fine():
            context.client("lambda").delete_alias(FunctionName=function, Name=name)

    def read(self, context: Context, made: Made, properties: Properties) -> Properties | None:
        """What the alias points at."""
        calls = context.client("lambda")
        function, _, name = made.physical_id.rpartition(":")
        try:
            found = calls.get_alias(FunctionName=function, Name=name)
        except calls.exceptions.ResourceNotFoundException:
            return None
        weights = found.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
        routes = [
            {"FunctionVersion": version, "FunctionWeight": weight}
            for version, weight in weights.items()
        ]
        found["RoutingConfig"] = {"AdditionalVersionWeights": routes} if routes else None
        return {**properties, **{name: found.get(name) for name in properties if name in found}}


def _numbers(calls: Any, function: str) -> set[str]:
    pages = calls.get_paginator("list_versions_by_function").paginate(FunctionName=function)
    return {version["Version"] for page in pages for version in page["Versions"]}


def _limit(calls: Any, version_arn: str, old: Properties, new: Properties) -> None:
    if changed(old, new, "FunctionScalingConfig"):
        limits = new.get("FunctionScalingConfig") or {}
        function, _, number = version_arn.rpartition(":")
        calls.put_function_scaling_config(
            FunctionName=function,
            Qualifier=number,
            FunctionScalingConfig={member: int(limit) for member, limit in limits.items()},
        )


def _amount(properties: Properties) -> int | None:
    config: Mapping[str, Any] = properties.get("ProvisionedConcurrencyConfig") or {}
    amount = config.get("ProvisionedConcurrentExecutions")
    return None if amount is None else int(amount)


def _alias(properties: Properties) -> dict[str, Any]:
    routing: Mapping[str, Any] = properties.get("RoutingConfig") or {}
    weights = {
        str(route["FunctionVersion"]): float(route["FunctionWeight"])
        for route in routing.get("AdditionalVersionWeights") or ()
    }
    return given(
        FunctionName=properties["FunctionName"],
        Name=properties["Name"],
        FunctionVersion=str(properties["FunctionVersion"]),
        Description=properties.get("Description"),
        RoutingConfig={"AdditionalVersionWeights": weights} if weights else None,
    )


TYPES: tuple[ResourceType, ...] = (Version(), Alias())
