"""Functions that tell of the message: its topic, its sender, its properties."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from lambda_nb.engine.iot.sql.functions.function import Function, of
from lambda_nb.engine.iot.sql.values import UNDEFINED, floor
from lambda_nb.engine.iot.topic_filters import BASIC_INGEST

if TYPE_CHECKING:
    from lambda_nb.engine.iot.message import Message
    from lambda_nb.engine.iot.sql.scope import Scope

NOT_MQTT: Final = "n/a"
"""What clientid() gives for a message that no MQTT client sent (iot-sql-functions)."""


def topic_without_prefix(topic: str) -> str:
    """Return a topic as ``topic()`` sees it: Basic Ingest's first three levels are cut off."""
    if topic.startswith(BASIC_INGEST):
        return topic.removeprefix(BASIC_INGEST).partition("/")[2]
    return topic


def topic(scope: Scope, *level: Any) -> Any:
    """``topic``: the whole topic, or a level of it from 1."""
    text = topic_without_prefix(scope.message.topic)
    if not level:
        return text
    index, levels = floor(level[0]), text.split("/")
    if index is UNDEFINED or not 1 <= index <= len(levels):
        return UNDEFINED
    return levels[index - 1]


def account(scope: Scope) -> Any:
    """``accountid``."""
    return scope.surroundings.account


def client(scope: Scope) -> Any:
    """``clientid``."""
    sender = scope.message.sender
    return sender.client_id or NOT_MQTT if sender else NOT_MQTT


def principal(scope: Scope) -> Any:
    """``principal``: the certificate's id, or who signed."""
    sender = scope.message.sender
    return sender.principal or UNDEFINED if sender else UNDEFINED


def source_ip(scope: Scope) -> Any:
    """``sourceip``: the address that the device connected from."""
    sender = scope.message.sender
    return sender.source_ip or UNDEFINED if sender else UNDEFINED


def trace(scope: Scope) -> Any:
    """``traceid``: the message's UUID; Undefined for one that was not sent over MQTT."""
    sender = scope.message.sender
    if sender is None or not sender.client_id:
        return UNDEFINED
    return scope.surroundings.trace_id(scope.message)


def new_uuid(scope: Scope) -> Any:
    """``newuuid``."""
    return scope.record(lambda: str(uuid.uuid4()))


def version(scope: Scope) -> Any:
    """``sql_version``."""
    return scope.sql_version


def _correlation(message: Message) -> str | None:
    data = message.properties.correlation_data
    return None if data is None else base64.b64encode(data).decode()


_PROPERTIES: Final[dict[str, Callable[[Message], str | None]]] = {
    "content_type": lambda message: message.properties.content_type,
    "correlation_data": _correlation,
    "format_indicator": lambda message: (
        "UTF8_DATA" if message.properties.is_text else "UNSPECIFIED_BYTES"
    ),
    "response_topic": lambda message: message.properties.response_topic,
}


def mqtt_property(scope: Scope, name: Any) -> Any:
    """``get_mqtt_property``."""
    read = _PROPERTIES.get(name) if isinstance(name, str) else None
    value = read(scope.message) if read else None
    return UNDEFINED if value is None else value


def user_properties(scope: Scope, *key: Any) -> Any:
    """``get_user_properties``: the values of a key, or all keys with their values."""
    pairs = scope.message.properties.user
    if not key:
        return [{name: value} for name, value in pairs]
    values = [value for name, value in pairs if name == key[0]]
    return values or UNDEFINED


OF_MESSAGE: Final[dict[str, Function]] = {
    "accountid": of(account, 0, of_message=True),
    "clientid": of(client, 0, of_message=True),
    "get_mqtt_property": of(mqtt_property, 1, of_message=True),
    "get_user_properties": of(user_properties, 0, 1, of_message=True),
    "newuuid": of(new_uuid, 0, of_message=True),
    "principal": of(principal, 0, of_message=True),
    "sourceip": of(source_ip, 0, newer=True, of_message=True),
    "sql_version": of(version, 0, of_message=True),
    "topic": of(topic, 0, 1, of_message=True),
    "traceid": of(trace, 0, of_message=True),
}
