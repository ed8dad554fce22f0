"""Writes an operation's response as XML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any
from xml.sax.saxutils import escape

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPELT = {"\r": "&#xD;"}


def response(operation: OperationModel, answer: Mapping[str, Any], request_id: str) -> bytes:
    """The body of the reply to one call.

    Parameters
    ----------
    operation
        What was called.
    answer
        What it returns, by the names of the model; members that are ``None`` are left out.
    request_id
        Goes into ``ResponseMetadata``.
    """
    name = operation.name
    namespace = operation.service_model.metadata.get("xmlNamespace", "")
    parts = [f'<{name}Response xmlns="{escape(namespace)}">']
    shape = operation.output_shape
    if isinstance(shape, StructureShape):
        wrapper = shape.serialization.get("resultWrapper", f"{name}Result")
        parts += [f"<{wrapper}>", *_structure(shape, answer), f"</{wrapper}>"]
    parts.append(f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata>")
    parts.append(f"</{name}Response>")
    return "".join(parts).encode()


def _structure(shape: StructureShape, value: Mapping[str, Any]) -> Iterator[str]:
    for name, held in value.items():
        if held is not None:
            member = shape.members[name]
            yield from _element(member, member.serialization.get("name", name), held)


def _element(shape: Shape, name: str, value: Any) -> Iterator[str]:
    if isinstance(shape, ListShape) and shape.serialization.get("flattened"):
        for item in value:
            yield from _element(shape.member, name, item)
        return
    yield f"<{name}>"
    if isinstance(shape, StructureShape):
        yield from _structure(shape, value)
    elif isinstance(shape, ListShape):
        item_name = shape.member.serialization.get("name", "member")
        for item in value:
            yield from _element(shape.member, item_name, item)
    elif isinstance(shape, MapShape):
        for key, item in value.items():
            yield "<entry>"
            yield from _element(shape.key, shape.key.serialization.get("name", "key"), key)
            yield from _element(shape.value, shape.value.serialization.get("name", "value"), item)
            yield "</entry>"
    else:
        yield _text(value)
    yield f"</{name}>"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        # clients compare these as texts
        return value.astimezone(timezone.utc).isoformat("T", "milliseconds").replace("+00:00", "Z")
    return escape(_NOT_IN_XML.sub("\ufffd", str(value)), _SPELT)
