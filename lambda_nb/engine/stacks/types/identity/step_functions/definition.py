"""The definition of a state machine, from wherever the template has it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.stacks.model import Properties, Refused
from lambda_nb.engine.stacks.types.context import Context

_SOURCES = ("Definition", "DefinitionS3Location", "DefinitionString")
_PLACE = re.compile(r"\$\{([A-Za-z0-9_-]+)\}")


def definition(context: Context, properties: Properties) -> str:
    """The definition's text, with its substitutions made.

    Raises
    ------
    Refused
        There is none, or more than one; or an object in S3 is neither JSON nor YAML.
    """
    found = [source for source in _SOURCES if properties.get(source) is not None]
    if len(found) != 1:
        raise Refused(
            "Exactly one of Definition, DefinitionString and DefinitionS3Location must be given, "
            f"not {' and '.join(found) or 'none'}.",
            "InvalidRequest",
        )
    given = properties[found[0]]
    if found[0] == "DefinitionS3Location":
        text = _fetched(context, given)
    else:
        text = given if isinstance(given, str) else json.dumps(given)
    return substituted(text, properties.get("DefinitionSubstitutions") or {})


def substituted(text: str, values: Mapping[str, Any]) -> str:
    """A text with ``${name}`` replaced, where a value of that name is given.

    Examples
    --------
    >>> substituted("${a} ${b}", {"a": 1})
    '1 ${b}'
    """

    def replace(place: re.Match[str]) -> str:
        value = values.get(place[1])
        if value is None:
            return place[0]
        return str(value).lower() if isinstance(value, bool) else str(value)

    return _PLACE.sub(replace, text)


def _fetched(context: Context, location: Mapping[str, Any]) -> str:
    import yaml  # late: few definitions lie in S3

    asked = {"Bucket": location["Bucket"], "Key": location["Key"]}
    if location.get("Version"):
        asked["VersionId"] = str(location["Version"])
    text: str = context.client("s3").get_object(**asked)["Body"].read().decode()
    try:
        return json.dumps(yaml.safe_load(text))  # JSON is YAML as well
    except yaml.YAMLError as error:
        where = f"s3://{location['Bucket']}/{location['Key']}"
        raise Refused(
            f"The definition {where} is neither JSON nor YAML: {error}", "InvalidRequest"
        ) from None
