"""Attributes of topics as AWS shows them: moto leaves many out, and counts no subscriptions."""

from __future__ import annotations

import json
from typing import Any

from lambda_nb.rules.events import delivery_policies

_KINDS = ("Application", "Firehose", "HTTP", "Lambda", "SQS")
_MORE = (
    *("SignatureVersion", "TracingConfig", "ArchivePolicy", "FifoThroughputScope"),
    *(f"{kind}{result}FeedbackRoleArn" for kind in _KINDS for result in ("Success", "Failure")),
    *(f"{kind}SuccessFeedbackSampleRate" for kind in _KINDS),
)
_REQUEST = {"headerContentType": "text/plain; charset=UTF-8"}


def install() -> None:
    """Change moto's topics."""
    from moto.core.responses import ActionResult, EmptyResult
    from moto.core.utils import camelcase_to_underscores
    from moto.sns.models import SNSBackend
    from moto.sns.responses import SNSResponse

    original, put = SNSResponse.get_topic_attributes, SNSResponse.set_topic_attributes

    def get_topic_attributes(self: Any) -> Any:
        answered: Any = original(self).result
        told = answered["Attributes"]
        topic = self.backend.get_topic(told["TopicArn"])
        subscriptions = self.backend._get_topic_subscriptions(topic)
        pending = sum(getattr(one, "pending", False) for one in subscriptions)
        told["SubscriptionsPending"] = str(pending)
        told["SubscriptionsConfirmed"] = str(len(subscriptions) - pending)
        told["SubscriptionsDeleted"] = "0"
        told["EffectiveDeliveryPolicy"] = json.dumps(_effective(topic.delivery_policy))
        for name in _MORE:
            value = topic.__dict__.get(camelcase_to_underscores(name))
            if value not in (None, ""):
                told[name] = value
        return ActionResult({"Attributes": {n: v for n, v in told.items() if v not in (None, "")}})

    def set_topic_attributes(self: Any) -> Any:
        name, value = self._get_param("AttributeName"), self._get_param("AttributeValue")
        if name == "DeliveryPolicy":
            _check_policy(value)
        if name in _MORE:
            key = camelcase_to_underscores(name)
            self.backend.set_topic_attribute(self._get_param("TopicArn"), key, value)
            return EmptyResult()
        return put(self)

    create = SNSBackend.create_topic

    def create_topic(self: Any, name: str, attributes: Any = None, tags: Any = None) -> Any:
        _check_policy((attributes or {}).get("DeliveryPolicy"))
        return create(self, name, attributes, tags)

    backend_class: Any = SNSBackend
    backend_class.create_topic = create_topic
    response_class: Any = SNSResponse
    response_class.get_topic_attributes = get_topic_attributes
    response_class.set_topic_attributes = set_topic_attributes


def _check_policy(text: Any) -> None:
    from moto.sns.exceptions import SNSInvalidParameter

    if not text:
        return
    try:
        wrong = delivery_policies.policy_problem(json.loads(text), of_topic=True)
    except (ValueError, TypeError):
        wrong = "it is no JSON object"
    if wrong is not None:
        raise SNSInvalidParameter(f"Invalid parameter: DeliveryPolicy: {wrong}")


def _effective(text: Any) -> dict[str, Any]:
    told = (json.loads(text) if isinstance(text, str) and text else text or {}).get("http") or {}
    healthy = {**delivery_policies.DEFAULT, **(told.get("defaultHealthyRetryPolicy") or {})}
    return {
        "http": {
            "defaultHealthyRetryPolicy": healthy,
            "disableSubscriptionOverrides": bool(told.get("disableSubscriptionOverrides")),
            "defaultRequestPolicy": told.get("defaultRequestPolicy") or _REQUEST,
        }
    }
