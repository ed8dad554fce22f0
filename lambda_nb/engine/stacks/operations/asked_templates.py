"""The template and the parameters that a request gives: in itself, in S3, or those of before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lambda_nb.engine.stacks.model import validation_error
from lambda_nb.engine.stacks.records.rows import Revision
from lambda_nb.engine.stacks.templates import quotas

Read = Callable[[str], str]
"""Reads the text at a template's address."""


def text(parameters: Mapping[str, Any], read: Read, previous: Revision | None = None) -> str:
    """The template's text.

    Parameters
    ----------
    parameters
        The request's.
    read
        Reads ``TemplateURL``.
    previous
        What ``UsePreviousTemplate`` means.

    Raises
    ------
    AWSError
        ``ValidationError``: none is given, more than one, or one that is too long.
    """
    body, url = parameters.get("TemplateBody"), parameters.get("TemplateURL")
    if parameters.get("UsePreviousTemplate"):
        if body is not None or url is not None:
            raise validation_error(
                "You cannot specify UsePreviousTemplate together with TemplateBody or TemplateURL."
            )
        if previous is None:
            raise validation_error(
                "UsePreviousTemplate: there is no previous template. Give TemplateBody or "
                "TemplateURL."
            )
        return previous.template
    if (body is None) == (url is None):
        raise validation_error("Either Template URL or Template Body must be specified.")
    if url is not None:
        return read(url)
    assert body is not None
    size = len(body.encode())
    if size > quotas.MOST_TEMPLATE_BODY_BYTES:
        raise validation_error(
            f"1 validation error detected: Value at 'templateBody' ({size} bytes) failed to "
            "satisfy constraint: Member must have length less than or equal to "
            f"{quotas.MOST_TEMPLATE_BODY_BYTES}"
        )
    return str(body)


def given(parameters: Mapping[str, Any]) -> dict[str, str | None]:
    """The values of the template's parameters; ``None`` stands for the one of before."""
    values: dict[str, str | None] = {}
    for one in parameters.get("Parameters", ()):
        key = one.get("ParameterKey", "")
        if one.get("UsePreviousValue") and one.get("ParameterValue") is not None:
            raise validation_error(
                f"Invalid input for parameter key {key}. Cannot specify usePreviousValue as true "
                "and non empty value for a parameter"
            )
        values[key] = None if one.get("UsePreviousValue") else one.get("ParameterValue", "")
    return values


def settings(parameters: Mapping[str, Any], previous: Revision | None = None) -> dict[str, Any]:
    """The settings of a revision: those that a request leaves out stay as before."""
    found: dict[str, Any] = {"previous": previous}
    if "Tags" in parameters:
        found["tags"] = _tags(parameters["Tags"])
    elif previous is not None:
        found["tags"] = previous.tags
    for member, name in (("NotificationARNs", "notification_arns"), ("RoleARN", "role_arn")):
        if member in parameters:
            found[name] = parameters[member]
        elif previous is not None:
            found[name] = getattr(previous, name)
    found["capabilities"] = parameters.get("Capabilities", ())
    return found


def _tags(tags: list[dict[str, str]]) -> dict[str, str]:
    named = {}
    for one in tags:
        key = one.get("Key", "")
        if key.lower().startswith("aws:"):
            raise validation_error("aws: prefixed tag key names are not allowed for external use.")
        if key in named:
            raise validation_error(f"Duplicate tag keys are not permitted: {key}")
        named[key] = one.get("Value", "")
    return named
