"""Provisioning templates: their form, and their resources with everything replaced."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.neighbours.services.iot import operations
from lambda_nb.rules.iot.provisioning_language import Language, TemplateError

KINDS = ("AWS::IoT::Certificate", "AWS::IoT::Policy", "AWS::IoT::Thing")

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
    language = Language(template, parameters)
    try:
        resources = [
            (name, resource["Type"], dict(language.filled(resource.get("Properties") or {})))
            for name, resource in template["Resources"].items()
        ]
    except (TemplateError, TypeError) as error:
        raise operations.invalid(str(error)) from error
    for name, kind, properties in resources:
        if kind == "AWS::IoT::Thing" and not properties.get("ThingName"):
            raise operations.invalid(f"The resource {name} of the template has no ThingName.")
    # What is attached comes last: certificate, policies, thing.
    return sorted(resources, key=lambda resource: KINDS.index(resource[1]))


def name_of(document: str) -> str:
    """The name of a policy that a template describes without naming it."""
    return f"Policy_{hashlib.sha256(document.encode()).hexdigest()}"
