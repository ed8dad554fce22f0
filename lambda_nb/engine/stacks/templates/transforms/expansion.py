"""All of a template's transforms, one after another."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.templates.transform_names import declared_transforms, transform_names
from lambda_nb.engine.stacks.templates.transforms import language_extensions, sam
from lambda_nb.engine.stacks.templates.transforms.around import Around
from lambda_nb.engine.stacks.templates.transforms.early import early_resolver
from lambda_nb.engine.stacks.templates.transforms.macros import Macros

_OF_EXTENSIONS = ("Fn::Length", "Fn::ToJsonString")


def expanded(
    document: Mapping[str, Any], values: Mapping[str, Any], around: Around
) -> dict[str, Any]:
    """The template that CloudFormation works with (``Processed``): its transforms are done.

    ``Fn::Transform`` inside the template comes first, the innermost before all; then the
    ``Transform`` section in its order.

    Parameters
    ----------
    document
        The template; it is not changed.
    values
        Of its parameters, as ``Template.values`` gives them.
    around
        What transforms need from outside.

    Raises
    ------
    AWSError
        ``ValidationError``: a transform failed, or is not supported.
    """
    made: Any = copy.deepcopy(dict(document))
    listed = declared_transforms(made)
    made.pop("Transform", None)
    macros = Macros(values, around, early_resolver(document, values, around))
    made = macros.embedded(made)
    if not any(each["Name"] == language_extensions.NAME for each in listed):
        _refuse_extensions(made)
    for each in listed:
        name = each["Name"]
        if name == language_extensions.NAME:
            made = language_extensions.with_extensions(made, values, around)
        elif name == sam.NAME:
            made = sam.without_serverless_resources(made, values, around)
        else:
            made = macros.applied(name, each["Parameters"], made)
        if not isinstance(made, dict):
            raise validation_error(f"Transform {name} failed with: it did not return a template.")
    left = transform_names(made)
    if left:
        raise validation_error(
            f"Template format error: a transform must not ask for others: [{', '.join(left)}]."
        )
    return dict(made)


def _refuse_extensions(document: Mapping[str, Any]) -> None:
    """Functions that only exist under ``AWS::LanguageExtensions``."""
    for key in language_extensions.loops(document.get("Resources", {})):
        raise validation_error(
            f"Template format error: [/Resources/{key}] resource definition is malformed"
        )
    for name in _calls(document.get("Resources", {})):
        raise validation_error(
            f"Template error: Encountered unsupported function: {name}. "
            f"Add {language_extensions.NAME} to the template's Transform."
        )


def _calls(value: Any) -> list[str]:
    if isinstance(value, list):
        return [name for item in value for name in _calls(item)]
    if not isinstance(value, dict):
        return []
    if len(value) == 1 and next(iter(value)) in _OF_EXTENSIONS:
        return [next(iter(value))]
    return [name for held in value.values() for name in _calls(held)]
