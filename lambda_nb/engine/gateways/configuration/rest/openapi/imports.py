"""The operations that import: APIs, and documentation parts."""

from __future__ import annotations

import asyncio

from lambda_nb.engine.gateways.configuration.rest.definition import documentation, rest_apis
from lambda_nb.engine.gateways.configuration.rest.definition.definition import Definition
from lambda_nb.engine.gateways.configuration.rest.kept.errors import bad_request
from lambda_nb.engine.gateways.configuration.rest.kept.records import Records
from lambda_nb.engine.gateways.configuration.rest.openapi.document import (
    EXTENSION,
    Document,
    mapping,
    read_object,
)
from lambda_nb.engine.gateways.configuration.rest.openapi.importing import (
    Import,
    Options,
    options_of,
    read_parts,
)
from lambda_nb.engine.model import Caller, Operation, Request, Response

_MODES = ("merge", "overwrite")
_NAMELESS = "API"


class Imports:
    """Imports REST APIs.

    Parameters
    ----------
    records
        Where they are kept.
    """

    def __init__(self, records: Records) -> None:
        self._records = records

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "ImportRestApi": self._create,
            "PutRestApi": self._put,
            "ImportDocumentationParts": self._import_parts,
        }

    async def _create(self, request: Request, caller: Caller) -> Response:
        parameters = request.get("parameters", {})
        kinds = [
            kind for kind in parameters.get("endpointConfigurationTypes", "").split(",") if kind
        ]
        endpoints = parameters.get("endpointConfigurationVpcEndpointIds", "").split(",")
        document = await asyncio.to_thread(Document.of, request["body"])  # YAML takes its time
        members = {
            "name": _NAMELESS,
            "endpointConfiguration": {
                "types": kinds,
                "vpcEndpointIds": [one for one in endpoints if one],
            },
        }
        definition = rest_apis.new_definition(members, self._records)
        importing = Import(document, definition.copy(), _options(request))
        importing.merge()
        return self._write(importing, None)

    async def _put(self, request: Request, caller: Caller) -> Response:
        self._records.api(request["restApiId"])
        mode = _mode(request)
        document = await asyncio.to_thread(Document.of, request["body"])
        before = Definition.of(self._records, request["restApiId"])
        importing = Import(document, before.copy(), _options(request))
        if mode == "merge":
            importing.merge()
        else:
            importing.overwrite()
        return self._write(importing, before)

    def _write(self, importing: Import, before: Definition | None) -> Response:
        api = importing.definition.api
        if "policy" in api:
            api["policy"] = rest_apis.whole_policy(api["policy"], api["id"], self._records)
        rest_apis.check(api)
        with self._records.write() as batch:
            importing.definition.write(batch, before)
        shown = rest_apis.shown(api)
        return {**shown, "warnings": importing.warnings} if importing.warnings else shown

    async def _import_parts(self, request: Request, caller: Caller) -> Response:
        self._records.api(request["restApiId"])
        mode = _mode(request)
        content = await asyncio.to_thread(read_object, request["body"])
        before = Definition.of(self._records, request["restApiId"])
        parts = read_parts(mapping(content.get(EXTENSION + "documentation")) or content)
        old = before.documentation_parts if mode == "merge" else {}
        after = before.copy()
        after.documentation_parts = documentation.merged(old, parts)
        with self._records.write() as batch:
            after.write(batch, before)
        by_place = {
            documentation.place(part): part["id"] for part in after.documentation_parts.values()
        }
        return {"ids": [by_place[documentation.place(part)] for part in parts], "warnings": []}


def _options(request: Request) -> Options:
    return options_of(
        request.get("parameters", {}), fail_on_warnings=request.get("failOnWarnings", False)
    )


def _mode(request: Request) -> str:
    mode: str = request.get("mode", "merge")
    if mode not in _MODES:
        raise bad_request(f"Invalid mode specified: {mode}. Valid values are [{', '.join(_MODES)}]")
    return mode
