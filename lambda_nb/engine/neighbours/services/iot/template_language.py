"""The language of provisioning templates: parameters, mappings and functions (pure)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.neighbours.services.iot import operations

KINDS = ("AWS::IoT::Certificate", "AWS::IoT::Policy", "AWS::IoT::Thing")
_SUBSTITUTED = re.compile(r"\$\{([^}]+)\}")

Resource = tuple[str, str, dict[str, Any]]
"""A resource of a template: its name there, its kind, its properties."""


def check(body: str) -> None:
    """Check the form of a template.

    Raises
    ------
    IoTClientError
        ``InvalidRequestException``.
    """
    _parsed(body)


def _parsed(body: str) -> dict[str, Any]:
    try:
        template = json.loads(body)
    except ValueError as error:
        raise operations.invalid(f"The template body is not JSON: {error}") from error
    resources = template.get("Resources") if isinstance(template, dict) else None
    if not isinstance(resources, dict) or not resources:
        raise operations.invalid("The template body has no Resources.")
    for name, resource in resources.items():
        kind = resource.get("Type") if isinstance(resource, dict) else None
        if kind not in KINDS:
            raise operations.invalid(
                f"The resource {name} of the template is one of {', '.join(KINDS)}, not {kind}."
            )
    parsed: dict[str, Any] = template
    return parsed


def filled(body: str, parameters: Mapping[str, str]) -> list[Resource]:
    """The resources of a template, with parameters and functions replaced.

    Raises
    ------
    IoTClientError
        ``InvalidRequestException``: the template is none, or lacks a parameter.
    """
    template = _parsed(body)
    values: dict[str, Any] = {}
    for name, declared in (template.get("Parameters") or {}).items():
        if name in parameters:
            values[name] = parameters[name]
        elif "Default" in declared:
            values[name] = declared["Default"]
    language = _Language(values, template.get("Mappings") or {})
    try:
        resources = [
            (name, resource["Type"], dict(language.value(resource.get("Properties") or {})))
            for name, resource in template["Resources"].items()
        ]
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise operations.invalid(f"The template cannot be filled in: {error!r}") from error
    for name, kind, properties in resources:
        if kind == "AWS::IoT::Thing" and not properties.get("ThingName"):
            raise operations.invalid(f"The resource {name} of the template has no ThingName.")
    # What is attached comes last: certificate, policies, thing.
    return sorted(resources, key=lambda resource: KINDS.index(resource[1]))


def name_of(document: str) -> str:
    """The name of a policy that a template describes without naming it."""
    return f"Policy_{hashlib.sha256(document.encode()).hexdigest()}"


class _Language:
    def __init__(self, values: Mapping[str, Any], mappings: Mapping[str, Any]) -> None:
        self._values = values
        self._mappings = mappings

    def value(self, given: Any) -> Any:
        if isinstance(given, list):
            return [self.value(one) for one in given]
        if not isinstance(given, dict):
            return given
        if len(given) == 1:
            ((name, argument),) = given.items()
            if name == "Ref":
                return self._parameter(argument)
            if name.startswith("Fn::"):
                return self._function(name, argument)
        return {key: self.value(one) for key, one in given.items()}

    def _parameter(self, name: str) -> Any:
        if name not in self._values:
            raise operations.invalid(f"The template needs the parameter {name}.")
        return self._values[name]

    def _function(self, name: str, argument: Any) -> Any:
        if name == "Fn::Sub":
            return self._substitute(argument)
        given = self.value(argument)
        match name:
            case "Fn::Join":
                return given[0].join(str(part) for part in given[1])
            case "Fn::Select":
                return given[1][int(given[0])]
            case "Fn::Split":
                return given[1].split(given[0])
            case "Fn::FindInMap":
                return self._mappings[given[0]][given[1]][given[2]]
        raise operations.invalid(f"Provisioning templates have no function {name}.")

    def _substitute(self, argument: Any) -> str:
        text, more = (
            (argument[0], self.value(argument[1]))
            if isinstance(argument, list)
            else (
                argument,
                {},
            )
        )
        return _SUBSTITUTED.sub(
            lambda found: str(more.get(found[1], None) or self._parameter(found[1])), text
        )
