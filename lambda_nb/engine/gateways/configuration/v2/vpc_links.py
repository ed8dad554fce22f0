"""VPC links of HTTP APIs: kept and shown; what they lead to is reached on this machine."""

from __future__ import annotations

from collections.abc import Mapping

from lambda_nb.engine.gateways.configuration.v2 import pages
from lambda_nb.engine.gateways.configuration.v2.records import (
    INTEGRATION,
    VPC_LINK,
    Records,
    now,
)
from lambda_nb.engine.gateways.configuration.v2.rules import tag_rules
from lambda_nb.engine.gateways.configuration.v2.rules.faults import bad_request
from lambda_nb.engine.model import Caller, Operation, Request, Response

_AVAILABLE = {
    "VpcLinkStatus": "AVAILABLE",
    "VpcLinkStatusMessage": "VPC link is ready to route traffic",
    "VpcLinkVersion": "V2",
}
_MOST_NAME = 128


class VpcLinks:
    """CreateVpcLink and its kin."""

    def __init__(self, records: Records) -> None:
        self._records = records

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
        _check(request)
        if not request["SubnetIds"]:
            raise bad_request("At least one subnet is required for a VPC link")
        tag_rules.check(request.get("Tags", {}))
        empty: Mapping[str, object] = {"SecurityGroupIds": [], "Tags": {}}
        link = {**empty, **request, **_AVAILABLE, "CreatedDate": now()}
        with self._records.store.write() as batch:
            return self._records.add(batch, VPC_LINK, "", link)

    def get(self, request: Request, caller: Caller) -> Response:
        """One VPC link."""
        return self._records.one(VPC_LINK, "", request["VpcLinkId"])

    def list(self, request: Request, caller: Caller) -> Response:
        """All VPC links."""
        return pages.page(request, self._records.all(VPC_LINK, ""))

    def update(self, request: Request, caller: Caller) -> Response:
        """Change a VPC link's name."""
        link = self.get(request, caller)
        if "Name" in request:
            _check(request)
            link = {**link, "Name": request["Name"]}
        with self._records.store.write() as batch:
            batch.put(VPC_LINK.name, "", request["VpcLinkId"], link)
        return link

    def delete(self, request: Request, caller: Caller) -> Response:
        """Delete a VPC link that no integration has."""
        key = request["VpcLinkId"]
        self.get(request, caller)
        for _, _, integration in self._records.store.every(INTEGRATION.name):
            if integration.get("ConnectionId") == key:
                raise bad_request(
                    f"Cannot delete vpc link. Vpc link '{key}', is referenced in "
                    f"[Integration:{integration['IntegrationId']}]"
                )
        with self._records.store.write() as batch:
            batch.delete(VPC_LINK.name, "", key)
        return {}


def _check(request: Request) -> None:
    if not 0 < len(request["Name"]) <= _MOST_NAME:
        raise bad_request(f"Name must have 1 to {_MOST_NAME} characters")
