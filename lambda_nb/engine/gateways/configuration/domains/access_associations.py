"""Access associations: which VPC endpoints may use a private domain name. Kept and shown."""

from __future__ import annotations

from lambda_nb.engine.control.records.store import Record, Store
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.configuration.domains import kept, positions
from lambda_nb.engine.gateways.configuration.domains.settings import bad_request, conflict
from lambda_nb.engine.gateways.configuration.v2.records import new_id
from lambda_nb.engine.gateways.configuration.v2.rules import tag_rules
from lambda_nb.engine.model import Caller, Operation, Request, Response


class AccessAssociations:
    """CreateDomainNameAccessAssociation and its kin.

    Parameters
    ----------
    store
        Keeps them.
    region, account
        Of their ARNs.
    """

    def __init__(self, store: Store, region: str, account: str) -> None:
        self._store = store
        self._region = region
        self._account = account

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "CreateDomainNameAccessAssociation": self.create,
            "GetDomainNameAccessAssociations": self.list,
            "DeleteDomainNameAccessAssociation": self.delete,
            "RejectDomainNameAccessAssociation": self.reject,
        }

    def create(self, request: Request, caller: Caller) -> Response:
        """Let a VPC endpoint use a private domain name."""
        domain = self._private(request["domainNameArn"])
        source = request["accessAssociationSource"]
        if not source.startswith("vpce-"):
            raise bad_request(f"Invalid VPC endpoint specified: {source}")
        tag_rules.check(request.get("tags", {}))
        for _, other in sorted(self._store.children(kept.ASSOCIATION, "").items()):
            told = (other["domainNameArn"], other["accessAssociationSource"])
            if told == (request["domainNameArn"], source):
                raise conflict("The access association already exists")
        arn = (
            f"arn:aws:apigateway:{self._region}:{self._account}:/domainnameaccessassociations/"
            f"domainname/{domain['DomainName']}/vpcesource/{source}-{new_id(6)}"
        )
        association = {"tags": {}, **request, "domainNameAccessAssociationArn": arn}
        with self._store.write() as batch:
            batch.put(kept.ASSOCIATION, "", arn, association)
        return association

    def list(self, request: Request, caller: Caller) -> Response:
        """All access associations."""
        found = sorted(self._store.children(kept.ASSOCIATION, "").items())
        return positions.page(request, [association for _, association in found])

    def delete(self, request: Request, caller: Caller) -> Response:
        """Delete an access association."""
        arn = request["domainNameAccessAssociationArn"]
        if self._store.get(kept.ASSOCIATION, "", arn) is None:
            raise AWSError(
                "NotFoundException", "Invalid access association identifier specified", 404
            )
        with self._store.write() as batch:
            batch.delete(kept.ASSOCIATION, "", arn)
        return {}

    def reject(self, request: Request, caller: Caller) -> Response:
        """Refuse an access association that another account has made."""
        return self.delete(request, caller)

    def _private(self, arn: str) -> Record:
        name, plus, identifier = arn.rpartition("/domainnames/")[2].partition("+")
        if not plus:
            raise bad_request("Access associations are only supported for private domain names")
        return kept.find(self._store, name, identifier)
