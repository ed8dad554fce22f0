"""Delivers events from a matched EventBridge rule to the rule's targets.

moto knows few targets and answers PutEvents with 500 for the others; it ignores ``Input`` and
``InputPath`` and leaves ``account`` out of the event (facts/local-runtimes.md section 5).
"""

from __future__ import annotations

import base64
import copy
import json
import logging
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from lambda_nb.engine.neighbours.to_engine.event_pipe import Outlet
from lambda_nb.rules.events import patterns

log = logging.getLogger(__name__)


class Targets:
    """Delivers payloads to the targets of rules and schedules.

    Parameters
    ----------
    outlet
        Takes events for functions.
    """

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._senders: Mapping[str, Callable[[str, Mapping[str, Any], str], None]] = {
            "lambda": self._to_function,
            "sqs": _to_queue,
            "sns": _to_topic,
            "kinesis": _to_stream,
        }

    def knows(self, arn: str) -> bool:
        """Whether this delivers to the target's service."""
        return arn.split(":")[2] in self._senders

    def send(self, target: Mapping[str, Any], payload: str) -> None:
        """Deliver one payload; if that fails, log the target."""
        arn = target["Arn"]
        try:
            self._senders[arn.split(":")[2]](arn, target, payload)
        except Exception as error:  # as in AWS, the sender of the event is not told
            log.warning("EventBridge could not deliver to %s: %r", arn, error)

    def _to_function(self, arn: str, target: Mapping[str, Any], payload: str) -> None:
        self._outlet.send("events", arn, payload)


def _to_queue(arn: str, target: Mapping[str, Any], payload: str) -> None:
    from moto.sqs.models import sqs_backends

    _, _, _, region, account, name = arn.split(":", 5)
    group = target.get("SqsParameters", {}).get("MessageGroupId")
    sqs_backends[account][region].send_message(name, payload, group_id=group)


def _to_topic(arn: str, target: Mapping[str, Any], payload: str) -> None:
    from moto.sns.models import sns_backends

    _, _, _, region, account, _ = arn.split(":", 5)
    sns_backends[account][region].publish(message=payload, arn=arn)


def _to_stream(arn: str, target: Mapping[str, Any], payload: str) -> None:
    from moto.kinesis.models import kinesis_backends

    _, _, _, region, account, _ = arn.split(":", 5)
    kinesis_backends[account][region].put_record(
        stream_arn=arn,
        stream_name=arn.rpartition("/")[2],
        partition_key=str(uuid.uuid4()),
        explicit_hash_key="",
        data=base64.b64encode(payload.encode()).decode(),
    )


def install(outlet: Outlet) -> None:
    """Let rules deliver through :class:`Targets`."""
    from moto.events.models import Rule

    original = Rule.send_to_targets
    targets = Targets(outlet)

    def send_to_targets(self: Any, original_event: Any, transform_input: bool = True) -> None:
        pattern = self.event_pattern.get_pattern()
        if self.state != "ENABLED" or not pattern:
            return
        event = envelope(original_event, self.account_id)
        if not patterns.matches(pattern, event):
            return
        for target in self.targets:
            if targets.knows(target["Arn"]):
                targets.send(target, payload_for(target, event, original_event))
                continue
            alone = copy.copy(self)
            alone.targets = [target]
            try:
                original(alone, original_event, transform_input)
            except NotImplementedError:
                log.warning("EventBridge delivers nothing to targets like %s here", target["Arn"])

    rule_class: Any = Rule
    rule_class.send_to_targets = send_to_targets


def envelope(event: Mapping[str, Any], account: str) -> dict[str, Any]:
    """The event as AWS writes it: times as text, with the account, without moto's own fields."""
    written = {k: v for k, v in event.items() if k != "ingestion-time"}
    moment = written.get("time")
    if isinstance(moment, (int, float)):
        at = datetime.fromtimestamp(moment, timezone.utc)
        written["time"] = f"{at:%Y-%m-%dT%H:%M:%SZ}"
    written["account"] = written.get("account") or account
    if written.get("source") == "aws.s3":
        written["id"] = str(uuid.uuid4())
        written["detail"] = _s3_detail(written["detail"], account)
    return written


def _s3_detail(detail: Mapping[str, Any], account: str) -> dict[str, Any]:
    """S3's detail with unique ids: moto gives every event the same ones."""
    thing = {**detail["object"], "sequencer": f"{time.time_ns():018X}"}
    if thing.get("version-id") in (None, "null"):
        thing.pop("version-id", None)
    return {
        **detail,
        "object": thing,
        "request-id": f"{time.time_ns():016X}",
        "requester": account,
        "source-ip-address": "127.0.0.1",
    }


def payload_for(target: Mapping[str, Any], event: dict[str, Any], raw: Mapping[str, Any]) -> str:
    """What a target gets: its ``Input``, a part or a transformation of the event, or the event."""
    if target.get("Input"):
        return str(target["Input"])
    if target.get("InputPath"):
        from jsonpath_ng.ext.parser import parse

        found = parse(target["InputPath"]).find(event)
        return json.dumps(found[0].value if found else None)
    if target.get("InputTransformer"):
        from moto.events.utils import EventTemplateParser

        transformer = target["InputTransformer"]
        told: Any = {**event, "ingestion-time": raw.get("ingestion-time", raw.get("time", 0))}
        transformed = EventTemplateParser.parse(
            transformer.get("InputTemplate"), transformer.get("InputPathsMap", {}), told
        )
        return json.dumps(transformed)
    return json.dumps(event)
