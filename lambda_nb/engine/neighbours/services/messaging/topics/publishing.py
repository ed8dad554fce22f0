"""Publishing to topics, phones and apps; FIFO topics with order, deduplication and numbers."""

from __future__ import annotations

import hashlib
import json
import threading
import time
import uuid
from typing import Any

from lambda_nb.engine.neighbours.services.messaging import outbox
from lambda_nb.engine.neighbours.services.messaging.topics import envelopes, filter_policies
from lambda_nb.engine.neighbours.services.messaging.topics.endpoints import Endpoints
from lambda_nb.engine.neighbours.services.messaging.topics.envelopes import Notification

DEDUPLICATION_S = 300
_FIRST_NUMBER = 10**19
"""Sequence numbers have 20 digits (API reference, ``PublishResponse``)."""

_publishing: dict[str, Any] = {}
_making = threading.Lock()
_last = threading.local()


def install(endpoints: Endpoints) -> None:
    """Publish through :class:`~.endpoints.Endpoints`."""
    from moto.sns.models import SNSBackend, Topic
    from moto.sns.responses import SNSResponse

    original = SNSBackend.publish

    def topic_publish(
        self: Any,
        message: str,
        subject: str | None = None,
        message_attributes: dict[str, Any] | None = None,
        group_id: str | None = None,
        deduplication_id: str | None = None,
        message_structure: str | None = None,
    ) -> str:
        told = Notification(
            self, message, str(uuid.uuid4()), subject, message_attributes or {}, group_id,
            deduplication_id,
        )  # fmt: skip
        if message_structure == "json":
            _check_structure(message)
        if not self.fifo_topic:
            _last.number = None
            _send(endpoints, told, message_structure)
            return told.message_id
        with _lock_of(self.arn):
            return _send_in_order(endpoints, told, message_structure)

    def publish(
        self: Any, message: str, arn: str | None, phone_number: str | None = None, **more: Any
    ) -> str:
        if phone_number:
            message_id = original(self, message, arn, phone_number=phone_number, **more)
            _text(self, phone_number, message, message_id)
            return str(message_id)
        endpoint = self.platform_endpoints.get(arn)
        if endpoint is not None and more.get("message_structure") == "json":
            _check_structure(message)
            message = envelopes.structured(message, endpoint.application.platform)
        return str(original(self, message, arn, **more))

    def with_number(self: Any) -> Any:
        _last.number = None
        result: Any = answer(self)
        if _last.number:
            result.result["SequenceNumber"] = _last.number
        return result

    answer = SNSResponse.publish
    topic_class: Any = Topic
    topic_class.publish = topic_publish
    backend_class: Any = SNSBackend
    backend_class.publish = publish
    response_class: Any = SNSResponse
    response_class.publish = with_number
    _publish_batches(backend_class)
    _push()


def _publish_batches(backend_class: Any) -> None:
    """A batch's answers carry sequence numbers, and say what was wrong with each message."""
    original = backend_class.publish_batch

    def publish_batch(
        self: Any, topic_arn: str, publish_batch_request_entries: list[dict[str, Any]]
    ) -> tuple[list[dict[str, str]], list[dict[str, Any]]]:
        successful, failed = [], []
        original(self, topic_arn, [])  # the topic exists
        _check_batch(publish_batch_request_entries, self.get_topic(topic_arn))
        for entry in publish_batch_request_entries:
            try:
                _last.number = None
                message_id = self.publish(
                    message=entry["Message"],
                    arn=topic_arn,
                    subject=entry.get("Subject"),
                    message_attributes=entry.get("MessageAttributes", {}),
                    group_id=entry.get("MessageGroupId"),
                    deduplication_id=entry.get("MessageDeduplicationId"),
                    message_structure=entry.get("MessageStructure"),
                )
            except Exception as error:
                told = getattr(error, "message", str(error))
                code = getattr(error, "error_type", "InvalidParameter")
                failed.append(
                    {"Id": entry["Id"], "Code": code, "Message": told, "SenderFault": True}
                )
                continue
            done = {"Id": entry["Id"], "MessageId": message_id}
            if _last.number:
                done["SequenceNumber"] = _last.number
            successful.append(done)
        return successful, failed

    backend_class.publish_batch = publish_batch


def _check_batch(entries: list[dict[str, Any]], topic: Any) -> None:
    from moto.sns.exceptions import (
        BatchEntryIdsNotDistinct,
        SNSInvalidParameter,
        TooManyEntriesInBatchRequest,
    )

    if len(entries) > 10:
        raise TooManyEntriesInBatchRequest
    if len({entry["Id"] for entry in entries}) != len(entries):
        raise BatchEntryIdsNotDistinct
    if topic.fifo_topic and not all("MessageGroupId" in entry for entry in entries):
        raise SNSInvalidParameter(
            "Invalid parameter: The MessageGroupId parameter is required for FIFO topics"
        )


def _lock_of(arn: str) -> Any:
    with _making:
        return _publishing.setdefault(arn, threading.RLock())


def _send_in_order(endpoints: Endpoints, told: Notification, message_structure: str | None) -> str:
    """Publish to a FIFO topic, once in five minutes for each deduplication id."""
    topic = told.topic
    deduplication = told.deduplication_id or hashlib.sha256(told.message.encode()).hexdigest()
    scope = ""
    if getattr(topic, "fifo_throughput_scope", "") == "MessageGroup":
        scope = told.group_id or ""
    seen = topic.__dict__.setdefault("seen", {})
    now = time.time()
    for key in [key for key, (at, _, _) in seen.items() if at < now - DEDUPLICATION_S]:
        del seen[key]
    known = seen.get((scope, deduplication))
    if known is not None:
        _last.number = known[2]
        return str(known[1])
    topic.sequence = topic.__dict__.get("sequence", _FIRST_NUMBER) + 1
    number = str(topic.sequence)
    seen[(scope, deduplication)] = (now, told.message_id, number)
    fields = {**vars(told), "deduplication_id": deduplication, "sequence_number": number}
    _send(endpoints, Notification(**fields), message_structure)
    _last.number = number
    return told.message_id


def _send(endpoints: Endpoints, told: Notification, message_structure: str | None) -> None:
    """Deliver to each confirmed subscription whose filter lets the message through."""
    topic = told.topic
    for subscription in topic.sns_backend._get_topic_subscriptions(topic):
        if getattr(subscription, "pending", False):
            continue
        message = told.message
        if message_structure == "json":
            message = envelopes.structured(message, subscription.protocol)
        policy = subscription._filter_policy
        scope = subscription.attributes.get("FilterPolicyScope")
        if policy is not None and not filter_policies.lets_through(
            policy, scope, message, told.attributes
        ):
            continue
        endpoints.deliver(subscription, Notification(**{**vars(told), "message": message}))


def _check_structure(message: str) -> None:
    from moto.sns.exceptions import SNSInvalidParameter

    try:
        told = json.loads(message)
    except ValueError as error:
        raise SNSInvalidParameter(
            "Invalid parameter: Message Structure - JSON message body failed to parse"
        ) from error
    if not isinstance(told, dict) or "default" not in told:
        raise SNSInvalidParameter(
            "Invalid parameter: Message Structure - No default entry in JSON message body"
        )


def _text(backend: Any, number: str, message: str, message_id: str) -> None:
    """Keep a text message, where a person looks and where AWS logs its delivery."""
    account, region = backend.account_id, backend.region_name
    outbox.keep(
        account, region, outbox.SMS, service="sns", to=number, text=message, messageId=message_id
    )
    backend.sms_messages.pop(message_id, None)  # moto keeps each for ever
    backend.sms_message_objects.pop(message_id, None)


def _push() -> None:
    """Keep what an app on a phone would get."""
    from moto.sns.models import PlatformEndpoint

    original = PlatformEndpoint.publish

    def publish(self: Any, message: str) -> str:
        message_id = original(self, message)
        self.messages.clear()  # moto keeps each for ever
        parts = self.arn.split(":")
        outbox.keep(
            parts[4],
            parts[3],
            outbox.PUSH,
            service="sns",
            to=self.token,
            text=message,
            platform=self.application.platform,
            endpointArn=self.arn,
            messageId=message_id,
        )
        return str(message_id)

    endpoint: Any = PlatformEndpoint
    endpoint.publish = publish
