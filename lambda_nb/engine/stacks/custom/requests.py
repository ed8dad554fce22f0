"""What custom resources are asked and what they answer: the JSON of both, and its rules."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.stacks.model import Properties, Refused

TIMEOUT_S = 3600
"""Seconds that an answer may take, unless ``ServiceTimeout`` says less (CloudFormation's user
guide, "AWS::CloudFormation::CustomResource")."""

MOST_ANSWER_BYTES = 4096
"""Of one answer (CloudFormation's user guide, "Custom resource response objects")."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a custom resource answered, and it is a success."""

    physical_id: str
    data: Mapping[str, Any]
    no_echo: bool


def as_texts(value: Any) -> Any:
    """A value as custom resources get it: every number and boolean is a text.

    Examples
    --------
    >>> as_texts({"Count": 3, "On": [True, 1.5], "Name": "a"})
    {'Count': '3', 'On': ['true', '1.5'], 'Name': 'a'}
    """
    if isinstance(value, Mapping):
        return {key: as_texts(held) for key, held in value.items() if held is not None}
    if isinstance(value, list):
        return [as_texts(held) for held in value]
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def texts_in(value: Any) -> Iterator[str]:
    """The texts in a value, those of its numbers too. That one is ``true`` tells no secret.

    Examples
    --------
    >>> list(texts_in({"Password": "hush", "Ports": [1, True]}))
    ['hush', '1']
    """
    if isinstance(value, (Mapping, list)):
        for held in value.values() if isinstance(value, Mapping) else value:
            yield from texts_in(held)
    elif value is not None and not isinstance(value, bool):
        yield as_texts(value)


def timeout_of(properties: Properties) -> int:
    """The seconds that an answer may take.

    Raises
    ------
    Refused
        ``ServiceTimeout`` is no number from 1 to 3600.
    """
    said = properties.get("ServiceTimeout", TIMEOUT_S)
    if not str(said).isdecimal() or not 1 <= int(said) <= TIMEOUT_S:
        raise Refused(
            f"ServiceTimeout is {said!r}; it must be a number of seconds from 1 to {TIMEOUT_S}.",
            "InvalidRequest",
        )
    return int(said)


def physical_id_in(body: bytes) -> str | None:
    """The physical ID that an answer names, also one of a failure; ``None`` if it names none.

    Examples
    --------
    >>> physical_id_in(b'{"Status": "FAILED", "PhysicalResourceId": "one"}')
    'one'
    """
    if len(body) > MOST_ANSWER_BYTES:
        return None
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    named = said.get("PhysicalResourceId") if isinstance(said, dict) else None
    return named if isinstance(named, str) and named else None


def answer_of(body: bytes, request_id: str, physical_id: str | None, *, deleting: bool) -> Answer:
    """What a body says.

    Parameters
    ----------
    body
        As it was PUT.
    request_id
        Of the request, for the texts of errors.
    physical_id
        The resource's until now.
    deleting
        Then the answer need not name the resource.

    Raises
    ------
    Refused
        The resource failed, or its answer is not one.
    """
    if len(body) > MOST_ANSWER_BYTES:
        raise Refused("Response object is too long.", "InvalidRequest")
    try:
        said = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Refused(f"Error parsing response object: it is not JSON ({error}).") from None
    if not isinstance(said, dict):
        raise Refused("Invalid response object: it must be a JSON object.")
    status = said.get("Status")
    if status == "FAILED":
        raise Refused(
            "Received response status [FAILED] from custom resource. Message returned: "
            f"{said.get('Reason') or 'See the details in CloudWatch Log Stream'} "
            f"(RequestId: {request_id})"
        )
    if status != "SUCCESS":
        raise Refused(
            f"Invalid response object: Status is {json.dumps(status)}, not SUCCESS or FAILED."
        )
    named = said.get("PhysicalResourceId") or (physical_id if deleting else None)
    if not isinstance(named, str) or not named:
        raise Refused("Invalid PhysicalResourceId")
    data = said.get("Data") or {}
    if not isinstance(data, dict):
        raise Refused("Invalid response object: Value of property Data must be an object.")
    return Answer(named, data, said.get("NoEcho") in (True, "true"))
