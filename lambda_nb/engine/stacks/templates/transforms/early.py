"""Functions that can be evaluated before there is a stack: those of parameters and mappings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.templates.resolution.marks import NO_VALUE
from lambda_nb.engine.stacks.templates.resolution.resolver import Resolver
from lambda_nb.engine.stacks.templates.transforms.around import Around


def early_resolver(
    document: Mapping[str, Any], values: Mapping[str, Any], around: Around
) -> Resolver:
    """A resolver that knows the values of parameters and refuses what only a stack knows."""
    known = {
        **values,
        "AWS::AccountId": around.account,
        "AWS::NoValue": NO_VALUE,
        "AWS::Partition": around.partition,
        "AWS::Region": around.region,
        "AWS::StackId": around.stack_id,
        "AWS::StackName": around.stack_name,
        "AWS::URLSuffix": "amazonaws.com",
    }

    def refer(name: str, attribute: str | None) -> Any:
        if attribute is not None or name not in known:
            raise validation_error(f"{name} is not known before the stack is made")
        return known[name]

    def holds(name: str) -> bool:
        conditions = document.get("Conditions", {})
        if name not in conditions:
            raise validation_error(f"there is no condition {name}")
        return resolver.condition(conditions[name])

    def refused(asked: Any) -> NoReturn:
        raise validation_error(f"the output of another stack cannot be used here: {asked}")

    mappings = document.get("Mappings", {})
    resolver = Resolver(mappings, refer, holds, refused, refused, around.region)
    return resolver
