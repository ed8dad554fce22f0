"""What an OpenAPI document says of the API as a whole: name, policy, binary types."""

from __future__ import annotations

import json
import re
from typing import Any

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.gateways.configuration.rest.definition.definition import Definition
from lambda_nb.engine.gateways.configuration.rest.openapi.document import (
    EXTENSION,
    Document,
    Json,
    listed,
    mapping,
)

_ENDPOINT = "endpoint-configuration"


def forget(api: Record) -> None:
    """Take away what only a document that overwrites an API may keep."""
    for member in ("binaryMediaTypes", "minimumCompressionSize", "version", "description"):
        api.pop(member, None)
    api["apiKeySource"] = "HEADER"


def read(document: Document, definition: Definition) -> None:
    """Take over what a document says of the API as a whole."""
    api = definition.api
    info = mapping(document.content.get("info"))
    for member, name in (("title", "name"), ("description", "description"), ("version", "version")):
        if info.get(member):
            api[name] = str(info[member])
    types = listed(document.extension("binary-media-types"))
    if types:
        api["binaryMediaTypes"] = types
    size = document.extension("minimum-compression-size")
    if size is not None:
        api["minimumCompressionSize"] = int(size)
    source = document.extension("api-key-source")
    if source:
        api["apiKeySource"] = str(source).upper()
    policy = document.extension("policy")
    if policy:
        api["policy"] = policy if isinstance(policy, str) else json.dumps(policy)
    _read_endpoint(_endpoint(document), api)


def write(api: Record, document: Json) -> None:
    """Let a document say of the API as a whole what it does not say by OpenAPI's own members."""
    if api.get("binaryMediaTypes"):
        document[EXTENSION + "binary-media-types"] = api["binaryMediaTypes"]
    if "minimumCompressionSize" in api:
        document[EXTENSION + "minimum-compression-size"] = api["minimumCompressionSize"]
    if api["apiKeySource"] != "HEADER":
        document[EXTENSION + "api-key-source"] = api["apiKeySource"]
    if "policy" in api:
        own = rf'"arn:[a-z-]+:execute-api:[^:"]*:[^:"]*:{api["id"]}/'
        document[EXTENSION + "policy"] = json.loads(re.sub(own, '"execute-api:/', api["policy"]))
    endpoint: dict[str, Any] = {}
    if api["disableExecuteApiEndpoint"]:
        endpoint["disableExecuteApiEndpoint"] = True
    if api["endpointConfiguration"].get("vpcEndpointIds"):
        endpoint["vpcEndpointIds"] = api["endpointConfiguration"]["vpcEndpointIds"]
    if endpoint:
        document[EXTENSION + _ENDPOINT] = endpoint


def _endpoint(document: Document) -> Json:
    """The endpoint configuration: at the root, or with the first server."""
    found = mapping(document.extension(_ENDPOINT))
    servers = document.content.get("servers")
    if not found and isinstance(servers, list) and servers:
        found = mapping(mapping(servers[0]).get(EXTENSION + _ENDPOINT))
    return found


def _read_endpoint(described: Json, api: Record) -> None:
    if "disableExecuteApiEndpoint" in described:
        api["disableExecuteApiEndpoint"] = described["disableExecuteApiEndpoint"] is True
    endpoint = dict(api["endpointConfiguration"])
    for member in ("vpcEndpointIds", "types"):
        if listed(described.get(member)):
            endpoint[member] = listed(described[member])
    if described.get("ipAddressType"):
        endpoint["ipAddressType"] = str(described["ipAddressType"])
    api["endpointConfiguration"] = endpoint
