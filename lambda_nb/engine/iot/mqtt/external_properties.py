"""Properties of messages in paho's form."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.iot.message import NO_PROPERTIES, Properties


def from_paho(said: Any) -> Properties:
    """A message's properties, from paho's; ``None`` for none."""
    if said is None or said.isEmpty():
        return NO_PROPERTIES
    is_text = getattr(said, "PayloadFormatIndicator", None)
    return Properties(
        tuple(getattr(said, "UserProperty", ())),
        getattr(said, "ContentType", None),
        getattr(said, "ResponseTopic", None),
        getattr(said, "CorrelationData", None),
        None if is_text is None else bool(is_text),
        getattr(said, "MessageExpiryInterval", None),
    )


def to_paho(properties: Properties) -> Any:
    """A message's properties as paho wants them; ``None`` for none."""
    if properties == NO_PROPERTIES:
        return None
    from paho.mqtt.packettypes import PacketTypes
    from paho.mqtt.properties import Properties as PahoProperties

    made: Any = PahoProperties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    if properties.user:
        made.UserProperty = list(properties.user)
    if properties.content_type is not None:
        made.ContentType = properties.content_type
    if properties.response_topic is not None:
        made.ResponseTopic = properties.response_topic
    if properties.correlation_data is not None:
        made.CorrelationData = properties.correlation_data
    if properties.is_text is not None:
        made.PayloadFormatIndicator = int(properties.is_text)
    if properties.expiry_s is not None:
        made.MessageExpiryInterval = properties.expiry_s
    return made
