"""Role aliases and domain configurations, kept with everything that they were given."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.neighbours.services.iot import operations, tags
from lambda_nb.engine.neighbours.services.iot.operations import Parameters

_SETTINGS = (
    "tlsConfig",
    "serverCertificateConfig",
    "authenticationType",
    "applicationProtocol",
    "clientCertificateConfig",
)
_DURATION_S = 3600
_LEAST_S, _MOST_S = 900, 43_200
"""Of a role alias (API reference, ``CreateRoleAlias``)."""


def install() -> None:
    """Change moto's role aliases and domain configurations."""
    operations.install(
        {
            "CreateRoleAlias": _create_alias,
            "UpdateRoleAlias": _update_alias,
            "DeleteRoleAlias": _delete_alias,
            "CreateDomainConfiguration": _create_domain,
            "DescribeDomainConfiguration": _describe_domain,
            "UpdateDomainConfiguration": _update_domain,
            "DeleteDomainConfiguration": _delete_domain,
        }
    )


def _check_duration(given: Parameters) -> None:
    duration = given.get("credentialDurationSeconds")
    if duration is not None and not _LEAST_S <= duration <= _MOST_S:
        raise operations.invalid(
            f"credentialDurationSeconds is {_LEAST_S} to {_MOST_S}, not {duration}."
        )


def _create_alias(backend: Any, given: Parameters) -> dict[str, Any]:
    _check_duration(given)
    duration = given.get("credentialDurationSeconds") or _DURATION_S
    alias = backend.create_role_alias(given["roleAlias"], given["roleArn"], duration)
    tags.keep(backend, alias.arn, given.get("tags"))
    return {"roleAlias": alias.role_alias, "roleAliasArn": alias.arn}


def _update_alias(backend: Any, given: Parameters) -> dict[str, Any]:
    _check_duration(given)
    alias = backend.update_role_alias(
        given["roleAlias"], given.get("roleArn"), given.get("credentialDurationSeconds")
    )
    alias.last_modified_date = operations.now()
    return {"roleAlias": alias.role_alias, "roleAliasArn": alias.arn}


def _delete_alias(backend: Any, given: Parameters) -> None:
    alias = backend.describe_role_alias(given["roleAlias"])
    backend.delete_role_alias(alias.role_alias)
    tags.forget(backend, alias.arn)


def _create_domain(backend: Any, given: Parameters) -> dict[str, Any]:
    made = backend.create_domain_configuration(
        given["domainConfigurationName"],
        given.get("domainName"),
        given.get("serverCertificateArns"),
        given.get("authorizerConfig"),
        given.get("serviceType") or "DATA",
    )
    made.settings = {name: given[name] for name in _SETTINGS if given.get(name) is not None}
    if not given.get("domainName"):
        made.domain_type = "AWS_MANAGED"
    tags.keep(backend, made.domain_configuration_arn, given.get("tags"))
    described: dict[str, Any] = made.to_dict()
    return described


def _describe_domain(backend: Any, given: Parameters) -> dict[str, Any]:
    found = backend.describe_domain_configuration(given["domainConfigurationName"])
    return {**found.to_description_dict(), **getattr(found, "settings", {})}


def _update_domain(backend: Any, given: Parameters) -> dict[str, Any]:
    found = backend.update_domain_configuration(
        given["domainConfigurationName"],
        given.get("authorizerConfig"),
        given.get("domainConfigurationStatus"),
        given.get("removeAuthorizerConfig"),
    )
    changed = {name: given[name] for name in _SETTINGS if given.get(name) is not None}
    found.settings = {**getattr(found, "settings", {}), **changed}
    if given.get("domainConfigurationStatus"):
        found.last_status_change_date = operations.now()
    described: dict[str, Any] = found.to_dict()
    return described


def _delete_domain(backend: Any, given: Parameters) -> None:
    found = backend.describe_domain_configuration(given["domainConfigurationName"])
    if found.domain_configuration_status == "ENABLED":
        raise operations.invalid("A domain configuration has to be DISABLED before it is deleted.")
    backend.delete_domain_configuration(found.domain_configuration_name)
    tags.forget(backend, found.domain_configuration_arn)
