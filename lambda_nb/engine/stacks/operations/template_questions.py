"""Operations on templates: their text, and what they ask for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.operations import asked_templates, lookup, template_addresses
from lambda_nb.engine.stacks.operations.asked_templates import Read
from lambda_nb.engine.stacks.records.store import Store
from lambda_nb.engine.stacks.templates import document
from lambda_nb.engine.stacks.templates.structure.parameters import Parameter
from lambda_nb.engine.stacks.templates.template import Template
from lambda_nb.engine.stacks.types import schemas

_Asked = Mapping[str, Any]
_ORIGINAL, _PROCESSED = "Original", "Processed"


class TemplateQuestions:
    """Tells of templates.

    Parameters
    ----------
    store
        The records.
    read
        Reads templates in S3.
    """

    def __init__(self, store: Store, read: Read) -> None:
        self._store = store
        self._read = read

    def operations(self) -> dict[str, Callable[[_Asked], dict[str, Any]]]:
        """The handlers by the operations' names."""
        return {
            "GetTemplate": self.get,
            "GetTemplateSummary": self.summary,
            "ValidateTemplate": self.validate,
        }

    def get(self, asked: _Asked) -> dict[str, Any]:
        """The template of a stack or a change set."""
        if asked.get("ChangeSetName"):
            name = asked["ChangeSetName"]
            revision = lookup.change_set(self._store, name, asked.get("StackName")).revision
        elif asked.get("StackName"):
            revision = lookup.stack(self._store, asked["StackName"]).revision
        else:
            raise validation_error("Either StackName or ChangeSetName must be specified.")
        processed = asked.get("TemplateStage", _ORIGINAL) == _PROCESSED
        text = revision.processed if processed else revision.template
        return {
            "TemplateBody": template_addresses.as_on_aws(text),
            "StagesAvailable": [_ORIGINAL, *([_PROCESSED] if revision.processed else [])],
        }

    def summary(self, asked: _Asked) -> dict[str, Any]:
        """What a template has: parameters, resource types, capabilities."""
        if asked.get("StackSetName"):
            raise validation_error("lambda_nb has no stack sets: give StackName or a template.")
        if asked.get("StackName"):
            text = lookup.stack(self._store, asked["StackName"]).revision.template
        else:
            text = asked_templates.text(asked, self._read)
        written = document.parsed(text)
        template = Template(written)
        types: dict[str, list[str]] = {}
        for one in template.resources.values():
            types.setdefault(one.type, []).append(one.logical_id)
        metadata = written.get("Metadata")
        return {
            **_common(template),
            "Parameters": [_declaration(one) for one in template.parameters.values()],
            "ResourceTypes": list(types),
            "Version": written.get("AWSTemplateFormatVersion"),
            "Metadata": None if metadata is None else json.dumps(metadata, default=str),
            "ResourceIdentifierSummaries": [
                {
                    "ResourceType": name,
                    "LogicalResourceIds": logical_ids,
                    "ResourceIdentifiers": schemas.of(name).identifiers,
                }
                for name, logical_ids in types.items()
            ],
        }

    def validate(self, asked: _Asked) -> dict[str, Any]:
        """Check a template, as far as that goes without values of its parameters."""
        template = Template(document.parsed(asked_templates.text(asked, self._read)))
        parameters = [
            {
                "ParameterKey": one.name,
                "DefaultValue": one.default,
                "NoEcho": one.no_echo,
                "Description": one.description,
            }
            for one in template.parameters.values()
        ]
        return {**_common(template), "Parameters": parameters}


def _common(template: Template) -> dict[str, Any]:
    capabilities, reason = template.required_capabilities
    return {
        "Description": template.description,
        "Capabilities": list(capabilities) or None,
        "CapabilitiesReason": reason or None,
        "DeclaredTransforms": list(template.transforms) or None,
    }


def _declaration(one: Parameter) -> dict[str, Any]:
    return {
        "ParameterKey": one.name,
        "DefaultValue": one.default,
        "ParameterType": one.type,
        "NoEcho": one.no_echo,
        "Description": one.description,
        "ParameterConstraints": {"AllowedValues": list(one.allowed_values)},
    }
