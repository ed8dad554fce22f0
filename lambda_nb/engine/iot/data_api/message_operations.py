"""Operations of ``iot-data`` on messages: to topics, to one client, and the retained ones."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from lambda_nb.engine.identifiers import uuid4
from lambda_nb.engine.iot.data_api.broker import Broker
from lambda_nb.engine.iot.data_api.errors import fault
from lambda_nb.engine.iot.data_api.pages import page, with_token
from lambda_nb.engine.iot.message import Message, Properties, Sender
from lambda_nb.engine.iot.mqtt.delivery.reserved_topics import clients_may_publish
from lambda_nb.engine.iot.topic_filters import TopicError, check_topic
from lambda_nb.engine.model import Caller, Operation, Request, Response

LARGEST_PAYLOAD = 131_072
"""Bytes of a message (iot-core quotas, "MQTT payload size", 2026)."""

LONGEST_EXPIRY_S = 604_800
"""Seconds (iot-core quotas, "Maximum Message Expiry Interval", 2026)."""

LONGEST_CONTENT_TYPE = 256
"""Bytes (iot-core quotas, "Maximum MQTT5 Content Type size", 2026)."""

LARGEST_CORRELATION_DATA = 8192
"""Bytes (iot-core quotas, "Maximum MQTT5 Correlation Data size", 2026)."""

LARGEST_USER_PROPERTIES = 8192
"""Bytes of all names and values (iot-core quotas, "Maximum User Properties total size", 2026)."""

NO_CONFIRMATIONS = "lambda_nb does not wait until a client confirms: leave confirmation out."

_LARGEST_PAGE = 200  # maxResults of ListRetainedMessages, botocore's model


class MessageOperations:
    """Publish, SendDirectMessage, GetRetainedMessage, ListRetainedMessages.

    Parameters
    ----------
    broker
        The Region's broker.
    """

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    def operations(self) -> dict[str, Operation]:
        """The handlers by AWS's names."""
        return {
            "Publish": self._publish,
            "SendDirectMessage": self._send,
            "GetRetainedMessage": self._get_retained,
            "ListRetainedMessages": self._list_retained,
        }

    async def publish(self, request: Request, sender: Sender | None) -> Response:
        """Publish the message that a request describes, in a client's name."""
        qos = request.get("qos", 0)
        if qos not in (0, 1):
            raise fault(400, f"The quality of service is 0 or 1, not {qos}.")
        message = _message(request, qos, sender)
        if not clients_may_publish(message.topic):
            raise fault(400, f"{message.topic} is a topic of AWS's own.")
        if message.retain and message.topic.startswith("$"):
            raise fault(400, f"{message.topic} is reserved: nothing is retained there.")
        await self._broker.publish(message)
        return {"message": "OK", "traceId": uuid4()}

    async def _publish(self, request: Request, caller: Caller) -> Response:
        return await self.publish(request, None)

    async def _send(self, request: Request, caller: Caller) -> Response:
        client_id = request["clientId"]
        if request.get("confirmation"):
            raise fault(400, NO_CONFIRMATIONS)
        if not await self._broker.give(client_id, _message(request, 0, None)):
            raise fault(404, f"No connection exists with client id: '{client_id}'")
        return {"message": "OK", "traceId": uuid4()}

    def _get_retained(self, request: Request, caller: Caller) -> Response:
        kept = self._broker.retained(request["topic"])
        if kept is None:
            raise fault(404, "The specified resource does not exist")
        message = kept.message
        user = [{name: value} for name, value in message.properties.user]
        return {
            "topic": message.topic,
            "payload": message.payload,
            "qos": message.qos,
            "lastModifiedTime": kept.at_ms,
            "userProperties": json.dumps(user).encode() if user else None,
        }

    def _list_retained(self, request: Request, caller: Caller) -> Response:
        kept = {one.message.topic: one for one in self._broker.all_retained()}
        shown, token = page(
            sorted(kept), request.get("nextToken"), request.get("maxResults"), _LARGEST_PAGE
        )
        summaries = [
            {
                "topic": topic,
                "payloadSize": len(kept[topic].message.payload),
                "qos": kept[topic].message.qos,
                "lastModifiedTime": kept[topic].at_ms,
            }
            for topic in shown
        ]
        return with_token({"retainedTopics": summaries}, token)


def _message(request: Request, qos: int, sender: Sender | None) -> Message:
    topic, payload = request["topic"], request.get("payload", b"")
    try:
        check_topic(topic)
    except TopicError as error:
        raise fault(400, str(error)) from error
    if len(payload) > LARGEST_PAYLOAD:
        text = f"The payload has at most {LARGEST_PAYLOAD} bytes, not {len(payload)}."
        raise fault(413, text)
    retain = request.get("retain", False)
    return Message(topic, payload, qos, retain, sender, _properties(request))


def _properties(request: Request) -> Properties:
    expiry = request.get("messageExpiry")
    if expiry is not None and not 0 <= expiry <= LONGEST_EXPIRY_S:
        raise fault(400, f"A message expires after 0 to {LONGEST_EXPIRY_S} s, not {expiry}.")
    content_type = request.get("contentType")
    if content_type is not None and len(content_type.encode()) > LONGEST_CONTENT_TYPE:
        raise fault(400, f"A content type has at most {LONGEST_CONTENT_TYPE} bytes.")
    response_topic = request.get("responseTopic")
    if response_topic is not None:
        try:
            check_topic(response_topic)
        except TopicError as error:
            raise fault(400, f"responseTopic: {error}") from error
    return Properties(
        user=_user_properties(request.get("userProperties")),
        content_type=content_type,
        response_topic=response_topic,
        correlation_data=_correlation_data(request.get("correlationData")),
        is_text=_is_text(request.get("payloadFormatIndicator")),
        expiry_s=expiry,
    )


def _user_properties(header: str | None) -> tuple[tuple[str, str], ...]:
    if header is None:
        return ()
    try:
        listed: Any = json.loads(base64.b64decode(header, validate=True))
        if isinstance(listed, str):  # boto3 encodes the JSON text once more
            listed = json.loads(listed)
        user = tuple((str(name), str(pair[name])) for pair in listed for name in pair)
    except (ValueError, binascii.Error, TypeError, RecursionError):
        text = "User properties are base64 of a JSON array of objects with one text each."
        raise fault(400, text) from None
    if sum(len(name.encode()) + len(value.encode()) for name, value in user) > (
        LARGEST_USER_PROPERTIES
    ):
        raise fault(400, f"User properties have at most {LARGEST_USER_PROPERTIES} bytes.")
    return user


def _correlation_data(header: str | None) -> bytes | None:
    if header is None:
        return None
    try:
        data = base64.b64decode(header, validate=True)
    except (ValueError, binascii.Error):
        raise fault(400, "Correlation data is base64 text.") from None
    if len(data) > LARGEST_CORRELATION_DATA:
        raise fault(400, f"Correlation data has at most {LARGEST_CORRELATION_DATA} bytes.")
    return data


def _is_text(indicator: str | None) -> bool | None:
    if indicator is None:
        return None
    if indicator not in ("UNSPECIFIED_BYTES", "UTF8_DATA"):
        raise fault(400, f"Invalid payload format indicator: {indicator}")
    return indicator == "UTF8_DATA"
