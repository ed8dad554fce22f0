"""What a message of a topic looks like to each kind of endpoint, and its signature."""

from __future__ import annotations

import base64
import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote


@dataclass(frozen=True)
class Notification:
    """A message of a topic, for one subscription's protocol."""

    topic: Any
    message: str
    message_id: str
    subject: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)
    group_id: str | None = None
    deduplication_id: str | None = None
    sequence_number: str | None = None


class Envelopes:
    """Writes messages as SNS does.

    Parameters
    ----------
    address
        The engine's URL: links in messages lead there.
    """

    def __init__(self, address: str) -> None:
        self._address = address

    def posted(self, subscription: Any, notification: Notification) -> dict[str, Any]:
        """The JSON object for HTTP endpoints and queues."""
        told = self._signed(notification)
        body: dict[str, Any] = {
            "Type": "Notification",
            "MessageId": notification.message_id,
            **(
                {"SequenceNumber": notification.sequence_number}
                if notification.sequence_number
                else {}
            ),
            "TopicArn": notification.topic.arn,
            **({"Subject": notification.subject} if notification.subject else {}),
            "Message": notification.message,
            **told,
            "UnsubscribeURL": self._unsubscribe(subscription),
        }
        if notification.attributes:
            body["MessageAttributes"] = _shown(notification.attributes)
        return body

    def event(self, subscription: Any, notification: Notification) -> dict[str, Any]:
        """The event for a function: it spells ``Url``."""
        told = self._signed(notification)
        told["SigningCertUrl"] = told.pop("SigningCertURL")
        record = {
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": subscription.arn,
            "Sns": {
                "Type": "Notification",
                "MessageId": notification.message_id,
                "TopicArn": notification.topic.arn,
                "Subject": notification.subject,
                "Message": notification.message,
                **told,
                "UnsubscribeUrl": self._unsubscribe(subscription),
                "MessageAttributes": _shown(notification.attributes),
            },
        }
        return {"Records": [record]}

    def confirmation(self, subscription: Any, kind: str = "SubscriptionConfirmation") -> Any:
        """What an endpoint gets to confirm a subscription, or that it was unsubscribed."""
        token = subscription.token
        arn = quote(subscription.topic.arn, safe=":")
        url = f"{self._address}/?Action=ConfirmSubscription&TopicArn={arn}&Token={token}"
        verb = "subscribe to" if kind == "SubscriptionConfirmation" else "unsubscribe from"
        what = (
            f"You have chosen to {verb} the topic {subscription.topic.arn}.\n"
            "To confirm the subscription, visit the SubscribeURL included in this message."
        )
        told = {
            "Message": what,
            "MessageId": str(uuid.uuid4()),
            "SubscribeURL": url,
            "Timestamp": _now(),
            "Token": token,
            "TopicArn": subscription.topic.arn,
            "Type": kind,
        }
        return {**told, **self._signature(subscription.topic, told)}

    def _unsubscribe(self, subscription: Any) -> str:
        arn = quote(subscription.arn, safe=":")
        return f"{self._address}/?Action=Unsubscribe&SubscriptionArn={arn}"

    def _signed(self, notification: Notification) -> dict[str, str]:
        told = {
            "Message": notification.message,
            "MessageId": notification.message_id,
            **({"Subject": notification.subject} if notification.subject else {}),
            "Timestamp": _now(),
            "TopicArn": notification.topic.arn,
            "Type": "Notification",
        }
        return {"Timestamp": told["Timestamp"], **self._signature(notification.topic, told)}

    def _signature(self, topic: Any, told: dict[str, str]) -> dict[str, str]:
        """The fields that prove where a message comes from (version 1: SHA-1; 2: SHA-256)."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        version = str(getattr(topic, "signature_version", "") or "1")
        text = "".join(f"{name}\n{value}\n" for name, value in told.items())
        key, name = _key(topic.sns_backend)
        kind = hashes.SHA256() if version == "2" else hashes.SHA1()  # noqa: S303
        signature = key.sign(text.encode(), padding.PKCS1v15(), kind)
        return {
            "SignatureVersion": version,
            "Signature": base64.b64encode(signature).decode(),
            "SigningCertURL": f"{self._address}/{name}",
        }


def _key(backend: Any) -> tuple[Any, str]:
    """The signing key of a Region, and the path of its certificate; made when first needed."""
    made = backend.__dict__.get("signing")
    if made is None:
        made = backend.__dict__.setdefault("signing", _new_key(backend))
    key, name, certificate = made
    backend._message_public_keys[name] = certificate
    return key, name


def _new_key(backend: Any) -> tuple[Any, str, bytes]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import NameOID

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    path = f"SimpleNotificationService-{uuid.uuid4().hex}.pem"
    return key, path, certificate.public_bytes(serialization.Encoding.PEM)


def _shown(attributes: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {"Type": one["Type"], "Value": _text(one["Value"])}
        for name, one in attributes.items()
    }


def _text(value: Any) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


def _now() -> str:
    moment = datetime.now(timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def structured(message: str, protocol: str) -> str:
    """The part of a message with ``MessageStructure`` ``json`` that is for a protocol."""
    told = json.loads(message)
    found = told.get(protocol, told["default"])
    return found if isinstance(found, str) else json.dumps(found)
