"""Names and ARNs of functions, versions, aliases and layers, in every form that AWS accepts.

A function is named by its plain name, a partial ARN (``123456789012:function:name``) or a full ARN.
Each may have a qualifier: a version number, an alias or ``$LATEST``. Patterns are those
of botocore's service model (1.44.5).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from lambda_nb.rules import quotas
from lambda_nb.rules.refusal import Refused, invalid, problem, validation, validation_text

LATEST = "$LATEST"
LATEST_PUBLISHED = "$LATEST.PUBLISHED"

_REGION = r"(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}"

FUNCTION_PATTERN = (
    rf"(arn:(aws[a-zA-Z-]*)?:lambda:)?({_REGION}:)?(\d{{12}}:)?"
    r"(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?"
)
NAMESPACED_PATTERN = (
    rf"(arn:(aws[a-zA-Z-]*)?:lambda:)?({_REGION}:)?(\d{{12}}:)?"
    r"(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?"
)
ALIAS_PATTERN = r"(?!^[0-9]+$)([a-zA-Z0-9-_]+)"

_FUNCTION = re.compile(
    rf"(?:arn:(?P<partition>aws[a-zA-Z-]*)?:lambda:)?(?:(?P<region>{_REGION}):)?"
    r"(?:(?P<account>\d{12}):)?(?:function:)?(?P<name>[a-zA-Z0-9\-_.]+)"
    r"(?::(?P<qualifier>\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9\-_]+))?",
    re.ASCII,
)
_FUNCTION_STRICT = re.compile(FUNCTION_PATTERN, re.ASCII)
_LAYER = re.compile(
    rf"arn:(?P<partition>aws[a-zA-Z-]*):lambda:(?P<region>{_REGION}):(?P<account>\d{{12}}):layer:"
    r"(?P<name>[a-zA-Z0-9\-_]+)(?::(?P<version>[0-9]+))?",
    re.ASCII,
)
_ALIAS = re.compile(ALIAS_PATTERN, re.ASCII)


@dataclass(frozen=True, slots=True)
class FunctionName:
    """A function's name taken apart; what the caller left out is ``None``."""

    name: str
    qualifier: str | None = None
    account: str | None = None
    region: str | None = None


class LayerName(NamedTuple):
    """A layer's name taken apart; ``version`` is ``None`` for the layer itself."""

    name: str
    version: int | None = None
    account: str | None = None
    region: str | None = None


def parse_function(text: str, *, namespaced: bool = True) -> FunctionName:
    """Take a function name, partial ARN or full ARN apart.

    Parameters
    ----------
    text
        Any accepted form, with or without a qualifier.
    namespaced
        Accept what read operations accept (dots in names, ``$LATEST.PUBLISHED``), not only
        what create operations accept.

    Raises
    ------
    Refused
        ``ValidationException`` if the text is no function name or too long;
        ``InvalidParameterValueException`` if the name inside is longer than 64 characters.
    """
    longest = 256 if namespaced else quotas.FUNCTION_ARN_CHARACTERS.value
    problems = []
    match = _FUNCTION.fullmatch(text)
    if match is None or not (namespaced or _FUNCTION_STRICT.fullmatch(text)):
        pattern = NAMESPACED_PATTERN if namespaced else FUNCTION_PATTERN
        rule = f"Member must satisfy regular expression pattern: {pattern}"
        problems.append(problem(text, "functionName", rule))
    if len(text) > longest:
        rule = f"Member must have length less than or equal to {longest}"
        problems.append(problem(text, "functionName", rule))
    if problems or match is None:
        raise validation(problems)
    name = match["name"]
    limit = quotas.FUNCTION_NAME_CHARACTERS.value
    if len(name) > limit:
        rule = f"Member must have length less than or equal to {limit}"
        raise invalid(validation_text([problem(name, "functionName", rule)]))
    return FunctionName(name, match["qualifier"], match["account"], match["region"])


def located(name: FunctionName, account: str, region: str) -> FunctionName:
    """Check that a name belongs to this account and Region, and return it.

    Raises
    ------
    Refused
        ``ResourceNotFoundException`` for another Region, ``AccessDeniedException`` for another
        account.
    """
    if name.region is not None and name.region != region:
        text = f"Functions from '{name.region}' are not reachable in this region ('{region}')"
        raise Refused("ResourceNotFoundException", text, 404)
    if name.account is not None and name.account != account:
        arn = function_arn(region, name.account, name.name, name.qualifier)
        text = (
            f"User: arn:aws:iam::{account}:root is not authorized to perform this operation on "
            f"resource: {arn} because no resource-based policy allows it"
        )
        raise Refused("AccessDeniedException", text, 403)
    return name


def one_qualifier(name: FunctionName, qualifier: str | None) -> str | None:
    """The qualifier of a request, which may be in the name, in ``Qualifier``, or in both.

    Raises
    ------
    Refused
        ``InvalidParameterValueException`` if both are given and differ.
    """
    if qualifier and name.qualifier and qualifier != name.qualifier:
        raise invalid(
            "The derived qualifier from the function name does not match the specified qualifier."
        )
    return qualifier or name.qualifier


def function_arn(region: str, account: str, name: str, qualifier: str | None = None) -> str:
    """The ARN of a function, or of a version or alias of it."""
    arn = f"arn:{partition(region)}:lambda:{region}:{account}:function:{name}"
    return f"{arn}:{qualifier}" if qualifier else arn


def layer_arn(region: str, account: str, name: str, version: int | None = None) -> str:
    """The ARN of a layer, or of a version of it."""
    arn = f"arn:{partition(region)}:lambda:{region}:{account}:layer:{name}"
    return f"{arn}:{version}" if version is not None else arn


def parse_layer(text: str) -> LayerName:
    """Take a layer's name or ARN apart; a version is part of an ARN only.

    Raises
    ------
    Refused
        ``InvalidParameterValueException`` if the text is neither.
    """
    match = _LAYER.fullmatch(text)
    if match is not None:
        version = int(match["version"]) if match["version"] else None
        return LayerName(match["name"], version, match["account"], match["region"])
    if re.fullmatch(r"[a-zA-Z0-9\-_]+", text):
        return LayerName(text)
    raise invalid(f"Layer name or ARN '{text}' is not valid.")


def is_version(qualifier: str) -> bool:
    """Whether a qualifier is a version number or ``$LATEST`` rather than an alias."""
    return qualifier == LATEST or (qualifier.isascii() and qualifier.isdigit())


def is_alias(text: str) -> bool:
    """Whether a text can be the name of an alias: not all digits, at most 128 characters."""
    return len(text) <= 128 and _ALIAS.fullmatch(text) is not None


def partition(region: str) -> str:
    """The ARN partition that a Region belongs to."""
    if region.startswith("cn-"):
        return "aws-cn"
    if region.startswith("eusc-"):
        return "aws-eusc"
    if "-gov-" in region:
        return "aws-us-gov"
    isolated = re.match(r"[a-z]{2}-iso([a-z]?)-", region)
    if isolated:
        return f"aws-iso-{isolated[1]}" if isolated[1] else "aws-iso"
    return "aws"
