"""Delivers a message to one subscription: function, queue, HTTP endpoint, mail, phone, app.

What cannot be delivered goes to the subscription's dead-letter queue, if it has one, and into the
topic's delivery status log, if the topic has one.
"""

from __future__ import annotations

import json
import logging
import time
from datetime import datetime, timezone
from typing import Any

from lambda_nb.engine.neighbours.services.messaging import outbox
from lambda_nb.engine.neighbours.services.messaging.topics.envelopes import (
    Envelopes,
    Notification,
)
from lambda_nb.engine.neighbours.services.messaging.topics.http_deliveries import (
    HttpDeliveries,
    content_type,
)
from lambda_nb.engine.neighbours.to_engine.event_pipe import Outlet
from lambda_nb.engine.neighbours.to_engine.functions import Functions

log = logging.getLogger(__name__)

PRINCIPAL = "sns.amazonaws.com"
_FEEDBACK = {
    "lambda": "lambda",
    "sqs": "sqs",
    "http": "http",
    "https": "http",
    "application": "application",
}
"""How the attributes of a topic that ask for a log call each protocol."""


class Endpoints:
    """Delivers to every kind of endpoint.

    Parameters
    ----------
    outlet
        Takes events for functions.
    functions
        Says whether a function lets SNS in.
    envelopes
        Writes messages.
    """

    def __init__(self, outlet: Outlet, functions: Functions, envelopes: Envelopes) -> None:
        self._outlet = outlet
        self._functions = functions
        self._envelopes = envelopes
        self._http = HttpDeliveries(self._http_ended)

    def start(self) -> None:
        """Deliver to HTTP endpoints what waited when the last process ended."""
        self._http.start()

    def deliver(self, subscription: Any, notification: Notification) -> None:
        """Deliver a message to a subscription that wants it."""
        protocol = subscription.protocol
        if protocol in ("http", "https"):
            self._to_http(subscription, notification)
            return
        sent = self._message(subscription, notification)
        try:
            if protocol == "lambda":
                self._to_function(subscription, notification)
            elif protocol == "sqs":
                _to_queue(subscription.endpoint, sent)
            elif protocol == "application":
                backend = subscription.topic.sns_backend
                backend.platform_endpoints[subscription.endpoint].publish(notification.message)
            else:
                _to_person(subscription, notification)
        except Exception as error:
            self._failed(subscription, sent, f"{error}", None)
            return
        _note(subscription, notification.message_id, 200, True)

    def confirm(self, subscription: Any) -> None:
        """Ask an endpoint to confirm its subscription."""
        told = self._envelopes.confirmation(subscription)
        if subscription.protocol in ("http", "https"):
            headers = {
                "x-amz-sns-message-type": told["Type"],
                "x-amz-sns-message-id": told["MessageId"],
                "x-amz-sns-topic-arn": subscription.topic.arn,
                "Content-Type": "text/plain; charset=UTF-8",
                "User-Agent": "Amazon Simple Notification Service Agent",
            }
            self._http.add(subscription, json.dumps(told, indent=2), headers, {})
            return
        outbox.keep(
            subscription.account_id,
            subscription.topic.sns_backend.region_name,
            outbox.EMAIL,
            service="sns",
            to=subscription.endpoint,
            subject="AWS Notification - Subscription Confirmation",
            text=f"{told['Message']}\n{told['SubscribeURL']}",
            topicArn=subscription.topic.arn,
            token=told["Token"],
        )

    def _to_function(self, subscription: Any, notification: Notification) -> None:
        topic = subscription.topic
        permitted = self._functions.permit(
            subscription.endpoint, PRINCIPAL, topic.arn, topic.account_id
        )
        if not permitted:
            raise PermissionError(
                f"{PRINCIPAL} may not invoke {subscription.endpoint} for {topic.arn}: there is no "
                "such function, or its resource policy does not allow it (lambda add-permission)"
            )
        event = self._envelopes.event(subscription, notification)
        self._outlet.send("sns", subscription.endpoint, event)

    def _to_http(self, subscription: Any, notification: Notification) -> None:
        raw = _is_raw(subscription)
        headers = {
            "x-amz-sns-message-type": "Notification",
            "x-amz-sns-message-id": notification.message_id,
            "x-amz-sns-topic-arn": notification.topic.arn,
            "x-amz-sns-subscription-arn": subscription.arn,
            "Content-Type": content_type(subscription),
            "User-Agent": "Amazon Simple Notification Service Agent",
            **({"x-amz-sns-rawdelivery": "true"} if raw else {}),
        }
        sent = self._message(subscription, notification)
        self._http.add(subscription, sent["body"], headers, sent)

    def _message(self, subscription: Any, notification: Notification) -> dict[str, Any]:
        """A message as a queue gets it: the subscription's own, or one of dead letters."""
        if _is_raw(subscription):
            body = notification.message
            attributes = {name: _attribute(one) for name, one in notification.attributes.items()}
        else:
            body = json.dumps(self._envelopes.posted(subscription, notification), indent=2)
            attributes = {}
        return {
            "body": body,
            "attributes": attributes,
            "group": notification.group_id,
            "deduplication": notification.deduplication_id,
            "id": notification.message_id,
        }

    def _http_ended(
        self, subscription: Any, delivery: dict[str, Any], status: int | None, succeeded: bool
    ) -> None:
        message = delivery["message"]
        if succeeded:
            if message:
                _note(subscription, message["id"], status or 0, True)
            return
        reason = f"status {status}" if status else "no answer"
        if message:
            self._failed(subscription, message, reason, status)
        else:
            log.warning("SNS: %s did not take its confirmation: %s", delivery["url"], reason)

    def _failed(
        self, subscription: Any, message: dict[str, Any], reason: str, status: int | None
    ) -> None:
        _note(subscription, message["id"], status or 400, False, reason)
        policy = subscription.attributes.get("RedrivePolicy")
        if policy:
            told = json.loads(policy) if isinstance(policy, str) else policy
            try:
                _to_queue(told["deadLetterTargetArn"], message)
                return
            except Exception as error:
                reason = f"{reason}; nor to its dead-letter queue: {error!r}"
        log.warning("SNS: a message for %s is lost: %s", subscription.endpoint, reason)


def _is_raw(subscription: Any) -> bool:
    return str(subscription.attributes.get("RawMessageDelivery")).lower() == "true"


def _attribute(attribute: dict[str, Any]) -> dict[str, str]:
    name = "BinaryValue" if attribute["Type"].startswith("Binary") else "StringValue"
    return {"DataType": attribute["Type"], name: str(attribute["Value"])}


def _to_queue(arn: str, message: dict[str, Any]) -> None:
    from moto.sqs.models import sqs_backends

    _, _, _, region, account, name = arn.split(":", 5)
    backend: Any = sqs_backends[account][region]
    fifo = name.endswith(".fifo")
    backend.send_message(
        name,
        message["body"],
        message_attributes=message["attributes"] or None,
        deduplication_id=message["deduplication"] if fifo else None,
        group_id=message["group"],
        validate_group_id=False,
    )


def _to_person(subscription: Any, notification: Notification) -> None:
    channel = outbox.SMS if subscription.protocol == "sms" else outbox.EMAIL
    subject = notification.subject or "AWS Notification Message"
    outbox.keep(
        subscription.account_id,
        subscription.topic.sns_backend.region_name,
        channel,
        service="sns",
        to=subscription.endpoint,
        **({"subject": subject} if channel == outbox.EMAIL else {}),
        text=notification.message,
        topicArn=notification.topic.arn,
        messageId=notification.message_id,
    )


def _note(
    subscription: Any, message_id: str, status: int, succeeded: bool, reason: str = ""
) -> None:
    """Write the delivery status log that the topic's attributes ask for."""
    topic = subscription.topic
    kind = _FEEDBACK.get(subscription.protocol)
    result = "success" if succeeded else "failure"
    if kind is None or not getattr(topic, f"{kind}_{result}_feedback_role_arn", ""):
        return
    rate = getattr(topic, f"{kind}_success_feedback_sample_rate", "") or "0"
    if succeeded and int(rate) == 0:
        return
    entry = {
        "notification": {
            "messageId": message_id,
            "topicArn": topic.arn,
            "timestamp": f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M:%S}",
        },
        "delivery": {
            "deliveryId": outbox.stream_name(),
            "destination": subscription.endpoint,
            **({"providerResponse": reason} if reason else {}),
            "dwellTimeMs": 0,
            "attempts": 1,
            "statusCode": status,
        },
        "status": "SUCCESS" if succeeded else "FAILURE",
    }
    region = topic.sns_backend.region_name
    group = f"sns/{region}/{topic.account_id}/{topic.name}"
    group = group if succeeded else f"{group}/Failure"
    stream = time.strftime("%Y/%m/%d", time.gmtime())
    outbox.write(topic.account_id, region, group, stream, entry)
