"""The resources of a REST API: a tree of paths."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.gateways.configuration.rest.kept import patches
from lambda_nb.engine.gateways.configuration.rest.kept import records as kept
from lambda_nb.engine.gateways.configuration.rest.kept.errors import bad_request, conflict
from lambda_nb.engine.gateways.configuration.rest.kept.paging import page
from lambda_nb.engine.gateways.configuration.rest.kept.records import Records
from lambda_nb.engine.model import Caller, Operation, Request, Response

UNKNOWN = "Invalid Resource identifier specified"
_PART = re.compile(r"[a-zA-Z0-9._:-]+|\{[a-zA-Z0-9._:-]+\+?\}")
_WRONG_PART = (
    "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly "
    "braces at the beginning and the end."
)
_RULES = {"/pathPart": patches.value(), "/parentId": patches.value()}


class Resources:
    """The resources of REST APIs.

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
            "CreateResource": self._create,
            "GetResource": self._get,
            "GetResources": self._list,
            "UpdateResource": self._update,
            "DeleteResource": self._delete,
        }

    def find(self, api_id: str, resource_id: str) -> Record:
        """One resource.

        Raises
        ------
        AWSError
            ``NotFoundException``: there is no such API or resource.
        """
        return self._records.of_api(kept.RESOURCE, api_id, resource_id, UNKNOWN)

    def _create(self, request: Request, caller: Caller) -> Response:
        api_id, parent_id, part = request["restApiId"], request["parentId"], request["pathPart"]
        parent = self.find(api_id, parent_id)
        resources = self._records.children(kept.RESOURCE, api_id)
        Siblings.below(parent, resources.values()).check(part, parent)
        resource = new_resource(parent, part)
        self._records.put(kept.RESOURCE, api_id, resource["id"], resource)
        return resource

    def _get(self, request: Request, caller: Caller) -> Response:
        return shown(self.find(request["restApiId"], request["resourceId"]), request)

    def _list(self, request: Request, caller: Caller) -> Response:
        self._records.api(request["restApiId"])
        resources = self._records.children(kept.RESOURCE, request["restApiId"]).values()
        answer = page(request, resources, lambda resource: str(resource["id"]))
        return {**answer, "items": [shown(resource, request) for resource in answer["items"]]}

    def _update(self, request: Request, caller: Caller) -> Response:
        api_id = request["restApiId"]
        old = self.find(api_id, request["resourceId"])
        new = patches.apply(old, request, _RULES)
        if new == old:
            return shown(old, request)
        if "parentId" not in old:
            raise bad_request("Root resource cannot be changed")
        resources = self._records.children(kept.RESOURCE, api_id)
        parent = self.find(api_id, new["parentId"])
        if parent["id"] in below(resources, old["id"]):
            raise bad_request("A resource cannot be moved below itself")
        others = [one for one in resources.values() if one["id"] != old["id"]]
        Siblings.below(parent, others).check(new["pathPart"], parent)
        resources[new["id"]] = new
        with self._records.write() as batch:
            for identifier in below(resources, new["id"]):
                moved = {**resources[identifier]}
                moved["path"] = child_path(resources[moved["parentId"]], moved["pathPart"])
                resources[identifier] = moved
                batch.put(kept.RESOURCE, api_id, identifier, moved)
        return shown(resources[new["id"]], request)

    def _delete(self, request: Request, caller: Caller) -> Response:
        api_id = request["restApiId"]
        resource = self.find(api_id, request["resourceId"])
        if "parentId" not in resource:
            raise bad_request("Root resource cannot be deleted")
        with self._records.write() as batch:
            for identifier in below(self._records.children(kept.RESOURCE, api_id), resource["id"]):
                batch.delete(kept.RESOURCE, api_id, identifier)
        return {}


def root() -> Record:
    """A new API's root resource."""
    return {"id": kept.new_id(kept.LONG_ID), "path": "/"}


def new_resource(parent: Record, part: str) -> Record:
    """A new resource below another."""
    return {
        "id": kept.new_id(),
        "parentId": parent["id"],
        "pathPart": part,
        "path": child_path(parent, part),
    }


def child_path(parent: Record, part: str) -> str:
    """The path of a resource below another."""
    return f"{parent['path'].rstrip('/')}/{part}"


def below(resources: Mapping[str, Record], identifier: str) -> list[str]:
    """A resource's id and those of all below it, parents first."""
    found = [identifier]
    for parent in found:
        found += [key for key, one in resources.items() if one.get("parentId") == parent]
    return found


def shown(resource: Record, request: Request) -> Response:
    """A resource as an answer has it: its methods in full only if the call embeds them."""
    methods = resource.get("resourceMethods")
    if not methods or "methods" in request.get("embed", ()):
        return resource
    return {**resource, "resourceMethods": {name: {} for name in methods}}


class Siblings:
    """The path parts of the resources below one parent.

    Parameters
    ----------
    parts
        The path parts.
    """

    def __init__(self, parts: Iterable[str] = ()) -> None:
        self._parts: set[str] = set()
        self._variable: str | None = None
        for part in parts:
            self.add(part)

    @classmethod
    def below(cls, parent: Record, resources: Iterable[Record]) -> Siblings:
        """Those of the resources that are right below a parent."""
        return cls(one["pathPart"] for one in resources if one.get("parentId") == parent["id"])

    def add(self, part: str) -> None:
        """Take note of one more."""
        self._parts.add(part)
        if part.startswith("{"):
            self._variable = part

    def check(self, part: str, parent: Record) -> None:
        """Refuse a path part that a further resource cannot have.

        Raises
        ------
        AWSError
            ``BadRequestException`` or ``ConflictException``.
        """
        if not _PART.fullmatch(part):
            raise bad_request(_WRONG_PART)
        if parent.get("pathPart", "").endswith("+}"):
            raise bad_request(
                f"Cannot create a child of a resource with a greedy path variable: {parent['path']}"
            )
        if part in self._parts:
            raise conflict(f"Another resource with the same parent already has this name: {part}")
        if part.startswith("{") and self._variable is not None:
            raise bad_request(
                f"A sibling ({self._variable}) of this resource already has a variable path part "
                "-- only one unique variable path part is allowed"
            )
