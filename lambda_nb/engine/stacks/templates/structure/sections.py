"""The form of a template's sections, before anything is said of what they refer to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.templates import quotas
from lambda_nb.engine.stacks.templates.structure import policies

VERSION = "2010-09-09"
SECTIONS = frozenset(
    (
        "AWSTemplateFormatVersion",
        "Conditions",
        "Description",
        "Hooks",
        "Mappings",
        "Metadata",
        "Outputs",
        "Parameters",
        "Resources",
        "Rules",
        "Transform",
    )
)
_OF_SAM = frozenset(("Globals",))
_RESOURCE_MEMBERS = frozenset(
    (
        "Condition",
        "CreationPolicy",
        "DeletionPolicy",
        "DependsOn",
        "Metadata",
        "Properties",
        "Type",
        "UpdatePolicy",
        "UpdateReplacePolicy",
        "Version",
    )
)
_OUTPUT_MEMBERS = frozenset(("Condition", "Description", "Export", "Value"))
_MOST = (
    ("Parameters", quotas.MOST_PARAMETERS),
    ("Mappings", quotas.MOST_MAPPINGS),
    ("Resources", quotas.MOST_RESOURCES),
    ("Outputs", quotas.MOST_OUTPUTS),
)


def check_sections(document: Mapping[str, Any], to_be_transformed: bool) -> None:
    """Check which sections there are, and how many members each has.

    Parameters
    ----------
    document
        The template.
    to_be_transformed
        Whether transforms will still rewrite it: then it may have their sections, and what is in
        ``Resources``, ``Outputs`` and ``Conditions`` may have any form.

    Raises
    ------
    AWSError
        ``ValidationError``.
    """
    allowed = SECTIONS | _OF_SAM | {"Fn::Transform"} if to_be_transformed else SECTIONS
    unknown = [name for name in document if name not in allowed]
    if unknown:
        raise validation_error(f"Invalid template property or properties [{', '.join(unknown)}]")
    version = document.get("AWSTemplateFormatVersion", VERSION)
    if version != VERSION:
        raise _wrong(f"Template format version '{version}' is not supported: use '{VERSION}'.")
    description = document.get("Description", "")
    if not isinstance(description, str):
        raise _wrong("Description must be a string.")
    if len(description.encode()) > quotas.MOST_DESCRIPTION_BYTES:
        raise _wrong(f"Description must not be longer than {quotas.MOST_DESCRIPTION_BYTES} bytes.")
    for name in SECTIONS - {"AWSTemplateFormatVersion", "Description", "Transform"}:
        if not isinstance(document.get(name, {}), dict):
            raise _wrong(f"{name} must be an object.")
    if not document.get("Resources") and not to_be_transformed:
        raise _wrong("At least one Resources member must be defined.")
    for name, most in _MOST:
        count = len(document.get(name, ()))
        if count > most:
            raise _wrong(
                f"Number of {name.lower()}, {count}, is greater than maximum allowed, {most}"
            )


def check_names(section: str, names: Iterable[str]) -> None:
    """Check logical IDs; ``section`` (``Resource``, ``Parameter``, ...) is for the error."""
    for name in names:
        if not (name.isascii() and name.isalnum()):
            raise _wrong(f"{section} name {name} is non alphanumeric.")
        if len(name) > quotas.MOST_NAME_CHARACTERS:
            raise _wrong(
                f"{section} name {name} is longer than {quotas.MOST_NAME_CHARACTERS} characters."
            )


def check_mappings(mappings: Mapping[str, Any]) -> None:
    """Check that mappings have two levels of keys and plain values."""
    check_names("Mappings", mappings)
    for name, mapping in mappings.items():
        if not isinstance(mapping, dict) or not all(isinstance(m, dict) for m in mapping.values()):
            raise _wrong(f"[/Mappings/{name}] Every Mappings member must be a map of maps.")
        if len(mapping) > quotas.MOST_MAPPING_ATTRIBUTES:
            raise _wrong(
                f"Mapping {name} has {len(mapping)} attributes, more than "
                f"{quotas.MOST_MAPPING_ATTRIBUTES}."
            )
        for held in mapping.values():
            for value in held.values():
                items = value if isinstance(value, list) else [value]
                if any(isinstance(item, (dict, list)) for item in items):
                    raise _wrong("Every Mappings attribute must be a String or a List.")


def check_resource(logical_id: str, written: Any) -> None:
    """Check the form of one member of ``Resources``."""
    where = f"[/Resources/{logical_id}]"
    if not isinstance(written, dict):
        raise _wrong(f"{where} resource definition is malformed")
    for member in written:
        if member not in _RESOURCE_MEMBERS:
            raise validation_error(f"Invalid template resource property '{member}'")
    kind = written.get("Type")
    if not isinstance(kind, str) or not kind:
        raise _wrong(f"{where} Every Resources object must contain a Type member.")
    for member in ("Properties", "Metadata", "CreationPolicy", "UpdatePolicy"):
        if not isinstance(written.get(member, {}), dict):
            raise _wrong(f"{where} Every {member} member must be an object.")
    depends_on = written.get("DependsOn", [])
    names = depends_on if isinstance(depends_on, list) else [depends_on]
    if not all(isinstance(name, str) for name in names):
        raise _wrong(f"{where} Every DependsOn value must be a string.")
    if not isinstance(written.get("Condition", ""), str):
        raise _wrong("Every Condition member must be a string.")
    problem = policies.problem(logical_id, written)
    if problem is not None:
        raise validation_error(problem)


def check_output(key: str, written: Any) -> None:
    """Check the form of one member of ``Outputs``."""
    if not isinstance(written, dict) or "Value" not in written:
        raise _wrong("Every Outputs member must contain a Value object")
    for member in written:
        if member not in _OUTPUT_MEMBERS:
            raise validation_error(f"Invalid template output property '{member}'")
    if not isinstance(written.get("Condition", ""), str):
        raise _wrong("Every Condition member must be a string.")
    if not isinstance(written.get("Description", ""), str):
        raise _wrong(f"[/Outputs/{key}] Every Description member must be a string.")
    export = written.get("Export", {"Name": ""})
    if not isinstance(export, dict) or list(export) != ["Name"]:
        raise _wrong(f"Output {key} is malformed. Every Export member must contain a Name.")
    if isinstance(written["Value"], list):
        raise _wrong("The Value field of every Outputs member must evaluate to a String.")


def _wrong(message: str) -> AWSError:
    return validation_error(f"Template format error: {message}")
