"""Custom domain names as the API ``apigatewayv2`` shows them."""

from __future__ import annotations

from lambda_nb.engine.control.records.store import Record, Store
from lambda_nb.engine.gateways.configuration.domains import kept, settings
from lambda_nb.engine.gateways.configuration.v2 import pages
from lambda_nb.engine.gateways.configuration.v2.rules import tag_rules
from lambda_nb.engine.model import Caller, Operation, Request, Response

_SHOWN = ("DomainName", "MutualTlsAuthentication", "RoutingMode", "Tags")


class NamesV2:
    """CreateDomainName and its kin of ``apigatewayv2``.

    Parameters
    ----------
    store
        Keeps domain names.
    region
        Of their hosts.
    """

    def __init__(self, store: Store, region: str) -> None:
        self._store = store
        self._region = region

    def operations(self) -> dict[str, Operation]:
        """Handlers by operation name."""
        return {
            "CreateDomainName": self.create,
            "GetDomainName": self.get,
            "GetDomainNames": self.list,
            "UpdateDomainName": self.update,
            "DeleteDomainName": self.delete,
        }

    def create(self, request: Request, caller: Caller) -> Response:
        """Create a domain name; it is available at once."""
        name = kept.new_name(self._store, request["DomainName"])
        domain = {
            "DomainName": name,
            "Configurations": [
                settings.configuration(told, self._region)
                for told in request.get("DomainNameConfigurations") or [{}]
            ],
            "MutualTlsAuthentication": request.get("MutualTlsAuthentication", {}),
            "RoutingMode": request.get("RoutingMode", "API_MAPPING_ONLY"),
            "Tags": request.get("Tags", {}),
        }
        return self._save(domain)

    def get(self, request: Request, caller: Caller) -> Response:
        """One domain name."""
        return self._show(kept.find(self._store, request["DomainName"]))

    def list(self, request: Request, caller: Caller) -> Response:
        """All domain names, apart from private ones, which only ``apigateway`` knows."""
        domains = sorted(self._store.children(kept.DOMAIN, "").items())
        shown = [self._show(domain) for _, domain in domains if "Id" not in domain]
        return pages.page(request, shown)

    def update(self, request: Request, caller: Caller) -> Response:
        """Change a domain name."""
        old = kept.find(self._store, request["DomainName"])
        domain = dict(old)
        if "DomainNameConfigurations" in request:
            before = {each["EndpointType"]: each for each in old["Configurations"]}
            domain["Configurations"] = [
                settings.configuration(
                    {**before.get(told.get("EndpointType", "REGIONAL"), {}), **told}, self._region
                )
                for told in request["DomainNameConfigurations"]
            ]
        if "MutualTlsAuthentication" in request:
            trust = request["MutualTlsAuthentication"]
            domain["MutualTlsAuthentication"] = trust if trust.get("TruststoreUri") else {}
        if "RoutingMode" in request:
            domain["RoutingMode"] = request["RoutingMode"]
        return self._save(domain)

    def delete(self, request: Request, caller: Caller) -> Response:
        """Delete a domain name with its mappings."""
        domain = kept.find(self._store, request["DomainName"])
        with self._store.write() as batch:
            kept.delete(self._store, batch, domain["DomainName"])
        return {}

    def _save(self, domain: Record) -> Response:
        settings.check(domain)
        tag_rules.check(domain["Tags"])
        with self._store.write() as batch:
            batch.put(kept.DOMAIN, "", domain["DomainName"], domain)
        return self._show(domain)

    def _show(self, domain: Record) -> Response:
        shown = {name: domain[name] for name in _SHOWN if domain.get(name) not in (None, {})}
        name = domain["DomainName"]
        return {
            "Tags": {},
            **shown,
            "ApiMappingSelectionExpression": "$request.basepath",
            "DomainNameArn": f"arn:aws:apigateway:{self._region}::/domainnames/{name}",
            "DomainNameConfigurations": domain["Configurations"],
        }
