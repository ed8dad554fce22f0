"""Continuous deployment policies: which requests a staging distribution answers."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from lambda_nb.engine.neighbours.services.cloudfront.documents import (
    CloudFrontDocument,
    Store,
    error,
    invalid,
)
from lambda_nb.engine.neighbours.services.cloudfront.lifecycle import Kind
from lambda_nb.engine.neighbours.services.cloudfront.references import DISTRIBUTION, users
from lambda_nb.engine.neighbours.services.cloudfront.shapes import items
from lambda_nb.rules import quotas

_MOST_WEIGHT = 0.15
_SESSION_S = (300, 3600)
_HEADER_PREFIX = "aws-cf-cd-"
# Developer Guide, "Use CloudFront continuous deployment", and the API's model, 2026.


def domain_label(domain: str) -> str:
    """The first label of a distribution's domain name: its id in lower case."""
    return domain.partition(".")[0].lower()


def _check(store: Store, config: dict[str, Any], document: CloudFrontDocument | None) -> None:
    domains = items(config, "StagingDistributionDnsNames")
    if len(domains) != 1:
        raise invalid(
            "StagingDistributionDnsNames has the domain name of one staging distribution; these "
            f"are {len(domains)}."
        )
    label = domain_label(domains[0])
    staging = {other.id.lower(): other for other in store.all(DISTRIBUTION).values()}.get(label)
    if staging is None or not staging.config["Staging"]:
        raise invalid(
            f"There is no staging distribution with the domain name {domains[0]!r}: "
            "CopyDistribution makes one."
        )
    for other in store.all(POLICY.name).values():
        taken = [domain_label(name) for name in items(other.config, "StagingDistributionDnsNames")]
        if other is not document and label in taken:
            raise error(
                "StagingDistributionInUse",
                f"The continuous deployment policy {other.id} has {domains[0]} already.",
            )
    _check_traffic(config.get("TrafficConfig"), enabled=config["Enabled"])


def _check_traffic(traffic: dict[str, Any] | None, *, enabled: bool) -> None:
    if traffic is None:
        if enabled:
            raise invalid("The parameter TrafficConfig is required while the policy is enabled.")
        return
    member = f"{traffic['Type']}Config"
    for name in ("SingleWeightConfig", "SingleHeaderConfig"):
        if (name in traffic) != (name == member):
            raise invalid(f"A TrafficConfig of the type {traffic['Type']} has {member} alone.")
    if traffic["Type"] == "SingleHeader":
        header = traffic[member]["Header"]
        if not header.lower().startswith(_HEADER_PREFIX):
            raise invalid(f"The parameter Header begins with {_HEADER_PREFIX}; it is {header!r}.")
        return
    weight = traffic[member]["Weight"]
    if not 0 <= weight <= _MOST_WEIGHT:
        raise invalid(f"The parameter Weight is from 0 to {_MOST_WEIGHT}; it is {weight}.")
    session = traffic[member].get("SessionStickinessConfig")
    if session is not None:
        idle, most = session["IdleTTL"], session["MaximumTTL"]
        if not _SESSION_S[0] <= idle <= most <= _SESSION_S[1]:
            raise invalid(
                f"IdleTTL and MaximumTTL are from {_SESSION_S[0]} to {_SESSION_S[1]} s, in this "
                f"order; they are {idle} and {most}."
            )


POLICY = Kind(
    name="ContinuousDeploymentPolicy",
    lists="ListContinuousDeploymentPolicies",
    path="continuous-deployment-policy",
    missing="NoSuchContinuousDeploymentPolicy",
    taken="ContinuousDeploymentPolicyAlreadyExists",
    draw=lambda: str(uuid4()),
    too_many=("TooManyContinuousDeploymentPolicies", quotas.CF_DEPLOYMENT_POLICIES),
    in_use="ContinuousDeploymentPolicyInUse",
    unique="",
    check=_check,
    used=lambda store, document: bool(users(store, "ContinuousDeploymentPolicyId", document.id)),
)
