"""``AWS::CloudFormation::WaitConditionHandle`` and ``WaitCondition``: a stack waits for signals."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping

from lambda_nb.engine.stacks.custom.answers import Address, Answers
from lambda_nb.engine.stacks.model import Made, Properties, Refused
from lambda_nb.engine.stacks.types.context import Context
from lambda_nb.engine.stacks.types.resource_type import ResourceType

_LONGEST_S = 43_200  # CloudFormation's user guide, AWS::CloudFormation::WaitCondition, "Timeout"
_LOOK_S = 0.5


class WaitConditionHandle(ResourceType):
    """An address for signals; ``Ref`` gives it."""

    name = "AWS::CloudFormation::WaitConditionHandle"

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def create(self, context: Context, properties: Properties) -> Made:
        return Made(self._answers.open().url)

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        return made

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        self._answers.close(made.physical_id)


class WaitCondition(ResourceType):
    """Waits for ``Count`` signals at the address of ``Handle``."""

    name = "AWS::CloudFormation::WaitCondition"

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def create(self, context: Context, properties: Properties) -> Made:
        physical_id = context.stack_id.replace(":stack/", ":waitcondition/", 1)
        physical_id = f"{physical_id}/{context.logical_id}"
        if "Handle" not in properties:  # a creation policy waits then, for SignalResource
            return Made(physical_id)
        address = self._answers.at(str(properties["Handle"]))
        if address is None:
            raise Refused(
                f"Handle is {properties['Handle']!r}, which is not an address that this engine "
                "gave since it started: use a Ref to an AWS::CloudFormation::WaitConditionHandle "
                "that is made together with this resource.",
                "InvalidRequest",
            )
        count = _number(properties, "Count", 1, 10_000)
        timeout_s = _number(properties, "Timeout", None, _LONGEST_S)
        signals = self._signals(context, address, count, timeout_s)
        return Made(physical_id, {"Data": json.dumps(signals)})

    def update(self, context: Context, made: Made, old: Properties, new: Properties) -> Made:
        raise Refused("Update to resource type AWS::CloudFormation::WaitCondition is unsupported.")

    def delete(self, context: Context, made: Made, properties: Properties) -> None:
        pass

    def _signals(
        self, context: Context, address: Address, count: int, timeout_s: float
    ) -> Mapping[str, str]:
        end = time.monotonic() + timeout_s
        read = 0
        signals: dict[str, str] = {}

        def look() -> bool | None:
            nonlocal read
            left_s = end - time.monotonic()
            bodies = address.bodies(read, max(0.0, min(_LOOK_S, left_s)))
            for body in bodies[read:]:
                signals.update([_signal(body)])
            read = len(bodies)
            return True if len(signals) >= count or left_s <= 0 else None

        context.wait(look, "the signals", timeout_s + 60)
        if len(signals) < count:
            raise Refused(
                f"WaitCondition timed out. Received {len(signals)} conditions when expecting "
                f"{count}",
                "NotStabilized",
            )
        return signals


def _signal(body: bytes) -> tuple[str, str]:
    try:
        said = json.loads(body)
        name, status = str(said["UniqueId"]), said["Status"]
    except (ValueError, KeyError, TypeError):
        raise Refused(
            "WaitCondition received an invalid signal: a signal is JSON with Status, Reason, "
            f"UniqueId and Data, not {body[:200]!r}."
        ) from None
    if status != "SUCCESS":
        reason = said.get("Reason", "")
        raise Refused(f"WaitCondition received failed message: '{reason}' for uniqueId: {name}")
    return name, str(said.get("Data", ""))


def _number(properties: Properties, name: str, default: int | None, most: int) -> int:
    said = properties.get(name, default)
    if not str(said).isdecimal() or not 1 <= int(str(said)) <= most:
        raise Refused(f"{name} is {said!r}; it must be a number from 1 to {most}.")
    return int(str(said))
