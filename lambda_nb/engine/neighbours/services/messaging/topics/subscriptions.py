"""Subscriptions: who has to confirm, by which token; their attributes and their filters."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.neighbours.services.messaging.topics import filter_policies
from lambda_nb.engine.neighbours.services.messaging.topics.endpoints import Endpoints
from lambda_nb.engine.neighbours.services.messaging.topics.http_deliveries import retry_policy
from lambda_nb.rules.events import delivery_policies

_CONFIRMED_BY_HAND = ("http", "https", "email", "email-json")
PROTOCOLS = (*_CONFIRMED_BY_HAND, "application", "lambda", "sms", "sqs")
PENDING = "PendingConfirmation"


def install(endpoints: Endpoints) -> None:
    """Change moto's subscriptions."""
    _subscribe(endpoints)
    _confirm(endpoints)
    _list()
    _check_attributes()


def _subscribe(endpoints: Endpoints) -> None:
    from moto.core.responses import ActionResult
    from moto.sns.models import SNSBackend
    from moto.sns.responses import SNSResponse

    original, answer = SNSBackend.subscribe, SNSResponse.subscribe

    def subscribe(self: Any, topic_arn: str, endpoint: str, protocol: str) -> Any:
        _check(self.get_topic(topic_arn), endpoint, protocol)
        known = self._find_subscription(topic_arn, endpoint, protocol)
        subscription: Any = original(self, topic_arn, endpoint, protocol)
        if protocol in _CONFIRMED_BY_HAND and (known is None or getattr(known, "pending", False)):
            subscription.pending = True
            subscription.token = secrets.token_hex(64)
            subscription.attributes[PENDING] = True
            subscription.attributes["ConfirmationWasAuthenticated"] = False
            endpoints.confirm(subscription)
        return subscription

    def respond(self: Any) -> Any:
        result: Any = answer(self)
        subscription = self.backend.subscriptions.get(result.result["SubscriptionArn"])
        wanted = str(self._get_param("ReturnSubscriptionArn", "")).lower() == "true"
        if getattr(subscription, "pending", False) and not wanted:
            return ActionResult({"SubscriptionArn": "pending confirmation"})
        return result

    backend_class: Any = SNSBackend
    backend_class.subscribe = subscribe
    response_class: Any = SNSResponse
    response_class.subscribe = respond


def _check(topic: Any, endpoint: str, protocol: str) -> None:
    """Check that a protocol takes an endpoint."""
    if protocol not in PROTOCOLS:
        if protocol == "firehose":
            raise _invalid("Protocol Reason: lambda_nb does not deliver messages to Firehose")
        raise _invalid(f"Amazon SNS does not support this protocol string: {protocol}")
    if topic.fifo_topic and protocol != "sqs":
        raise _invalid("Protocol Reason: FIFO topics deliver only to SQS queues")
    starts = {"http": "http://", "https": "https://", "lambda": "arn:", "sqs": "arn:"}
    start = starts.get(protocol)
    if start and not endpoint.startswith(start):
        what = (
            "SQS endpoint ARN"
            if protocol == "sqs"
            else "Endpoint must match the specified protocol"
        )
        raise _invalid(what)
    if protocol == "lambda" and endpoint.split(":")[2:3] != ["lambda"]:
        raise _invalid("Lambda endpoint ARN")
    if protocol.startswith("email") and "@" not in endpoint:
        raise _invalid("Email address")


def _confirm(endpoints: Endpoints) -> None:
    from moto.core.responses import ActionResult, EmptyResult
    from moto.sns.exceptions import SNSNotFoundError
    from moto.sns.responses import SNSResponse

    def confirm(self: Any) -> Any:
        arn, token = self._get_param("TopicArn"), self._get_param("Token")
        if arn not in self.backend.topics:
            raise SNSNotFoundError("Topic does not exist")
        for subscription in list(self.backend.subscriptions.values()):
            known = getattr(subscription, "token", None)
            if subscription.topic.arn == arn and known and _same(known, token):
                subscription.pending = False
                subscription.attributes[PENDING] = False
                asked = str(self._get_param("AuthenticateOnUnsubscribe", "")).lower() == "true"
                subscription.authenticated = asked
                return ActionResult({"SubscriptionArn": subscription.arn})
        raise _invalid("Token")

    def unsubscribe(self: Any) -> Any:
        arn = self._get_param("SubscriptionArn")
        subscription = self.backend.subscriptions.get(arn)
        if getattr(subscription, "pending", False):
            raise _invalid(
                "SubscriptionArn Reason: This subscription is pending confirmation and cannot be "
                "deleted"
            )
        unsigned = "Credential=unsigned/" in (self.headers.get("Authorization") or "")
        if unsigned and getattr(subscription, "authenticated", False):
            from moto.core.exceptions import ServiceException

            raise ServiceException("AuthorizationError", "This subscription needs a signature")
        self.backend.unsubscribe(arn)
        return EmptyResult()

    response_class: Any = SNSResponse
    response_class.confirm_subscription = confirm
    response_class.unsubscribe = unsubscribe


def _same(token: str, given: str | None) -> bool:
    return secrets.compare_digest(token.encode(), (given or "").encode("utf-8", "replace"))


def _list() -> None:
    from moto.core.responses import ActionResult
    from moto.sns.responses import SNSResponse

    def listed(self: Any, found: Any, token: Any) -> Any:
        told = [
            {
                "SubscriptionArn": PENDING if getattr(one, "pending", False) else one.arn,
                "Owner": one.owner,
                "Protocol": one.protocol,
                "Endpoint": one.endpoint,
                "TopicArn": one.topic.arn,
            }
            for one in found
        ]
        return ActionResult({"Subscriptions": told, "NextToken": token})

    def list_subscriptions(self: Any) -> Any:
        token = self._get_param("NextToken")
        return listed(self, *self.backend.list_subscriptions(next_token=token))

    def list_by_topic(self: Any) -> Any:
        arn, token = self._get_param("TopicArn"), self._get_param("NextToken")
        return listed(self, *self.backend.list_subscriptions_by_topic(arn, next_token=token))

    response_class: Any = SNSResponse
    response_class.list_subscriptions = list_subscriptions
    response_class.list_subscriptions_by_topic = list_by_topic


def _check_attributes() -> None:
    from moto.sns.models import SNSBackend

    get, put = SNSBackend.get_subscription_attributes, SNSBackend.set_subscription_attributes
    check = SNSBackend._validate_filter_policy

    def set_subscription_attributes(self: Any, arn: str, name: str, value: Any) -> None:
        if name == "DeliveryPolicy" and value:
            _check_policy(_document("DeliveryPolicy", value))
        if name == "RedrivePolicy" and value:
            _check_redrive(_document("RedrivePolicy", value))
        put(self, arn, name, value)

    def validate(self: Any, value: Any, scope: str | None) -> None:
        check(self, filter_policies.for_check(value), scope)

    def get_subscription_attributes(self: Any, arn: str) -> dict[str, Any]:
        told: dict[str, Any] = get(self, arn)
        subscription = self.subscriptions[arn]
        if subscription.protocol in ("http", "https"):
            policy = {**delivery_policies.DEFAULT, **retry_policy(subscription)}
            told["EffectiveDeliveryPolicy"] = json.dumps({"healthyRetryPolicy": policy})
        return {name: value for name, value in told.items() if value not in (None, "")}

    backend_class: Any = SNSBackend
    backend_class.set_subscription_attributes = set_subscription_attributes
    backend_class._validate_filter_policy = validate
    backend_class.get_subscription_attributes = get_subscription_attributes


def _document(name: str, value: Any) -> dict[str, Any]:
    try:
        told = json.loads(value)
    except (ValueError, TypeError):
        told = None
    if not isinstance(told, dict):
        raise _invalid(f"{name}: it is no JSON object")
    return told


def _check_policy(policy: Mapping[str, Any]) -> None:
    wrong = delivery_policies.policy_problem(policy, of_topic=False)
    if wrong is not None:
        raise _invalid(f"DeliveryPolicy: {wrong}")


def _check_redrive(policy: Mapping[str, Any]) -> None:
    arn = policy.get("deadLetterTargetArn", "")
    if not isinstance(arn, str) or arn.split(":")[2:3] != ["sqs"]:
        raise _invalid("RedrivePolicy: deadLetterTargetArn is an invalid arn")


def _invalid(text: str) -> Exception:
    from moto.sns.exceptions import SNSInvalidParameter

    return SNSInvalidParameter(f"Invalid parameter: {text}")
