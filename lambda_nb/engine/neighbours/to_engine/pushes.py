"""Events that S3, SNS, CloudWatch Logs and other services push to functions.

moto would run such functions itself, inside the call that caused the event. Here the event goes
to the outlet, complete as AWS sends it (facts/events.md section 1), and the call returns.
"""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any
from weakref import WeakKeyDictionary

from lambda_nb.engine.neighbours.services.messaging import object_notifications
from lambda_nb.engine.neighbours.to_engine.event_pipe import Outlet
from lambda_nb.engine.neighbours.to_engine.functions import Functions
from lambda_nb.rules.events import log_patterns


def install(outlet: Outlet, functions: Functions) -> None:
    """Send every service's events for functions to the outlet.

    Parameters
    ----------
    functions
        Says whether a function lets a service in.
    """
    object_notifications.install(outlet, functions)
    _lead_sns(outlet)
    _lead_logs(outlet)
    _lead_others(outlet)


def _lead_sns(outlet: Outlet) -> None:
    from moto.sns.models import Subscription

    original = Subscription.publish

    def publish(self: Any, message: str, message_id: str, *rest: Any, **named: Any) -> None:
        if self.protocol != "lambda":
            original(self, message, message_id, *rest, **named)
            return
        fields = dict(zip(("subject", "message_attributes"), rest, strict=False)) | named
        attributes = fields.get("message_attributes") or {}
        matcher = self._filter_policy_matcher
        if matcher is not None and not matcher.matches(attributes, message):
            return
        if fields.get("message_structure") == "json":
            message = self._parse_message_structure(message, self.protocol)
        outlet.send("sns", self.endpoint, _sns_event(self, message, message_id, fields))

    subscription_class: Any = Subscription
    subscription_class.publish = publish


def _sns_event(
    subscription: Any, message: str, message_id: str, fields: dict[str, Any]
) -> dict[str, Any]:
    subject = fields.get("subject")
    attributes = {
        name: {"Type": value["Type"], "Value": _text(value["Value"])}
        for name, value in (fields.get("message_attributes") or {}).items()
    }
    notification = {
        "Type": "Notification",
        "MessageId": message_id,
        "TopicArn": subscription.topic.arn,
        "Subject": subject,
        "Message": message,
        **signed(subscription, message, message_id, subject),
        "UnsubscribeUrl": f"https://sns.{subscription.topic.sns_backend.region_name}.amazonaws.com/"
        f"?Action=Unsubscribe&SubscriptionArn={subscription.arn}",
        "MessageAttributes": attributes,
    }
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription.arn,
        "Sns": notification,
    }
    return {"Records": [record]}


_signers: WeakKeyDictionary[Any, tuple[Any, str]] = WeakKeyDictionary()


def signed(subscription: Any, message: str, message_id: str, subject: str | None) -> dict[str, str]:
    """The fields that prove a message came from SNS: time, signature, the certificate's URL.

    A subscription has one certificate. moto itself makes one for each message and keeps them all.
    """
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding
    from moto.core.utils import iso_8601_datetime_with_milliseconds

    if subscription not in _signers:
        url = subscription.get_post_data(message, message_id, subject)["SigningCertURL"]
        _signers[subscription] = (subscription.private_key(), url)
    key, url = _signers[subscription]
    timestamp = iso_8601_datetime_with_milliseconds()
    told = {
        "Message": message,
        "MessageId": message_id,
        **({"Subject": subject} if subject else {}),
        "Timestamp": timestamp,
        "TopicArn": subscription.topic.arn,
        "Type": "Notification",
    }
    text = "".join(f"{name}\n{value}\n" for name, value in told.items())
    signature = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return {
        "Timestamp": timestamp,
        "SignatureVersion": "2",
        "Signature": base64.b64encode(signature).decode(),
        "SigningCertUrl": url,
    }


def _text(value: Any) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


def _lead_logs(outlet: Outlet) -> None:
    from moto.logs.models import LogStream

    original = LogStream._send_log_events

    def send(
        self: Any,
        service: str,
        destination_arn: str,
        filter_name: str,
        log_events: list[dict[str, Any]],
    ) -> None:
        subscription = self.log_group.subscription_filters[filter_name]
        test = log_patterns.compiled(subscription.filter_pattern or "")
        let_through = [event for event in log_events if test(event["message"])]
        if not let_through:
            return
        if service != "lambda":
            original(self, service, destination_arn, filter_name, let_through)
            return
        document = {
            "messageType": "DATA_MESSAGE",
            "owner": self.account_id,
            "logGroup": self.log_group.name,
            "logStream": self.log_stream_name,
            "subscriptionFilters": [filter_name],
            "logEvents": [{**event, "id": f"{int(event['id']):056d}"} for event in let_through],
        }
        data = base64.b64encode(gzip.compress(json.dumps(document).encode())).decode()
        outlet.send("logs", destination_arn, {"awslogs": {"data": data}})

    stream_class: Any = LogStream
    stream_class._send_log_events = send


class _Function:
    """Replaces one of moto's own functions; runs nothing."""

    def __init__(self, outlet: Outlet, arn: str) -> None:
        self._outlet = outlet
        self._arn = arn

    def invoke(self, body: str, *_: Any) -> str:
        self._outlet.send("push", self._arn, body)
        return "null"


class _Functions:
    """Replaces moto's own Lambda: every function exists, none runs here."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet

    def get_function(self, name_or_arn: str, *_: Any, **__: Any) -> _Function:
        return _Function(self._outlet, name_or_arn)

    def invoke(
        self, function_name: str, qualifier: str | None, body: Any, *_: Any, **__: Any
    ) -> str:
        arn = f"{function_name}:{qualifier}" if qualifier else function_name
        return _Function(self._outlet, arn).invoke(body)


def _lead_others(outlet: Outlet) -> None:
    """Replace the hook by which the other services (Secrets Manager...) look up a function."""
    from moto.awslambda import utils

    functions = _Functions(outlet)
    seam: Any = utils
    seam.get_backend = lambda *_: functions
