"""Custom domain names as the API ``apigateway`` shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from lambda_nb.engine.control.records.store import Record, Store
from lambda_nb.engine.gateways.configuration.domains import kept, patches, positions, settings
from lambda_nb.engine.gateways.configuration.domains.settings import bad_request
from lambda_nb.engine.gateways.configuration.v2.records import new_id, now
from lambda_nb.engine.gateways.configuration.v2.rules import tag_rules
from lambda_nb.engine.model import Caller, Operation, Request, Response

_MODES = {
    "BASE_PATH_MAPPING_ONLY": "API_MAPPING_ONLY",
    "ROUTING_RULE_ONLY": "ROUTING_RULE_ONLY",
    "ROUTING_RULE_THEN_BASE_PATH_MAPPING": "ROUTING_RULE_THEN_API_MAPPING",
}
_MODES_BACK = {new: old for old, new in _MODES.items()}
_OF_CERTIFICATE = {
    "certificateArn": ("EDGE", "CertificateArn"),
    "certificateName": ("EDGE", "CertificateName"),
    "regionalCertificateArn": ("REGIONAL", "CertificateArn"),
    "regionalCertificateName": ("REGIONAL", "CertificateName"),
}
_OF_ALL = {
    "securityPolicy": "SecurityPolicy",
    "ownershipVerificationCertificateArn": "OwnershipVerificationCertificateArn",
}
_OF_DOMAIN = {
    "policy": "Policy",
    "managementPolicy": "ManagementPolicy",
    "endpointAccessMode": "EndpointAccessMode",
}
_TRUST = {"truststoreUri": "TruststoreUri", "truststoreVersion": "TruststoreVersion"}
_PATCHED = (
    *(f"/{name}" for name in (*_OF_CERTIFICATE, *_OF_ALL, *_OF_DOMAIN, "routingMode")),
    "/endpointConfiguration/types/{type}",
    "/endpointConfiguration/ipAddressType",
    *(f"/mutualTlsAuthentication/{name}" for name in _TRUST),
)


class NamesV1:
    """CreateDomainName and its kin of ``apigateway``.

    Parameters
    ----------
    store
        Keeps domain names.
    region
        Of their hosts.
    """

    def __init__(self, store: Store, account: str, region: str) -> None:
        self._store = store
        self._account = account
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
        name = kept.new_name(self._store, request["domainName"])
        endpoint = request.get("endpointConfiguration", {})
        kinds = endpoint.get("types") or ["EDGE"]
        domain: Record = {
            "DomainName": name,
            "Configurations": [self._configuration(kind, request) for kind in kinds],
            "RoutingMode": _mode(request.get("routingMode", "BASE_PATH_MAPPING_ONLY")),
            "Tags": request.get("tags", {}),
            "VpcEndpointIds": endpoint.get("vpcEndpointIds", []),
            **{new: request[old] for old, new in _OF_DOMAIN.items() if request.get(old)},
        }
        if "PRIVATE" in kinds:
            domain["Id"] = new_id(10)
        if request.get("mutualTlsAuthentication"):
            domain["MutualTlsAuthentication"] = {
                _TRUST[key]: value for key, value in request["mutualTlsAuthentication"].items()
            }
        return self._save(domain)

    def get(self, request: Request, caller: Caller) -> Response:
        """One domain name."""
        return self._show(
            kept.find(self._store, request["domainName"], request.get("domainNameId"))
        )

    def list(self, request: Request, caller: Caller) -> Response:
        """All domain names."""
        domains = sorted(self._store.children(kept.DOMAIN, "").items())
        return positions.page(request, [self._show(domain) for _, domain in domains])

    def update(self, request: Request, caller: Caller) -> Response:
        """Change a domain name by patch operations."""
        old = kept.find(self._store, request["domainName"], request.get("domainNameId"))
        domain = {**old, "Configurations": [dict(each) for each in old["Configurations"]]}
        for _, path, value in patches.each(request.get("patchOperations", ())):
            self._patch(domain, path, value)
        return self._save(domain)

    def delete(self, request: Request, caller: Caller) -> Response:
        """Delete a domain name with its mappings."""
        domain = kept.find(self._store, request["domainName"], request.get("domainNameId"))
        with self._store.write() as batch:
            kept.delete(self._store, batch, domain["DomainName"])
        return {}

    def _save(self, domain: Record) -> Response:
        settings.check(domain)
        tag_rules.check(domain["Tags"])
        with self._store.write() as batch:
            batch.put(kept.DOMAIN, "", domain["DomainName"], domain)
        return self._show(domain)

    def _configuration(self, kind: str, request: Mapping[str, Any]) -> Record:
        told = {"EndpointType": kind}
        for old, (owner, new) in _OF_CERTIFICATE.items():
            if owner == ("REGIONAL" if kind == "REGIONAL" else "EDGE") and request.get(old):
                told[new] = request[old]
        if request.get("certificateBody") and "CertificateArn" not in told:
            told.setdefault("CertificateName", request["domainName"])
        for old, new in _OF_ALL.items():
            told[new] = request.get(old, "")
        told["IpAddressType"] = request.get("endpointConfiguration", {}).get("ipAddressType", "")
        return settings.configuration(told, self._region)

    def _patch(self, domain: Record, path: Sequence[str], value: str | None) -> None:
        match path:
            case [name] if name in _OF_CERTIFICATE:
                kind, member = _OF_CERTIFICATE[name]
                for each in domain["Configurations"]:
                    if (each["EndpointType"] == "REGIONAL") == (kind == "REGIONAL"):
                        each[member] = value
                        each["CertificateUploadDate"] = now()
            case [name] if name in _OF_ALL:
                for each in domain["Configurations"]:
                    each[_OF_ALL[name]] = value
            case [name] if name in _OF_DOMAIN:
                domain[_OF_DOMAIN[name]] = value
            case ["routingMode"]:
                domain["RoutingMode"] = _mode(value or "BASE_PATH_MAPPING_ONLY")
            case ["endpointConfiguration", "ipAddressType"]:
                for each in domain["Configurations"]:
                    each["IpAddressType"] = value or "ipv4"
            case ["endpointConfiguration", "types", *kinds]:
                self._move(domain, kinds[0] if kinds else "", value)
            case ["mutualTlsAuthentication", name] if name in _TRUST:
                trust = {**domain.get("MutualTlsAuthentication", {}), _TRUST[name]: value}
                left = {key: item for key, item in trust.items() if item}
                domain["MutualTlsAuthentication"] = left if "TruststoreUri" in left else {}
            case _:
                raise patches.no_path(path, _PATCHED)

    def _move(self, domain: Record, kind: str, value: str | None) -> None:
        """Change an endpoint type into another, or add or remove one."""
        kinds = [each["EndpointType"] for each in domain["Configurations"]]
        index = int(kind) if kind.isdecimal() else (kinds.index(kind) if kind in kinds else -1)
        old = domain["Configurations"][index if index < len(kinds) else -1]
        left = [each for each in domain["Configurations"] if each is not old]
        if value is None:
            domain["Configurations"] = left
            return
        told = {name: old[name] for name in ("CertificateArn", "CertificateName") if name in old}
        new = settings.configuration({**told, "EndpointType": value}, self._region)
        replaced = left if index >= 0 else domain["Configurations"]
        domain["Configurations"] = [*replaced, new]

    def _show(self, domain: Record) -> Response:
        name, first = domain["DomainName"], domain["Configurations"][0]
        shown: Response = {
            "domainName": name,
            "domainNameId": domain.get("Id"),
            "domainNameArn": self._arn(domain),
            "domainNameStatus": first["DomainNameStatus"],
            "endpointConfiguration": {
                "types": [each["EndpointType"] for each in domain["Configurations"]],
                "ipAddressType": first["IpAddressType"],
                "vpcEndpointIds": domain.get("VpcEndpointIds") or None,
            },
            "routingMode": _MODES_BACK[domain["RoutingMode"]],
            "tags": domain["Tags"],
            **{old: domain.get(new) for old, new in _OF_DOMAIN.items()},
            **{old: first.get(new) for old, new in _OF_ALL.items()},
        }
        for each in domain["Configurations"]:
            regional = each["EndpointType"] == "REGIONAL"
            prefix = "regional" if regional else "distribution"
            if each["EndpointType"] != "PRIVATE":
                shown[f"{prefix}DomainName"] = each["ApiGatewayDomainName"]
                shown[f"{prefix}HostedZoneId"] = each["HostedZoneId"]
            shown["regionalCertificateArn" if regional else "certificateArn"] = each.get(
                "CertificateArn"
            )
            shown["regionalCertificateName" if regional else "certificateName"] = each.get(
                "CertificateName"
            )
            shown["certificateUploadDate"] = _moment(each["CertificateUploadDate"])
        if domain.get("MutualTlsAuthentication"):
            trust = domain["MutualTlsAuthentication"]
            shown["mutualTlsAuthentication"] = {
                old: trust[new] for old, new in _TRUST.items() if new in trust
            }
        return shown

    def _arn(self, domain: Record) -> str:
        if "Id" in domain:
            return (
                f"arn:aws:apigateway:{self._region}:{self._account}:/domainnames/"
                f"{domain['DomainName']}+{domain['Id']}"
            )
        return f"arn:aws:apigateway:{self._region}::/domainnames/{domain['DomainName']}"


def _mode(mode: str) -> str:
    if mode not in _MODES:
        raise bad_request(f"Invalid routing mode: {mode}. Must be one of {list(_MODES)}")
    return _MODES[mode]


def _moment(text: str) -> datetime:
    """A time as this service shows it: its times are numbers, not texts."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
