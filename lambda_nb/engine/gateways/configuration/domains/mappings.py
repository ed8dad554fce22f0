"""Base paths of custom domain names: which API and stage answers there.

``apigateway`` calls them base path mappings, ``apigatewayv2`` API mappings. They are the same ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from lambda_nb.engine.control.records.store import Record, Store
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.configuration.domains import kept, patches, positions
from lambda_nb.engine.gateways.configuration.domains.settings import bad_request, conflict
from lambda_nb.engine.gateways.configuration.v2 import pages
from lambda_nb.engine.gateways.configuration.v2.records import API, STAGE, given, new_id
from lambda_nb.engine.model import Caller, Operation, Request, Response

NONE = "(none)"
"""How ``apigateway`` writes the empty base path."""

_KEY = re.compile(r"[A-Za-z0-9$\-_.+!*'()]+(/[A-Za-z0-9$\-_.+!*'()]+)*")
_MOST_KEY = 300

RestStage = Callable[[str, str], bool]


class Mappings:
    """CreateBasePathMapping, CreateApiMapping and their kin.

    Parameters
    ----------
    store
        Keeps them.
    rest_stage
        Whether there is a REST API with an id and a stage; with an empty name, any stage.
    """

    def __init__(self, store: Store, rest_stage: RestStage) -> None:
        self._store = store
        self._rest_stage = rest_stage

    def operations_v1(self) -> dict[str, Operation]:
        """Handlers of ``apigateway`` by operation name."""
        return {
            "CreateBasePathMapping": self.create_base_path,
            "GetBasePathMapping": self.get_base_path,
            "GetBasePathMappings": self.list_base_paths,
            "UpdateBasePathMapping": self.update_base_path,
            "DeleteBasePathMapping": self.delete_base_path,
        }

    def operations_v2(self) -> dict[str, Operation]:
        """Handlers of ``apigatewayv2`` by operation name."""
        return {
            "CreateApiMapping": self.create,
            "GetApiMapping": self.get,
            "GetApiMappings": self.list,
            "UpdateApiMapping": self.update,
            "DeleteApiMapping": self.delete,
        }

    def create(self, request: Request, caller: Caller) -> Response:
        """Let a base path lead to an API's stage."""
        mapping = {
            "ApiId": request["ApiId"],
            "ApiMappingId": new_id(6),
            "ApiMappingKey": request.get("ApiMappingKey", ""),
            "Stage": request["Stage"],
        }
        return self._save(kept.find(self._store, request["DomainName"]), mapping)

    def get(self, request: Request, caller: Caller) -> Response:
        """One API mapping."""
        return self._by_id(request)

    def list(self, request: Request, caller: Caller) -> Response:
        """The API mappings of a domain name."""
        kept.find(self._store, request["DomainName"])
        return pages.page(request, kept.mappings(self._store, request["DomainName"]))

    def update(self, request: Request, caller: Caller) -> Response:
        """Let a base path lead to another API or stage, or have another key."""
        told = given(request, "DomainName", "ApiMappingId")
        mapping = {**self._by_id(request), **told}
        return self._save(kept.find(self._store, request["DomainName"]), mapping)

    def delete(self, request: Request, caller: Caller) -> Response:
        """Delete an API mapping."""
        self._drop(request["DomainName"], self._by_id(request))
        return {}

    def create_base_path(self, request: Request, caller: Caller) -> Response:
        """Let a base path lead to a REST API."""
        domain = kept.find(self._store, request["domainName"], request.get("domainNameId"))
        mapping = {
            "ApiId": request["restApiId"],
            "ApiMappingId": new_id(6),
            "ApiMappingKey": _one_level(request.get("basePath", "")),
            "Stage": request.get("stage", ""),
        }
        return _base_path(self._save(domain, mapping, rest=True))

    def get_base_path(self, request: Request, caller: Caller) -> Response:
        """One base path mapping."""
        return _base_path(self._by_path(request))

    def list_base_paths(self, request: Request, caller: Caller) -> Response:
        """The base path mappings of a domain name."""
        kept.find(self._store, request["domainName"], request.get("domainNameId"))
        found = kept.mappings(self._store, request["domainName"])
        return positions.page(request, [_base_path(mapping) for mapping in found])

    def update_base_path(self, request: Request, caller: Caller) -> Response:
        """Change a base path mapping by patch operations."""
        mapping = dict(self._by_path(request))
        for _, path, value in patches.each(request.get("patchOperations", ())):
            match [part.lower() for part in path]:
                case ["basepath"]:
                    mapping["ApiMappingKey"] = _one_level(value or "")
                case ["restapiid"]:
                    mapping["ApiId"] = value
                case ["stage"]:
                    mapping["Stage"] = value or ""
                case _:
                    raise patches.no_path(path, ("/basePath", "/restapiId", "/stage"))
        domain = kept.find(self._store, request["domainName"], request.get("domainNameId"))
        return _base_path(self._save(domain, mapping, rest=True))

    def delete_base_path(self, request: Request, caller: Caller) -> Response:
        """Delete a base path mapping."""
        self._drop(request["domainName"], self._by_path(request))
        return {}

    def _by_id(self, request: Request) -> Record:
        domain = kept.find(self._store, request["DomainName"])
        found = self._store.get(kept.MAPPING, domain["DomainName"], request["ApiMappingId"])
        if found is None:
            raise AWSError("NotFoundException", "Invalid ApiMapping identifier specified", 404)
        return found

    def _by_path(self, request: Request) -> Record:
        domain = kept.find(self._store, request["domainName"], request.get("domainNameId"))
        key = "" if request["basePath"] == NONE else request["basePath"]
        for mapping in kept.mappings(self._store, domain["DomainName"]):
            if mapping["ApiMappingKey"] == key:
                return mapping
        raise AWSError("NotFoundException", "Invalid base path mapping identifier specified", 404)

    def _drop(self, name: str, mapping: Record) -> None:
        with self._store.write() as batch:
            batch.delete(kept.MAPPING, name.lower(), mapping["ApiMappingId"])

    def _save(self, domain: Record, mapping: Record, *, rest: bool = False) -> Record:
        name, key = domain["DomainName"], mapping["ApiMappingKey"]
        if key and (len(key) > _MOST_KEY or not _KEY.fullmatch(key)):
            raise bad_request(f"Invalid base path or API mapping key specified: {key}")
        others = [
            other
            for other in kept.mappings(self._store, name)
            if other["ApiMappingId"] != mapping["ApiMappingId"]
        ]
        if any(other["ApiMappingKey"] == key for other in others):
            if rest:
                raise conflict("Base path already exists for this domain name")
            raise conflict("ApiMapping key already exists for this domain name")
        protocol = self._check_target(mapping["ApiId"], mapping["Stage"], rest)
        for other in others:
            if (self._protocol(other["ApiId"]) == "WEBSOCKET") != (protocol == "WEBSOCKET"):
                raise bad_request(
                    "A WebSocket API cannot share a domain name with an HTTP or REST API"
                )
        with self._store.write() as batch:
            batch.put(kept.MAPPING, name, mapping["ApiMappingId"], mapping)
        return mapping

    def _protocol(self, api_id: str) -> str:
        api = self._store.get(API.name, "", api_id)
        return "REST" if api is None else str(api["ProtocolType"])

    def _check_target(self, api_id: str, stage: str, rest: bool) -> str:
        protocol = self._protocol(api_id)
        if protocol != "REST" and not rest:
            if self._store.get(STAGE.name, api_id, stage) is None:
                raise bad_request("Invalid stage identifier specified")
        elif protocol != "REST" or not self._rest_stage(api_id, ""):
            noun = "REST API" if rest else "API"
            raise bad_request(f"Invalid {noun} identifier specified")
        elif stage and not self._rest_stage(api_id, stage):
            raise bad_request("Invalid stage identifier specified")
        return protocol


def _one_level(base_path: str) -> str:
    if "/" in base_path:
        raise bad_request(
            "API Gateway V1 doesn't support the slash character (/) in base path mappings. To "
            "create a multi-level base path mapping, use API Gateway V2."
        )
    return "" if base_path == NONE else base_path


def _base_path(mapping: Record) -> Response:
    return {
        "basePath": mapping["ApiMappingKey"] or NONE,
        "restApiId": mapping["ApiId"],
        "stage": mapping["Stage"] or None,
    }
