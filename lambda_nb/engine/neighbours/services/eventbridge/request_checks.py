"""Checks requests to EventBridge and its Scheduler by the service model, as AWS does first."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from lambda_nb.engine import service_model
from lambda_nb.rules.refusal import validation_text
from lambda_nb.rules.settings import constraints

_CHECKED_THERE = ("Entries",)
"""Members that an operation checks itself."""


def check(service: str, operation: str, parameters: Mapping[str, Any]) -> None:
    """Check lengths, patterns, ranges and enumerations.

    Raises
    ------
    JsonRESTError
        ``ValidationException`` with all problems, or with the members that are missing.
    """
    from moto.core.exceptions import JsonRESTError

    shape = service_model.operation(operation, service).input_shape
    if shape is None:
        return
    missing = [name for name in shape.required_members if parameters.get(name) is None]
    found = [
        f"Value null at '{name[0].lower()}{name[1:]}' failed to satisfy constraint: "
        "Member must not be null"
        for name in missing
    ]
    found += constraints.problems(shape, parameters, skip=_CHECKED_THERE)
    if found:
        raise JsonRESTError("ValidationException", validation_text(found))


def checked(handler_class: Any, service: str, methods: Mapping[str, str]) -> None:
    """Let methods of a handler of JSON requests check the body first.

    Parameters
    ----------
    methods
        The method's name for each operation.
    """
    for operation, name in methods.items():
        setattr(handler_class, name, _checking(getattr(handler_class, name), service, operation))


def _checking(method: Callable[[Any], Any], service: str, operation: str) -> Callable[[Any], Any]:
    def call(self: Any) -> Any:
        check(service, operation, json.loads(self.body or "{}"))
        return method(self)

    return call
