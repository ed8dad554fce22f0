"""What documents an API: parts, and versions that name all parts as they were."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.gateways.configuration.rest.definition.definition import Definition, Named
from lambda_nb.engine.gateways.configuration.rest.kept import patches
from lambda_nb.engine.gateways.configuration.rest.kept import records as kept
from lambda_nb.engine.gateways.configuration.rest.kept.errors import (
    bad_request,
    conflict,
)
from lambda_nb.engine.gateways.configuration.rest.kept.paging import page
from lambda_nb.engine.gateways.configuration.rest.kept.records import Records
from lambda_nb.engine.model import Caller, Operation, Request, Response

TYPES = (
    "API",
    "AUTHORIZER",
    "MODEL",
    "RESOURCE",
    "METHOD",
    "PATH_PARAMETER",
    "QUERY_PARAMETER",
    "REQUEST_HEADER",
    "REQUEST_BODY",
    "RESPONSE",
    "RESPONSE_HEADER",
    "RESPONSE_BODY",
)
_UNKNOWN_PART = "Invalid Documentation part identifier specified"
_UNKNOWN_VERSION = "Invalid Documentation version specified"
_PART_RULES = {"/properties": patches.value()}
_VERSION_RULES = {"/description": patches.value(patches.text, "add", "replace", "remove")}
_PLACE = ("type", "path", "method", "statusCode", "name")
_PARAMETERS = {
    "path": "PATH_PARAMETER",
    "querystring": "QUERY_PARAMETER",
    "header": "REQUEST_HEADER",
}


class Documentation:
    """The documentation of REST APIs.

    Parameters
    ----------
    records
        Where it is kept.
    """

    def __init__(self, records: Records) -> None:
        self._records = records

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "CreateDocumentationPart": self._create_part,
            "GetDocumentationPart": self._get_part,
            "GetDocumentationParts": self._list_parts,
            "UpdateDocumentationPart": self._update_part,
            "DeleteDocumentationPart": self._delete_part,
            "CreateDocumentationVersion": self._create_version,
            "GetDocumentationVersion": self._get_version,
            "GetDocumentationVersions": self._list_versions,
            "UpdateDocumentationVersion": self._update_version,
            "DeleteDocumentationVersion": self._delete_version,
        }

    def _create_part(self, request: Request, caller: Caller) -> Response:
        api_id, location = request["restApiId"], request["location"]
        self._records.api(api_id)
        part = new_part(location, request["properties"])
        for other in self._records.children(kept.DOCUMENTATION_PART, api_id).values():
            if place(other) == place(part):
                told = ", ".join(
                    f"{member} '{location[member]}'" for member in _PLACE if location.get(member)
                )
                raise conflict(
                    f"Documentation part already exists for the specified location: {told}."
                )
        return self._records.put(kept.DOCUMENTATION_PART, api_id, part["id"], part)

    def _get_part(self, request: Request, caller: Caller) -> Response:
        return self._part(request)

    def _list_parts(self, request: Request, caller: Caller) -> Response:
        definition = Definition.of(self._records, request["restApiId"])
        parts: Iterable[Record] = definition.documentation_parts.values()
        if request.get("locationStatus") == "UNDOCUMENTED":
            known = {place(part) for part in parts}
            places = ({"location": location} for location in _places(definition))
            parts = [part for part in places if place(part) not in known]
        return page(request, [part for part in parts if _wanted(part, request)], _order)

    def _update_part(self, request: Request, caller: Caller) -> Response:
        changed = patches.apply(self._part(request), request, _PART_RULES)
        _check_properties(changed["properties"])
        api_id = request["restApiId"]
        return self._records.put(kept.DOCUMENTATION_PART, api_id, changed["id"], changed)

    def _delete_part(self, request: Request, caller: Caller) -> Response:
        part = self._part(request)
        self._records.delete(kept.DOCUMENTATION_PART, request["restApiId"], part["id"])
        return {}

    def _part(self, request: Request) -> Record:
        return self._records.of_api(
            kept.DOCUMENTATION_PART,
            request["restApiId"],
            request["documentationPartId"],
            _UNKNOWN_PART,
        )

    def _create_version(self, request: Request, caller: Caller) -> Response:
        api_id, name = request["restApiId"], request["documentationVersion"]
        self._records.api(api_id)
        if self._records.find(kept.DOCUMENTATION_VERSION, api_id, name) is not None:
            raise conflict(f"Documentation version already exists: {name}")
        parts = self._records.children(kept.DOCUMENTATION_PART, api_id)
        if not parts:
            raise bad_request("The REST API doesn't contain any documentation parts")
        version: Record = {"version": name, "createdDate": kept.now(), "parts": parts}
        if request.get("description"):
            version["description"] = request["description"]
        stage_name = request.get("stageName")
        with self._records.write() as batch:
            if stage_name:
                stage = self._records.of_api(
                    kept.STAGE, api_id, stage_name, "Invalid stage identifier specified"
                )
                changed = {**stage, "documentationVersion": name, "lastUpdatedDate": kept.now()}
                batch.put(kept.STAGE, api_id, stage_name, changed)
            batch.put(kept.DOCUMENTATION_VERSION, api_id, name, version)
        return _shown(version)

    def _get_version(self, request: Request, caller: Caller) -> Response:
        return _shown(self._version(request))

    def _list_versions(self, request: Request, caller: Caller) -> Response:
        self._records.api(request["restApiId"])
        found = self._records.children(kept.DOCUMENTATION_VERSION, request["restApiId"]).values()
        answer = page(request, found, lambda version: str(version["version"]))
        return {**answer, "items": [_shown(version) for version in answer["items"]]}

    def _update_version(self, request: Request, caller: Caller) -> Response:
        changed = patches.apply(self._version(request), request, _VERSION_RULES)
        api_id, name = request["restApiId"], request["documentationVersion"]
        return _shown(self._records.put(kept.DOCUMENTATION_VERSION, api_id, name, changed))

    def _delete_version(self, request: Request, caller: Caller) -> Response:
        api_id, name = request["restApiId"], self._version(request)["version"]
        for stage in self._records.children(kept.STAGE, api_id).values():
            if stage.get("documentationVersion") == name:
                raise bad_request(
                    f"Documentation version {name} is used by the stage {stage['stageName']}"
                )
        self._records.delete(kept.DOCUMENTATION_VERSION, api_id, name)
        return {}

    def _version(self, request: Request) -> Record:
        return self._records.of_api(
            kept.DOCUMENTATION_VERSION,
            request["restApiId"],
            request["documentationVersion"],
            _UNKNOWN_VERSION,
        )


def new_part(location: Mapping[str, Any], properties: str) -> Record:
    """A new documentation part.

    Raises
    ------
    AWSError
        ``BadRequestException``: there is no such type of location, or the properties are no JSON
        object.
    """
    kind = location.get("type")
    if kind not in TYPES:
        raise bad_request(
            f"Invalid location type specified: {kind}. Valid values are [{', '.join(TYPES)}]"
        )
    _check_properties(properties)
    given = {member: location[member] for member in _PLACE if location.get(member)}
    return {"id": kept.new_id(), "location": given, "properties": properties}


def merged(parts: Named, new: Iterable[Record]) -> Named:
    """Documentation parts and further ones: at the same location, properties are put together."""
    found = dict(parts)
    by_place = {place(part): part["id"] for part in found.values()}
    for part in new:
        known = by_place.get(place(part))
        if known is None:
            found[part["id"]] = part
            by_place[place(part)] = part["id"]
        else:
            both = {**json.loads(found[known]["properties"]), **json.loads(part["properties"])}
            found[known] = {**found[known], "properties": json.dumps(both)}
    return found


def place(part: Record) -> tuple[str, ...]:
    """The location of a part, complete with API Gateway's defaults."""
    location = part["location"]
    defaults = {"path": "/", "method": "*", "statusCode": "*"}
    return tuple(location.get(member) or defaults.get(member, "") for member in _PLACE)


def _order(part: Record) -> str:
    return str(part.get("id") or "\0".join(place(part)))


def _shown(version: Record) -> Response:
    return {key: value for key, value in version.items() if key != "parts"}


def _check_properties(properties: str) -> None:
    try:
        read = json.loads(properties)
    except ValueError:
        read = None
    if not isinstance(read, dict):
        raise bad_request("Documentation part properties must be a JSON object")


def _wanted(part: Record, request: Request) -> bool:
    location = part["location"]
    return (
        request.get("type") in (None, location["type"])
        and request.get("path") in (None, location.get("path", "/"))
        and str(location.get("name", "")).startswith(request.get("nameQuery", ""))
    )


def _places(definition: Definition) -> Iterator[dict[str, str]]:
    """Each location of an API that may be documented."""
    yield {"type": "API"}
    for name in definition.models:
        yield {"type": "MODEL", "name": name}
    for authorizer in definition.authorizers.values():
        yield {"type": "AUTHORIZER", "name": authorizer["name"]}
    for resource in definition.resources.values():
        yield {"type": "RESOURCE", "path": resource["path"]}
    for resource, method in definition.methods():
        at = {"path": resource["path"], "method": method["httpMethod"]}
        yield {"type": "METHOD", **at}
        for parameter in method.get("requestParameters", {}):
            where, name = parameter.split(".", 3)[2:]
            if where in _PARAMETERS:
                yield {"type": _PARAMETERS[where], **at, "name": name}
        if method.get("requestModels"):
            yield {"type": "REQUEST_BODY", **at}
        for code, response in method.get("methodResponses", {}).items():
            yield {"type": "RESPONSE", **at, "statusCode": code}
            for parameter in response.get("responseParameters", {}):
                name = parameter.split(".", 3)[3]
                yield {"type": "RESPONSE_HEADER", **at, "statusCode": code, "name": name}
            if response.get("responseModels"):
                yield {"type": "RESPONSE_BODY", **at, "statusCode": code}
