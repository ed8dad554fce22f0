"""Find things in a template: resources, ``AWS::Include``, what a reference is known to be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from lambda_nb.projects.templates.places import is_local
from lambda_nb.projects.templates.reading import Template


def text_of(template: Template) -> bytes:
    """A template as JSON, the same bytes for the same template."""
    return json.dumps(template, separators=(",", ":"), default=str).encode()


def resources_of(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    """All resources by logical id, also those inside ``Fn::ForEach`` (AWS::LanguageExtensions)."""
    yield from _resources(template.get("Resources", {}))


def _resources(section: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for identifier, resource in section.items():
        if identifier.startswith("Fn::ForEach::") and isinstance(resource, list):
            body = resource[-1]
            yield from _resources(body if isinstance(body, dict) else {})
        elif isinstance(resource, dict):
            yield identifier, resource


def known(value: Any, template: Template) -> str:
    """A text, or the default of the parameter that it refers to."""
    if isinstance(value, dict) and "Ref" in value:
        parameter = template.get("Parameters", {}).get(value["Ref"], {})
        value = parameter.get("Default", "")
    return value if isinstance(value, str) else ""


def includes(value: Any) -> Iterator[dict[str, Any]]:
    """The parameters of each ``AWS::Include`` with a local location."""
    if isinstance(value, list):
        for inner in value:
            yield from includes(inner)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key in ("Fn::Transform", "Transform"):
                for one in inner if isinstance(inner, list) else [inner]:
                    told = one.get("Parameters") if isinstance(one, dict) else None
                    if (
                        told
                        and one.get("Name") == "AWS::Include"
                        and is_local(told.get("Location"))
                    ):
                        yield told
            else:
                yield from includes(inner)
