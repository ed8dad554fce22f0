"""Distributions, and what belongs to one: its aliases, its copies, its additional metrics."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from lambda_nb.engine.neighbours.services.cloudfront.distributions import (
    defaults,
    distribution_checks,
)
from lambda_nb.engine.neighbours.services.cloudfront.distributions.deployments import domain_label
from lambda_nb.engine.neighbours.services.cloudfront.documents import (
    CloudFrontDocument,
    CloudFrontError,
    Parameters,
    Store,
    error,
    invalid,
    matching,
    new_id,
    page,
)
from lambda_nb.engine.neighbours.services.cloudfront.lifecycle import (
    Kind,
    Operation,
    deletion,
    operations,
)
from lambda_nb.engine.neighbours.services.cloudfront.references import DISTRIBUTION, names
from lambda_nb.engine.neighbours.services.cloudfront.shapes import items, listed
from lambda_nb.engine.neighbours.services.cloudfront.tags import tag

_METRICS = "MonitoringSubscription"
"""What ``more`` of a distribution has, once it has a subscription."""

_BY_NAME = {
    "ListDistributionsByCachePolicyId": "CachePolicyId",
    "ListDistributionsByOriginRequestPolicyId": "OriginRequestPolicyId",
    "ListDistributionsByResponseHeadersPolicyId": "ResponseHeadersPolicyId",
}


class Distributions:
    """The operations on distributions.

    Parameters
    ----------
    port
        The engine's: domain names lead there.
    """

    def __init__(self, port: int | None) -> None:
        self._port = f":{port}" if port else ""
        self.kind = Kind(
            name=DISTRIBUTION,
            lists="ListDistributions",
            path="distribution",
            missing="NoSuchDistribution",
            taken="DistributionAlreadyExists",
            draw=lambda: new_id("E"),
            in_use="ResourceInUse",
            unique="CallerReference",
            fill=defaults.filled,
            check=distribution_checks.check,
            used=_is_used,
            view=self._view,
        )

    def operations(self) -> dict[str, Operation]:
        """By AWS's names."""
        return {
            **operations(self.kind),
            "CreateDistributionWithTags": self._create_with_tags,
            "DeleteDistribution": self._delete,
            "CopyDistribution": self._copy,
            "UpdateDistributionWithStagingConfig": self._promote,
            "AssociateAlias": self._associate_alias,
            "ListConflictingAliases": self._list_conflicting_aliases,
            "CreateMonitoringSubscription": self._subscribe,
            "GetMonitoringSubscription": self._get_subscription,
            "DeleteMonitoringSubscription": self._unsubscribe,
            **{name: self._ids_by(member, member) for name, member in _BY_NAME.items()},
            "ListDistributionsByKeyGroup": self._ids_by("KeyGroupId", "TrustedKeyGroups"),
            "ListDistributionsByWebACLId": self._whole_by(_has_no_web_acl),
            "ListDistributionsByRealtimeLogConfig": self._whole_by(_logs_to),
            "ListDistributionsByConnectionMode": self._whole_by(_has_connection_mode),
        }

    def _view(self, store: Store, document: CloudFrontDocument) -> dict[str, Any]:
        signers = [
            {"KeyGroupId": group, "KeyPairIds": listed(_keys_of(store, group))}
            for group in sorted(names(document.config, "TrustedKeyGroups") & _groups(store))
        ]
        return {
            "ARN": store.arn("distribution", document.id),
            "Status": "Deployed",
            "InProgressInvalidationBatches": 0,
            "DomainName": f"{document.id.lower()}.cloudfront.localhost{self._port}",
            "ActiveTrustedSigners": {"Enabled": False, "Quantity": 0},
            "ActiveTrustedKeyGroups": {"Enabled": bool(signers), **listed(signers)},
        }

    def _create_with_tags(self, store: Store, parameters: Parameters) -> dict[str, Any]:
        given = parameters["DistributionConfigWithTags"]
        made = self.kind.make(store, given["DistributionConfig"])
        told: dict[str, Any] = made[DISTRIBUTION]
        tag(store, told["ARN"], given.get("Tags"))
        return made

    def _delete(self, store: Store, parameters: Parameters) -> dict[str, Any]:
        document = self.kind.find(store, parameters["Id"])
        matching(document, parameters.get("IfMatch"))
        if document.config["Enabled"]:
            raise error(
                "DistributionNotDisabled",
                f"The distribution {document.id} has not been disabled: set Enabled to false with "
                "UpdateDistribution before it is deleted.",
            )
        deletion(self.kind)(store, parameters)
        for name, invalidation in list(store.all("Invalidation").items()):
            if invalidation.more["distribution"] == document.id:
                del store.all("Invalidation")[name]
        tag(store, store.arn("distribution", document.id), None)
        return {}

    def _copy(self, store: Store, parameters: Parameters) -> dict[str, Any]:
        primary = self.kind.find(store, parameters["PrimaryDistributionId"])
        matching(primary, parameters.get("IfMatch"))
        if not parameters.get("Staging"):
            raise invalid("The parameter Staging is true: a copy is a staging distribution.")
        if primary.config["Staging"]:
            raise invalid(f"{primary.id} is a staging distribution: copy a primary one.")
        config = {
            **copy.deepcopy(primary.config),
            "CallerReference": parameters["CallerReference"],
            "Staging": True,
            "Enabled": parameters.get("Enabled", True),
            "Aliases": {"Quantity": 0},
            "ContinuousDeploymentPolicyId": "",
        }
        return self.kind.make(store, config)

    def _promote(self, store: Store, parameters: Parameters) -> dict[str, Any]:
        primary = self.kind.find(store, parameters["Id"])
        staging = self.kind.find(store, parameters.get("StagingDistributionId") or "")
        of_primary, _, of_staging = (parameters.get("IfMatch") or "").partition(",")
        matching(primary, of_primary.strip())
        matching(staging, of_staging.strip())
        policy = store.all("ContinuousDeploymentPolicy").get(
            primary.config["ContinuousDeploymentPolicyId"]
        )
        labels = [] if policy is None else items(policy.config, "StagingDistributionDnsNames")
        if policy is None or staging.id.lower() not in map(domain_label, labels):
            raise error(
                "IllegalUpdate",
                f"{staging.id} is not the staging distribution of {primary.id}: a continuous "
                "deployment policy of the primary one names it.",
            )
        kept = ("CallerReference", "Aliases", "ContinuousDeploymentPolicyId", "Staging")
        config = {
            **copy.deepcopy(staging.config),
            **{member: primary.config[member] for member in kept},
        }
        answer = self.kind.change(store, primary, config)
        policy.change({**policy.config, "Enabled": False})
        return answer

    def _associate_alias(self, store: Store, parameters: Parameters) -> dict[str, Any]:
        target = self.kind.find(store, parameters["TargetDistributionId"])
        alias = parameters["Alias"]
        owner = next(
            (
                other
                for other in store.all(DISTRIBUTION).values()
                if other is not target and alias in items(other.config, "Aliases")
            ),
            None,
        )
        before = [] if owner is None else items(owner.config, "Aliases")
        if owner is not None:
            left = listed([name for name in before if name != alias])
            owner.change({**owner.config, "Aliases": left})
        aliases = [name for name in items(target.config, "Aliases") if name != alias]
        try:
            self.kind.change(store, target, {**target.config, "Aliases": listed([*aliases, alias])})
        except CloudFrontError:
            if owner is not None:
                owner.change({**owner.config, "Aliases": listed(before)})
            raise
        return {}

    def _list_conflicting_aliases(self, store: Store, parameters: Parameters) -> dict[str, Any]:
        own = self.kind.find(store, parameters["DistributionId"])
        told = [
            (alias, _conflicting(store, other, alias))
            for other in store.all(DISTRIBUTION).values()
            for alias in items(other.config, "Aliases")
            if other is not own and _conflict(alias, parameters["Alias"])
        ]
        return {"ConflictingAliasesList": page(told, parameters)}

    def _subscribe(self, store: Store, parameters: Parameters) -> dict[str, Any]:
        document = self.kind.find(store, parameters["DistributionId"])
        given = parameters[_METRICS]
        if document.more.get(_METRICS) == given:
            text = f"{document.id} has this monitoring subscription already."
            raise error("MonitoringSubscriptionAlreadyExists", text)
        document.more[_METRICS] = given
        return {_METRICS: given}

    def _get_subscription(self, store: Store, parameters: Parameters) -> dict[str, Any]:
        document = self.kind.find(store, parameters["DistributionId"])
        if _METRICS not in document.more:
            text = f"{document.id} has no monitoring subscription."
            raise error("NoSuchMonitoringSubscription", text)
        return {_METRICS: document.more[_METRICS]}

    def _unsubscribe(self, store: Store, parameters: Parameters) -> dict[str, Any]:
        self._get_subscription(store, parameters)
        del self.kind.find(store, parameters["DistributionId"]).more[_METRICS]
        return {}

    def _ids_by(self, parameter: str, member: str) -> Operation:
        def listing(store: Store, parameters: Parameters) -> dict[str, Any]:
            told = [
                (document.id, document.id)
                for document in store.all(DISTRIBUTION).values()
                if parameters[parameter] in names(document.config, member)
            ]
            return {"DistributionIdList": page(told, parameters)}

        return listing

    def _whole_by(self, wanted: Callable[[CloudFrontDocument, Parameters], bool]) -> Operation:
        def listing(store: Store, parameters: Parameters) -> dict[str, Any]:
            told = [
                (document.id, self.kind.summary(store, document))
                for document in store.all(DISTRIBUTION).values()
                if wanted(document, parameters)
            ]
            return {"DistributionList": page(told, parameters)}

        return listing


def _has_no_web_acl(_: CloudFrontDocument, parameters: Parameters) -> bool:
    """No distribution here has a web ACL: ``null`` asks for those."""
    return bool(parameters["WebACLId"] == "null")


def _has_connection_mode(_: CloudFrontDocument, parameters: Parameters) -> bool:
    return bool(parameters["ConnectionMode"] == "direct")


def _logs_to(document: CloudFrontDocument, parameters: Parameters) -> bool:
    arns = names(document.config, "RealtimeLogConfigArn")
    name = parameters.get("RealtimeLogConfigName")
    if name:
        return any(arn.endswith(f":realtime-log-config/{name}") for arn in arns)
    return parameters.get("RealtimeLogConfigArn") in arns


def _is_used(store: Store, document: CloudFrontDocument) -> bool:
    return any(
        document.id.lower()
        in map(domain_label, items(policy.config, "StagingDistributionDnsNames"))
        for policy in store.all("ContinuousDeploymentPolicy").values()
    )


def _groups(store: Store) -> set[str]:
    return set(store.all("KeyGroup"))


def _keys_of(store: Store, group: str) -> list[str]:
    keys: list[str] = store.all("KeyGroup")[group].config["Items"]
    return keys


def _conflicting(store: Store, owner: CloudFrontDocument, alias: str) -> dict[str, str]:
    return {
        "Alias": alias,
        "DistributionId": _hidden(owner.id),
        "AccountId": _hidden(store.account),
    }


def _hidden(name: str) -> str:
    """A name of which CloudFront shows the end only."""
    return "*" * (len(name) // 2) + name[len(name) // 2 :]


def _conflict(alias: str, wanted: str) -> bool:
    """Whether two aliases are one, or a wildcard of one covers the other."""
    if alias == wanted:
        return True
    return any(
        one.startswith("*.") and other.partition(".")[2] == one[2:]
        for one, other in ((alias, wanted), (wanted, alias))
    )
