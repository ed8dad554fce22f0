"""Whether what a template refers to is there: parameters, resources, attributes, conditions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.templates import functions
from lambda_nb.engine.stacks.templates.references import (
    Reference,
    conditions_in,
    references,
)
from lambda_nb.engine.stacks.templates.structure.declarations import Declaration, OutputDeclaration
from lambda_nb.engine.stacks.types import schemas

PSEUDO = frozenset(
    (
        "AWS::AccountId",
        "AWS::NoValue",
        "AWS::NotificationARNs",
        "AWS::Partition",
        "AWS::Region",
        "AWS::StackId",
        "AWS::StackName",
        "AWS::URLSuffix",
    )
)
_ANY_ATTRIBUTE = ("AWS::CloudFormation::CustomResource", "Custom::", "AWS::ServiceCatalog::")
_OUTPUTS = "Outputs."


def check_conditions(conditions: Mapping[str, Any], parameters: Collection[str]) -> None:
    """Check what the ``Conditions`` section refers to, and that it has no circle.

    Raises
    ------
    AWSError
        ``ValidationError``.
    """
    needs: dict[str, set[str]] = {}
    for name, value in conditions.items():
        needs[name] = set()
        if not isinstance(value, dict) or next(iter(value), None) not in functions.LOGICAL:
            raise validation_error(
                "Template format error: Conditions can only be boolean operations on parameters "
                "and other conditions"
            )
        for reference in conditions_in(value):
            if reference.is_condition:
                if reference.name not in conditions:
                    raise _unresolved_condition(reference.name, "Conditions")
                needs[name].add(reference.name)
            elif reference.name not in parameters and reference.name not in PSEUDO:
                raise validation_error(
                    f"Template format error: Unresolved dependencies [{reference.name}]. Cannot "
                    "reference resources in the Conditions block of the template"
                )
    try:
        TopologicalSorter(needs).prepare()
    except CycleError as error:
        circle = ", ".join(dict.fromkeys(error.args[1]))
        raise validation_error(
            f"Template format error: Found circular condition dependency between [{circle}]"
        ) from None


def check_references(
    declared: Mapping[str, Declaration],
    outputs: Iterable[OutputDeclaration],
    conditions: Collection[str],
    parameters: Collection[str],
) -> None:
    """Check what resources and outputs refer to; raises as :func:`check_conditions`."""
    names = set(declared) | set(parameters) | PSEUDO
    missing: list[str] = []
    for each in declared.values():
        used = list(references([each.properties, each.creation_policy, each.update_policy]))
        if each.condition is not None:
            used.append(Reference(functions.CONDITION, each.condition))
        _check(used, declared, conditions, "Resources")
        missing += [one.name for one in used if not one.is_condition and one.name not in names]
        missing += [name for name in each.depends_on if name not in declared]
    _refuse(missing, "Resources")
    for output in outputs:
        used = list(references([output.value, output.export]))
        if output.condition is not None:
            used.append(Reference(functions.CONDITION, output.condition))
        _check(used, declared, conditions, "Outputs")
        missing += [one.name for one in used if not one.is_condition and one.name not in names]
    _refuse(missing, "Outputs")


def unresolved(names: Iterable[str], block: str) -> AWSError:
    """The error of references to what is not there; ``block`` is the section."""
    listed = ", ".join(sorted(set(names)))
    return validation_error(
        f"Template format error: Unresolved resource dependencies [{listed}] in the {block} block "
        "of the template"
    )


def _refuse(missing: list[str], block: str) -> None:
    if missing:
        raise unresolved(missing, block)


def _check(
    used: Iterable[Reference],
    declared: Mapping[str, Declaration],
    conditions: Collection[str],
    block: str,
) -> None:
    for one in used:
        if one.is_condition:
            if one.name not in conditions:
                raise _unresolved_condition(one.name, block)
        elif one.attribute is not None:
            if one.name not in declared:
                raise _undefined(one)
            if one.attribute:
                _check_attribute(one, declared[one.name])


def _undefined(reference: Reference) -> AWSError:
    if reference.function == functions.SUB:
        return validation_error(
            "Template error: instance of Fn::Sub references invalid resource attribute "
            f"{reference.name}.{reference.attribute}"
        )
    return validation_error(
        f"Template error: instance of Fn::GetAtt references undefined resource {reference.name}"
    )


def _check_attribute(reference: Reference, declaration: Declaration) -> None:
    kind, attribute = declaration.type, reference.attribute or ""
    if kind.startswith(_ANY_ATTRIBUTE) or attribute.startswith(_OUTPUTS) or not schemas.known(kind):
        return
    schema = schemas.of(kind)
    # Types that are older than schemas give some of their properties too; so only the first
    # name of a path is held against the schema.
    if attribute.partition(".")[0] in schema.properties or attribute in schema.attributes:
        return
    raise no_attribute(reference.name, attribute)


def no_attribute(logical_id: str, attribute: str) -> AWSError:
    """The error of an attribute that a resource does not have."""
    return validation_error(
        f"Template error: resource {logical_id} does not support attribute type {attribute} in "
        "Fn::GetAtt"
    )


def _unresolved_condition(name: str, block: str) -> AWSError:
    return validation_error(
        f"Template format error: Unresolved condition dependency {name} in the {block} block of "
        "the template"
    )
