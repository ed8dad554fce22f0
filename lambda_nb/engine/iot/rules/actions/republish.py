"""The action ``republish``: the result goes to another topic."""

from __future__ import annotations

import base64
import binascii
from contextvars import ContextVar

from lambda_nb.engine.iot.message import NO_PROPERTIES, Message, Properties
from lambda_nb.engine.iot.rules.actions.action import (
    ActionError,
    Kind,
    Origin,
    Parameters,
    Result,
)
from lambda_nb.engine.iot.rules.surroundings import Surroundings
from lambda_nb.engine.iot.topic_filters import TopicError, check_topic
from lambda_nb.rules.iot.topic_rules import MOST_REPUBLISHED

HOPS: ContextVar[int] = ContextVar("republished", default=0)
"""Republish actions behind the message that is being published."""

_JOBS = ("$aws/things/", "/jobs/")
_IS_TEXT = {"UTF8_DATA": True, "UNSPECIFIED_BYTES": False}


def _checked(parameters: Parameters, result: Result) -> Parameters:
    topic = str(parameters["topic"])
    if topic.startswith("$$"):
        topic = topic[1:]
    elif topic.startswith("$"):
        raise ActionError(f"a reserved topic is written with $$: ${topic}, not {topic}")
    try:
        check_topic(topic)
    except TopicError as error:
        raise ActionError(str(error)) from error
    if topic.startswith(_JOBS[0]) and _JOBS[1] in topic:
        raise ActionError(f"republishing to reserved job topics is not supported: {topic}")
    _properties(parameters.get("headers") or {})
    return {**parameters, "_topic": topic}


def _properties(headers: Parameters) -> Properties:
    if not headers:
        return NO_PROPERTIES
    expiry = headers.get("messageExpiry")
    correlation = headers.get("correlationData")
    indicator = headers.get("payloadFormatIndicator")
    try:
        return Properties(
            user=tuple((str(p["key"]), str(p["value"])) for p in headers.get("userProperties", ())),
            content_type=headers.get("contentType"),
            response_topic=headers.get("responseTopic"),
            correlation_data=base64.b64decode(correlation, validate=True) if correlation else None,
            is_text=_IS_TEXT[indicator] if indicator else None,
            expiry_s=int(expiry) if expiry else None,
        )
    except KeyError as error:
        raise ActionError(
            f"payloadFormatIndicator is UTF8_DATA or UNSPECIFIED_BYTES, not {indicator!r}"
        ) from error
    except binascii.Error as error:
        raise ActionError(f"correlationData is not Base64: {correlation!r}") from error
    except ValueError as error:
        raise ActionError(f"messageExpiry is no number of seconds: {expiry!r}") from error


async def _publish(
    parameters: Parameters, payload: bytes, origin: Origin, surroundings: Surroundings
) -> None:
    if origin.hops >= MOST_REPUBLISHED:
        raise ActionError(
            f"the message was republished {origin.hops} times, one after the other; rule "
            f"{origin.rule} seems to select what it publishes, so it ends here"
        )
    message = Message(
        topic=parameters["_topic"],
        payload=payload,
        qos=int(parameters.get("qos") or 0),
        properties=_properties(parameters.get("headers") or {}),
    )
    before = HOPS.set(origin.hops + 1)
    try:
        await surroundings.topics.publish(message)
    finally:
        HOPS.reset(before)


REPUBLISH = Kind(
    name="republish",
    label="RepublishAction",
    metric_type="Republish",
    failed="Failed to republish message",
    perform=_publish,
    resource=lambda parameters: str(parameters["topic"]),
    told=lambda parameters: {"RepublishTopic": str(parameters["topic"])},
    prepare=_checked,
)
