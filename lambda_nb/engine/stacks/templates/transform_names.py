"""Which transforms and macros a template asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.templates import functions


def transform_names(document: Mapping[str, Any]) -> tuple[str, ...]:
    """The names in the ``Transform`` section, and in ``Fn::Transform`` anywhere.

    Raises
    ------
    AWSError
        ``ValidationError``: one has no name.
    """
    inside = {key: held for key, held in document.items() if key != "Transform"}
    named = [str(each["Name"]) for each in declared_transforms(document)]
    return tuple(dict.fromkeys([*named, *_embedded(inside)]))


def declared_transforms(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The ``Transform`` section as a list of ``{"Name": ..., "Parameters": ...}``.

    Raises
    ------
    AWSError
        ``ValidationError``: it has not this form.
    """
    written = document.get("Transform", [])
    made: list[Mapping[str, Any]] = []
    for each in written if isinstance(written, list) else [written]:
        if isinstance(each, str):
            made.append({"Name": each, "Parameters": {}})
        elif isinstance(each, dict) and isinstance(each.get("Name"), str):
            made.append({"Name": each["Name"], "Parameters": each.get("Parameters", {})})
        else:
            raise validation_error(
                "Template format error: Transform must be a name or a list of names."
            )
    return made


def _embedded(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _embedded(item)
    elif isinstance(value, dict):
        for key, held in value.items():
            if key == functions.TRANSFORM:
                for each in held if isinstance(held, list) else [held]:
                    if not isinstance(each, dict) or not isinstance(each.get("Name"), str):
                        raise validation_error(
                            "Template format error: every Fn::Transform object must have a Name."
                        )
                    yield each["Name"]
            else:
                yield from _embedded(held)
