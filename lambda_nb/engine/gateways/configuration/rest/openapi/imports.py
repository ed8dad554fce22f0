"""The operations that import: APIs, and documentation parts."""

from __future__ import annotations

from collections.abc import Mapping

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

    def _create(self, request: Request, caller: Caller) -> Response:
        parameters = request.get("parameters", {})
        kinds = [
            kind for kind in parameters.get("endpointConfigurationTypes", "").split(",") if kind
        ]
        endpoints = parameters.get("endpointConfigurationVpcEndpointIds", "").split(",")
        members = {
            "name": _NAMELESS,
            "endpointConfiguration": {
                "types": kinds,
                "vpcEndpointIds": [one for one in endpoints if one],
            },
        }
        definition = rest_apis.new_definition(members, self._records)
        importing = _importing(request, definition.copy())
        importing.merge()
        return self._write(importing, None)

    def _put(self, request: Request, caller: Caller) -> Response:
        before = Definition.of(self._records, request["restApiId"])
        mode = _mode(request)
        importing = _importing(request, before.copy())
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

    def _import_parts(self, request: Request, caller: Caller) -> Response:
        before = Definition.of(self._records, request["restApiId"])
        mode = _mode(request)
        content = read_object(request["body"])
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


def _importing(request: Mapping[str, object], definition: Definition) -> Import:
    parameters, body = request.get("parameters") or {}, request["body"]
    assert isinstance(parameters, dict)
    assert isinstance(body, bytes)
    options = options_of(parameters, fail_on_warnings=bool(request.get("failOnWarnings")))
    return Import(Document.of(body), definition, options)


def _mode(request: Request) -> str:
    mode: str = request.get("mode", "merge")
    if mode not in _MODES:
        raise bad_request(f"Invalid mode specified: {mode}. Valid values are [{', '.join(_MODES)}]")
    return mode
