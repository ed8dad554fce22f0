"""One message in one rule: what is still to be done for it, and how it is written down."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from lambda_nb.engine.iot.message import NO_PROPERTIES, Message, Properties, Sender
from lambda_nb.engine.iot.rules.actions.action import Kind, Origin, Parameters
from lambda_nb.engine.iot.rules.actions.kinds import KINDS

Stage = Literal["query", "actions", "error"]
"""The query is to be evaluated; the actions run; the error action runs."""

_COMPACT = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(slots=True)
class Pending:
    """An action that is not done; ``attempts`` counts those that have failed."""

    kind: Kind
    parameters: Parameters
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Failure:
    """An action that has failed for good.

    ``batch`` has all messages that failed with it in one request, as the error action's message
    has them; empty for a message alone.
    """

    action: str
    resource: str
    message: str
    batch: list[dict[str, str]] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """As the error action's message has it."""
        return {
            "failedAction": self.action,
            "failedResource": self.resource,
            "errorMessage": self.message,
        }


@dataclass(slots=True)
class Execution:
    """One message in one rule.

    Attributes
    ----------
    origin : Origin
        The rule and the message.
    accepted : float
        When the message came, epoch seconds of the steady clock.
    stage : {"query", "actions", "error"}
        Where it is.
    payload : bytes
        What the actions of this stage send.
    pending : list of Pending
        Actions of this stage that are not done.
    failures : list of Failure
        Actions that have failed for good.
    number : int or None
        Its row in the journal; ``None`` if it has none.
    """

    origin: Origin
    accepted: float
    stage: Stage = "query"
    payload: bytes = b""
    pending: list[Pending] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    number: int | None = None

    def plan(self) -> str:
        """All of it but the payloads, as JSON."""
        origin = self.origin
        message = origin.message
        return _COMPACT(
            {
                "rule": origin.rule,
                "arn": origin.rule_arn,
                "published": origin.topic,
                "trace": origin.trace,
                "hops": origin.hops,
                "topic": message.topic,
                "qos": message.qos,
                "retain": message.retain,
                "sender": _sender(message.sender),
                "properties": _properties(message.properties),
                "stage": self.stage,
                "pending": [[p.kind.name, p.parameters, p.attempts] for p in self.pending],
                "failures": [[f.action, f.resource, f.message, f.batch] for f in self.failures],
            }
        )

    @classmethod
    def read(
        cls, number: int, accepted: float, plan: str, original: bytes, payload: bytes
    ) -> Execution:
        """An execution as the journal has it."""
        told = json.loads(plan)
        sender = told["sender"]
        message = Message(
            topic=told["topic"],
            payload=original,
            qos=told["qos"],
            retain=told["retain"],
            sender=Sender(*sender) if sender else None,
            properties=_properties_of(told["properties"]),
        )
        origin = Origin(
            rule=told["rule"],
            rule_arn=told["arn"],
            message=message,
            topic=told["published"],
            trace=told["trace"],
            hops=told["hops"],
        )
        pending = [Pending(KINDS[name], given, tried) for name, given, tried in told["pending"]]
        failures = [Failure(*one) for one in told["failures"]]
        return cls(origin, accepted, told["stage"], payload, pending, failures, number)


def error_document(execution: Execution) -> dict[str, Any]:
    """The message that an error action gets (rule-error-handling; http_batching for batches)."""
    origin = execution.origin
    batch = next((failure.batch for failure in execution.failures if failure.batch), None)
    if batch is None:
        alone = _of_message(origin)
        return {
            "ruleName": origin.rule,
            "topic": origin.topic,
            "cloudwatchTraceId": alone["cloudwatchTraceId"],
            "clientId": alone["clientId"],
            "base64OriginalPayload": alone["base64OriginalPayload"],
            "failures": [failure.told() for failure in execution.failures],
        }
    topics = {one["topic"] for one in batch}
    own = [n for n, one in enumerate(batch, 1) if one["cloudwatchTraceId"] == origin.trace]
    everyone = list(range(1, len(batch) + 1))
    left_out = {"topic"} if len(topics) == 1 else set()
    return {
        "ruleName": origin.rule,
        **({"topic": origin.topic} if left_out else {}),
        "payloadsWithMetadata": [
            {"id": n, **{name: text for name, text in one.items() if name not in left_out}}
            for n, one in enumerate(batch, 1)
        ],
        "failures": [
            {"affectedIds": everyone if failure.batch else own, **failure.told()}
            for failure in execution.failures
        ],
    }


def batch_of(members: Sequence[Origin]) -> list[dict[str, str]]:
    """The messages of a batch as a :class:`Failure` has them."""
    return [_of_message(member) for member in members]


def _of_message(origin: Origin) -> dict[str, str]:
    sender = origin.message.sender
    return {
        "topic": origin.topic,
        "cloudwatchTraceId": origin.trace,
        "clientId": sender.client_id if sender else "N/A",
        "sourceIp": sender.source_ip if sender else "N/A",
        "base64OriginalPayload": base64.b64encode(origin.message.payload).decode(),
    }


def _sender(sender: Sender | None) -> list[str] | None:
    if sender is None:
        return None
    return [sender.client_id, sender.principal, sender.source_ip, sender.username, sender.thing]


def _properties(properties: Properties) -> list[Any] | None:
    if properties is NO_PROPERTIES or properties == NO_PROPERTIES:
        return None
    correlation = properties.correlation_data
    return [
        list(properties.user),
        properties.content_type,
        properties.response_topic,
        None if correlation is None else base64.b64encode(correlation).decode(),
        properties.is_text,
        properties.expiry_s,
    ]


def _properties_of(told: list[Any] | None) -> Properties:
    if told is None:
        return NO_PROPERTIES
    user, content_type, response_topic, correlation, is_text, expiry_s = told
    return Properties(
        user=tuple((name, value) for name, value in user),
        content_type=content_type,
        response_topic=response_topic,
        correlation_data=None if correlation is None else base64.b64decode(correlation),
        is_text=is_text,
        expiry_s=expiry_s,
    )
