"""VPC links of REST APIs: kept and shown; what they lead to is reached on this machine."""

from __future__ import annotations

from lambda_nb.engine.control.records.store import Record, Store
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.configuration.domains import kept, patches, positions
from lambda_nb.engine.gateways.configuration.domains.settings import bad_request
from lambda_nb.engine.gateways.configuration.v2.records import new_id
from lambda_nb.engine.gateways.configuration.v2.rules import tag_rules
from lambda_nb.engine.model import Caller, Operation, Request, Response


class RestVpcLinks:
    """CreateVpcLink and its kin of ``apigateway``."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "CreateVpcLink": self.create,
            "GetVpcLink": self.get,
            "GetVpcLinks": self.list,
            "UpdateVpcLink": self.update,
            "DeleteVpcLink": self.delete,
        }

    def create(self, request: Request, caller: Caller) -> Response:
        """Create a VPC link; it is available at once."""
        if len(request["targetArns"]) != 1:
            raise bad_request("A VPC link has exactly one target: a network load balancer")
        tag_rules.check(request.get("tags", {}))
        link: Record = {
            "tags": {},
            **request,
            "id": new_id(6),
            "status": "AVAILABLE",
            "statusMessage": "Your vpc link is ready for use",
        }
        return self._save(link)

    def get(self, request: Request, caller: Caller) -> Response:
        """One VPC link."""
        found = self._store.get(kept.REST_VPC_LINK, "", request["vpcLinkId"])
        if found is None:
            raise AWSError("NotFoundException", "Invalid Vpc Link identifier specified", 404)
        return found

    def list(self, request: Request, caller: Caller) -> Response:
        """All VPC links."""
        links = sorted(self._store.children(kept.REST_VPC_LINK, "").items())
        return positions.page(request, [link for _, link in links])

    def update(self, request: Request, caller: Caller) -> Response:
        """Change a VPC link's name or description by patch operations."""
        link = dict(self.get(request, caller))
        for _, path, value in patches.each(request.get("patchOperations", ())):
            match path:
                case [("name" | "description") as member]:
                    link[member] = value
                case _:
                    raise patches.no_path(path, ("/name", "/description"))
        return self._save(link)

    def delete(self, request: Request, caller: Caller) -> Response:
        """Delete a VPC link."""
        self.get(request, caller)
        with self._store.write() as batch:
            batch.delete(kept.REST_VPC_LINK, "", request["vpcLinkId"])
        return {}

    def _save(self, link: Record) -> Response:
        if not link.get("name"):
            raise bad_request("VPC link name is required")
        with self._store.write() as batch:
            batch.put(kept.REST_VPC_LINK, "", link["id"], link)
        return link
