"""Writes an operation's response as an HTTP reply, as the service model describes it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from lambda_nb.engine.api.wire.http import JSON, Header, Reply


def serialise(operation: OperationModel, response: Mapping[str, Any], request_id: str) -> Reply:
    """The reply to one call. Members whose value is ``None`` are left out, as AWS does."""
    headers: list[Header] = [(b"x-amzn-RequestId", request_id.encode())]
    status = int(operation.http.get("responseCode", 200))
    shape = operation.output_shape
    if not isinstance(shape, StructureShape):
        return Reply(status, json.dumps(response).encode() if response else b"", headers)
    document: dict[str, Any] = {}
    for name, value in response.items():
        member = shape.members[name]
        wire_name = member.serialization.get("name", name)
        match member.serialization.get("location"):
            case _ if value is None:
                continue
            case "statusCode":
                status = value
            case "header":
                headers.append((wire_name.encode(), str(value).encode()))
            case _:
                document[wire_name] = _to_json(member, value)
    payload = shape.serialization.get("payload")
    if payload is not None and shape.members[payload].type_name == "blob":
        content = response.get(payload) or b""
        is_json = shape.members[payload].name == "JsonDocument"
        kind = dict(headers).get(b"Content-Type", JSON if is_json else b"application/octet-stream")
        headers = [header for header in headers if header[0] != b"Content-Type"]
        return Reply(status, content, headers, kind)
    if payload is not None and payload in document:
        return Reply(status, json.dumps(document[payload]).encode(), headers)
    if status == 204:
        return Reply(status, b"", headers)
    return Reply(status, json.dumps(document).encode(), headers)


def _to_json(shape: Shape, value: Any) -> Any:
    if isinstance(shape, StructureShape):
        return {
            shape.members[name].serialization.get("name", name): _to_json(shape.members[name], item)
            for name, item in value.items()
            if item is not None
        }
    if isinstance(shape, ListShape):
        return [_to_json(shape.member, item) for item in value]
    if isinstance(shape, MapShape):
        return {key: _to_json(shape.value, item) for key, item in value.items()}
    if shape.type_name == "blob":
        data = value if isinstance(value, bytes) else str(value).encode()
        return base64.b64encode(data).decode("ascii")
    if isinstance(value, datetime):
        if shape.serialization.get("timestampFormat") == "iso8601":
            return value.strftime("%Y-%m-%dT%H:%M:%SZ")
        return round(value.timestamp(), 3)
    return value
