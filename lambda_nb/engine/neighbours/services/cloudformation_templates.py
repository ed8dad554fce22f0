"""Refuses CloudFormation templates with functions or APIs: moto would report success and make none.

The engine keeps functions and APIs itself; moto would only note them down for itself.
"""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.neighbours.services.late_patches import when_loaded

_TYPES = ("AWS::Lambda::", "AWS::Serverless::", "AWS::ApiGateway")
_TRANSFORM = "AWS::Serverless"
INSTEAD = (
    "lambda_nb makes no functions and APIs from CloudFormation, SAM or CDK templates yet. Create "
    "them with boto3, the AWS CLI, Terraform or a %%lambda cell, and leave them out of the "
    "template."
)


def install() -> None:
    """Check every template before moto uses it."""
    # It loads nearly all services of moto: most of a start's time, and few use it.
    when_loaded("moto.cloudformation.models", _patch)


def _patch() -> None:
    from moto.cloudformation.models import CloudFormationBackend, Stack

    backend_class: Any = CloudFormationBackend
    for name in ("create_change_set", "create_stack_set", "update_stack_set"):
        _look_first(backend_class, name)
    for name in ("create_stack", "update_stack"):
        _look_first(backend_class, name)
    _look_into_nested(Stack)


def _look_first(backend_class: Any, name: str) -> None:
    from moto.cloudformation.exceptions import ValidationError

    original = getattr(backend_class, name)

    def looked_at(self: Any, *arguments: Any, **named: Any) -> Any:
        template = named["template"]
        if isinstance(template, str):
            refuse(template)
        before = set(self.stacks)
        try:
            return original(self, *arguments, **named)
        except ValidationError as error:
            if INSTEAD in str(error):  # a nested one, whose address was not known before
                for stack_id in set(self.stacks) - before:
                    del self.stacks[stack_id]
            raise

    setattr(backend_class, name, looked_at)


def _look_into_nested(stack_class: Any) -> None:
    """Check nested stacks: their templates are at a URL, not in the outer template."""
    original = stack_class._parse_template

    def parse(self: Any) -> None:
        original(self)
        if isinstance(self.template_dict, dict):
            _refuse_parsed(self.template_dict)

    stack_class._parse_template = parse


def refuse(template: str) -> None:
    """Refuse a template (JSON or YAML) that has a function or an API, or uses SAM's transform.

    Raises
    ------
    moto.cloudformation.exceptions.ValidationError
        If it does; the message names the resources.
    """
    from moto.cloudformation.models import Stack

    try:
        parsed = Stack.parse_template(template)
    except Exception:  # moto's own refusal follows
        return
    if isinstance(parsed, dict):
        _refuse_parsed(parsed)


def _refuse_parsed(template: dict[str, Any]) -> None:
    from moto.cloudformation.exceptions import ValidationError

    resources = template.get("Resources")
    found = [
        f"{name} ({resource['Type']})"
        for name, resource in (resources if isinstance(resources, dict) else {}).items()
        if isinstance(resource, dict) and str(resource.get("Type")).startswith(_TYPES)
    ]
    transform = template.get("Transform") or []
    transforms = transform if isinstance(transform, list) else [transform]
    if any(str(one).startswith(_TRANSFORM) for one in transforms):
        found.insert(0, f"the transform {_TRANSFORM}")
    if found:
        raise ValidationError(message=f"The template has {', '.join(found)}. {INSTEAD}")
