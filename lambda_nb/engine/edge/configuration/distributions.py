"""Distributions: from what GetDistribution shows to what requests need.

These settings change nothing here, and nothing is said of them: origin shield (each location has
one cache), price class, IP versions, HTTP versions, certificates, anycast addresses.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lambda_nb.engine.edge.configuration.behaviours import behaviour
from lambda_nb.engine.edge.configuration.origins import Say, group, origin
from lambda_nb.engine.edge.configuration.reading import Reader, items
from lambda_nb.engine.edge.settings import (
    ContinuousDeployment,
    Distribution,
    ErrorResponse,
    StandardLog,
)
from lambda_nb.rules import quotas

_UNSUPPORTED = {
    "WebACLId": "there is no AWS WAF here, every request is let through",
    "TenantConfig": "it has no tenants here, and answers as it is",
    "ViewerMtlsConfig": "viewers are asked for no certificate",
    "ConnectionFunctionAssociation": "its connection function does not run",
    "CacheTagConfig": "objects have no cache tags, name paths to invalidate them",
}


def distribution(
    reader: Reader, identifier: str, id_of_domain: Callable[[str], str | None], say: Say
) -> Distribution:
    """A distribution by its id.

    Parameters
    ----------
    reader
        Blocks.
    identifier
        The id.
    id_of_domain
        The id of the distribution that has a domain name.
    say
        Is told what the engine does not do.

    Raises
    ------
    AWSError
        As :meth:`~lambda_nb.engine.edge.configuration.reading.Reader.read` does.
    """
    told = reader.read("get_distribution", Id=identifier)["Distribution"]
    config = told["DistributionConfig"]
    for member, sentence in _UNSUPPORTED.items():
        if config.get(member):
            say(sentence)
    origins = [origin(reader, one, say) for one in items(config["Origins"])]
    groups = [group(one, say) for one in items(config.get("OriginGroups"))]
    behaviours = [*items(config.get("CacheBehaviors")), config["DefaultCacheBehavior"]]
    errors = [_error(one) for one in items(config.get("CustomErrorResponses"))]
    allowed, blocked = _geography(config)
    policy = config.get("ContinuousDeploymentPolicyId")
    staging = bool(config.get("Staging"))
    return Distribution(
        told["Id"],
        told["ARN"],
        told["DomainName"],
        tuple(items(config.get("Aliases"))),
        bool(config.get("Enabled")),
        staging,
        config.get("DefaultRootObject") or "",
        {one.id: one for one in origins},
        {one.id: one for one in groups},
        tuple(behaviour(reader, one, say) for one in behaviours),
        {one.code: one for one in errors},
        allowed,
        blocked,
        _standard_log(config.get("Logging") or {}),
        _deployment(reader, policy, id_of_domain) if policy and not staging else None,
        reader.has_monitoring(identifier),
    )


def _error(told: dict[str, Any]) -> ErrorResponse:
    least = told.get("ErrorCachingMinTTL")
    page, status = told.get("ResponsePagePath"), told.get("ResponseCode")
    return ErrorResponse(
        int(told["ErrorCode"]),
        float(quotas.EDGE_ERROR_TTL_S.value if least is None else least),
        page or "",
        int(status) if page and status else None,
    )


def _geography(config: dict[str, Any]) -> tuple[frozenset[str] | None, frozenset[str]]:
    """The countries that are let in, or ``None`` for any, and those that are not."""
    told = (config.get("Restrictions") or {}).get("GeoRestriction") or {}
    countries = frozenset(items(told))
    kind = told.get("RestrictionType", "none")
    return (
        countries if kind == "whitelist" else None,
        countries if kind == "blacklist" else frozenset(),
    )


def _standard_log(told: dict[str, Any]) -> StandardLog | None:
    if not told.get("Enabled") or not told.get("Bucket"):
        return None
    return StandardLog(told["Bucket"], told.get("Prefix") or "", bool(told.get("IncludeCookies")))


def _deployment(
    reader: Reader, policy: str, id_of_domain: Callable[[str], str | None]
) -> ContinuousDeployment | None:
    """The continuous deployment of a primary distribution, if it is enabled."""
    answer = reader.read("get_continuous_deployment_policy", Id=policy)
    told = answer["ContinuousDeploymentPolicy"]["ContinuousDeploymentPolicyConfig"]
    names = items(told["StagingDistributionDnsNames"])
    staging = next(filter(None, map(id_of_domain, names)), None)
    traffic = told.get("TrafficConfig") or {}
    if not told.get("Enabled") or staging is None:
        return None
    if one := traffic.get("SingleHeaderConfig"):
        return ContinuousDeployment(staging, (one["Header"].lower(), one["Value"]))
    if one := traffic.get("SingleWeightConfig"):
        sticky = one.get("SessionStickinessConfig") or {}
        return ContinuousDeployment(
            staging, None, float(one["Weight"]), sticky.get("IdleTTL"), sticky.get("MaximumTTL")
        )
    return None
