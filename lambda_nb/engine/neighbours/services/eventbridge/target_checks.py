"""Checks the targets of a rule when they are put: what AWS refuses, and what cannot work here."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lambda_nb.engine.neighbours.services.eventbridge.bus import is_archive
from lambda_nb.engine.neighbours.services.eventbridge.targets.senders import SERVICES
from lambda_nb.rules.events.eventbridge.event_json import parsed
from lambda_nb.rules.events.eventbridge.input_transformation import RESERVED, is_path, placeholders

TARGETS_OF_A_RULE = 5
_ARN = re.compile(r"arn:[\w-]+:[\w-]+:[\w-]*:\d*:.+")
_NEED_ROLE = ("kinesis", "firehose", "states")
_INPUTS = ("Input", "InputPath", "InputTransformer")


def check_targets(rule: Any, targets: Sequence[Mapping[str, Any]]) -> None:
    """Check targets before a rule gets them.

    Raises
    ------
    JsonRESTError
        As AWS raises it; or ``ValidationException`` for a service that this does not deliver to.
    """
    from moto.core.exceptions import JsonRESTError

    for target in targets:
        if is_archive(target.get("Arn") or "::::::"):
            continue
        problem = _problem(target)
        if problem is not None:
            raise JsonRESTError("ValidationException", problem)
    names = {target["Id"] for target in [*rule.targets, *targets]}
    if len(names) > TARGETS_OF_A_RULE:
        text = "The requested resource exceeds the maximum number allowed."
        raise JsonRESTError("LimitExceededException", text)


def _problem(target: Mapping[str, Any]) -> str | None:
    arn, name = target["Arn"], target["Id"]
    if _ARN.fullmatch(arn) is None:
        return f"Parameter {arn} is not valid. Reason: Provided Arn is not in correct format."
    service = arn.split(":")[2]
    if service not in SERVICES:
        return (
            f"lambda_nb delivers no events to {service}, the service of target {name}: {arn}. It "
            f"delivers to {', '.join(SERVICES)}."
        )
    if service in _NEED_ROLE and not target.get("RoleArn"):
        return f"RoleArn is required for target {arn}."
    if service == "sqs" and arn.endswith(".fifo") and not target.get("SqsParameters"):
        return f"Parameter(s) SqsParameters must be specified for target: {name}."
    return input_problem(target) or queue_problem(target)


def input_problem(target: Mapping[str, Any]) -> str | None:
    """What is wrong with a target's Input, InputPath or InputTransformer."""
    arn, name = target["Arn"], target["Id"]
    given = [field for field in _INPUTS if target.get(field)]
    if len(given) > 1:
        return (
            f"Only one of Input, InputPath, or InputTransformer must be provided for target {name}."
        )
    if given and ":event-bus/" in arn:
        return f"{given[0]} is not supported for target {name}: event buses get whole events."
    if target.get("Input") and not _is_json(target["Input"]):
        return f"Input for target {name} is not valid JSON."
    path = target.get("InputPath")
    if path and not is_path(path):
        return f"InputPath for target {name} is not valid: {path}."
    transformer = target.get("InputTransformer")
    if not transformer:
        return None
    paths = transformer.get("InputPathsMap") or {}
    for key, wanted in paths.items():
        if key.lower().startswith("aws.") or not is_path(wanted):
            return f"InputPathsMap for target {name} is not valid: {key}={wanted}."
    for placeholder in placeholders(transformer["InputTemplate"]):
        if placeholder not in paths and placeholder not in RESERVED:
            return f"InputTemplate for target {name} contains invalid placeholder {placeholder}."
    return None


def queue_problem(target: Mapping[str, Any]) -> str | None:
    """What is wrong with a target's dead-letter queue."""
    arn = (target.get("DeadLetterConfig") or {}).get("Arn")
    if arn is None:
        return None
    if re.fullmatch(r"arn:[\w-]+:sqs:[\w-]+:\d+:.+", arn) is None:
        return f"Parameter {arn} is not valid. Reason: Provided Arn is not in correct format."
    if arn.endswith(".fifo"):
        return (
            f"Parameter {arn} is not valid. Reason: A dead-letter queue must be a standard queue."
        )
    return None


def _is_json(text: str) -> bool:
    try:
        parsed(text)
    except ValueError:
        return False
    return True
